"""The I/O manager: loads the window an input declares, splits what an asset returns by partition."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from trade_assets import schemas
from trade_assets.domain.calendar import Rebalances
from trade_assets.resources.tables import MissingPartitionError, TableStore


class TableIO(dg.IOManager):
    """Tables in, tables out, one file a partition; a range and a single key take the same path.

    Parameters
    ----------
    tables : TableStore
    grid : Rebalances
        All rebalance dates of this history, against which windows are expanded.
    sessions : sequence of str
        Keys of all live sessions, in order.
    fingerprint_of : callable
        Asset name to the fingerprint of the settings it reads.
    code_version_of : callable
        Asset name to its code version.
    legs : sequence of str
        Symbols an input declared with ``symbols="index_legs"`` is narrowed to.
    rebuild : bool
        Accept upstream partitions computed under other settings.
    on_stored : callable
        Told asset and key of every partition that has been stored.
    """

    def __init__(
        self,
        tables: TableStore,
        *,
        grid: Rebalances,
        sessions: Sequence[str] = (),
        fingerprint_of: Callable[[str], str],
        code_version_of: Callable[[str], str],
        legs: Sequence[str],
        rebuild: bool = False,
        on_stored: Callable[[str, str], None] = lambda asset, key: None,
    ) -> None:
        self._tables = tables
        self._grid = grid
        self._names = [date.strftime("%Y-%m-%d") for date in grid.dates]
        self._sessions = list(sessions)
        self._fingerprint_of = fingerprint_of
        self._code_version_of = code_version_of
        self._legs = list(legs)
        self._rebuild = rebuild
        self._on_stored = on_stored
        self._read: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(dict)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        asset = context.asset_key.to_user_string()
        window = context.definition_metadata
        wanted = {key: self.keys_read(asset, key, window) for key in self._own_keys(context)}
        keys = sorted({k for keys in wanted.values() for k in keys})
        any_settings = self._rebuild or schemas.TABLES[asset].partition == "session"  # what happened has happened
        frame, hashes = self._tables.read(
            asset,
            keys,
            fingerprint=None if any_settings else self._fingerprint_of(asset),
            symbols=self._legs if window.get("symbols") == "index_legs" else None,
        )
        self._read[context.step_context.step.key][asset] = {k: [hashes[w] for w in keys] for k, keys in wanted.items()}
        return frame

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        asset = context.asset_key.to_user_string()
        frames = split(asset, obj, sorted(context.asset_partition_keys))
        step = context.step_context
        read = self._read.pop(step.step.key, {})
        inputs = {key: {name: combined(by_key.get(key, [])) for name, by_key in sorted(read.items())} for key in frames}
        for key, record in self._tables.write(
            asset,
            frames,
            fingerprint=self._fingerprint_of(asset),
            code_version=self._code_version_of(asset),
            inputs=inputs,
        ):
            step.add_asset_metadata(metadata=_metadata(record), asset_key=context.asset_key, partition_key=key)
            self._on_stored(asset, key)

    def _own_keys(self, context: dg.InputContext) -> list[str]:
        if "as_of" not in context.definition_metadata:
            return sorted(context.asset_partition_keys)
        asked = context.step_context.partition_key_range
        return [key for key in self._sessions if asked.start <= key <= asked.end]

    def keys_read(self, asset: str, key: str, window: Mapping[str, Any]) -> list[str]:
        """Keys of an input that a partition reads through a window."""
        if "days" in window:
            place = self._sessions.index(key) + 1
            return without_gap(self._sessions[max(0, place - window["days"]) : place], self._tables.keys(asset))
        last, lag = window.get("last", 1), window.get("lag", 0)
        if schemas.TABLES[asset].partition == "session":
            return [key]
        at = pd.Timestamp(key)
        if "as_of" in window:
            place = int(self._grid.dates.searchsorted(at, side="right"))
            return self._names[max(0, place - lag - last) : max(0, place - lag)]
        dates = self._grid.window(at, last=last, lag=lag)
        start = self._grid.position(dates[0]) if len(dates) else 0
        return self._names[start : start + len(dates)]


def without_gap(wanted: Sequence[str], stored: Sequence[str]) -> list[str]:
    """Keys of ``wanted`` from the first that is stored on; raises where a later one is not."""
    there = set(stored)
    kept = list(wanted)
    while kept and kept[0] not in there:
        kept.pop(0)
    absent = [key for key in kept if key not in there]
    if absent:
        raise MissingPartitionError(
            f"partition {absent[0]} is not stored, though earlier ones are; materialise it first"
        )
    return kept


def split(asset: str, frame: pd.DataFrame, keys: Sequence[str]) -> Mapping[str, pd.DataFrame]:
    """One checked frame a partition key; a key without rows gets the empty table where the schema allows it.

    Raises
    ------
    InvalidTableError
        If the frame breaks its schema, holds a partition that was not asked for, or lacks one it must have.
    """
    table = schemas.TABLES[asset]
    checked = schemas.check(asset, table, frame)
    rows = {str(date)[:10]: group for date, group in checked.groupby(table.partition, sort=True)}
    extra, missing = sorted(set(rows) - set(keys)), sorted(set(keys) - set(rows))
    if extra:
        raise schemas.InvalidTableError(f"{asset}: rows of partition {extra[0]} were returned, which was not asked for")
    if missing and not table.may_be_empty:
        raise schemas.InvalidTableError(f"{asset}: partition {missing[0]} has no row, and the table may not be empty")
    return {key: rows[key] if key in rows else table.empty() for key in keys}


def combined(hashes: Sequence[str]) -> str:
    """The hash a record keeps of the partitions of an input, in order."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def _metadata(record) -> dict[str, dg.MetadataValue]:
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(record.rows),
        "sha256": dg.MetadataValue.text(record.sha256),
        "settings_fingerprint": dg.MetadataValue.text(record.fingerprint),
        "code_version": dg.MetadataValue.text(record.code_version),
    }
