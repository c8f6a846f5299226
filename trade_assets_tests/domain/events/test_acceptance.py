"""A gate is passed up to its limit, not beyond it, and never on a number that is not there."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain.events import acceptance

GOOD = {
    ("engine", "calmar"): 0.6,
    ("mock", "calmar"): 0.5,
    ("engine", "max_drawdown"): -0.08,
    ("engine", "trades_per_month"): 6.0,
    ("engine", "n_catastrophic_folds"): 0.0,
}


def rows(date="2018-12-31", window="since_start", **changes):
    told = GOOD | {tuple(name.split("__")): value for name, value in changes.items()}
    return pd.DataFrame(
        [(pd.Timestamp(date), window, book, metric, value) for (book, metric), value in told.items()],
        columns=["rebalance_date", "window", "book", "metric", "value"],
    )


def judged(table, *, drawdown_warn=0.10, drawdown_fail=0.12, min_trades_per_month=5.0):
    return acceptance.gates(
        table, drawdown_warn=drawdown_warn, drawdown_fail=drawdown_fail, min_trades_per_month=min_trades_per_month
    )


def verdicts(**changes):
    return [gate.passed for gate in judged(rows(**changes))]


def test_a_good_engine_passes_every_gate():
    assert verdicts() == [True] * 5
    assert [gate.requirement for gate in judged(rows())] == ["R-068", "R-069", "R-069", "R-070", "R-071"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"engine__calmar": 0.5}, [1, 1, 1, 1, 1]),
        ({"engine__calmar": 0.4999}, [0, 1, 1, 1, 1]),
        ({"mock__calmar": 0.6001}, [0, 1, 1, 1, 1]),
        ({"engine__calmar": -0.2, "mock__calmar": -0.3}, [1, 1, 1, 1, 1]),
        ({"engine__max_drawdown": -0.10}, [1, 1, 1, 1, 1]),
        ({"engine__max_drawdown": -0.1001}, [1, 0, 1, 1, 1]),
        ({"engine__max_drawdown": -0.12}, [1, 0, 1, 1, 1]),
        ({"engine__max_drawdown": -0.1201}, [1, 0, 0, 1, 1]),
        ({"engine__trades_per_month": 5.0}, [1, 1, 1, 1, 1]),
        ({"engine__trades_per_month": 4.99}, [1, 1, 1, 0, 1]),
        ({"engine__n_catastrophic_folds": 1.0}, [1, 1, 1, 1, 0]),
    ],
)
def test_each_limit_is_its_own(changes, expected):
    assert verdicts(**changes) == [bool(passed) for passed in expected]


@pytest.mark.parametrize(
    ("missing", "places"),
    [
        ({"engine__calmar": np.nan}, [0]),
        ({"mock__calmar": np.nan}, [0]),
        ({"engine__max_drawdown": np.nan}, [1, 2]),
        ({"engine__trades_per_month": np.nan}, [3]),
        ({"engine__n_catastrophic_folds": np.nan}, [4]),
    ],
)
def test_what_is_undefined_is_not_passed_and_said(missing, places):
    gates = judged(rows(**missing))
    assert [i for i, gate in enumerate(gates) if not gate.passed] == places
    for place in places:
        assert gates[place].sentence.startswith("Not shown: ")


def test_no_rows_pass_no_gate():
    assert not any(gate.passed for gate in judged(rows().iloc[:0]))


def test_only_the_newest_date_since_the_start_counts():
    old = rows(date="2017-12-29", engine__calmar=-1.0, engine__max_drawdown=-0.5)
    fold = rows(window="fold", engine__calmar=-1.0, engine__max_drawdown=-0.5)
    gates = judged(pd.concat([rows(), old, fold]).sample(frac=1, random_state=0))
    assert all(gate.passed for gate in gates)
    assert gates[0].value == 0.6


def test_the_limits_are_those_that_are_given():
    gates = judged(rows(), drawdown_warn=0.05, drawdown_fail=0.07, min_trades_per_month=7.0)
    assert [gate.passed for gate in gates] == [True, False, False, False, True]
    assert [gate.limit for gate in gates] == [0.5, 0.05, 0.07, 7.0, 0.0]
    assert [gate.severity for gate in gates] == ["error", "warn", "error", "warn", "error"]


def test_a_sentence_holds_number_and_limit():
    sentences = [gate.sentence for gate in judged(rows(engine__max_drawdown=-0.11, engine__n_catastrophic_folds=2.0))]
    assert sentences == [
        "The engine's Calmar ratio, 0.600, reaches the baseline's on the same events, 0.500.",
        "The largest drawdown, 11.0%, is beyond the limit of 10.0%.",
        "The largest drawdown, 11.0%, is within the limit of 12.0%.",
        "6.0 entries a month reach the 5.0 asked for.",
        "2 folds were catastrophic.",
    ]


def test_beating_a_baseline_that_lost_is_not_called_a_gain():
    gate = judged(rows(engine__calmar=-0.1, mock__calmar=-0.2))[0]
    assert gate.passed
    assert gate.sentence.endswith("Neither has earned anything.")


@pytest.mark.parametrize("limits", [{"drawdown_warn": 0.0}, {"drawdown_warn": 0.13}, {"min_trades_per_month": -1.0}])
def test_limits_out_of_range_are_refused(limits):
    with pytest.raises(ValueError, match="must be"):
        judged(rows(), **limits)
