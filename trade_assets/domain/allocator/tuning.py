"""What a trial of the allocator is worth: a walk-forward over inner years, from fits to the book.

Every year is decided by models fitted on what was known at its beginning; all of it was known at the date of the
search. What a trial does not change (the boosted member, the base rate) is fitted once for all of them.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.allocator import book, folds, members, models, utility
from trade_assets.domain.allocator.folds import SessionFold
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.members import Members
from trade_assets.domain.allocator.tunable import Policy, with_values
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.since_start import DRAWDOWN_FLOOR, SESSIONS_PER_MONTH, calmar

YEAR = 26  # rebalances
REJECTED = -100.0  # below whatever a trial that holds the limits can be worth
SEARCHED = ("ridge", "elastic_net")  # members whose penalties a trial changes


@dataclass(frozen=True)
class Scales:
    """What one point of the objective is, whatever the other trials are worth (F-33), and the limits of a trial (R-107)."""

    calmar: float
    monthly_return: float
    drawdown: float
    turnover: float
    drawdown_cap: float
    turnover_cap: float
    negative_fold_rate: float


@dataclass(frozen=True)
class Search:
    """All a trial needs: the fold of each year, the sessions of their tests, and the policy it starts from."""

    final: list[SessionFold]
    inner: list[list[SessionFold]]
    dates: list[pd.Timestamp]
    legs: Legs
    sessions: pd.DataFrame
    features: pd.DataFrame
    policy: Policy
    scales: Scales

    @cached_property
    def unsearched(self) -> list[Members]:
        """The members no trial changes, fitted once for each year."""
        p = self.policy.models
        kept = replace(p, names=tuple(name for name in p.names if name not in SEARCHED))
        return [members.fit(final, inner, kept) for final, inner in zip(self.final, self.inner, strict=True)]


def prepared(
    dataset: pd.DataFrame,
    features: pd.DataFrame,
    legs: Legs,
    date: pd.Timestamp,
    grid_dates: Rebalances,
    *,
    policy: Policy,
    plan: folds.Plan,
    scales: Scales,
    history_months: int,
) -> Search | None:
    """The search of one date; None while history is too short for its first year to have a model.

    Parameters
    ----------
    dataset, features : DataFrame
        Rows of ``allocator_dataset`` and ``allocator_features`` known at ``date``, and perhaps later ones, which are
        not looked at.
    legs : Legs
        Of the inner tests.
    date : Timestamp
        Rebalance date of the search.
    grid_dates : Rebalances
        All rebalance dates.
    policy, plan, scales
        Where the search starts, the windows of a fit, what a trial is judged by.
    history_months : int
        Months of inner tests, in whole years.
    """
    known = grid_dates.window(date, last=None)
    months = int((known > date - pd.DateOffset(months=history_months)).sum())
    tested = YEAR * math.ceil(months / YEAR)
    if len(known) <= tested:
        return None
    edges = known[-tested - 1 :: YEAR]
    plan = replace(plan, inner_folds=1)
    final = [folds.final_fold(dataset[dataset["label_end"] <= date], begin, plan) for begin in edges[:-1]]
    if len(final[0].train) < policy.models.min_train_rows:
        return None
    inside = known[(known > edges[0]) & (known <= date)]
    sessions = grid_dates.between(inside[0], inside[-1]).sessions()
    begins = {
        rebalance: begin for begin, end in pairwise(edges) for rebalance in known[(known > begin) & (known <= end)]
    }
    sessions = sessions.assign(decided_at=sessions["rebalance_date"].map(begins))
    inner = [folds.inner_folds(fold, plan) for fold in final]
    seen = features[features["session"].isin(sessions["session"])]
    return Search(final, inner, list(edges[:-1]), legs, sessions, seen, policy, scales)


def identity(search: Search) -> str:
    """Hash of all a study rests on: its rows, features and legs, the policy, and the scales."""
    digest = hashlib.sha256(repr((search.policy, search.scales)).encode())
    for frame in (*(f.train for f in search.final), *(f.calibration for f in search.final), search.features):
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    for values in (search.legs.gross, search.legs.position):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def evaluate(search: Search, values: Mapping[str, float]) -> tuple[float, dict[str, object]]:
    """Value of a trial, and its return and traded sessions in every block (one rebalance window)."""
    policy = with_values(search.policy, values)
    p = replace(policy.models, names=tuple(name for name in policy.models.names if name in SEARCHED))
    made = {}
    for date, final, inner, fixed in zip(search.dates, search.final, search.inner, search.unsearched, strict=True):
        if len(final.train) >= p.min_train_rows:
            every = fixed.joined(members.fit(final, inner, p))
            made[date] = models.blended(date, final, every, policy.models).model()
    rows = book.run(
        book.opening(search.legs),
        search.legs,
        search.sessions,
        search.features,
        models=made,
        rulebooks=dict.fromkeys(search.sessions["rebalance_date"].unique(), policy.rulebook),
        weights=utility.weights_of(p.buckets),
    )
    return objective(rows, search.scales), _blocks(rows)


def objective(rows: pd.DataFrame, scales: Scales) -> float:
    """Median Calmar ratio of rolling years and mean monthly return, less drawdown, turnover and unstable tails (R-101).

    Parameters
    ----------
    rows : DataFrame
        Rows of ``allocation`` over at least one year.
    scales : Scales

    Notes
    -----
    Everything is in percent of capital and on fixed scales. The price of unstable tails is how far the lower
    quartile of the years lies below their median. A year that lost counts its loss over 1 %, whatever its drawdown. A
    trial beyond the cap on drawdown, with too many losing windows, or whose lower quartile is below zero is worth
    ``REJECTED`` (R-107): where all of them are, the settings' own trial, the first, stays in force.
    """
    returns, dates = rows["return_frac"].to_numpy(), pd.DatetimeIndex(rows["session"])
    starts = np.append(np.flatnonzero(~rows["rebalance_date"].duplicated()), len(rows))
    years = np.array([_value_of(returns[a:b], dates[a:b]) for a, b in zip(starts, starts[YEAR:], strict=False)])
    windows = np.array([metrics.total_return(returns[a:b]) for a, b in pairwise(starts)])
    drawdown, months = -metrics.max_drawdown(returns), len(rows) / SESSIONS_PER_MONTH
    median, quartile = float(np.median(years)), float(np.quantile(years, 0.25))
    if drawdown > scales.drawdown_cap or quartile < 0 or (windows < 0).mean() > scales.negative_fold_rate:
        return REJECTED
    monthly, turnover = metrics.total_return(returns) / months, float(rows["turnover"].sum()) / months
    return (
        median / scales.calmar
        + monthly / scales.monthly_return
        - drawdown / scales.drawdown
        - max(0.0, turnover - scales.turnover_cap) / scales.turnover
        - (median - quartile) / scales.calmar
    )


def _value_of(returns: np.ndarray, dates: pd.DatetimeIndex) -> float:
    growth = metrics.cagr(returns, dates)
    return calmar(returns, dates) if growth > 0 else growth / DRAWDOWN_FLOOR


def _blocks(rows: pd.DataFrame) -> dict[str, object]:
    blocks = rows.groupby("rebalance_date")
    returns = blocks["return_frac"].agg(lambda r: metrics.total_return(r.to_numpy()))
    return {
        "dates": [f"{date:%Y-%m-%d}" for date in returns.index],
        "returns": returns.tolist(),
        "entries": blocks["is_traded"].sum().astype(int).tolist(),
    }
