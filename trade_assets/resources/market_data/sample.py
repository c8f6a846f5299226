"""The embedded sample: real daily prices 1999-2018, so that everything runs without a network.

Twenty US stocks as adjusted closes, and two indices with open, high, low, close and volume. Origin,
licences and limits are in ``data/sample/ATTRIBUTION.md``.
"""

from functools import cached_property
from pathlib import Path

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.market_data import daily_legs, protocol

DIRECTORY = Path(__file__).parents[3] / "data" / "sample"


class Sample:
    """Market data from ``data/sample/bars.parquet``; survivors only, no fundamentals, no index list."""

    name = "sample"
    has_real_opens = False
    is_survivorship_free = False

    def __init__(self, legs: list[str], directory: Path = DIRECTORY) -> None:
        self._legs = legs
        self._path = directory / "bars.parquet"

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session of the sample."""
        return self._bars["session"].iloc[-1]

    def identity(self, table: str) -> str:
        """The sample is one series of rows."""
        return f"{self.name}/{table}"

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]``."""
        return protocol.within("bars", self._bars, start, end, as_of)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the two indices, stamped with the close of their session."""
        return protocol.within("index_bars", self._index_bars, start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """No facts: the sample has none."""
        return schemas.RAW["fundamentals"].empty()

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """No list: the sample has none."""
        return schemas.RAW["membership"].empty()

    @cached_property
    def _bars(self) -> pd.DataFrame:
        if not self._path.is_file():
            raise FileNotFoundError(
                "sample source: data/sample/bars.parquet is not beside the package; run from a checkout "
                "of the repository, or choose another data.source"
            )
        return schemas.check("sample source, bars", schemas.RAW["bars"], pd.read_parquet(self._path))

    @cached_property
    def _index_bars(self) -> pd.DataFrame:
        return schemas.check(
            "sample source, index_bars", schemas.RAW["index_bars"], daily_legs.of(self._bars, self._legs)
        )
