"""Bars of the index legs where a source has nothing finer than a day."""

import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar


def of(bars: pd.DataFrame, legs: list[str]) -> pd.DataFrame:
    """The daily bars of ``legs``, each ending at the close of its session."""
    rows = bars[bars["symbol"].isin(legs)]
    if rows.empty:
        return schemas.RAW["index_bars"].empty()
    ends = calendar.close_utc(pd.DatetimeIndex(rows["session"]))
    return pd.DataFrame(
        {
            "bar_end_utc": ends,
            "symbol": rows["symbol"].array,
            **{c: rows[c].array for c in schemas.BAR_VALUES},
        }
    )
