"""What a cross-section earned, recorded where it became known."""

import numpy as np
import pandas as pd

from trade_assets.domain.features.cross_section import ranks
from trade_assets.domain.prices import Panel


def outcomes(
    panel: Panel,
    members: pd.DataFrame,
    *,
    windows: list[tuple[pd.Timestamp, pd.Timestamp]],
    monitoring_sessions: int,
) -> pd.DataFrame:
    """Total return of each member from one rebalance date to the next.

    Parameters
    ----------
    panel : Panel
        Bars over every window.
    members : DataFrame
        ``rebalance_date, symbol, in_blackout`` of the cross-sections at the windows' first dates.
    windows : list of (feature_date, rebalance_date)
        Consecutive rebalance dates.
    monitoring_sessions : int
        Sessions of the second, shorter return.

    Returns
    -------
    DataFrame
        Columns of the ``stock_outcomes`` table. A name without a bar at the end earned what it had
        made by its last close, and was cash from then on.
    """
    by_date = dict(tuple(members.groupby("rebalance_date")))
    parts = []
    for start, end in windows:
        if start not in by_date:
            continue
        first, last = panel.rows(pd.DatetimeIndex([start, end]))
        held = by_date[start]
        columns = panel.columns(pd.Index(held["symbol"]))
        growth = np.where(
            np.isnan(panel.gross[first + 1 : last + 1, columns]),
            1.0,
            panel.gross[first + 1 : last + 1, columns],
        )
        path = np.multiply.accumulate(growth, axis=0)
        frame = pd.DataFrame(
            {
                "rebalance_date": end,
                "feature_date": start,
                "symbol": held["symbol"].to_numpy(),
                "return_frac": path[-1] - 1,
                "return_5_frac": path[monitoring_sessions - 1] - 1 if monitoring_sessions <= len(path) else np.nan,
                "is_delisted": np.isnan(panel.close[last, columns]),
                "in_blackout": held["in_blackout"].to_numpy(),
            }
        )
        frame["target"] = ranks(frame["return_frac"])
        parts.append(frame)
    columns = [
        "rebalance_date",
        "feature_date",
        "symbol",
        "return_frac",
        "return_5_frac",
        "target",
        "is_delisted",
        "in_blackout",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
