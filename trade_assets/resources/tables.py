"""The table store: one Parquet file a partition, and beside it a record of what it is.

1. A table is checked against its schema before a byte is written.
2. The file holds rows and nothing else, so that its sha256 is the hash of its content.
3. The record holds row count, sha256, settings fingerprint, code version and the hashes of the inputs.
4. A file is read only if its sha256 is the recorded one.
"""

import datetime as dt
import hashlib
import io
import json
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trade_assets import schemas
from trade_assets.resources.files import Files

RETRIES = 20
KEPT_BYTES = 256 * 2**20  # of decoded partitions in memory
CHUNK = 50  # partitions flushed to the disk together


class MissingPartitionError(LookupError):
    """A partition that is needed has not been stored."""


class CorruptPartitionError(OSError):
    """A stored partition whose bytes are not those that were recorded."""


class StalePartitionError(RuntimeError):
    """A stored partition that was computed under other settings."""


@dataclass(frozen=True)
class Record:
    """What is known of a stored partition besides its rows."""

    rows: int
    sha256: str
    fingerprint: str
    code_version: str
    inputs: dict[str, str]


class TableStore:
    """Reads and writes table partitions under ``tables/`` and ``records/``."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._kept: OrderedDict[tuple[str, str], pa.Table] = OrderedDict()
        self._kept_bytes = 0

    def keys(self, asset: str) -> list[str]:
        """Keys of the stored partitions of ``asset``, in order."""
        return self._files.names(f"records/{asset}", ".json")

    def sweep(self, *, before: dt.datetime | None = None, dry_run: bool = False) -> list[str]:
        """Remove what killed writers left behind; returns the names. See :meth:`Files.sweep`."""
        return self._files.sweep(before=before, dry_run=dry_run)

    def write(
        self,
        asset: str,
        frames: Mapping[str, pd.DataFrame],
        *,
        fingerprint: str,
        code_version: str,
        inputs: Mapping[str, dict[str, str]],
    ) -> Iterator[tuple[str, Record]]:
        """Store one checked frame a key, and yield each record once it and its rows are on the disk.

        Every frame must have passed :func:`trade_assets.schemas.check`; ``inputs`` holds the hashes of what each
        key was computed from.
        """
        arrow = schemas.TABLES[asset].arrow()
        for chunk in _chunks(list(frames)):
            contents = {key: encode(frames[key], arrow) for key in chunk}
            records = {
                key: Record(
                    len(frames[key]), hashlib.sha256(c).hexdigest(), fingerprint, code_version, inputs.get(key, {})
                )
                for key, c in contents.items()
            }
            self._files.put([(f"tables/{asset}/{key}.parquet", content) for key, content in contents.items()])
            texts = {key: json.dumps(asdict(record), sort_keys=True).encode() for key, record in records.items()}
            self._files.put([(f"records/{asset}/{key}.json", text) for key, text in texts.items()])
            yield from records.items()

    def record(self, asset: str, key: str) -> Record:
        """The record of a partition; raises :class:`MissingPartitionError`."""
        try:
            content = self._files.get(f"records/{asset}/{key}.json")
        except FileNotFoundError:
            raise MissingPartitionError(f"{asset}: partition {key} is not stored; materialise it first") from None
        try:
            return Record(**json.loads(content))
        except (ValueError, TypeError):
            raise CorruptPartitionError(
                f"{asset}: the record of partition {key} is damaged; materialise it again"
            ) from None

    def read(
        self,
        asset: str,
        keys: Sequence[str],
        *,
        fingerprint: str | None = None,
        symbols: Sequence[str] | None = None,
    ) -> tuple[pd.DataFrame, dict[str, str]]:
        """The rows of ``keys`` in order, and the sha256 of each partition read.

        Parameters
        ----------
        fingerprint : str, optional
            Refuse partitions computed under other settings.
        symbols : sequence of str, optional
            Keep the rows of these symbols only.

        Raises
        ------
        MissingPartitionError, CorruptPartitionError, StalePartitionError
        """
        parts, hashes = [], {}
        for key in keys:
            content, record = self._verified(asset, key)
            if fingerprint is not None and record.fingerprint != fingerprint:
                raise StalePartitionError(
                    f"{asset}: partition {key} was computed under settings {record.fingerprint}, those in force are "
                    f"{fingerprint}; materialise it again, or run with --rebuild"
                )
            parts.append(_narrowed(self._decoded(asset, key, content, record.sha256), symbols))
            hashes[key] = record.sha256
        return _joined(asset, parts), hashes

    def _decoded(self, asset: str, key: str, content: bytes, sha256: str) -> pa.Table:
        # content-addressed: what is kept under a hash can only be the rows that have it
        place = (asset, sha256)
        if place not in self._kept:
            self._kept[place] = _decode(asset, key, content)
            self._kept_bytes += self._kept[place].nbytes
        self._kept.move_to_end(place)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
        return self._kept[place]

    def _verified(self, asset: str, key: str) -> tuple[bytes, Record]:
        for _ in range(RETRIES):  # another run may be between the two renames of a partition
            record = self.record(asset, key)
            try:
                content = self._files.get(f"tables/{asset}/{key}.parquet")
            except FileNotFoundError:
                content = b""
            if hashlib.sha256(content).hexdigest() == record.sha256:
                return content, record
            time.sleep(0.02)
        raise CorruptPartitionError(
            f"{asset}: partition {key} is damaged, its bytes do not have the recorded sha256 {record.sha256[:12]}…; materialise it again"
        )


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def encode(frame: pd.DataFrame, schema: pa.Schema) -> bytes:
    """Parquet bytes that depend on the rows alone."""
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
        store_schema=False,
    )
    return buffer.getvalue()


def _decode(asset: str, key: str, content: bytes) -> pa.Table:
    schema = schemas.TABLES[asset].arrow()
    table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read(use_threads=False)
    if table.schema.names != schema.names:
        raise StalePartitionError(f"{asset}: partition {key} was stored under another schema; materialise it again")
    return table.cast(schema)


def _narrowed(table: pa.Table, symbols: Sequence[str] | None) -> pa.Table:
    if symbols is None:
        return table
    kept = pc.SetLookupOptions(pa.array(list(symbols), pa.string()))
    return table.filter(pc.call_function("is_in", [table["symbol"]], kept))


def _joined(asset: str, parts: list[pa.Table]) -> pd.DataFrame:
    table = schemas.TABLES[asset]
    if not parts:
        return table.empty()
    frame = pa.concat_tables(parts).to_pandas()
    kinds = {name: schemas.PANDAS[c.kind] for name, c in table.columns.items()}
    other = {name: kind for (name, kind), dtype in zip(kinds.items(), frame.dtypes, strict=True) if dtype != kind}
    return frame.astype(other) if other else frame
