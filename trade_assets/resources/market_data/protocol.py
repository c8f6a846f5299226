"""What a source of market data must offer, and when what it offers is knowable.

1. A bar is knowable at the close of its session, a fact at its ``available_utc``, an entry into or
   an exit from the index on the day it takes effect.
2. Whatever a source returns has passed :func:`trade_assets.schemas.check`.
3. A session up to ``complete_through`` without a row is an empty day; one after it is not there yet.
"""

from typing import Protocol

import numpy as np
import pandas as pd

from trade_assets.domain import calendar

BEGINNING = pd.Timestamp("1900-01-01")
TIME_COLUMN = {"bars": "session", "index_bars": "bar_end_utc", "fundamentals": "available_utc"}


class MarketData(Protocol):
    """A source of market data; sessions are naive exchange dates, instants are UTC.

    Attributes
    ----------
    name : str
        Short name, for messages.
    has_real_opens : bool
        Whether every bar has an open at which one could have traded.
    is_survivorship_free : bool
        Whether symbols that have left the market are in the data.
    complete_through : Timestamp
        Last session whose rows are all there.
    """

    @property
    def name(self) -> str: ...

    @property
    def has_real_opens(self) -> bool: ...

    @property
    def is_survivorship_free(self) -> bool: ...

    @property
    def complete_through(self) -> pd.Timestamp: ...

    def identity(self, table: str) -> str:
        """Name of the series of rows: the same name must never stand for other rows."""
        ...

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]``, the index legs among them."""
        ...

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of the index legs that end after the session before ``start`` and by the close of ``end``."""
        ...

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available after the session before ``start`` and by the close of ``end``."""
        ...

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members with first and last day; empty where the source has no list."""
        ...


def within(
    table: str, frame: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None
) -> pd.DataFrame:
    """The rows of ``frame``, sorted by time, that became knowable in ``[start, end]`` and by ``as_of``."""
    times = _times(table, frame)
    last = end if as_of is None else min(end, as_of)
    if table == "bars":
        lower, upper = np.datetime64(start, "us"), np.datetime64(last, "us")
        rows = slice(times.searchsorted(lower), times.searchsorted(upper, side="right"))
    else:
        lower, upper = close_before(start), close_by(last)
        rows = slice(times.searchsorted(lower, side="right"), times.searchsorted(upper, side="right"))
    return frame.iloc[rows].reset_index(drop=True)


def sessions_of(table: str, frame: pd.DataFrame) -> pd.DatetimeIndex:
    """The session in which each row of ``frame`` became knowable: the first that closes at or after it."""
    times = _times(table, frame)
    if table == "bars" or len(times) == 0:
        return pd.DatetimeIndex(times)
    sessions = calendar.sessions_between(calendar.FIRST_SESSION, pd.Timestamp(times.max()) + pd.Timedelta(days=15))
    closes = calendar.close_utc(sessions).tz_localize(None).to_numpy()
    return sessions[closes.searchsorted(times)]


def members_known(membership: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """``membership`` without the entries and exits that take effect after ``as_of``."""
    if as_of is None:
        return membership
    known = membership[membership["first_session"] <= as_of].reset_index(drop=True)
    known["last_session"] = known["last_session"].where(known["last_session"] <= as_of)
    return known


def close_by(date: pd.Timestamp) -> np.datetime64:
    """Close of the last session on or before ``date``, UTC; long ago where the calendar has none."""
    sessions = calendar.sessions_between(max(date - pd.Timedelta(days=15), calendar.FIRST_SESSION), date)
    if len(sessions) == 0:
        return np.datetime64(BEGINNING, "us")
    return calendar.close_utc(sessions[-1:]).tz_localize(None).to_numpy()[0]


def close_before(date: pd.Timestamp) -> np.datetime64:
    """Close of the last session before ``date``, UTC."""
    return close_by(date - pd.Timedelta(days=1))


def _times(table: str, frame: pd.DataFrame) -> np.ndarray:
    return pd.DatetimeIndex(frame[TIME_COLUMN[table]]).tz_localize(None).as_unit("us").to_numpy()
