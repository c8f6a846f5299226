"""The portfolio manager on predictions from anywhere: targets of each rebalance, and the outcomes they met."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from trade_assets.domain import gates, metrics
from trade_assets.domain.constructions import CONSTRUCTIONS, Limits, portfolio
from trade_assets.domain.overlap import Schedule

CONSTRUCTION = "rank_decay"


def targets(
    predictions: pd.DataFrame,
    signals: pd.DataFrame,
    schedule: Schedule,
    *,
    limits: Limits,
    never_buy: set[str],
    on_rebalance: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """Weights of each rebalance times the exposure of its market signal, with an explicit CASH row.

    Parameters
    ----------
    predictions : DataFrame
        ``date, ticker, prediction``; a name without a prediction is not ranked.
    signals : DataFrame
        ``session, exposure_scalar, is_stale`` of every rebalance.
    schedule : Schedule
    limits : Limits
    never_buy : set of str
        Names that stay eligible only while the same tranche already wants them.
    on_rebalance : callable
        Called after each rebalance, for progress.

    Returns
    -------
    DataFrame
        As :func:`trade_assets.domain.gates.scale_exposure`.
    """
    by_date = dict(tuple(predictions.groupby("date")))
    wanted: list[set[str]] = [set()] * schedule.tranches
    parts = []
    for i, date in enumerate(schedule.dates):
        scores = by_date[date].set_index("ticker")["prediction"]
        barred = never_buy - wanted[i % schedule.tranches]
        sectors = pd.Series(np.nan, scores.index)
        weights = portfolio(CONSTRUCTIONS[CONSTRUCTION], scores, sectors, barred=barred, limits=limits)
        wanted[i % schedule.tranches] = set(weights["symbol"])
        parts.append(weights.assign(rebalance_date=date))
        on_rebalance()
    return gates.scale_exposure(pd.concat(parts, ignore_index=True), signals)


def outcomes(predictions: pd.DataFrame, schedule: Schedule) -> dict[pd.Timestamp, pd.Series]:
    """Returns by ticker of the rebalances whose outcome is known.

    Raises
    ------
    ValueError
        If a rebalance without any outcome lies before one with: only the newest may still be open.
    """
    rows = predictions[predictions["actual"].notna()]
    by_date = {date: part.set_index("ticker")["actual"] for date, part in rows.groupby("date")}
    known = np.array([date in by_date for date in schedule.dates])
    if (np.diff(known.astype(int)) > 0).any():
        gap = schedule.dates[np.flatnonzero(~known)[0]]
        later = schedule.dates[np.flatnonzero(known)[-1]]
        raise ValueError(
            f"column actual must be known up to a date and open after it: it is null for every name of {gap.date()}, "
            f"yet known on {later.date()}"
        )
    return {date: by_date[date] for date in schedule.dates[known]}


def mean_rank_ic(predictions: pd.DataFrame, schedule: Schedule) -> float:
    """Mean over the rebalances of the rank correlation of predictions with outcomes; NaN where none is defined."""
    rows = predictions[predictions["actual"].notna() & predictions["date"].isin(schedule.dates)]
    found = [metrics.rank_ic(p["prediction"].to_numpy(), p["actual"].to_numpy()) for _, p in rows.groupby("date")]
    known = [value for value in found if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan
