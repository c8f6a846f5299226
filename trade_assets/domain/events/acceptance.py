"""Whether the engine is good enough: the gates of acceptance, each with its number, its limit and a verdict in words.

A gate whose number is undefined is not passed: nothing has been shown.
"""

import math
from collections.abc import Mapping

import pandas as pd

from trade_assets.domain.acceptance import Gate, Severity


def gates(
    performance_rows: pd.DataFrame, *, drawdown_warn: float, drawdown_fail: float, min_trades_per_month: float
) -> tuple[Gate, ...]:
    """The gates as of the newest date of ``performance_rows``, measured since the start.

    Parameters
    ----------
    performance_rows : DataFrame
        Rows of ``event_performance``, at most one of each ``rebalance_date, window, book, metric``.
    drawdown_warn, drawdown_fail : float, 0 < drawdown_warn <= drawdown_fail
        Sizes of the largest drawdown that still pass the soft and the hard gate.
    min_trades_per_month : float, >= 0
        Fewest entries a month.

    Returns
    -------
    tuple of Gate
        Calmar ratio against the baseline's (R-068), drawdown twice (R-069), trades (R-070), catastrophic folds
        (R-071).

    Raises
    ------
    ValueError
        If the limits are out of their range.
    """
    if not 0 < drawdown_warn <= drawdown_fail:
        raise ValueError(f"drawdown_warn must be in (0, drawdown_fail], was {drawdown_warn} of {drawdown_fail}")
    if min_trades_per_month < 0:
        raise ValueError(f"min_trades_per_month must be >= 0, was {min_trades_per_month}")
    told = _newest(performance_rows)
    engine, mock = told.get("engine", {}), told.get("mock", {})
    depth = -engine.get("max_drawdown", math.nan)
    return (
        _calmar(engine.get("calmar", math.nan), mock.get("calmar", math.nan)),
        _drawdown("Largest drawdown, soft limit", depth, drawdown_warn, "warn"),
        _drawdown("Largest drawdown, hard limit", depth, drawdown_fail, "error"),
        _trades(engine.get("trades_per_month", math.nan), min_trades_per_month),
        _catastrophes(engine.get("n_catastrophic_folds", math.nan)),
    )


def _newest(rows: pd.DataFrame) -> dict[str, Mapping[str, float]]:
    since = rows[rows["window"] == "since_start"]
    newest = since[since["rebalance_date"] == since["rebalance_date"].max()]
    return {
        str(book): dict(zip(own["metric"], own["value"].astype(float), strict=True))
        for book, own in newest.groupby("book")
    }


def _calmar(own: float, baseline: float) -> Gate:
    name, requirement = "Calmar ratio against the baseline", "R-068"
    if math.isnan(own) or math.isnan(baseline):
        whose = "engine's" if math.isnan(own) else "baseline's"
        return Gate(
            name, requirement, own, baseline, False, "error", f"Not shown: the {whose} Calmar ratio is undefined."
        )
    passed = own >= baseline
    verdict = "reaches" if passed else "falls short of"
    told = (
        f"The engine's Calmar ratio, {_signed(own)}, {verdict} the baseline's on the same events, {_signed(baseline)}."
    )
    if passed and own <= 0:
        told += " Neither has earned anything."
    return Gate(name, requirement, own, baseline, passed, "error", told)


def _drawdown(name: str, depth: float, limit: float, severity: Severity) -> Gate:
    if math.isnan(depth):
        return Gate(name, "R-069", depth, limit, False, severity, "Not shown: no session has been measured.")
    passed = depth <= limit
    verdict = "within" if passed else "beyond"
    return Gate(
        name, "R-069", depth, limit, passed, severity,
        f"The largest drawdown, {depth:.1%}, is {verdict} the limit of {limit:.1%}.",
    )  # fmt: skip


def _trades(rate: float, least: float) -> Gate:
    name, requirement = "Trades a month", "R-070"
    if math.isnan(rate):
        return Gate(name, requirement, rate, least, False, "warn", "Not shown: no session has been measured.")
    passed = rate >= least
    verdict = "reach" if passed else "fall short of"
    return Gate(
        name, requirement, rate, least, passed, "warn",
        f"{rate:.1f} entries a month {verdict} the {least:.1f} asked for.",
    )  # fmt: skip


def _catastrophes(count: float) -> Gate:
    name, requirement = "Catastrophic folds", "R-071"
    if math.isnan(count):
        return Gate(name, requirement, count, 0.0, False, "error", "Not shown: no fold has been measured.")
    folds = f"{count:.0f} fold{'s' if count != 1 else ''}"
    told = "No fold was catastrophic." if count == 0 else f"{folds} {'were' if count != 1 else 'was'} catastrophic."
    return Gate(name, requirement, count, 0.0, count == 0, "error", told)


def _signed(ratio: float) -> str:
    return f"{ratio:.3f}".replace("-", "−")
