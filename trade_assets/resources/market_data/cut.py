"""A source as it was at the close of one session: the raw input of the look-ahead proof."""

import pandas as pd

from trade_assets.resources.market_data import protocol
from trade_assets.resources.market_data.passed_on import PassedOn
from trade_assets.resources.market_data.protocol import MarketData


class Cut(PassedOn):
    """``inner`` as if the world had ended at the close of ``as_of``.

    It asks ``inner`` for no later session, and drops whatever later rows it is given all the same: a
    source that leaks cannot leak through it.
    """

    def __init__(self, inner: MarketData, as_of: pd.Timestamp) -> None:
        super().__init__(inner)
        self._as_of = as_of

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session before the end of the world."""
        return min(self._as_of, self._inner.complete_through)

    def identity(self, table: str) -> str:
        """Another series of rows than the source's: it must not be sealed among them."""
        return f"cut-{self._as_of:%Y-%m-%d}/{self._inner.identity(table)}"

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members as known at the cut."""
        last = self._last(as_of)
        return protocol.members_known(self._inner.membership(as_of=last), last)

    def _last(self, as_of: pd.Timestamp | None) -> pd.Timestamp:
        return self._as_of if as_of is None else min(as_of, self._as_of)

    def _rows(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        last = self._last(as_of)
        rows = super()._rows(table, start, min(end, last), last)
        return protocol.within(table, rows, start, min(end, last), last)
