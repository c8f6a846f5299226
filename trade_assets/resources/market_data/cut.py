"""A source as it was at the close of one session: the raw input of the look-ahead proof."""

import pandas as pd

from trade_assets.resources.market_data import protocol
from trade_assets.resources.market_data.protocol import MarketData


class Cut:
    """``inner`` as if the world had ended at the close of ``as_of``.

    It asks ``inner`` for no later session, and drops whatever later rows it is given all the same: a
    source that leaks cannot leak through it.
    """

    def __init__(self, inner: MarketData, as_of: pd.Timestamp) -> None:
        self._inner, self._as_of = inner, as_of

    @property
    def name(self) -> str:
        """Name of the source behind."""
        return self._inner.name

    @property
    def has_real_opens(self) -> bool:
        """Whether the source has opens one could have traded at."""
        return self._inner.has_real_opens

    @property
    def is_survivorship_free(self) -> bool:
        """Whether the source has symbols that have left."""
        return self._inner.is_survivorship_free

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session before the end of the world."""
        return min(self._as_of, self._inner.complete_through)

    def identity(self, table: str) -> str:
        """Another series of rows than the source's: it must not be sealed among them."""
        return f"cut-{self._as_of:%Y-%m-%d}/{self._inner.identity(table)}"

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]`` up to the cut."""
        return self._cut("bars", start, end, as_of)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of the index legs up to the cut."""
        return self._cut("index_bars", start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available up to the cut."""
        return self._cut("fundamentals", start, end, as_of)

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members as known at the cut."""
        last = self._last(as_of)
        return protocol.members_known(self._inner.membership(as_of=last), last)

    def _last(self, as_of: pd.Timestamp | None) -> pd.Timestamp:
        return self._as_of if as_of is None else min(as_of, self._as_of)

    def _cut(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        last = self._last(as_of)
        rows = getattr(self._inner, table)(start, min(end, last), as_of=last)
        return protocol.within(table, rows, start, min(end, last), last)
