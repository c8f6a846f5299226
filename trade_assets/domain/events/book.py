"""The event book: what the engine holds after every session, and what it did or refused to do in every bar.

The legs are sleeves of equal capital, made equal again at every close, so the book's return of a session is the mean
of theirs. The engine sees one bar at a time: fills first, then the risk rules at the close, then the events decided
there. The same step serves twenty years and the newest session.
"""

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd

from trade_assets.domain.events import risk, sleeve
from trade_assets.domain.events.bars import LegBars
from trade_assets.domain.events.risk import Governor, KillSwitch, RiskLimits
from trade_assets.domain.events.sleeve import Bar, Fills, Order, Position, Sleeve

KILL, SESSION_STOP = "drawdown_kill_switch", "session_loss_stop"
ORDER = ("decision_utc", "side", "size_frac", "target", "stop", "cost_rt")


@dataclass(frozen=True)
class Book:
    """State of the engine after a close: equity of the book (1 at the start), its kill switch, its sleeves by leg."""

    equity: float
    kill: KillSwitch
    sleeves: dict[str, Sleeve]


def opening(symbols: list[str], limits: RiskLimits) -> Book:
    """A book that is all cash."""
    return Book(1.0, KillSwitch(), {s: Sleeve(1.0, Governor(limits.turnover_cap)) for s in symbols})


