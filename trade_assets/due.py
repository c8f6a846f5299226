"""What is due: the rebalances and the sessions that are missing up to a day."""

import pandas as pd

from trade_assets import partitions
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.tables import TableStore


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
