"""Ledgers to test with, and writers that run in a process of their own; light, for each imports this first."""

import sqlite3

import pandas as pd

from trade_assets.domain.live.entries import Entry
from trade_assets.resources.book_ledger import BookLedger

DAY = pd.Timestamp("2017-01-03").as_unit("us")


def numbered(count, *, name="e", first=0):
    """Entries that differ in every field."""
    at = (DAY.tz_localize("UTC") + pd.Timedelta(hours=22)).as_unit("us")
    return [
        Entry(
            f"{name} {i}", "execution", DAY + pd.Timedelta(days=i % 9), at + pd.Timedelta(seconds=i), "stocks", f"S{i}",
            shares=i + 0.5, price_usd=1 / (i + 3), amount_usd=i * 1e3, cost_usd=0.1 * i, actor="a person",
            reason=f"why {i} ü", detail={"order": str(i)},
        )
        for i in range(first, first + count)
    ]  # fmt: skip


def append_batches(uri, name, batches, start=None, told=None):
    """Append three entries at a time, once all are ready, and tell of each batch when it is done."""
    ledger = BookLedger(uri)
    if start is not None:
        start.wait()
    for batch in range(batches):
        ledger.append(numbered(3, name=name, first=3 * batch))
        if told is not None:
            told.send(batch)


def at(path):
    """The ledger of a file."""
    return BookLedger(f"sqlite:///{path}")


def made(path):
    """The file of a new ledger."""
    ledger = at(path)
    ledger.create()
    ledger.close()
    return path


def read(path):
    """The entries as another process would read them."""
    ledger = at(path)
    try:
        return ledger.entries()
    finally:
        ledger.close()


def filled(path, count):
    """The bytes of a ledger of so many entries, all of it in its one file."""
    ledger = at(path)
    ledger.append(numbered(count))
    ledger.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert not path.with_name(f"{path.name}-wal").exists()
    return path.read_bytes()
