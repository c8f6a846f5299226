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
    """Every figure as the newest filing of its company tells it, not as it was first filed."""

    def leaky(self: Any, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        rows = original(self, start, end, as_of=as_of)
        filed = original(self, start, max(end, self.complete_through)).sort_values("available_utc", kind="stable")
        newest = filed.drop_duplicates(["symbol", "fact"], keep="last").set_index(["symbol", "fact"])["value"]
        return rows.assign(value=newest.loc[list(zip(rows["symbol"], rows["fact"], strict=True))].to_numpy())

    return leaky


def todays_universe(original: Function) -> Function:
    """The index as it is today, taken for the index of every day before."""

    def leaky(self: Any, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        today = original(self, as_of=self.complete_through)
        return today[today["last_session"].isna()].assign(first_session=BEGINNING)

    return leaky
