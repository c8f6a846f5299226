"""The allocator takes over only where it beats the engine on both counts, by more than luck, within every limit."""

import math

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain.allocator import acceptance
from trade_assets.domain.allocator.acceptance import Limits

LIMITS = Limits(0.02, 0.12, 0.5, 0.45, 0.3, 252)
ENGINE = {"avg_monthly_return": 0.004, "calmar": 0.5, "max_drawdown": -0.08}
GOOD = {
    "n_sessions": 252.0, "avg_monthly_return": 0.005, "calmar": 0.6, "edge_t": 1.65, "max_drawdown": -0.10,
    "turnover_monthly": 0.5, "negative_fold_rate": 0.45, "negative_year_rate": 0.25,
    "importance_correlation": 0.3, "wrong_response_rate": 0.5,
}  # fmt: skip


def failing(**changes) -> list[str]:
    return [gate.name for gate in acceptance.gates(GOOD | changes, ENGINE, LIMITS) if not gate.passed]


def test_what_reaches_every_limit_is_accepted():
    every = acceptance.gates(GOOD, ENGINE, LIMITS)
    assert [gate.passed for gate in every] == [True] * 11
    assert acceptance.is_accepted(every)
    assert {gate.requirement for gate in every} == {"R-104", "R-105", "R-107", "R-110", "R-111"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"n_sessions": 251.0}, "Sessions out of sample"),
        ({"avg_monthly_return": 0.004}, "Monthly profit against the engine"),
        ({"calmar": 0.5}, "Calmar ratio against the engine"),
        ({"edge_t": 1.64}, "More than luck"),
        ({"max_drawdown": -0.101}, "Drawdown against the engine"),
        ({"turnover_monthly": 0.51}, "Turnover"),
        ({"negative_fold_rate": 0.46}, "Losing windows"),
        ({"negative_year_rate": 0.26}, "Lower quartile of the years"),
    ],
)
def test_one_failed_gate_keeps_the_engine_in_force(changes, name):
    assert failing(**changes) == [name]
    assert not acceptance.is_accepted(acceptance.gates(GOOD | changes, ENGINE, LIMITS))


def test_a_drawdown_beyond_the_cap_fails_however_deep_the_engine_fell():
    every = acceptance.gates(GOOD | {"max_drawdown": -0.13}, ENGINE | {"max_drawdown": -0.2}, LIMITS)
    assert [gate.name for gate in every if not gate.passed] == ["Drawdown cap"]


@pytest.mark.parametrize("changes", [{"importance_correlation": 0.29}, {"wrong_response_rate": 0.51}])
def test_what_only_warns_does_not_decide(changes):
    every = acceptance.gates(GOOD | changes, ENGINE, LIMITS)
    assert [gate.severity for gate in every if not gate.passed] == ["warn"]
    assert acceptance.is_accepted(every)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_number_that_is_not_there_is_not_passed(name):
    every = acceptance.gates(GOOD | {name: math.nan}, ENGINE, LIMITS)
    assert any(not gate.passed and gate.sentence.startswith("Not shown") for gate in every)


def test_nothing_measured_is_nothing_accepted():
    every = acceptance.gates({}, {}, LIMITS)
    assert not any(gate.passed for gate in every)
    assert not acceptance.is_accepted(every)


def test_a_verdict_tells_both_numbers():
    told = {gate.name: gate.sentence for gate in acceptance.gates(GOOD | {"calmar": -0.03}, ENGINE, LIMITS)}
    assert told["Calmar ratio against the engine"] == "A Calmar ratio of −0.030 does not beat the engine's 0.500."
    assert told["More than luck"] == (
        "A t-statistic of 1.65 for the difference to the engine: at least 1.65, what luck reaches one time in twenty."
    )
    assert told["Turnover"] == "A turnover of 50.0% a month: within 50.0%, the cap."


def test_the_report_says_of_every_date_whether_it_accepts():
    days = pd.DatetimeIndex(["2018-12-17", "2018-12-31"])
    rows = [
        (day, "since_model", book, metric, value)
        for day, lift in zip(days, (0.0, -1.0), strict=True)
        for book, told in (("allocated", GOOD | {"calmar": 0.6 + lift}), ("engine", ENGINE))
        for metric, value in told.items()
    ]
    report = pd.DataFrame(rows, columns=["rebalance_date", "window", "book", "metric", "value"])
    told = acceptance.decided(report, LIMITS)
    accepted = told[told["metric"] == "is_accepted"].set_index("rebalance_date")["value"]
    failed = told[told["metric"] == "n_failed_gates"].set_index("rebalance_date")["value"]
    assert accepted.tolist() == [1.0, 0.0]
    assert failed.tolist() == [0.0, 1.0]
    assert len(acceptance.decided(report.iloc[:0], LIMITS)) == 0
    assert np.isfinite(told["value"]).all()
