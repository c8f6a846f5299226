"""The two kinds of file behind sealed rows: entries of a log in one order, and parts under their own hash.

Entry n is created exclusively, by a writer that has read all before it, so any number of writers end in
one order. A part or an entry is read only if its bytes have the sha256 that was recorded.
"""

import hashlib
from collections import OrderedDict
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from trade_assets import schemas
from trade_assets.resources import hashed
from trade_assets.resources.files import Files
from trade_assets.resources.tables import encode

CACHED_PARTS = 16


class CorruptSealError(OSError):
    """Sealed source data whose bytes are not those that were sealed."""


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
                f"{self._directory}: entries are missing, {len(names)} up to {names[-1]} are there; restore"
            )
        new = [self._read(name) for name in names[len(self.entries) :]]
        self.entries += new
        return new

    def append(self, body: dict[str, Any]) -> bool:
        """Add ``body`` as the next entry; False where another writer has taken its number."""
        return self._files.create(f"{self._directory}/{len(self.entries):08d}.json", hashed.encode(body))

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return hashed.decode(self._files.get(f"{self._directory}/{name}.json"))
        except ValueError:
            raise CorruptSealError(f"{self._directory}: entry {name} is damaged; restore it from a backup") from None


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
