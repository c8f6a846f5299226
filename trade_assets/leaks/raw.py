"""Leaks of raw data: rows and figures that were not there yet."""

from typing import Any

import numpy as np
import pandas as pd

from trade_assets.leaks.planting import Function
from trade_assets.resources.market_data.protocol import BEGINNING


def later_close(original: Function) -> Function:
    """A missing or present close of a stock filled from the session after it."""

    def leaky(bars: pd.DataFrame, **kwargs: object) -> object:
        if "sessions" in kwargs:  # bars of the event engine, on their own grid
            return original(bars, **kwargs)
        moved = bars.sort_values("session").groupby("symbol")["close"].shift(-1)
        return original(bars.assign(close=moved.fillna(bars["close"])), **kwargs)

    return leaky


def bars_without_a_cut(original: Function) -> Function:
    """The source asked for a session more than has closed."""

    def leaky(
        self: object, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        rows = original(self, start, end, as_of=as_of)
        ahead = original(self, start, end + pd.Timedelta(days=7), as_of=None)
        later = ahead[ahead["session"] > end].drop_duplicates("symbol").set_index("symbol")["close"]
        newest = rows["session"] == end
        return rows.assign(
            dividend=rows["dividend"]
            + np.where(newest, rows["symbol"].map(later).astype(float).fillna(0.0) * 1e-3, 0.0)
        )

    return leaky


def restated_fundamentals(original: Function) -> Function:
    """Every figure as the newest filing at hand tells it, not as it was known at the close."""

    def leaky(self: Any, close_utc: pd.Timestamp, **kwargs: Any) -> pd.DataFrame:
        known, filed = original(self, close_utc, **kwargs), self._rows["available_utc"]
        newest = original(self, filed.max(), **kwargs) if len(filed) else known
        later = dict(zip(zip(newest["symbol"], newest["fact"], strict=True), newest["value"], strict=True))
        own = zip(known["symbol"], known["fact"], known["value"], strict=True)
        return known.assign(value=[later.get((symbol, fact), value) for symbol, fact, value in own])

    return leaky


def todays_universe(original: Function) -> Function:
    """The index as it is on the last date at hand, taken for that of every date before."""

    def leaky(panel: object, adjusted: object, facts: object, membership: pd.DataFrame, **kwargs: Any) -> pd.DataFrame:
        left = membership["last_session"] < kwargs["dates"][-1]
        return original(panel, adjusted, facts, membership[~left].assign(first_session=BEGINNING), **kwargs)

    return leaky
