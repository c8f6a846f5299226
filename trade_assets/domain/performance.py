"""The performance table: metrics of the book and its benchmarks over several windows, as of each date.

Everything is measured from the first session with a fill: what the book waited in cash before that, for
want of history, is not averaged in, for the benchmarks neither.
"""

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.calendar import Rebalances

WINDOWS = {"since_start": None, "three_years": 78, "one_year": 26}
SERIES = {
    "portfolio": "return_frac",
    "equal_weight": "equal_weight_return_frac",
    "qqq": "qqq_return_frac",
    "spy": "spy_return_frac",
}


def table(returns: pd.DataFrame, *, grid: Rebalances, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Rows of the ``performance`` table; a window that is not full, and a series that is not there, have none.

    Parameters
    ----------
    returns : DataFrame
        ``portfolio_returns`` from the start of the history.
    grid : Rebalances
        All of the history.
    dates : DatetimeIndex
    """
    ordered = returns.sort_values("session", ignore_index=True)
    ordered = ordered.iloc[metrics.first_fill(ordered["turnover_frac"].to_numpy()) :]
    ends, sessions = ordered["rebalance_date"].to_numpy(), pd.DatetimeIndex(ordered["session"])
    values = {series: ordered[column].to_numpy(dtype=float) for series, column in SERIES.items()}
    turnover = ordered.groupby("rebalance_date")["turnover_frac"].sum()
    parts = []
    for date in dates:
        through = int(np.searchsorted(ends, date.to_numpy(), side="right"))
        for window, last in WINDOWS.items():
            first = _first_row(ends[:through], grid, date, last)
            if first is None:
                continue
            inside = slice(first, through)
            traded = turnover[ends[first] : date].to_numpy() if through > first else turnover.to_numpy()[:0]
            for series, own in values.items():
                if through - first < 2 or np.isnan(own[inside]).any():
                    continue
                found = metrics.summary(
                    own[inside], sessions[inside], turnover=traded if series == "portfolio" else None
                )
                parts.extend((date, window, series, metric, value) for metric, value in found.items())
    return pd.DataFrame(parts, columns=["rebalance_date", "window", "series", "metric", "value"])


def _first_row(ends: np.ndarray, grid: Rebalances, date: pd.Timestamp, last: int | None) -> int | None:
    dates = grid.window(date, last=last)
    if not len(ends) or (last is not None and (len(dates) < last or dates[0] < ends[0])):
        return None
    return int(np.searchsorted(ends, dates[0].to_numpy(), side="left"))
