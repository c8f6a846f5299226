"""What is known of every candidate at a decision: its figures out of sample, and what they are worth after so many trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import grid, metrics
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.gates import REGIMES
from trade_assets.domain.overfitting import pbo, regimes, score, sharpe, superiority, trials
from trade_assets.domain.overfitting.score import Thresholds

PERIODS_PER_YEAR = 25.2  # rebalances, ten sessions apart
WHOLE = ("grid", "all")  # the row of what is said of the grid as a whole
COLUMNS = ["rebalance_date", "model", "construction", "metric", "value"]
KEYS = ["model", "construction"]
BLOCK_REBALANCES = 3.0  # mean length of a bootstrap block


@dataclass(frozen=True)
class Terms:
    """How candidates are judged.

    Attributes
    ----------
    weights : mapping of metric to its weight in the score
    thresholds : Thresholds
    seed, reps : of the bootstrap
    """

    weights: Mapping[str, float]
    thresholds: Thresholds
    seed: int
    reps: int


@dataclass(frozen=True)
class Earned:
    """What the cells earned over the rebalances on which all of them did.

    Attributes
    ----------
    cells : list of (model, construction), sorted
    sessions : DatetimeIndex of shape (n_sessions,)
    daily : ndarray of shape (n_sessions, n_cells)
    baseline_daily : ndarray of shape (n_sessions,)
    dates : DatetimeIndex of shape (n_rebalances,)
    periods, turnover : ndarrays of shape (n_rebalances, n_cells)
    baseline_periods : ndarray of shape (n_rebalances,)
    """

    cells: list[grid.Cell]
    sessions: pd.DatetimeIndex
    daily: np.ndarray
    baseline_daily: np.ndarray
    dates: pd.DatetimeIndex
    periods: np.ndarray
    turnover: np.ndarray
    baseline_periods: np.ndarray

    def active(self) -> np.ndarray:
        """Return of every cell less the baseline's, by rebalance."""
        return self.periods - self.baseline_periods[:, None]

    def of(self, cell: grid.Cell) -> np.ndarray:
        """Returns of one cell by rebalance; raises ``ValueError`` where it has none."""
        return self.periods[:, self.cells.index(cell)]


def earned(returns: pd.DataFrame) -> Earned | None:
    """Rows of ``candidate_returns`` as matrices; None without a rebalance on which every cell of the newest earned."""
    candidates = returns[~grid.is_baseline(returns)]
    if not len(candidates):
        return None
    newest = candidates["rebalance_date"].max()
    cells = sorted(set(candidates.loc[candidates["rebalance_date"] == newest, KEYS].itertuples(index=False, name=None)))
    names = pd.MultiIndex.from_tuples([*cells, grid.BASELINE], names=KEYS)
    wide = returns.pivot(index=["rebalance_date", "session"], columns=KEYS, values=["return_frac", "turnover_frac"])
    wide = wide.reindex(
        columns=pd.MultiIndex.from_tuples([(v, *n) for v in ("return_frac", "turnover_frac") for n in names])
    )
    complete = wide.notna().all(axis=1).groupby(level="rebalance_date").transform("all")
    wide = wide[complete].sort_index()
    if not len(wide):
        return None
    values = np.ascontiguousarray(wide.to_numpy(dtype=float))
    daily, turned = values[:, : len(names)], values[:, len(names) :]
    date_of = wide.index.get_level_values("rebalance_date")
    dates, first = np.unique(date_of.to_numpy(), return_index=True)
    periods = np.multiply.reduceat(1.0 + daily, first, axis=0) - 1.0
    return Earned(
        cells=cells,
        sessions=pd.DatetimeIndex(wide.index.get_level_values("session")),
        daily=np.ascontiguousarray(daily[:, :-1]),
        baseline_daily=np.ascontiguousarray(daily[:, -1]),
        dates=pd.DatetimeIndex(dates),
        periods=np.ascontiguousarray(periods[:, :-1]),
        turnover=np.add.reduceat(turned[:, :-1], first, axis=0),
        baseline_periods=np.ascontiguousarray(periods[:, -1]),
    )


def at_decisions(
    returns: pd.DataFrame, *, dates: pd.DatetimeIndex, grid_dates: Rebalances, last: int
) -> dict[pd.Timestamp, Earned]:
    """What the cells earned over the ``last`` rebalances up to each date, where they earned anything."""
    told = {}
    for date in dates:
        found = earned(returns[returns["rebalance_date"].isin(grid_dates.window(date, last=last))])
        if found is not None:
            told[date] = found
    return told


