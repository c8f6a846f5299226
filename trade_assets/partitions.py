"""The two partition sets: rebalance dates, and live sessions."""

import datetime as dt

import dagster as dg
import pandas as pd

from trade_assets import settings as settings_module
from trade_assets.domain import calendar

_SETTINGS = settings_module.load()
_TODAY = dt.datetime.now(dt.UTC).date()
_LAST = pd.Timestamp(_SETTINGS.last_listed_session(_TODAY))

GRID = calendar.rebalances(
    pd.Timestamp(_SETTINGS.history.anchor),
    pd.Timestamp(_SETTINGS.history.start),
    _LAST,
    every=_SETTINGS.history.rebalance_every,
)
LIVE_SESSIONS = calendar.sessions_between(pd.Timestamp(_SETTINGS.live.start), _LAST)


def key_of(date: pd.Timestamp) -> str:
    """Partition key of a session."""
    return date.strftime("%Y-%m-%d")


rebalance_dates = dg.StaticPartitionsDefinition([key_of(date) for date in GRID.dates])
sessions = dg.StaticPartitionsDefinition([key_of(date) for date in LIVE_SESSIONS])


def rebalance_at(session: pd.Timestamp) -> pd.Timestamp | None:
    """The newest rebalance date at the close of a session; None before the first."""
    place = GRID.dates.searchsorted(session, side="right")
    return GRID.dates[place - 1] if place else None


def rebalance_after(session: pd.Timestamp) -> pd.Timestamp | None:
    """The first rebalance date after a session; None after the last that is listed."""
    place = GRID.dates.searchsorted(session, side="right")
    return GRID.dates[place] if place < len(GRID) else None


def _sessions_by_rebalance() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for session in LIVE_SESSIONS:
        if (date := rebalance_at(session)) is not None:
            found.setdefault(key_of(date), []).append(key_of(session))
    return found


AS_OF = dg.StaticPartitionMapping(_sessions_by_rebalance())  # a session reads the newest rebalance


class NotYetClosedError(ValueError):
    """A partition was asked for before the close of its session."""


def refuse_unclosed(dates: pd.DatetimeIndex, *, now: pd.Timestamp) -> None:
    """Raise :class:`NotYetClosedError` for the first date whose session has not closed at ``now`` (UTC)."""
    closes = calendar.close_utc(dates)
    ahead = dates[closes > now]
    if len(ahead):
        raise NotYetClosedError(
            f"partition {key_of(ahead[0])} cannot be computed: its session closes at "
            f"{closes[closes > now][0]:%Y-%m-%d %H:%M} UTC, it is {now:%Y-%m-%d %H:%M} UTC now"
        )
