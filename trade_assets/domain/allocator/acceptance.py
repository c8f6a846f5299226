"""Whether the allocator may take over from the event engine: the gates, decided on out-of-sample sessions alone.

Where a gate that counts is not passed, the engine's equal parts stay in force.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from trade_assets.domain.acceptance import Gate

LUCK_T = 1.645  # one-sided 5 % of a normal distribution
WRONG_RESPONSES = 0.5
NEGATIVE_YEARS = 0.25  # the lower quartile of the rolling years is not below 0 where at most a quarter of them are


@dataclass(frozen=True)
class Limits:
    """Drawdown beyond the engine's that is tolerated and the cap on it, turnover a month, share of losing folds,
    rank correlation of importances, and the sessions before anything is accepted."""

    drawdown_tolerance: float
    drawdown_cap: float
    turnover_cap: float
    negative_fold_rate: float
    importance_stability: float
    min_sessions: int


def gates(own: Mapping[str, float], engine: Mapping[str, float], limits: Limits) -> tuple[Gate, ...]:
    """Every gate of one date.

    Parameters
    ----------
    own, engine : mappings of metric to value
        Rows of ``allocator_report`` since the first model, of the allocated book and of the event engine.
    limits : Limits

    Returns
    -------
    tuple of Gate
        Evidence, monthly profit and Calmar ratio beyond the engine's and more than luck (R-110), drawdown and
        turnover (R-111), losing folds and the lower quartile of the years (R-107), importances (R-104), responses
        to risk (R-105). A gate of severity ``warn`` does not decide.
    """
    a, b = _reader(own), _reader(engine)
    drawdown, theirs = -a("max_drawdown"), -b("max_drawdown")
    return (
        _at_least("Sessions out of sample", "R-110", own.get("n_sessions", 0.0), limits.min_sessions, "{:.0f} sessions decided by a model", "the fewest"),
        _more("Monthly profit against the engine", a("avg_monthly_return"), b("avg_monthly_return"), "{:.3%} a month"),
        _more("Calmar ratio against the engine", a("calmar"), b("calmar"), "a Calmar ratio of {:.3f}"),
        _at_least("More than luck", "R-110", a("edge_t"), LUCK_T, "a t-statistic of {:.2f} for the difference to the engine", "what luck reaches one time in twenty"),
        _at_most("Drawdown against the engine", "R-111", drawdown, theirs + limits.drawdown_tolerance, "a drawdown of {:.1%}", "the engine's and the tolerance"),
        _at_most("Turnover", "R-111", a("turnover_monthly"), limits.turnover_cap, "a turnover of {:.1%} a month", "the cap"),
        _at_most("Drawdown cap", "R-107", drawdown, limits.drawdown_cap, "a drawdown of {:.1%}", "the cap"),
        _at_most("Losing windows", "R-107", a("negative_fold_rate"), limits.negative_fold_rate, "a share of {:.0%} losing windows", "the limit"),
        _at_most("Lower quartile of the years", "R-107", a("negative_year_rate"), NEGATIVE_YEARS, "a share of {:.0%} losing rolling years", "what leaves the lower quartile at 0"),
        _at_least("Stable importances", "R-104", a("importance_correlation"), limits.importance_stability, "a rank correlation of {:.2f} between adjacent fits", "the limit", warns=True),
        _at_most("Response to risk", "R-105", a("wrong_response_rate"), WRONG_RESPONSES, "a share of {:.0%} risks that raise a leg's weight", "the limit", warns=True),
    )  # fmt: skip


def is_accepted(every: tuple[Gate, ...]) -> bool:
    """Whether every gate that decides is passed."""
    return all(gate.passed for gate in every if gate.severity == "error")


def decided(report: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """The report's rows, and of each date whether the allocator is accepted and how many gates it fails."""
    since = report[report["window"] == "since_model"]
    rows = []
    for date, of_date in since.groupby("rebalance_date"):
        every = gates_of(of_date, limits)
        failed = sum(not gate.passed for gate in every if gate.severity == "error")
        rows += [
            (date, "since_model", "allocated", "is_accepted", float(is_accepted(every))),
            (date, "since_model", "allocated", "n_failed_gates", float(failed)),
        ]
    return pd.concat([report, pd.DataFrame(rows, columns=report.columns)], ignore_index=True) if rows else report


def gates_of(rows: pd.DataFrame, limits: Limits) -> tuple[Gate, ...]:
    """The gates as of the newest date of rows of ``allocator_report``."""
    since = rows[rows["window"] == "since_model"]
    newest = since[since["rebalance_date"] == since["rebalance_date"].max()]
    told = {
        str(book): dict(zip(of["metric"], of["value"].astype(float), strict=True))
        for book, of in newest.groupby("book")
    }
    return gates(told.get("allocated", {}), told.get("engine", {}), limits)


def _reader(told: Mapping[str, float]):
    return lambda name: told.get(name, math.nan)


def _more(name: str, own: float, other: float, text: str) -> Gate:
    if math.isnan(own) or math.isnan(other):
        return Gate(name, "R-110", own, other, False, "error", "Not shown: no session has been decided by a model.")
    verdict = "beats" if own > other else "does not beat"
    sentence = f"{_said(text, own)} {verdict} the engine's {_number(text, other)}."
    return Gate(name, "R-110", own, other, own > other, "error", sentence[0].upper() + sentence[1:])


def _at_least(
    name: str, requirement: str, value: float, limit: float, text: str, of: str, *, warns: bool = False
) -> Gate:
    return _compared(name, requirement, value, limit, value >= limit, text, ("at least", "short of"), of, warns)


def _at_most(
    name: str, requirement: str, value: float, limit: float, text: str, of: str, *, warns: bool = False
) -> Gate:
    return _compared(name, requirement, value, limit, value <= limit, text, ("within", "beyond"), of, warns)


def _compared(
    name: str, requirement: str, value: float, limit: float, passed: bool, text: str, verdicts: tuple[str, str], of: str, warns: bool
) -> Gate:  # fmt: skip
    severity = "warn" if warns else "error"
    if math.isnan(value) or math.isnan(limit):
        return Gate(name, requirement, value, limit, False, severity, "Not shown: there is too little to measure.")
    sentence = f"{_said(text, value)}: {verdicts[0 if passed else 1]} {_number(text, limit)}, {of}."
    return Gate(name, requirement, value, limit, passed, severity, sentence[0].upper() + sentence[1:])


def _said(text: str, value: float) -> str:
    number = _number(text, value)
    return text[: text.index("{")] + number + text[text.index("}") + 1 :]


def _number(text: str, value: float) -> str:
    """The number alone, written as in ``text``."""
    return text[text.index("{") : text.index("}") + 1].format(value).replace("-", "−")
