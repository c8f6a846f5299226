"""Sealed rows: what a source first said about each session, kept for ever.

1. A session is sealed by the first entry of the log that names it, whoever wrote that.
2. An entry names the sessions it seals, those without a row included.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import protocol
from trade_assets.resources.market_data.sealed_files import Log, Parts

PART_ROWS = 50_000


@dataclass(frozen=True)
class Seal:
    """Where the rows of one session lie, and whether they were sealed on its own day."""

    part: str
    offset: int
    rows: int
    vintage_exact: bool


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
            parts = [self._part(group, frame[owner.isin(group)], owner[owner.isin(group)], exact) for group in groups]
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
        return self._parts.frame([self._parts.get(part).slice(first, last - first) for part, first, last in slices])

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
            "sessions": [[f"{s:%Y-%m-%d}", int(n), s in exact] for s, n in zip(sessions, counts, strict=True)],
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
