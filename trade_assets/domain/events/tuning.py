"""What a trial of the event engine is worth: a walk-forward over inner folds, from fits to the book.

Every fold is fitted on events known at its beginning and judged on those after it, all of them known at the
date of the search. The value is the median Calmar ratio over rolling years, less penalties for a drawdown
beyond the cap and for too few trades (R-064 on the blocks of F-17).
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, metrics
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import book, folds, models, record, scores, sleeve
from trade_assets.domain.events.bars import LegBars
from trade_assets.domain.events.policy import Policy, candidates, with_values
from trade_assets.domain.models import calibration
from trade_assets.domain.since_start import DRAWDOWN_FLOOR, SESSIONS_PER_MONTH, calmar

DRAWDOWN_PENALTY = 10.0
YEAR = 26  # rebalances


@dataclass(frozen=True)
class Fold:
    """One year of the inner walk-forward: what it is fitted on, and the events it is judged on."""

    fit: folds.EventFold
    inner: list[folds.EventFold]
    events: pd.DataFrame
    features: pd.DataFrame


@dataclass(frozen=True)
class Rows:
    """Events, their outcomes, and what the models read of them."""

    events: pd.DataFrame
    outcomes: pd.DataFrame
    features: pd.DataFrame


@dataclass(frozen=True)
class Limits:
    """What a trial is judged by: months of inner tests, the drawdown and the trades a month beyond which it is penalised."""

    history_months: int
    drawdown_cap: float
    min_trades_per_month: float


@dataclass(frozen=True)
class Search:
    """All a trial needs: the folds, the bars and sessions of their tests, and the policy it starts from."""

    folds: list[Fold]
    legs: LegBars
    sessions: pd.DataFrame
    policy: Policy
    fills: sleeve.Fills
    limits: Limits


def prepared(
    rows: Rows,
    legs: LegBars,
    date: pd.Timestamp,
    grid_dates: Rebalances,
    *,
    policy: Policy,
    plan: folds.Plan,
    fills: sleeve.Fills,
    limits: Limits,
) -> Search | None:
    """The search of one date; None while history is too short for its first fold to be fitted.

    Parameters
    ----------
    rows : Rows
        Those known at ``date``, and perhaps later ones, which are not looked at.
    legs : LegBars
        Bars of the inner tests up to ``date``.
    date : Timestamp
        Rebalance date of the search.
    grid_dates : Rebalances
        All rebalance dates.
    policy, plan, fills, limits
        Where the search starts, the windows of a fit (with one inner fold), how orders fill, what a trial is judged by.
    """
    known = grid_dates.window(date, last=None)
    months = int((known > date - pd.DateOffset(months=limits.history_months)).sum())
    tested = YEAR * math.ceil(months / YEAR)
    if len(known) <= tested:
        return None
    edges = known[-tested - 1 :: YEAR]
    close = dict(zip(known, calendar.close_utc(known), strict=True))
    ends = pd.DatetimeIndex(legs.grid["bar_end_utc"])
    labelled = folds.labelled(rows.events, rows.outcomes, rows.features)
    labelled = labelled[labelled["label_end_utc"] <= close[date]]
    plan = replace(plan, inner_folds=1)
    made = [_fold(rows, labelled, close[begin], close[end], ends=ends, plan=plan) for begin, end in pairwise(edges)]
    if len(made[0].fit.train) < policy.models.min_train_rows:
        return None
    inside = known[(known > edges[0]) & (known <= date)]
    sessions = grid_dates.between(inside[0], inside[-1]).sessions()
    return Search(made, legs, sessions, policy, fills, limits)


def identity(search: Search) -> str:
    """Hash of all a study rests on: its rows, events and bars, the policy, the fills and the limits."""
    digest = hashlib.sha256(repr((search.policy, search.fills, search.limits)).encode())
    for fold in search.folds:
        for rows in (fold.fit.train, fold.fit.calibration, fold.events, fold.features):
            digest.update(pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes())
    panel = search.legs.panel
    for values in (panel.gross, panel.open, panel.high, panel.low, panel.close):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _fold(
    rows: Rows,
    labelled: pd.DataFrame,
    begin: pd.Timestamp,
    end: pd.Timestamp,
    *,
    ends: pd.DatetimeIndex,
    plan: folds.Plan,
) -> Fold:
    fit = folds.final_fold(labelled, begin, ends=ends, plan=plan)
    decided = rows.events["decision_utc"]
    inside = ((decided > begin) & (decided <= end)).to_numpy()
    return Fold(
        fit,
        list(folds.inner_folds(fit, ends=ends, plan=plan)),
        rows.events[inside].reset_index(drop=True),
        rows.features[inside].reset_index(drop=True),
    )


def evaluate(search: Search, values: Mapping[str, float]) -> tuple[float, dict[str, object]]:
    """Value of a trial, and its return and entries in every block (one rebalance window)."""
    policy = with_values(search.policy, values)
    made = [candidates(fold.events, _scored(fold, policy), policy) for fold in search.folds]
    start = book.opening(search.legs.symbols, policy.limits)
    rows, _ = book.run(
        start,
        pd.concat(made, ignore_index=True),
        search.legs,
        search.sessions,
        limits=policy.limits,
        fills=search.fills,
    )
    daily = record.sessions(rows)
    return objective(
        daily,
        drawdown_cap=search.limits.drawdown_cap,
        min_trades_per_month=search.limits.min_trades_per_month,
    ), blocks_of(daily)


def objective(daily: pd.DataFrame, *, drawdown_cap: float, min_trades_per_month: float) -> float:
    """Median Calmar ratio over rolling blocks of 26 rebalances, less the penalties.

    Parameters
    ----------
    daily : DataFrame
        :func:`~trade_assets.domain.events.record.sessions` of a book over at least one block.
    drawdown_cap : float
        Each point of drawdown beyond it costs ten points of Calmar ratio.
    min_trades_per_month : float
        Below it the share that is missing is taken off.

    Notes
    -----
    A block that lost is worth its yearly loss over 1 %, whatever its drawdown: divided by a deeper fall, a loss would look
    better than by a shallow one.
    """
    returns, dates = daily["book_return_frac"].to_numpy(), pd.DatetimeIndex(daily["session"])
    starts = np.append(np.flatnonzero(~daily["rebalance_date"].duplicated()), len(daily))
    values = [_value_of(returns[a:b], dates[a:b]) for a, b in zip(starts, starts[YEAR:], strict=False)]
    excess = max(0.0, -metrics.max_drawdown(returns) - drawdown_cap)
    per_month = float(daily["n_entries"].sum()) / (len(daily) / SESSIONS_PER_MONTH)
    shortfall = max(0.0, 1.0 - per_month / min_trades_per_month) if min_trades_per_month else 0.0
    return float(np.median(values)) - DRAWDOWN_PENALTY * excess - shortfall


def _value_of(returns: np.ndarray, dates: pd.DatetimeIndex) -> float:
    growth = metrics.cagr(returns, dates)
    return calmar(returns, dates) if growth > 0 else growth / DRAWDOWN_FLOOR


def blocks_of(daily: pd.DataFrame) -> dict[str, object]:
    """``dates``, ``returns`` and ``entries`` of every block, as lists."""
    blocks = daily.groupby("rebalance_date")
    returns = blocks["book_return_frac"].agg(lambda r: metrics.total_return(r.to_numpy()))
    return {
        "dates": [f"{date:%Y-%m-%d}" for date in returns.index],
        "returns": returns.tolist(),
        "entries": blocks["n_entries"].sum().tolist(),
    }


def _scored(fold: Fold, policy: Policy) -> pd.DataFrame:
    """Scores of the fold's test events by models fitted before it; none where its rows are too few, or there is no event."""
    p = policy.models
    if len(fold.fit.train) < p.min_train_rows or not len(fold.events):
        return scores.unscored(fold.events.iloc[:0])
    classifier = models.classifier(p.classifier, fold.fit.train, fold.fit.calibration, p, explain=False)
    x = models.x_of(fold.features)
    probability = calibration.read_calibrator(classifier.calibrator)(models.read(classifier.text)(x))
    ml = models.read(models.regressor(p.regressor, fold.fit.train, p))(x)
    w, _ = models.tuned_on_inner(fold.inner, p)
    return scores.decided(fold.events, probability, ml, w, policy.gates).assign(mock_score=np.nan, passes_mock=False)
