"""A directory of Parquet or CSV tables as a source; ``docs/data.md`` states the layout."""

from functools import cached_property
from pathlib import Path
from typing import Literal

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.market_data import bar_files, daily_legs, fact_files, member_files, protocol


class Directory:
    """Market data from files; each is read whole, once, at the first question about it.

    Parameters
    ----------
    path : Path
    stray_sessions : {"refuse", "drop"}
        What to do with rows on days the exchange was closed.
    has_real_opens : bool
        What its owner says of its opens; looking for one that is missing would read the future.
    legs : list of str
        Symbols of the index legs, for index bars where the directory has no finer ones.
    pit_min_lag_days, default_public_lag_days : int
        Days from a filing to its first use; from the end of a period where the filing date is unknown.
    """

    name = "files"

    def __init__(
        self,
        path: Path,
        *,
        stray_sessions: Literal["refuse", "drop"],
        has_real_opens: bool,
        legs: list[str],
        pit_min_lag_days: int,
        default_public_lag_days: int,
    ) -> None:
        self._path, self._legs, self._has_real_opens = path, legs, has_real_opens
        self._stray_sessions: Literal["refuse", "drop"] = stray_sessions
        self._lags = {
            "pit_min_lag_days": pit_min_lag_days,
            "default_public_lag_days": default_public_lag_days,
        }

    @property
    def has_real_opens(self) -> bool:
        """Whether opens are prices one could have traded at; raises ``ValueError`` where a table has none at all."""
        if self._has_real_opens:
            for name, rows in (("bars", self._bars), ("index_bars", self._index_bars)):
                if len(rows) and rows["open"].isna().all():
                    raise ValueError(
                        f"files source, {name}: column open must hold prices where data.files.has_real_opens is true, "
                        f"all {len(rows)} rows are null; set it to false, and everything fills at closes"
                    )
        return self._has_real_opens

    @property
    def is_survivorship_free(self) -> bool:
        """Whether the directory's index list has members that have left."""
        return bool(self._membership["last_session"].notna().any())

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session with a row."""
        return self._bars["session"].iloc[-1]

    def identity(self, table: str) -> str:
        """A directory that moves stays the same source; lags make other facts, legs other index bars."""
        variant = {
            "fundamentals": "-".join(map(str, self._lags.values())),
            "index_bars": "-".join(self._legs),
        }.get(table)
        return f"{self.name}/{table}-{variant}" if variant else f"{self.name}/{table}"

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]``, raw prices with their actions."""
        return protocol.within("bars", self._bars, start, end, as_of)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of the legs that end in the sessions ``[start, end]``."""
        return protocol.within("index_bars", self._index_bars, start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available in the sessions ``[start, end]``."""
        return protocol.within("fundamentals", self._facts, start, end, as_of)

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Members of the index, with their sector where one is known."""
        return protocol.members_known(self._membership, as_of)

    @cached_property
    def _bars(self) -> pd.DataFrame:
        if not self._path.is_dir():
            raise FileNotFoundError(f"files source: data.files.path must be a directory, was {str(self._path)!r}")
        return bar_files.daily(self._path, stray_sessions=self._stray_sessions)

    @cached_property
    def _index_bars(self) -> pd.DataFrame:
        given = bar_files.of_index(self._path)
        if given is not None:
            return given
        derived = daily_legs.of(self._bars, self._legs)
        return schemas.check("files source, index_bars", schemas.RAW["index_bars"], derived)

    @cached_property
    def _facts(self) -> pd.DataFrame:
        return fact_files.facts(self._path, **self._lags)

    @cached_property
    def _membership(self) -> pd.DataFrame:
        return member_files.members(self._path)
