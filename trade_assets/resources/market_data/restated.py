"""A source with what the vendor has restated in place of what is sealed: a world to try, never one to serve from."""

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.market_data.passed_on import PassedOn
from trade_assets.resources.market_data.protocol import MarketData, sessions_of


class Restated(PassedOn):
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
        super().__init__(sealed)
        self._sealed, self._fresh = sealed, fresh
        self._keys = {
            table: pd.MultiIndex.from_arrays([pd.to_datetime(rows["session"]), rows["symbol"]]).unique()
            for table, rows in changed.groupby("table")
        }

    def identity(self, table: str) -> str:
        """Another series of rows than the source's: it must not be sealed among them."""
        return f"restated/{self._sealed.identity(table)}"

    def _rows(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        rows, last = super()._rows(table, start, end, as_of), end if as_of is None else min(end, as_of)
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
