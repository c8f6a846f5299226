"""Sealed rows: what a source first said about each session, kept for ever.

1. A log of numbered entries; number n is created exclusively, by a writer that has read all before it,
   so two writers end in one order and each session is sealed by one entry.
2. Rows lie in Parquet parts under their own sha256; a part is read only if its hash is its name.
3. An entry names the sessions it seals, those without a row included.
"""

import hashlib
import json
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from trade_assets import schemas
from trade_assets.resources.files import Files, _flush_directory
from trade_assets.resources.market_data import protocol
from trade_assets.resources.tables import encode

PART_ROWS = 50_000
CACHED_PARTS = 16


class CorruptSealError(OSError):
    """Sealed source data whose bytes are not those that were sealed."""


@dataclass(frozen=True)
class Seal:
    """Where the rows of one session lie, and whether they were sealed on its own day."""

    part: str
    offset: int
    rows: int
    vintage_exact: bool


class Log:
    """Numbered entries under ``<directory>/log``; each is JSON beside its own hash."""

    def __init__(self, files: Files, directory: str) -> None:
        self._files, self._directory = files, f"{directory}/log"
        self.entries: list[dict[str, Any]] = []

    def reload(self) -> list[dict[str, Any]]:
        """Read the entries that other writers, or this one, have added; returns the new ones."""
        names = self._files.names(self._directory, ".json")
        if names != [f"{number:08d}" for number in range(len(names))]:
            raise CorruptSealError(
                f"{self._directory}: entries are missing, found {len(names)} up to {names[-1]}; restore the directory"
            )
        new = [self._read(name) for name in names[len(self.entries) :]]
        self.entries += new
        return new

    def append(self, body: dict[str, Any]) -> bool:
        """Add ``body`` as the next entry; False where another writer has taken its number."""
        content = json.dumps({"body": body, "sha256": _hash_of(body)}, sort_keys=True).encode()
        return _create(self._files, f"{self._directory}/{len(self.entries):08d}.json", content)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            entry = json.loads(self._files.get(f"{self._directory}/{name}.json"))
            if _hash_of(entry["body"]) == entry["sha256"]:
                return entry["body"]
        except (ValueError, KeyError, TypeError):
            pass
        raise CorruptSealError(f"{self._directory}: entry {name} is damaged; restore it from a backup")


class Parts:
    """Parquet files of one table under their own sha256."""

    def __init__(self, files: Files, directory: str, schema: schemas.Table) -> None:
        self._files, self._directory, self._schema = files, f"{directory}/parts", schema
        self._cached: OrderedDict[str, pa.Table] = OrderedDict()

    def put(self, frame: pd.DataFrame) -> str:
        """Store the rows; returns their address."""
        content = encode(frame, self._schema.arrow())
        address = hashlib.sha256(content).hexdigest()
        self._files.put([(f"{self._directory}/{address}.parquet", content)])
        return address

    def get(self, address: str) -> pa.Table:
        """The rows at ``address``; raises :class:`CorruptSealError` when they are missing or damaged."""
        if address not in self._cached:
            self._cached[address] = self._read(address)
            while len(self._cached) > CACHED_PARTS:
                self._cached.popitem(last=False)
        self._cached.move_to_end(address)
        return self._cached[address]

    def frame(self, slices: list[pa.Table]) -> pd.DataFrame:
        """The rows of ``slices`` as a frame of the schema."""
        if not slices:
            return self._schema.empty()
        frame = pa.concat_tables(slices).to_pandas()
        return frame.astype({name: schemas.PANDAS[c.kind] for name, c in self._schema.columns.items()})

    def _read(self, address: str) -> pa.Table:
        name = f"{self._directory}/{address}.parquet"
        try:
            content = self._files.get(name)
        except FileNotFoundError:
            raise CorruptSealError(f"{name} is missing; restore it from a backup") from None
        if hashlib.sha256(content).hexdigest() != address:
            raise CorruptSealError(f"{name} is damaged; restore it from a backup")
        return pq.read_table(pa.BufferReader(content)).cast(self._schema.arrow())


class Seals:
    """The sealed sessions of one table of one source."""

    def __init__(self, files: Files, directory: str, table: str) -> None:
        self._table = table
        self._log, self._parts = Log(files, directory), Parts(files, directory, schemas.RAW[table])
        self._index: dict[pd.Timestamp, Seal] = {}
        self._reload()

    def __getitem__(self, session: pd.Timestamp) -> Seal:
        return self._index[session]

    def last(self) -> pd.Timestamp | None:
        """The newest sealed session."""
        return max(self._index, default=None)

    def missing(self, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Those of ``sessions`` that no writer has sealed."""
        if any(session not in self._index for session in sessions):
            self._reload()
        return sessions[[session not in self._index for session in sessions]]

    def add(
        self, sessions: pd.DatetimeIndex, frame: pd.DataFrame, *, exact: set[pd.Timestamp], now: pd.Timestamp
    ) -> None:
        """Seal ``frame`` as all that is known of ``sessions``; those already sealed stay as they are."""
        owner = protocol.sessions_of(self._table, frame)
        while len(sessions := self.missing(sessions)):
            groups = _grouped(sessions, owner.value_counts().reindex(sessions, fill_value=0))
            parts = [
                self._part(group, frame[owner.isin(group)], owner[owner.isin(group)], exact)
                for group in groups
            ]
            self._log.append({"sealed_utc": now.isoformat(), "parts": parts})

    def read(self, sessions: pd.DatetimeIndex) -> pd.DataFrame:
        """The sealed rows of ``sessions``, in order; every one of them must be sealed."""
        slices: list[tuple[str, int, int]] = []
        for session in sessions:
            seal = self._index[session]
            if slices and slices[-1][0] == seal.part and slices[-1][2] == seal.offset:
                slices[-1] = (seal.part, slices[-1][1], seal.offset + seal.rows)
            elif seal.rows:
                slices.append((seal.part, seal.offset, seal.offset + seal.rows))
        return self._parts.frame(
            [self._parts.get(part).slice(first, last - first) for part, first, last in slices]
        )

    def _part(
        self,
        sessions: pd.DatetimeIndex,
        frame: pd.DataFrame,
        owner: pd.DatetimeIndex,
        exact: set[pd.Timestamp],
    ) -> dict[str, Any]:
        counts = owner.value_counts().reindex(sessions, fill_value=0)
        return {
            "sha256": self._parts.put(frame),
            "sessions": [
                [f"{s:%Y-%m-%d}", int(n), s in exact] for s, n in zip(sessions, counts, strict=True)
            ],
        }

    def _reload(self) -> None:
        for entry in self._log.reload():
            for part in entry["parts"]:
                offset = 0
                for day, rows, exact in part["sessions"]:
                    self._index.setdefault(pd.Timestamp(day), Seal(part["sha256"], offset, rows, exact))
                    offset += rows


def _grouped(sessions: pd.DatetimeIndex, counts: pd.Series) -> list[pd.DatetimeIndex]:
    number = ((counts.cumsum() - counts) // PART_ROWS).to_numpy()
    return [sessions[number == n] for n in sorted(set(number.tolist()))]


def _hash_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _create(files: Files, name: str, content: bytes) -> bool:
    """Store ``content`` unless something is there: a link to a finished file either appears whole or not at all."""
    if not files._local:
        if files.exists(name):
            return False
        files.put([(name, content)])
        return True
    partial, target = files._write_partial(name, content), files._path(name)
    try:
        os.link(partial, target)
    except FileExistsError:
        return False
    finally:
        os.unlink(partial)
    _flush_directory(Path(target).parent)
    return True
