"""What the engine holds and has ordered at the newest close, and the state of its stops."""

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from trade_assets.domain.report.events.tables import Terms


@dataclass(frozen=True)
class Leg:
    """One leg after the newest close.

    ``profit_level`` and ``loss_level`` are prices of the leg; for an order they start from the newest close, because
    the fill is still ahead. They count no dividend since the fill. What is not known is NaN; ``decided`` is None.
    """

    symbol: str
    state: Literal["flat", "ordered", "held"]
    side: int
    size_frac: float
    position_frac: float
    notional_usd: float
    decided: pd.Timestamp | None
    close: float
    entry: float
    gain_logret: float
    target: float
    stop: float
    profit_level: float
    loss_level: float
    bars_held: int
    bars_left: int
    closing: str | None
    cooldown_left: int
    turnover_left: float
    capital_usd: float


@dataclass(frozen=True)
class State:
    """The book after the newest close; ``drawdown`` counts from the peak since the last re-arming, >= 0."""

    session: pd.Timestamp
    equity_usd: float
    drawdown: float
    is_killed: bool
    kill_sessions_left: int
    is_session_stopped: bool
    legs: tuple[Leg, ...]

    @property
    def orders(self) -> tuple[Leg, ...]:
        """Legs that wait for an entry, or for the rule that closes them."""
        return tuple(leg for leg in self.legs if leg.state == "ordered" or leg.closing)


def state(book: pd.DataFrame, index_bars: pd.DataFrame, terms: Terms) -> State | None:
    """The newest rows of ``event_book``, at the newest closes of ``index_bars``; None before there is any."""
    if not len(book):
        return None
    newest = book[book["session"] == book["session"].max()].sort_values("symbol")
    first, closes = newest.iloc[0], _closes(index_bars)
    equity = float(first["book_equity"]) * terms.capital_usd
    legs = tuple(
        _leg(row, closes.get(row.symbol, math.nan), equity / len(newest), terms) for row in newest.itertuples()
    )
    return State(
        first["session"], equity, -float(first["book_drawdown"]), bool(first["is_killed"]),
        int(first["kill_sessions_left"]), bool(first["is_session_stopped"]), legs,
    )  # fmt: skip


def _closes(index_bars: pd.DataFrame) -> dict[str, float]:
    rows = index_bars.sort_values("bar_end_utc").drop_duplicates("symbol", keep="last")
    return dict(zip(rows["symbol"], rows["close"].astype(float), strict=True))


def _leg(row, close: float, capital_usd: float, terms: Terms) -> Leg:
    side, is_ordered = int(row.order_side), bool(row.is_ordered)
    is_held = side != 0 and not is_ordered
    level = float(row.position_level) if is_held else math.nan
    start = close if is_ordered else close * math.exp(-side * level) if is_held else math.nan
    target, stop = float(row.order_target), float(row.order_stop)
    share = float(row.order_size_frac) if is_ordered else abs(float(row.position_frac))
    return Leg(
        symbol=row.symbol,
        state="ordered" if is_ordered else "held" if is_held else "flat",
        side=side,
        size_frac=float(row.order_size_frac),
        position_frac=float(row.position_frac),
        notional_usd=share * capital_usd,
        decided=row.order_decision_utc if side else None,
        close=close,
        entry=start if is_held else math.nan,
        gain_logret=level,
        target=target,
        stop=stop,
        profit_level=start * math.exp(side * target),
        loss_level=start * math.exp(-side * stop),
        bars_held=int(row.position_bars_held),
        bars_left=max(0, terms.horizon_bars - int(row.position_bars_held)) if side else 0,
        closing=row.closing if isinstance(row.closing, str) else None,
        cooldown_left=int(row.cooldown_left),
        turnover_left=float(row.turnover_left),
        capital_usd=capital_usd,
    )
