"""One leg's capital, bar by bar: its order, its position, its equity.

1. A position meets the same barriers, by the same arithmetic, as the label of its event: a trade left alone
   realises the outcome of that event to the last bit.
2. Costs are charged on fills, half of the round trip on each side, on the value traded.
3. Nothing is opened, and nothing closed by a rule, in a bar that is missing; a trade whose time or data end there
   is out at the last price, as its label is.
"""

import math
from dataclasses import dataclass, replace

from trade_assets.domain.events.barriers import touched
from trade_assets.domain.events.risk import Governor

BARRIER = {1: "profit", 2: "loss"}


@dataclass(frozen=True)
class Bar:
    """One bar of a leg: ``change`` is its log return, the others are logs over its close; NaN where unknown."""

    change: float
    opened: float
    high: float
    low: float
    is_traded: bool


@dataclass(frozen=True)
class Order:
    """An entry decided at a close, to be filled in the next bar: size as a share of the leg's capital."""

    decision_utc: object
    side: int
    size_frac: float
    target: float
    stop: float
    cost_rt: float


@dataclass(frozen=True)
class Position:
    """What is held: ``notional`` at the fill, capital ``base`` after it, log ``level`` since, in the trade's direction."""

    order: Order
    notional: float
    base: float
    level: float
    bars_held: int

    def value(self) -> float:
        """Market value, without sign."""
        return self.notional * math.exp(self.order.side * self.level)

    def capital(self) -> float:
        """Capital of the leg at this level."""
        return self.base + self.order.side * (self.value() - self.notional)


@dataclass(frozen=True)
class Sleeve:
    """State of one leg after a bar; ``closing`` names the rule that wants it flat."""

    capital: float
    governor: Governor
    order: Order | None = None
    position: Position | None = None
    closing: str | None = None
    cooldown_left: int = 0


@dataclass(frozen=True)
class Fill:
    """What happened to a leg in a bar: ``enter``, ``exit`` or ``lapse``, and why."""

    action: str
    rule: str
    order: Order
    traded: float
    cost: float
    level: float
    gain: float


@dataclass(frozen=True)
class Fills:
    """How orders are filled and how long positions last.

    Attributes
    ----------
    horizon_bars : int
        Bars held at most.
    enters_at_open, opens_are_real : bool
        See :func:`~trade_assets.domain.events.barriers.first_touch`.
    min_holding_bars : int
        Bars before a position may be closed at its profit barrier; a loss is never held on to.
    cooldown_bars : int
        Bars after an exit before the leg is entered again.
    """

    horizon_bars: int
    enters_at_open: bool
    opens_are_real: bool
    min_holding_bars: int
    cooldown_bars: int


def after_bar(sleeve: Sleeve, bar: Bar, how: Fills) -> tuple[Sleeve, list[Fill]]:
    """The state after one bar, and the fills in it."""
    sleeve = replace(sleeve, cooldown_left=max(0, sleeve.cooldown_left - 1))
    if sleeve.position is not None:
        return _held(sleeve, sleeve.position, bar, how)
    if sleeve.order is not None:
        return _entered(sleeve, sleeve.order, bar, how)
    return sleeve, []


def _held(sleeve: Sleeve, position: Position, bar: Bar, how: Fills) -> tuple[Sleeve, list[Fill]]:
    side = position.order.side
    if bar.change != bar.change:
        return _exited(sleeve, position, "gap", how)
    level = position.level + side * bar.change
    if sleeve.closing and how.enters_at_open and bar.is_traded and bar.opened == bar.opened:
        return _exited(sleeve, replace(position, level=level + side * bar.opened), sleeve.closing, how)
    opened = level + side * bar.opened if how.opens_are_real else None
    return _marked(sleeve, replace(position, level=level, bars_held=position.bars_held + 1), opened, bar, how)


def _entered(sleeve: Sleeve, order: Order, bar: Bar, how: Fills) -> tuple[Sleeve, list[Fill]]:
    lacks_open = how.enters_at_open and bar.opened != bar.opened
    if not bar.is_traded or bar.change != bar.change or lacks_open:
        return replace(sleeve, order=None), [Fill("lapse", "no_price", order, 0.0, 0.0, 0.0, 0.0)]
    notional = order.size_frac * sleeve.capital
    cost = 0.5 * order.cost_rt * notional
    position = Position(order, notional, sleeve.capital - cost, 0.0, 0)
    fill = Fill("enter", "event", order, notional, cost, 0.0, 0.0)
    entered = Sleeve(position.base, sleeve.governor.after_trade(order.size_frac), None, position)
    if not how.enters_at_open:
        return entered, [fill]
    at_close = replace(position, level=0.0 - order.side * bar.opened, bars_held=1)
    after, fills = _marked(entered, at_close, None, bar, how)
    return after, [fill, *fills]


def _marked(
    sleeve: Sleeve, position: Position, opened: float | None, bar: Bar, how: Fills
) -> tuple[Sleeve, list[Fill]]:
    """Barriers, then time, then a rule that wants the leg flat, at the close of the bar."""
    order = position.order
    high, low = bar.high if bar.high == bar.high else 0.0, bar.low if bar.low == bar.low else 0.0
    top, bottom = (high, low) if order.side > 0 else (-low, -high)
    # too young for a profit, it has no target: a touch of that would hide the stop behind it
    target = order.target if bar.is_traded and position.bars_held >= how.min_holding_bars else math.inf
    touch = touched(opened, position.level + bottom, position.level + top, stop=order.stop, target=target)
    if touch is not None:
        return _exited(sleeve, replace(position, level=touch[1]), BARRIER[touch[0]], how)
    if position.bars_held >= how.horizon_bars:
        return _exited(sleeve, position, "time", how)
    if sleeve.closing and not how.enters_at_open and bar.is_traded:
        return _exited(sleeve, position, sleeve.closing, how)
    return replace(sleeve, capital=position.capital(), position=position), []


def _exited(sleeve: Sleeve, position: Position, rule: str, how: Fills) -> tuple[Sleeve, list[Fill]]:
    cost = 0.5 * position.order.cost_rt * position.value()
    capital = position.capital() - cost
    entry_cost = 0.5 * position.order.cost_rt * position.notional
    gain = capital - position.base - entry_cost
    fill = Fill("exit", rule, position.order, position.value(), cost, position.level, gain)
    governor = sleeve.governor.after_trade(position.value() / capital if capital > 0 else 0.0)
    return Sleeve(capital, governor, cooldown_left=how.cooldown_bars), [fill]
