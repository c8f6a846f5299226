"""Daily bars as panels: arrays of shape (session, symbol).

Prices stay raw. What adjusts them is the *gross return* of one session over the one before, formed
from the two rows it spans and the actions of the second: no factor is cumulated, so nothing known
later can reach back, and a panel that begins earlier has the same bits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, windows

MAX_GAP_SESSIONS = 5


@dataclass(frozen=True)
class Panel:
    """Bars of many symbols side by side; NaN where a symbol has no bar or no such value.

    Attributes
    ----------
    sessions : DatetimeIndex of shape (sessions,)
    symbols : Index of shape (symbols,), sorted
    open, high, low, close, volume : ndarrays of shape (sessions, symbols), raw
    split, dividend : ndarrays of shape (sessions, symbols)
        Actions of the session; 1 and 0 where there is none.
    factor : ndarray of shape (sessions, symbols)
        Adjusted over raw close where the source gives that instead of actions; else NaN.
    gross : ndarray of shape (sessions, symbols)
        Total return of the session plus one, adjusted for splits and dividends. Each of up to
        ``MAX_GAP_SESSIONS`` missing bars in a row gives 1 and the next bar makes up for them; a longer gap gives NaN.
    carried : ndarray of shape (sessions, symbols)
        Raw close, or the last one within ``MAX_GAP_SESSIONS``.
    """

    sessions: pd.DatetimeIndex
    symbols: pd.Index
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    split: np.ndarray
    dividend: np.ndarray
    factor: np.ndarray
    gross: np.ndarray
    carried: np.ndarray

    def rows(self, dates: pd.DatetimeIndex) -> np.ndarray:
        """Positions of ``dates`` among the sessions; raises ``ValueError`` for one that is not there."""
        places = self.sessions.get_indexer(dates)
        if (places < 0).any():
            raise ValueError(f"the panel has no session {dates[places < 0][0].date()}")
        return places

    def columns(self, symbols: Iterable[str]) -> np.ndarray:
        """Positions of ``symbols``; raises ``ValueError`` for one that is not there."""
        try:
            return np.array([self._places[symbol] for symbol in symbols], dtype=int)
        except KeyError as absent:
            raise ValueError(f"the panel has no symbol {absent.args[0]}") from None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {symbol: place for place, symbol in enumerate(self.symbols)}


def panel(bars: pd.DataFrame, *, sessions: pd.DatetimeIndex | None = None) -> Panel:
    """Arrange daily bars as a panel.

    Parameters
    ----------
    bars : DataFrame
        Columns of the ``bars`` table; one row a session and symbol, in any order.
    sessions : DatetimeIndex, optional
        Sessions of the panel; where absent the exchange's, from the first bar to the last.
    """
    sessions = _sessions_of(bars) if sessions is None else sessions
    symbols = pd.Index(np.sort(bars["symbol"].unique().astype(object)), dtype="str")
    inside = bars["session"].isin(sessions)
    bars = bars if inside.all() else bars[inside]
    row, column = (
        sessions.get_indexer(pd.DatetimeIndex(bars["session"])),
        symbols.get_indexer(pd.Index(bars["symbol"])),
    )

    def spread(name: str, missing: float = np.nan) -> np.ndarray:
        out = np.full((len(sessions), len(symbols)), missing)
        out[row, column] = bars[name].to_numpy(dtype=float, na_value=np.nan)
        return out

    close = spread("close")
    carried = close.copy()
    for gap in range(1, MAX_GAP_SESSIONS + 1):
        older = windows.lagged(close, gap)
        carried = np.where(np.isnan(carried), older, carried)
    factor, split, dividend = spread("adjustment_factor"), spread("split_ratio", 1.0), spread("dividend", 0.0)
    return Panel(
        sessions=sessions,
        symbols=symbols,
        open=spread("open"),
        high=spread("high"),
        low=spread("low"),
        close=close,
        volume=spread("volume"),
        split=split,
        dividend=dividend,
        factor=factor,
        gross=_gross(close, factor, split, dividend),
        carried=carried,
    )


def daily_volatility(gross: np.ndarray, n: int = 63) -> np.ndarray:
    """Sample standard deviation of the last n daily log returns, of shape (symbols,); NaN where there are fewer."""
    returns = np.log(gross[-n:])
    if len(returns) < n:
        return np.full(gross.shape[1], np.nan)
    return windows.std(returns, n)[-1]


def _sessions_of(bars: pd.DataFrame) -> pd.DatetimeIndex:
    # a session on which nobody traded counts too: a window of n sessions must not reach further back for it
    return (
        calendar.sessions_between(bars["session"].min(), bars["session"].max())
        if len(bars)
        else pd.DatetimeIndex([]).as_unit("us")
    )


def _gross(close: np.ndarray, factor: np.ndarray, split: np.ndarray, dividend: np.ndarray) -> np.ndarray:
    gross = np.full_like(close, np.nan)
    seen = ~np.isnan(close)
    for gap in range(MAX_GAP_SESSIONS + 1, 0, -1):  # from the bar before as many missing ones as may be
        base, base_factor = windows.lagged(close, gap), windows.lagged(factor, gap)
        by_factor = (close * factor) / (base * base_factor)
        by_actions = (close + dividend) * split / base
        value = np.where(np.isnan(by_factor), by_actions, by_factor)
        gross = np.where(seen & ~np.isnan(base), value, gross)
    last_seen = np.zeros_like(seen)
    for gap in range(1, MAX_GAP_SESSIONS + 1):
        last_seen |= ~np.isnan(windows.lagged(close, gap))
    return np.where(~seen & last_seen, 1.0, gross)
