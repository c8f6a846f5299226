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
Places = slice | tuple[np.ndarray, np.ndarray]


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
            return np.array([self.places[symbol] for symbol in symbols], dtype=int)
        except KeyError as absent:
            raise ValueError(f"the panel has no symbol {absent.args[0]}") from None

    @cached_property
    def places(self) -> dict[str, int]:
        """Position of each symbol."""
        return {symbol: place for place, symbol in enumerate(self.symbols)}


def panel(
    bars: pd.DataFrame, *, sessions: pd.DatetimeIndex | None = None, through: pd.Timestamp | None = None
) -> Panel:
    """Arrange daily bars as a panel.

    Parameters
    ----------
    bars : DataFrame
        Columns of the ``bars`` table; one row a session and symbol, in any order.
    sessions : DatetimeIndex, optional
        Sessions of the panel; where absent the exchange's, from the first bar to the last, or to ``through`` if that
        is later: a date without a single bar is a row of the panel all the same.
    through : Timestamp, optional

    Notes
    -----
    Volume is NaN where closes are adjusted: shares times an adjusted price is no dollar volume of any day.
    """
    sessions = _sessions_of(bars, through) if sessions is None else sessions
    inside = bars["session"].isin(sessions)
    code, names = pd.factorize(bars["symbol"])
    order = np.argsort(np.asarray(names, dtype=object))
    symbols = pd.Index(names[order], dtype="str")
    bars, code = (bars, code) if inside.all() else (bars[inside], code[inside])
    row, column = sessions.get_indexer(pd.DatetimeIndex(bars["session"])), np.argsort(order)[code]

    def spread(name: str, missing: float = np.nan) -> np.ndarray:
        out = np.full((len(sessions), len(symbols)), missing)
        out[row, column] = bars[name].to_numpy(dtype=float, na_value=np.nan)
        return out

    close = spread("close")
    is_adjusted = np.zeros(close.shape, dtype=bool)
    is_adjusted[row, column] = (bars["price_basis"] == "adjusted").to_numpy()
    carried = close.copy()
    for gap in range(1, MAX_GAP_SESSIONS + 1):
        at, of = _with_bar_before(np.isnan(carried), close, gap)
        carried[at, of] = close[at - gap, of]
    factor, split, dividend = spread("adjustment_factor"), spread("split_ratio", 1.0), spread("dividend", 0.0)
    return Panel(
        sessions=sessions,
        symbols=symbols,
        open=spread("open"),
        high=spread("high"),
        low=spread("low"),
        close=close,
        volume=np.where(is_adjusted, np.nan, spread("volume")),
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


def _sessions_of(bars: pd.DataFrame, through: pd.Timestamp | None) -> pd.DatetimeIndex:
    # a session on which nobody traded counts too: a window of n sessions must not reach further back for it
    if not len(bars):
        return pd.DatetimeIndex([] if through is None else [through]).as_unit("us")
    last = bars["session"].max()
    return calendar.sessions_between(bars["session"].min(), last if through is None else max(last, through))


def _gross(close: np.ndarray, factor: np.ndarray, split: np.ndarray, dividend: np.ndarray) -> np.ndarray:
    def grown(now: Places, before: Places) -> np.ndarray:
        by_factor = (close[now] * factor[now]) / (close[before] * factor[before])
        by_actions = (close[now] + dividend[now]) * split[now] / close[before]
        return np.where(np.isnan(by_factor), by_actions, by_factor)

    gross, seen = np.full_like(close, np.nan), ~np.isnan(close)
    gross[1:] = grown(np.s_[1:], np.s_[:-1])
    for gap in range(2, MAX_GAP_SESSIONS + 2):  # from the bar before as few missing ones as may be
        at, of = _with_bar_before(seen & np.isnan(gross), close, gap)
        gross[at, of] = grown((at, of), (at - gap, of))
    for gap in range(1, MAX_GAP_SESSIONS + 1):
        gross[_with_bar_before(~seen, close, gap)] = 1.0
    return gross


def _with_bar_before(places: np.ndarray, close: np.ndarray, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of ``places`` whose symbol had a bar ``gap`` sessions before."""
    at, of = np.nonzero(places[gap:] & ~np.isnan(close[: max(len(close) - gap, 0)]))
    return at + gap, of