def table(
    found: Earned, signals: pd.DataFrame, tried: pd.DataFrame, *, date: pd.Timestamp, terms: Terms
) -> pd.DataFrame:
    """Rows of ``candidate_evidence`` for the decision at ``date``.

    Parameters
    ----------
    found : Earned
    signals : DataFrame
        ``session, market_regime`` of the same sessions.
    tried : DataFrame
        Rows of ``stock_trials`` of the searches so far.
    date : Timestamp
    terms : Terms
    """
    known_before = _known_before(signals, found.sessions)
    rows = [_of_cell(found, place, known_before, terms) for place in range(len(found.cells))]
    whole = _of_grid(found, tried)
    deflation = _deflation(found.active(), whole["n_effective"])
    p = superiority.adjusted(found.active(), seed=terms.seed, block=BLOCK_REBALANCES, reps=terms.reps)
    for place, row in enumerate(rows):
        row["deflated_sharpe"] = sharpe.above(found.active()[:, place], deflation)
        row["superiority_p"] = float(p[place])
    baseline = _figures(found.baseline_daily, found.sessions, known_before)
    told = {
        **dict(zip(found.cells, rows, strict=True)),
        grid.BASELINE: baseline,
        WHOLE: whole | {"luck_sharpe": deflation},
    }
    flat = [(date, *cell, name, value) for cell, row in told.items() for name, value in row.items()]
    return pd.DataFrame(flat, columns=COLUMNS)


def _of_cell(found: Earned, place: int, known_before: np.ndarray, terms: Terms) -> dict[str, float]:
    row = _figures(found.daily[:, place], found.sessions, known_before)
    row["turnover"] = float(found.turnover[:, place].mean())
    active = found.active()[:, place]
    row["active_return"] = float(active.mean() * PERIODS_PER_YEAR)
    row["information_ratio"] = metrics.sharpe_ratio(active, periods_per_year=PERIODS_PER_YEAR)
    row["score"] = score.weighted(row, terms.weights)
    row["n_failed_thresholds"] = float(sum(not gate.passed for gate in score.gates(row, terms.thresholds)))
    return row


def _figures(daily: np.ndarray, sessions: pd.DatetimeIndex, known_before: np.ndarray) -> dict[str, float]:
    by_regime = regimes.by_regime(daily, known_before, sessions, regimes=list(REGIMES))
    told = {
        "sharpe": metrics.sharpe_ratio(daily),
        "cagr": metrics.cagr(daily, sessions),
        "volatility": metrics.volatility(daily),
        "max_drawdown": metrics.max_drawdown(daily),
        "calmar": metrics.calmar(daily, sessions),
        "regime_consistency": regimes.consistency(by_regime["sharpe"].to_numpy(), by_regime["n_days"].to_numpy()),
    }
    for row in by_regime.itertuples():
        told |= {
            f"{name}_{row.regime}": float(getattr(row, name)) for name in ("avg_return", "sharpe", "win_rate", "n_days")
        }
    return told


def _of_grid(found: Earned, tried: pd.DataFrame) -> dict[str, float]:
    groups = trials.clusters(found.active())
    searches = _searches(tried)
    in_searches = sum(trials.effective_trials(search) for search in searches)
    overfit = pbo.overfitting(found.active())
    return {
        "n_rebalances": float(len(found.dates)),
        "n_cells": float(len(found.cells)),
        "n_groups": float(groups.max() + 1),
        "n_searches": float(len(searches)),
        "n_search_trials": float(sum(search.shape[1] for search in searches)),
        "n_effective": float(max(groups.max() + 1, 1) + in_searches),
        "pbo": overfit.pbo,
        "degradation_slope": overfit.degradation_slope,
        "probability_of_loss": overfit.probability_of_loss,
    }


def _deflation(active: np.ndarray, n_effective: float) -> float:
    """Sharpe ratio, by rebalance, that the best of so many worthless trials shows by luck.

    How far trials differ is taken from all cells: groups are few, and their spread an even worse estimate. Beyond the
    sampling variance of a worthless one, ``1 / (n - 1)``, they differ in what they are worth, which is not luck: one good
    model among poor ones must not be refused for its company.
    """
    ratios = np.array([sharpe.per_period(column) for column in active.T])
    known = ratios[~np.isnan(ratios)]
    spread = float(np.var(known, ddof=1)) if len(known) > 1 else 0.0
    sampling = sharpe.standard_error(0.0, len(active)) ** 2
    return sharpe.expected_maximum_sharpe(min(spread, sampling), n_effective)


def _searches(tried: pd.DataFrame) -> Sequence[np.ndarray]:
    """Inner returns of the trials of each search, of shape (blocks, trials)."""
    if not len(tried):
        return []
    wide = (
        rows.pivot(index="block", columns="trial", values="return_frac").dropna()
        for _, rows in tried.groupby(["rebalance_date", "study"])
    )
    return [of.to_numpy(dtype=float) for of in wide if len(of) > 1]


def _known_before(signals: pd.DataFrame, sessions: pd.DatetimeIndex) -> np.ndarray:
    """Regime known at the close before each session; empty of the first, whatever else is at hand, and where none is."""
    ordered = signals[signals["session"] >= sessions[0]].sort_values("session")
    before = pd.Series(ordered["market_regime"].to_numpy(dtype=object), pd.DatetimeIndex(ordered["session"])).shift(1)
    return before.reindex(sessions).fillna("").to_numpy(dtype=object)
