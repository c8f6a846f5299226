"""What is due: which session is the day, and the rebalances and sessions that are missing up to it."""

import pandas as pd

from trade_assets import partitions
from trade_assets.domain import calendar
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.market_data.vintages import utc_now
from trade_assets.resources.tables import TableStore


def closed_session(date: str | None) -> pd.Timestamp:
    """A closed live session; raises ``ValueError`` that says which day was asked for and what is wrong with it."""
    sessions = partitions.LIVE_SESSIONS
    closed = sessions[calendar.close_utc(sessions) <= utc_now()]
    if not len(closed):
        raise ValueError(f"no live session has closed yet; they begin on {sessions[0]:%Y-%m-%d} (live.start)")
    if date is None:
        return closed[-1]
    asked = pd.to_datetime(date, format="%Y-%m-%d", errors="coerce")
    if pd.isna(asked):
        raise ValueError(f"--date must be a date like 2018-12-31, was {date!r}")
    if asked not in closed:
        before = closed[closed < asked]
        near = f", the session before it is {before[-1]:%Y-%m-%d}" if len(before) else ""
        raise ValueError(
            f"{date} is not a closed live session: they run from {closed[0]:%Y-%m-%d} to {closed[-1]:%Y-%m-%d}{near}"
        )
    return asked.as_unit("us")


def rebalances(session: pd.Timestamp, tables: TableStore) -> list[str]:
    """Keys of the rebalances up to a session that are not stored, where at least one before them is.

    Raises
    ------
    LookupError
        If the history was never computed, which is no part of a day, or a rebalance is missing among later ones.
    """
    keys = [partitions.key_of(date) for date in partitions.GRID.dates if date <= session]
    stored = set(tables.keys("performance"))
    missing = [key for key in keys if key not in stored]
    if missing and missing == keys:
        raise LookupError("the history is not computed yet: run `trade-assets run` first, the day after")
    first = keys.index(missing[0]) if missing else 0
    if missing and keys[first:] != missing:
        raise LookupError(
            f"rebalance {missing[0]} is not stored, though later ones are: run `trade-assets run --from {missing[0]}`"
        )
    return missing


def sessions(session: pd.Timestamp, tables: TableStore, ledger: BookLedger) -> list[str]:
    """Keys of the sessions to compute: from the first that is missing since the book was opened, to the one asked for.

    Where none is missing it is that one alone, once more.
    """
    opened = min((e.session for e in ledger.entries() if e.kind in ("deposit", "position")), default=session)
    stored, key = set(tables.keys("daily_report")), partitions.key_of(session)
    first = min(opened, session)
    wanted = [partitions.key_of(day) for day in partitions.LIVE_SESSIONS if first <= day <= session]
    missing = [k for k in wanted if k not in stored]
    return wanted[wanted.index(missing[0]) :] if missing else [key]
