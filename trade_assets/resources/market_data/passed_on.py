"""What stands before a source and changes its answers: everything else is passed on."""

import pandas as pd

from trade_assets.resources.market_data.protocol import MarketData


class PassedOn:
    """``inner`` as it is; a subclass says in :meth:`_rows` and :meth:`membership` what it does to the rows."""

    def __init__(self, inner: MarketData) -> None:
        self._inner = inner

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
        """Last session whose rows are all there."""
        return self._inner.complete_through

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]``."""
        return self._rows("bars", start, end, as_of)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of the index legs in the sessions ``[start, end]``."""
        return self._rows("index_bars", start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available in the sessions ``[start, end]``."""
        return self._rows("fundamentals", start, end, as_of)

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members known at ``as_of``."""
        return self._inner.membership(as_of=as_of)

    def _rows(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        return getattr(self._inner, table)(start, end, as_of=as_of)
