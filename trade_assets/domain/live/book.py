"""What is held after a session: actions, what people moved, what was filled, and the value at the close.

The same steps as the backtest's book; what differs is that nothing leaves the book because a price is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from trade_assets.domain import book as backtested
from trade_assets.domain.book import CASH, Holdings
from trade_assets.domain.live.entries import Entry, LedgerError
from trade_assets.domain.prices import Panel
from trade_assets.domain.trades import sequential_sum

COLUMNS = [
    "session", "strategy", "symbol", "shares", "price_usd", "value_usd", "weight", "base_weight", "cost_basis_usd",
    "flow_usd", "traded_usd", "cost_usd", "pnl_usd", "is_price_stale",
]  # fmt: skip


@dataclass(frozen=True)
class Position:
    """One holding: last price used, USD a share paid on average, and its weight after the last trade of the book."""

    shares: float
    price_usd: float
    cost_basis_usd: float
    base_weight: float


@dataclass(frozen=True)
class Book:
    """One strategy after a close."""

    positions: dict[str, Position]
    cash_usd: float

    def holdings(self) -> Holdings:
        """As the backtest holds them."""
        symbols = tuple(sorted(self.positions))
        shares = np.array([self.positions[s].shares for s in symbols])
        price = np.array([self.positions[s].price_usd for s in symbols])
        return Holdings(symbols, shares, price, self.cash_usd)


@dataclass
class Session:
    """A book within a session, and what happens to it."""

    positions: dict[str, Position]
    cash_usd: float
    flow: dict[str, float]
    traded: dict[str, float]
    cost: dict[str, float]
    received: dict[str, float]  # dividends and what a rename paid


EMPTY = Book({}, 0.0)


def restored(rows: pd.DataFrame) -> Book:
    """The book of the rows of one session and strategy."""
    stocks = rows[(rows["symbol"] != CASH) & (rows["shares"] > 0)].set_index("symbol")
    columns = stocks[["shares", "price_usd", "cost_basis_usd", "base_weight"]].to_numpy(dtype=float)
    positions = {str(symbol): Position(*row) for symbol, row in zip(stocks.index, columns.tolist(), strict=True)}
    return Book(positions, float(rows.loc[rows["symbol"] == CASH, "value_usd"].iloc[0]))


def opened(book: Book, panel: Panel, row: int, *, cash_return_frac: float) -> Session:
    """The book after the splits, dividends and interest of a session."""
    held = book.holdings()
    known = [i for i, s in enumerate(held.symbols) if s in panel.places]
    inside = Holdings(tuple(held.symbols[i] for i in known), held.shares[known], held.price[known], held.cash_usd)
    shares, dividends = backtested.after_actions(inside, panel, row)
    positions = dict(book.positions)
    for symbol, before, now in zip(inside.symbols, inside.shares, shares, strict=True):
        old = positions[symbol]
        positions[symbol] = replace(old, shares=float(now), cost_basis_usd=old.cost_basis_usd * float(before / now))
    cash = book.cash_usd * (1 + cash_return_frac / backtested.SESSIONS_PER_YEAR) + sequential_sum(dividends)
    received = {s: float(d) for s, d in zip(inside.symbols, dividends, strict=True) if d}
    return Session(positions, cash, {}, {}, {}, received | {CASH: cash - book.cash_usd - sequential_sum(dividends)})


def move(session: Session, entry: Entry, *, split: float = 1.0) -> None:
    """What a person moved: cash, shares, or a symbol that became another; ``split`` as in :func:`fill`."""
    if entry.kind == "deposit":
        session.cash_usd += entry.amount_usd
        session.flow[CASH] = session.flow.get(CASH, 0.0) + entry.amount_usd
    elif entry.kind == "position":
        _add(session, entry.symbol, entry.shares * split, entry.price_usd / split)
        session.flow[entry.symbol] = session.flow.get(entry.symbol, 0.0) + entry.shares * entry.price_usd
    elif entry.kind == "rename":
        old = session.positions.pop(entry.symbol, None)
        if old is None:
            return
        paid, to = old.shares * entry.amount_usd, entry.detail.get("to", "")
        session.cash_usd += paid
        session.received[entry.symbol] = session.received.get(entry.symbol, 0.0) + paid
        if to:
            there = session.positions.get(to, Position(0.0, old.price_usd / entry.shares, 0.0, 0.0))
            shares, basis = there.shares + old.shares * entry.shares, old.shares * old.cost_basis_usd
            basis = (there.shares * there.cost_basis_usd + basis) / shares if shares else 0.0
            session.positions[to] = replace(there, shares=shares, cost_basis_usd=basis)
            for flows, sign in ((entry.symbol, -1.0), (to, 1.0)):
                session.flow[flows] = session.flow.get(flows, 0.0) + sign * old.shares * old.price_usd


def fill(session: Session, execution: Entry, *, split: float = 1.0) -> None:
    """A fill; ``split`` is new shares for one old since the session it was made in."""
    symbol, shares = execution.symbol, execution.shares * split
    _add(session, symbol, shares, execution.amount_usd / shares if shares else 0.0)
    session.cash_usd -= execution.amount_usd + execution.cost_usd
    session.traded[symbol] = session.traded.get(symbol, 0.0) + execution.amount_usd
    session.cost[symbol] = session.cost.get(symbol, 0.0) + execution.cost_usd


def split_since(panel: Panel, row: int, entry: Entry) -> float:
    """New shares for one old from the session of an entry to this one."""
    if entry.session >= panel.sessions[row] or entry.symbol not in panel.places:
        return 1.0
    first, column = panel.sessions.searchsorted(entry.session, side="right"), panel.columns([entry.symbol])
    return float(np.prod([backtested.new_shares(panel, at, column)[0] for at in range(first, row + 1)]))


def closed(
    before: Book, session: Session, panel: Panel, row: int, *, date: pd.Timestamp, strategy: str
) -> tuple[Book, pd.DataFrame]:
    """The book valued at the close, and its rows.

    Raises
    ------
    LedgerError
        If more was sold than is held.
    """
    for symbol, position in session.positions.items():
        if position.shares < -1e-9:
            raise LedgerError(
                f"the ledger of {strategy} sells more {symbol} than is held: {position.shares:g} shares would be left "
                f"on {date:%Y-%m-%d}; record the execution that is missing, or one that takes back the wrong one"
            )
    last = {s: p for s, p in session.positions.items() if p.shares > 1e-9}
    priced, stale = {}, set()
    for symbol in sorted(last):
        place = panel.places.get(symbol)
        close = np.nan if place is None else panel.close[row, place]
        if np.isnan(close):
            stale.add(symbol)
        priced[symbol] = last[symbol] if np.isnan(close) else replace(last[symbol], price_usd=float(close))
    held = Book(priced, session.cash_usd).holdings()
    equity = held.equity_usd()
    if session.traded or session.flow:
        priced = {s: replace(p, base_weight=_share(p.shares * p.price_usd, equity)) for s, p in priced.items()}
    after = Book(priced, session.cash_usd)
    values_before = {s: p.shares * p.price_usd for s, p in before.positions.items()}
    rows = []
    for symbol in sorted({*priced, *session.traded, *session.flow, *session.received, *values_before} - {CASH}):
        p = priced.get(symbol, Position(0.0, 1.0, 0.0, 0.0))
        value = p.shares * p.price_usd
        flow, traded, cost = (of.get(symbol, 0.0) for of in (session.flow, session.traded, session.cost))
        gain = value - values_before.get(symbol, 0.0) - traded - cost - flow + session.received.get(symbol, 0.0)
        rows.append(
            (date, strategy, symbol, p.shares, p.price_usd, value, _share(value, equity), p.base_weight, p.cost_basis_usd,
             flow, traded, cost, gain, symbol in stale)
        )  # fmt: skip
    cash, flow = session.cash_usd, session.flow.get(CASH, 0.0)
    rows.append(
        (date, strategy, CASH, cash, 1.0, cash, _share(cash, equity), 0.0, 1.0, flow, 0.0, 0.0, session.received[CASH], False)
    )  # fmt: skip
    return after, pd.DataFrame(rows, columns=COLUMNS)


def _share(value: float, equity: float) -> float:
    return value / equity if equity > 0 else 0.0


def _add(session: Session, symbol: str, shares: float, price: float) -> None:
    old = session.positions.get(symbol, Position(0.0, price, 0.0, 0.0))
    total = old.shares + shares
    basis = old.cost_basis_usd
    if shares > 0 and total > 0:
        basis = (max(old.shares, 0.0) * old.cost_basis_usd + shares * price) / total
    session.positions[symbol] = replace(old, shares=total, cost_basis_usd=basis)


def executions_of(
    fills: Sequence[backtested.Fill], orders: Sequence[Entry], session: pd.Timestamp, at: pd.Timestamp
) -> list[Entry]:
    """Fills of the paper broker as entries, stamped with the close they were made at."""
    by_symbol = {order.symbol: order for order in orders}
    return [
        Entry(
            id=f"fill of {by_symbol[f.symbol].id}", kind="execution", session=session, recorded_utc=at,
            strategy=by_symbol[f.symbol].strategy, symbol=f.symbol, shares=f.shares, price_usd=f.notional_usd / f.shares,
            amount_usd=f.notional_usd, cost_usd=f.cost_usd, actor="paper broker", reason="simulated",
            detail={"order": by_symbol[f.symbol].id},
        )
        for f in fills
    ]  # fmt: skip
