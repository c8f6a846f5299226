"""A source with what the vendor has restated in place of what is sealed: a world to try, never one to serve from."""

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.market_data.protocol import MarketData, sessions_of


class Restated:
    """``sealed``, but every row that was restated as ``fresh`` gives it now.

    Parameters
    ----------
    sealed : MarketData
        The sealed rows.
    fresh : MarketData
        The source behind them, asked for the restated rows alone.
    changed : DataFrame
        Rows of ``restatements.COLUMNS``; whatever else the source says now is left out.
    """

    def __init__(self, sealed: MarketData, fresh: MarketData, changed: pd.DataFrame) -> None:
        self._sealed, self._fresh = sealed, fresh
        self._keys = {
            table: pd.MultiIndex.from_arrays([pd.to_datetime(rows["session"]), rows["symbol"]]).unique()
            for table, rows in changed.groupby("table")
        }

    @property
    def name(self) -> str:
        """Name of the source behind."""
        return self._sealed.name

    @property
    def has_real_opens(self) -> bool:
        """Whether the source has opens one could have traded at."""
        return self._sealed.has_real_opens

    @property
    def is_survivorship_free(self) -> bool:
        """Whether the source has symbols that have left."""
        return self._sealed.is_survivorship_free

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session that is sealed, or that the source has."""
        return self._sealed.complete_through

    def identity(self, table: str) -> str:
        """Another series of rows than the source's: it must not be sealed among them."""
        return f"restated/{self._sealed.identity(table)}"

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]``."""
        return self._rows("bars", start, end, as_of)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of the index legs."""
        return self._rows("index_bars", start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available in the sessions ``[start, end]``."""
        return self._rows("fundamentals", start, end, as_of)

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members, as sealed."""
        return self._sealed.membership(as_of=as_of)

    def _rows(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        rows, last = getattr(self._sealed, table)(start, end, as_of=as_of), end if as_of is None else min(end, as_of)
        keys = self._keys.get(table, pd.MultiIndex.from_arrays([[], []]))
        sessions = sorted({session for session, _ in keys if start <= session <= last})
        if not sessions:
            return rows
        fresh = [getattr(self._fresh, table)(session, session) for session in sessions]
        now = pd.concat(fresh, ignore_index=True)
        made = pd.concat([rows[~_keys(table, rows).isin(keys)], now[_keys(table, now).isin(keys)]])
        return made.sort_values(schemas.RAW[table].key(), ignore_index=True)


def _keys(table: str, rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([sessions_of(table, rows), rows["symbol"]])
