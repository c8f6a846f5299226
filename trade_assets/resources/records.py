"""What people decided: append-only records, each with who, why and when it was recorded.

A record is a file of its own beside its hash, written once and never changed. A partition reads the records up to its close, so that
what is decided today changes nothing of yesterday.
"""

import pandas as pd

from trade_assets.resources import hashed
from trade_assets.resources.files import Files

DIRECTORY = "people"
COLUMNS = ["recorded_utc", "actor", "reason"]


class CorruptRecordError(OSError):
    """A decision of a person whose bytes are not those that were recorded."""


class Records:
    """Records of one store, by kind."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def append(
        self, kind: str, *, recorded_utc: pd.Timestamp, actor: str, reason: str, **content: str
    ) -> dict[str, str]:
        """Add a record; raises ``ValueError`` without an actor or a reason, or where one of that instant is there."""
        for name, value in (("actor", actor), ("reason", reason)):
            if not value.strip():
                raise ValueError(f"{name} must say something, was {value!r}")
        stamp = recorded_utc.tz_convert("UTC").strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        record = {
            "recorded_utc": recorded_utc.tz_convert("UTC").isoformat(),
            "actor": actor,
            "reason": reason,
            **content,
        }
        if not self._files.create(f"{DIRECTORY}/{kind}/{stamp}.json", hashed.encode(record)):
            raise ValueError(f"a {kind} was recorded at that very instant already: {stamp}")
        return record

    def read(self, kind: str) -> pd.DataFrame:
        """Every record of a kind in order, all columns text but ``recorded_utc``; raises :class:`CorruptRecordError`."""
        directory = f"{DIRECTORY}/{kind}"
        names = self._files.names(directory, ".json")
        rows = [self._record(f"{directory}/{name}.json") for name in names]
        table = pd.DataFrame(rows, columns=None if rows else COLUMNS)
        return table.assign(recorded_utc=pd.to_datetime(table["recorded_utc"], utc=True).astype("datetime64[us, UTC]"))

    def _record(self, name: str) -> dict[str, str]:
        try:
            return hashed.decode(self._files.get(name))
        except ValueError:
            raise CorruptRecordError(f"{name} is damaged; restore it from a backup") from None
