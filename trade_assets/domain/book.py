"""The portfolio's one state: holdings, fills, costs and cash, a session at a time.

The same daily step serves a backfill over twenty years and the newest session.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import costs, trades, windows
from trade_assets.domain.prices import MAX_GAP_SESSIONS, Panel, daily_volatility
from trade_assets.domain.trades import Policy, Quotes, sequential_sum

CASH = "CASH"
VOLUME_SESSIONS = 63
SESSIONS_PER_YEAR = 252
COLUMNS = [
    "rebalance_date",
    "session",
    "symbol",
    "shares",
    "price_usd",
    "value_usd",
    "weight",
    "traded_usd",
    "cost_usd",
    "is_price_stale",
]


@dataclass(frozen=True)
class Holdings:
    """What the book holds after a close; ``symbols`` sorted, ``shares`` and ``price`` alongside."""

    symbols: tuple[str, ...]
    shares: np.ndarray
    price: np.ndarray
    cash_usd: float

    def table(self) -> pd.DataFrame:
        """``symbol, shares, price_usd, value_usd`` without cash."""
        return pd.DataFrame(
            {
                "symbol": pd.Series(self.symbols, dtype="str"),
                "shares": self.shares,
                "price_usd": self.price,
                "value_usd": self.shares * self.price,
            }
        )

    def equity_usd(self) -> float:
        """Value of everything held."""
        return self.cash_usd + sequential_sum(self.shares * self.price)


@dataclass(frozen=True)
class Fill:
    """What was bought (+) or sold (-) of one symbol, its value, and what that cost."""

    symbol: str
    shares: float
    notional_usd: float
    cost_usd: float


@dataclass(frozen=True)
class Day:
    """What a session did to the book: the holdings after its close, and what was traded, at what cost, by symbol."""

    holdings: Holdings
    traded_usd: dict[str, float]
    cost_usd: dict[str, float]
    stale: frozenset[str]


def opening(cash_usd: float) -> Holdings:
    """A book that is all cash."""
    return Holdings((), np.zeros(0), np.zeros(0), cash_usd)


def restored(rows: pd.DataFrame) -> Holdings:
    """The holdings after the last session of a stored partition of the book."""
    last = rows[rows["session"] == rows["session"].max()].sort_values("symbol")
    stocks = last[(last["symbol"] != CASH) & (last["shares"] > 0)]
    cash = float(last.loc[last["symbol"] == CASH, "value_usd"].iloc[0])
    return Holdings(tuple(stocks["symbol"]), stocks["shares"].to_numpy(), stocks["price_usd"].to_numpy(), cash)


def quotes_at(panel: Panel, row: int) -> Quotes:
    """Prices, volatilities and dollar volumes known at the close of a row of the panel."""
    symbols = panel.symbols
    volatility = daily_volatility(panel.gross[: row + 1])
    first = max(0, row + 1 - VOLUME_SESSIONS)
    traded = panel.close[first : row + 1] * panel.volume[first : row + 1]
    full = len(traded) == VOLUME_SESSIONS
    volume = windows.mean(traded, VOLUME_SESSIONS)[-1] if full else np.full(len(symbols), np.nan)
    return Quotes(pd.Series(panel.carried[row], symbols), pd.Series(volatility, symbols), pd.Series(volume, symbols))


def run(
    start: Holdings,
    targets: pd.DataFrame,
    panel: Panel,
    *,
    spans: list[tuple[pd.Timestamp | None, pd.Timestamp]],
    policy: Policy,
    fill: str,
    cash_return_frac: float,
) -> pd.DataFrame:
    """Step the book through every session of the spans.

    Parameters
    ----------
    start : Holdings
        After the close of the first span's beginning.
    targets : DataFrame
        ``rebalance_date, symbol, weight, may_increase``, decided at the beginning of each span.
    panel : Panel
        Bars that reach ``VOLUME_SESSIONS`` before the first span, where the history does.
    spans : list of (decision, rebalance_date)
        Sessions after the first up to the second; no decision at the start of the history.
    policy : Policy
    fill : "next_close" or "next_open"
    cash_return_frac : float
        Yearly return on cash.

    Returns
    -------
    DataFrame
        Columns of the ``portfolio_book`` table.
    """
    by_date = dict(tuple(targets[targets["symbol"] != CASH].groupby("rebalance_date")))
    holdings, rows = start, []
    for decision, end in spans:
        last = panel.rows(pd.DatetimeIndex([end]))[0]
        first = last if decision is None else panel.rows(pd.DatetimeIndex([decision]))[0] + 1
        orders = None
        if decision is not None:
            quotes = quotes_at(panel, first - 1)
            wanted = by_date.get(decision, targets.iloc[:0])
            orders = trades.decide(holdings.table(), wanted, cash_usd=holdings.cash_usd, quotes=quotes, policy=policy)
        for row in range(first, last + 1):
            day = step(
                holdings,
                panel,
                row,
                orders=orders,
                quotes=quotes if orders is not None else None,
                policy=policy,
                fill=fill,
                cash_return_frac=cash_return_frac if decision is not None else 0.0,
            )
            rows.extend(_rows(day, end, panel.sessions[row]))
            holdings, orders = day.holdings, None
    return pd.DataFrame(rows, columns=COLUMNS)


def step(
    holdings: Holdings,
    panel: Panel,
    row: int,
    *,
    orders: pd.DataFrame | None,
    quotes: Quotes | None,
    policy: Policy,
    fill: str,
    cash_return_frac: float,
) -> Day:
    """One session: actions on what is held, fills, interest, valuation at the close.

    A holding without a bar keeps its last price, flagged, and does not trade; after ``MAX_GAP_SESSIONS`` such
    sessions it has left the market and turns to cash at that price.
    """
    shares, dividends = after_actions(holdings, panel, row)
    cash = holdings.cash_usd * (1 + cash_return_frac / SESSIONS_PER_YEAR) + sequential_sum(dividends)
    book = dict(zip(holdings.symbols, shares, strict=True))
    price = dict(zip(holdings.symbols, holdings.price, strict=True))
    traded: dict[str, float] = {}
    cost: dict[str, float] = {}
    if orders is not None and quotes is not None and len(orders):
        for done in fills(book, cash, orders, quotes, panel, row, policy=policy, fill=fill):
            book[done.symbol] = book.get(done.symbol, 0.0) + done.shares
            traded[done.symbol], cost[done.symbol] = done.notional_usd, done.cost_usd
            cash -= done.notional_usd + done.cost_usd
    gone, stale = [], set()
    for symbol, column in zip(sorted(book), panel.columns(sorted(book)), strict=True):
        if not np.isnan(panel.close[row, column]):
            price[symbol] = float(panel.close[row, column])
        elif np.isnan(panel.carried[row, column]):
            gone.append(symbol)
        else:
            stale.add(symbol)
    for symbol in gone:
        value = book.pop(symbol) * price[symbol]
        cash, traded[symbol], cost[symbol] = (
            cash + value,
            traded.get(symbol, 0.0) - value,
            cost.get(symbol, 0.0),
        )
    symbols = tuple(sorted(s for s in book if book[s] > 0))
    after = Holdings(symbols, np.array([book[s] for s in symbols]), np.array([price[s] for s in symbols]), cash)
    return Day(after, traded, cost, frozenset(stale))


def after_actions(holdings: Holdings, panel: Panel, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of what is held after the splits of a session, and the dividends in USD, by symbol."""
    columns = panel.columns(holdings.symbols)
    if not len(columns):
        return holdings.shares, np.zeros(0)
    has_bar = ~np.isnan(panel.close[row, columns])
    by_factor = _factor_ratio(panel, row, columns)
    shares = holdings.shares * np.where(has_bar, new_shares(panel, row, columns), 1.0)
    dividend = np.where(has_bar & np.isnan(by_factor), panel.dividend[row, columns], 0.0)
    return shares, shares * dividend


