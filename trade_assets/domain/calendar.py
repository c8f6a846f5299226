"""The exchange calendar and the grid of rebalance dates.

A *session* is a naive exchange date; every instant is UTC. The grid is every n-th session
counted from a pinned anchor, so a key that has closed never moves.
"""

from dataclasses import dataclass
from functools import lru_cache

import exchange_calendars as xc
import numpy as np
import pandas as pd

FIRST_SESSION = pd.Timestamp("1990-01-02")
ONE_CALENDAR = 2029  # years up to this one share a calendar: to build one takes as long as to import pandas


def exchange(last_year: int) -> xc.ExchangeCalendar:
    """The New York calendar from 1990 to the end of ``last_year`` at least, early closes included."""
    return _exchange(max(ONE_CALENDAR, last_year + 9 - last_year % 10))


@lru_cache(maxsize=4)
def _exchange(last_year: int) -> xc.ExchangeCalendar:
    return xc.get_calendar("XNYS", start="1990-01-01", end=f"{last_year}-12-31")


def sessions_between(start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """Sessions in ``[start, end]`` as naive dates of unit ``us``."""
    sessions = exchange(max(end.year, start.year)).sessions
    return _as_dates(sessions[(sessions >= start) & (sessions <= end)])


def close_utc(sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Instant at which each session closes, in UTC; early closes are early."""
    closes = exchange(int(sessions.year.max())).closes
    return pd.DatetimeIndex(closes.reindex(pd.DatetimeIndex(sessions)).to_numpy(), tz="UTC").as_unit("us")


def close_after(session: pd.Timestamp, count: int) -> pd.Timestamp:
    """Close, in UTC, of the session ``count`` sessions after ``session``, whatever dates are listed as partitions."""
    return close_utc(pd.DatetimeIndex([session_after(session, count)]))[0]


def session_after(session: pd.Timestamp, count: int) -> pd.Timestamp:
    """The session ``count`` sessions after ``session``."""
    return sessions_between(session, session + pd.Timedelta(days=2 * count + 15))[count]


def session_before(session: pd.Timestamp, count: int) -> pd.Timestamp:
    """The session ``count`` sessions before ``session``."""
    return sessions_between(session - pd.Timedelta(days=2 * count + 15), session)[-1 - count]


def open_utc(sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Instant at which each session opens, in UTC."""
    opens = exchange(int(sessions.year.max())).opens
    return pd.DatetimeIndex(opens.reindex(pd.DatetimeIndex(sessions)).to_numpy(), tz="UTC").as_unit("us")


def is_session(dates: pd.DatetimeIndex) -> np.ndarray:
    """True where a date is a session of the exchange."""
    if len(dates) == 0:
        return np.zeros(0, dtype=bool)
    return dates.isin(exchange(int(dates.year.max())).sessions)


@dataclass(frozen=True)
class Rebalances:
    """Rebalance dates in order, each with its ordinal counted from the anchor.

    Attributes
    ----------
    dates : DatetimeIndex, ascending, naive sessions
    ordinals : ndarray of int, the same length; consecutive dates differ by one
    before : Timestamp or None
        The rebalance before the first of these; None where the history begins.
    of : Rebalances or None
        The whole history they are taken from; None where they are it.
    is_cut : bool
        Whether the last of them is no rebalance but a session between two, at which nothing is fitted.
    """

    dates: pd.DatetimeIndex
    ordinals: np.ndarray
    before: pd.Timestamp | None = None
    of: "Rebalances | None" = None
    is_cut: bool = False

    @property
    def whole(self) -> "Rebalances":
        """The whole history."""
        return self if self.of is None else self.of

    def __len__(self) -> int:
        return len(self.dates)

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> "Rebalances":
        """The rebalances in ``[first, last]``."""
        start, end = self.dates.searchsorted(first), self.dates.searchsorted(last, side="right")
        before = self.dates[start - 1] if start else self.before
        return Rebalances(self.dates[start:end], self.ordinals[start:end], before, self.whole, self.is_cut)

    def cut_at(self, session: pd.Timestamp) -> "Rebalances":
        """``session`` as if it were the next rebalance after those before it: a window that is cut short.

        Raises
        ------
        ValueError
            If it is a rebalance date, or lies before the first.
        """
        place = int(self.dates.searchsorted(session))
        if place == 0 or (place < len(self.dates) and self.dates[place] == session):
            raise ValueError(f"{session.date()} must lie between two rebalance dates")
        dates = self.dates[:place].append(pd.DatetimeIndex([session]))
        whole = Rebalances(
            dates, np.append(self.ordinals[:place], self.ordinals[place - 1] + 1), self.before, None, True
        )
        return whole.between(session, session)

    def spans(self) -> list[tuple[pd.Timestamp | None, pd.Timestamp]]:
        """Each date with the one before it; a span is the sessions after the first up to the second."""
        return list(zip([self.before, *self.dates[:-1]], self.dates, strict=True))

    def sessions(self) -> pd.DataFrame:
        """Every session of every span: ``rebalance_date, session, decided_at``, the last the rebalance before.

        The history's first date spans itself alone, and has no rebalance before it.
        """
        parts = []
        for before, date in self.spans():
            inside = sessions_between(date if before is None else before + pd.Timedelta(days=1), date)
            parts.append(
                pd.DataFrame(
                    {
                        "rebalance_date": date,
                        "session": inside,
                        "decided_at": pd.Series([before] * len(inside), dtype="datetime64[us]"),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def window(self, date: pd.Timestamp, *, last: int | None = 1, lag: int = 0) -> pd.DatetimeIndex:
        """The ``last`` dates that end ``lag`` before ``date``; ``None`` means all since the start."""
        end = self.position(date) - lag + 1
        start = 0 if last is None else max(0, end - last)
        return self.dates[start : max(end, 0)]

    def retrain_dates(self, every: int) -> pd.DatetimeIndex:
        """The dates on which a model of cadence ``every`` is fitted: ordinal divisible by it."""
        return self.dates[:0] if self.is_cut else self.dates[self.ordinals % every == 0]

    def position(self, date: pd.Timestamp) -> int:
        """Place of ``date`` in this list; raises ``ValueError`` for a date that is not in it."""
        place = self.dates.searchsorted(date)
        if place == len(self.dates) or self.dates[place] != date:
            raise ValueError(f"{date.date()} is not a rebalance date: the grid is every n-th session from the anchor")
        return int(place)


def rebalances(anchor: pd.Timestamp, start: pd.Timestamp, end: pd.Timestamp, *, every: int) -> Rebalances:
    """Every ``every``-th session counted from ``anchor`` that lies in ``[start, end]``.

    Parameters
    ----------
    anchor : Timestamp
        A session; it has ordinal 0 and is itself a rebalance date.
    start, end : Timestamp
        First and last date wanted, not before the anchor.
    every : int, >= 1
        Sessions from one rebalance to the next.

    Raises
    ------
    ValueError
        If the anchor is not a session, or ``start`` lies before it.
    """
    if start < anchor:
        raise ValueError(f"history.start must not lie before history.anchor {anchor.date()}, was {start.date()}")
    if not is_session(pd.DatetimeIndex([anchor]))[0]:
        raise ValueError(f"history.anchor must be a session of the exchange, was {anchor.date()}")
    dates = sessions_between(anchor, end)[::every]
    kept = dates >= start
    return Rebalances(dates[kept], np.arange(len(dates))[kept])


def _as_dates(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(index.tz_localize(None).to_numpy().astype("datetime64[us]"))
