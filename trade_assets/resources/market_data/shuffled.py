"""A source whose rows come in another order: the raw input of the parity proof."""

import pandas as pd

from trade_assets.resources.market_data.passed_on import PassedOn
from trade_assets.resources.market_data.protocol import MarketData


class Shuffled(PassedOn):
    """``inner`` with the rows of every answer in an order drawn by ``seed``, as a vendor may send them."""

    def __init__(self, inner: MarketData, seed: int) -> None:
        super().__init__(inner)
        self._seed = seed

    def identity(self, table: str) -> str:
        """Another series of rows than the source's: it must not be sealed among them."""
        return f"shuffled-{self._seed}/{self._inner.identity(table)}"

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members known at ``as_of``."""
        return self._mixed(super().membership(as_of=as_of))

    def _rows(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        return self._mixed(super()._rows(table, start, end, as_of))

    def _mixed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.sample(frac=1, random_state=self._seed, ignore_index=True)