def run(
    start: Book,
    candidates: pd.DataFrame,
    legs: LegBars,
    sessions: pd.DataFrame,
    *,
    limits: RiskLimits | dict[pd.Timestamp, RiskLimits],
    fills: Fills,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Step the book through ``sessions``.

    Parameters
    ----------
    start : Book
        After the close before the first session.
    candidates : DataFrame
        Events that may be entered, best first within a bar: ``t_idx, decision_utc, symbol, side, size_frac, a_tp, b_sl,
        cost_rt`` and ``block``, the gate that refuses it (null where none does).
    legs : LegBars
        Bars of these sessions.
    sessions : DataFrame
        ``rebalance_date, session``.
    limits : RiskLimits, or one for each rebalance date
    fills : Fills

    Returns
    -------
    book, log : DataFrames
        Columns of ``event_book`` and of ``event_trades`` (the sizing steps apart).
    """
    date_of = dict(zip(sessions["session"], sessions["rebalance_date"], strict=True))
    by_bar: dict[int, list] = {}
    for candidate in candidates.itertuples():
        by_bar.setdefault(candidate.t_idx, []).append(candidate)
    bars = {symbol: _bars(legs, symbol) for symbol in legs.symbols}
    engine = _Engine(start, fills)
    inside = legs.grid["session"].isin(sessions["session"]).to_numpy()
    day, t_idx, ends = (legs.grid[name].tolist() for name in ("session", "t_idx", "bar_end_utc"))
    for session, rows in groupby(np.flatnonzero(inside).tolist(), key=day.__getitem__):
        date = date_of[session]
        engine.open_session(limits if isinstance(limits, RiskLimits) else limits[date])
        for row in rows:
            engine.step({s: of[row] for s, of in bars.items()}, by_bar.get(t_idx[row], []), date, ends[row])
        engine.close_session(date, session)
    return pd.DataFrame(engine.rows, columns=COLUMNS), pd.DataFrame(engine.log, columns=LOG).astype(LOG_KEYS)


def restored(rows: pd.DataFrame) -> Book:
    """The state after the last session of stored rows of ``event_book``."""
    last = rows[rows["session"] == rows["session"].max()]
    first = last.iloc[0]
    sleeves = {row.symbol: _sleeve(row) for row in last.itertuples()}
    return Book(
        float(first["book_equity"]), KillSwitch(float(first["book_peak"]), int(first["kill_sessions_left"])), sleeves
    )


class _Engine:
    """The loop's variables: the state, and what is written down."""

    def __init__(self, start: Book, fills: Fills) -> None:
        self.book, self.fills = start, fills
        self.rows: list[tuple] = []
        self.log: list[tuple] = []

    def open_session(self, limits: RiskLimits) -> None:
        self.limits = limits
        self.opened = self.book
        self.stopped = False
        self.traded = dict.fromkeys(self.book.sleeves, 0.0)
        self.cost = dict.fromkeys(self.book.sleeves, 0.0)
        self.entries = dict.fromkeys(self.book.sleeves, 0)
        self.exits: dict[str, list[float]] = {symbol: [] for symbol in self.book.sleeves}
        sleeves = {
            symbol: replace(s, governor=s.governor.before_session(limits)) for symbol, s in self.book.sleeves.items()
        }
        self.book = replace(self.book, kill=self.book.kill.before_session(self.book.equity), sleeves=sleeves)

    def step(self, bars: dict[str, Bar], decided: list, date: pd.Timestamp, end: pd.Timestamp) -> None:
        sleeves = {}
        for symbol, state in self.book.sleeves.items():
            sleeves[symbol], fills = sleeve.after_bar(state, bars[symbol], self.fills)
            for fill in fills:
                capital = self.opened.sleeves[symbol].capital
                self.traded[symbol] += fill.traded / capital
                self.cost[symbol] += fill.cost / capital
                self.entries[symbol] += fill.action == "enter"
                if fill.action == "exit":
                    self.exits[symbol].append(fill.level - fill.order.cost_rt)
                self.log.append(
                    (date, end, symbol, fill.action, fill.order.decision_utc, fill.order.side, fill.rule,
                     fill.order.size_frac, fill.level if fill.action == "exit" else np.nan,
                     fill.level - fill.order.cost_rt if fill.action == "exit" else np.nan,
                     fill.gain / capital, fill.cost / capital)
                )  # fmt: skip
        change = _mean([s.capital / self.opened.sleeves[symbol].capital - 1.0 for symbol, s in sleeves.items()])
        equity = self.opened.equity * (1.0 + change)
        kill = self.book.kill.after_bar(equity, self.limits)
        self.stopped = self.stopped or risk.is_session_stopped(change, self.limits)
        rule = KILL if kill.is_tripped else SESSION_STOP if self.stopped else None
        if rule is not None:
            sleeves = {symbol: replace(s, closing=rule if s.position else None) for symbol, s in sleeves.items()}
        self.book = Book(equity, kill, sleeves)
        for candidate in decided:
            self._decide(candidate, date, end, rule)

    def _decide(self, candidate, date: pd.Timestamp, end: pd.Timestamp, rule: str | None) -> None:
        state = self.book.sleeves[candidate.symbol]
        side, size = int(candidate.side), float(candidate.size_frac)
        block = _blocked(candidate, state, rule)
        if block is None:
            target, stop, cost_rt = float(candidate.a_tp), float(candidate.b_sl), float(candidate.cost_rt)
            self.book.sleeves[candidate.symbol] = replace(state, order=Order(end, side, size, target, stop, cost_rt))
        action, why = ("order", "event") if block is None else ("block", block)
        self.log.append((date, end, candidate.symbol, action, end, side, why, size, np.nan, np.nan, 0.0, 0.0))

    def close_session(self, date: pd.Timestamp, session: pd.Timestamp) -> None:
        book, before = self.book, self.opened
        drawdown = book.kill.drawdown(book.equity)
        for symbol, s in sorted(book.sleeves.items()):
            held = s.position
            self.rows.append(
                (date, session, symbol, s.capital / before.sleeves[symbol].capital - 1.0,
                 0.0 if held is None else held.order.side * held.value() / s.capital,
                 self.traded[symbol], self.cost[symbol],
                 self.entries[symbol], len(self.exits[symbol]), sum(self.exits[symbol], 0.0),
                 book.equity / before.equity - 1.0, book.equity, drawdown, book.kill.is_tripped, self.stopped,
                 *_state(s), book.kill.peak, book.kill.sessions_left)
            )  # fmt: skip


def _blocked(candidate, state: Sleeve, rule: str | None) -> str | None:
    """The first rule that refuses an entry."""
    if candidate.block is not None and candidate.block == candidate.block:
        return candidate.block
    if rule is not None:
        return rule
    if state.position is not None or state.order is not None:
        return "position_open"
    if state.cooldown_left > 0:
        return "cooldown"
    if not state.governor.allows(candidate.size_frac):
        return "turnover_governor"
    return None


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _bars(legs: LegBars, symbol: str) -> list[Bar]:
    path, close = legs.path(symbol), legs.panel.close[:, legs.panel.columns([symbol])[0]]
    columns = (path.log_return, path.log_open, path.log_high, path.log_low, ~np.isnan(close))
    return [Bar(*values) for values in zip(*(c.tolist() for c in columns), strict=True)]


POSITION = ("notional", "base", "level", "bars_held")
STATE = (
    "capital", "turnover_left", "cooldown_left", "closing", "is_ordered",
    *(f"order_{name}" for name in ORDER), *(f"position_{name}" for name in POSITION),
)  # fmt: skip
COLUMNS = [
    "rebalance_date", "session", "symbol", "return_frac", "position_frac", "turnover_frac", "cost_frac",
    "n_entries", "n_exits", "net_logret", "book_return_frac", "book_equity", "book_drawdown", "is_killed", "is_session_stopped",
    *STATE, "book_peak", "kill_sessions_left",
]  # fmt: skip
LOG_KEYS = {"decision_utc": "datetime64[us, UTC]", "symbol": "str", "side": "int64", "action": "str"}
LOG = [
    "rebalance_date", "bar_end_utc", "symbol", "action", "decision_utc", "side", "rule", "size_frac",
    "level_logret", "net_logret", "gain_frac", "cost_frac",
]  # fmt: skip


def _state(s: Sleeve) -> tuple:
    order = s.order or (s.position.order if s.position else None)
    kept = tuple(getattr(order, name) for name in ORDER) if order else (pd.NaT, 0, *[np.nan] * 4)
    held = tuple(getattr(s.position, name) for name in POSITION) if s.position else (np.nan, np.nan, np.nan, 0)
    return (s.capital, s.governor.left, s.cooldown_left, s.closing, s.order is not None, *kept, *held)


def _sleeve(row) -> Sleeve:
    order = None
    if row.order_side != 0:
        order = Order(*(getattr(row, f"order_{name}") for name in ORDER))
    position = None
    if order is not None and not row.is_ordered:
        position = Position(order, *(getattr(row, f"position_{name}") for name in POSITION))
    closing = row.closing if isinstance(row.closing, str) else None
    return Sleeve(
        row.capital,
        Governor(row.turnover_left),
        order if row.is_ordered else None,
        position,
        closing,
        row.cooldown_left,
    )