def new_shares(panel: Panel, row: int, columns: np.ndarray) -> np.ndarray:
    """Shares for one held or ordered since the bar before; a factor counts dividends as shares too."""
    by_factor = _factor_ratio(panel, row, columns)
    return np.where(np.isnan(by_factor), panel.split[row, columns], by_factor)


def _factor_ratio(panel: Panel, row: int, columns: np.ndarray) -> np.ndarray:
    ratio, unseen = np.full(len(columns), np.nan), np.ones(len(columns), dtype=bool)
    for back in range(1, min(row, MAX_GAP_SESSIONS + 1) + 1):
        is_base = unseen & ~np.isnan(panel.close[row - back, columns])
        ratio = np.where(is_base, panel.factor[row, columns] / panel.factor[row - back, columns], ratio)
        unseen &= ~is_base
    return ratio


def fills(
    book: Mapping[str, float],
    cash: float,
    orders: pd.DataFrame,
    quotes: Quotes,
    panel: Panel,
    row: int,
    *,
    policy: Policy,
    fill: str,
) -> list[Fill]:
    """What becomes of orders in a session: exits sell what is there, buys share the cash, no bar is no fill.

    Parameters
    ----------
    book : mapping of symbol to shares held after the session's actions
    cash : float, USD
    orders : DataFrame
        ``symbol, action, shares`` in shares of the session before.
    quotes : Quotes
        Known when they were decided; what they cost follows from them.
    panel, row : bars, and the session among them
    policy : Policy
    fill : "next_close" or "next_open"
    """
    wanted = orders[orders["shares"] != 0]
    symbols = wanted["symbol"].tolist()
    columns = panel.columns(symbols)
    price = (panel.open if fill == "next_open" else panel.close)[row, columns]
    shares = np.where(np.isnan(price), 0.0, wanted["shares"].to_numpy() * new_shares(panel, row, columns))
    held = np.array([book.get(s, 0.0) for s in symbols])
    is_exit = (wanted["action"] == "SELL").to_numpy()
    shares = np.where(is_exit & ~np.isnan(price), -held, np.maximum(shares, -held))
    notional = shares * np.where(np.isnan(price), 0.0, price)
    _, volatility, volume = quotes.of(symbols)
    charge = np.abs(notional) * costs.cost_frac(
        notional, volatility=volatility, dollar_volume_usd=volume, rates=policy.rates
    )
    buys = notional > 0
    available = cash - sequential_sum(np.where(buys, 0.0, notional)) - sequential_sum(np.where(buys, 0.0, charge))
    needed = sequential_sum(np.where(buys, notional + charge, 0.0))
    share = min(1.0, max(0.0, available) / needed) if needed > 0 else 1.0
    filled = np.where(buys, share * shares, shares)
    filled = np.trunc(filled) if policy.whole_shares else filled
    filled = np.where(is_exit, shares, filled)
    factor = np.divide(filled, shares, out=np.ones_like(shares), where=shares != 0)
    found = zip(symbols, filled, notional * factor, charge * factor, strict=True)
    return [Fill(symbol, float(s), float(n), float(c)) for symbol, s, n, c in found if n != 0]


def _rows(day: Day, end: pd.Timestamp, session: pd.Timestamp) -> Iterator[tuple]:
    held, equity = day.holdings, day.holdings.equity_usd()
    for symbol, shares, price in zip(held.symbols, held.shares, held.price, strict=True):
        value = shares * price
        yield (
            end,
            session,
            symbol,
            shares,
            price,
            value,
            value / equity,
            day.traded_usd.get(symbol, 0.0),
            day.cost_usd.get(symbol, 0.0),
            symbol in day.stale,
        )
    for symbol in sorted(set(day.traded_usd) - set(held.symbols)):
        yield (end, session, symbol, 0.0, 1.0, 0.0, 0.0, day.traded_usd[symbol], day.cost_usd[symbol], False)
    yield (end, session, CASH, held.cash_usd, 1.0, held.cash_usd, held.cash_usd / equity, 0.0, 0.0, False)
