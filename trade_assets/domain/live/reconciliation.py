"""From what was proposed to what was done: the shortfall of every order, in parts that sum to the whole.

Shortfall is what the proposal would have gained from its decision price to the close of the session it was filled in, less
what the fills did gain, costs included; positive is money lost on the way (Perold, "The Implementation Shortfall", 1988).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import book as backtested
from trade_assets.domain.costs import Rates
from trade_assets.domain.live.entries import Entry
from trade_assets.domain.prices import Panel

COLUMNS = [
    "session", "strategy", "symbol", "proposed_shares", "ordered_shares", "filled_shares", "decision_price_usd",
    "reference_price_usd", "fill_price_usd", "close_usd", "deviation_bps", "delay_usd", "spread_usd", "impact_usd",
    "commission_usd", "unfilled_usd", "override_usd", "shortfall_usd", "override_pnl_usd", "reason",
]  # fmt: skip
PARTS = ("delay_usd", "spread_usd", "impact_usd", "commission_usd", "unfilled_usd", "override_usd")


@dataclass(frozen=True)
class _Done:
    """What was proposed, ordered and filled of one symbol, in shares of the session of the fill."""

    proposed: float
    ordered: float
    filled: float
    notional: float
    cost: float
    reason: str


def table(
    proposals: pd.DataFrame,
    entries: Sequence[Entry],
    panel: Panel,
    session: pd.Timestamp,
    *,
    fill: str,
    rates: Rates,
) -> pd.DataFrame:
    """One row a strategy and symbol that was proposed for a session, ordered for it, or traded in it.

    Parameters
    ----------
    proposals : DataFrame
        Rows of ``live_orders`` of the session before that trade and were not blocked.
    entries : sequence of Entry
        What the session knows.
    panel : Panel
        Bars up to the session, the one before it among them.
    session : Timestamp
    fill : "next_close" or "next_open"
        The price of the session that fills are compared with.
    rates : Rates
        Half-spread and commission that were expected.
    """
    row = int(panel.rows(pd.DatetimeIndex([session]))[0])
    before = panel.sessions[row - 1] if row else session
    orders = [e for e in entries if e.kind == "order" and e.session == before]
    fills = [e for e in entries if e.kind == "execution" and e.session == session]
    overrides = [e for e in entries if e.kind == "override" and e.session == before]
    wanted = {(r.strategy, r.symbol): float(r.shares) for r in proposals.itertuples()}
    keys = sorted({*wanted, *((e.strategy, e.symbol) for e in (*orders, *fills))})
    rows = []
    for strategy, symbol in keys:
        if symbol not in panel.places:
            continue
        column = panel.columns([symbol])
        split = (
            float(backtested.new_shares(panel, row, column)[0]) if not np.isnan(panel.close[row, column[0]]) else 1.0
        )
        own = [
            [e for e in every if (e.strategy, e.symbol) == (strategy, symbol)] for every in (orders, fills, overrides)
        ]
        done = _done(wanted.get((strategy, symbol), 0.0) * split, *own, split=split)
        decided = float(panel.carried[row - 1, column[0]]) / split if row else np.nan
        rows.append(
            (session, strategy, symbol, *_parts(done, decided, panel, row, int(column[0]), fill=fill, rates=rates))
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _done(proposed: float, orders: list[Entry], fills: list[Entry], overrides: list[Entry], *, split: float) -> _Done:
    filled = sum((e.shares for e in fills), 0.0)
    ordered = sum((e.shares for e in orders), 0.0) * split
    if not orders and fills:
        ordered = filled  # nobody approved it: a person traded on their own
    reason = "; ".join(
        dict.fromkeys(e.reason for e in (*overrides, *(f for f in fills if f.actor != "paper broker")) if e.reason)
    )
    if not reason and not orders and not fills:
        reason = "not approved"
    return _Done(
        proposed,
        ordered,
        filled,
        sum((e.amount_usd for e in fills), 0.0),
        sum((e.cost_usd for e in fills), 0.0),
        reason,
    )


def _parts(
    done: _Done, decided: float, panel: Panel, row: int, column: int, *, fill: str, rates: Rates
) -> tuple[float | str, ...]:
    close = float(panel.carried[row, column])
    reference = float((panel.open if fill == "next_open" else panel.close)[row, column])
    reference = close if np.isnan(reference) else reference
    price = done.notional / done.filled if done.filled else np.nan
    size = abs(done.filled) * reference
    delay = (reference - decided) * done.filled
    spread, commission = size * rates.half_spread_bps / 1e4, size * rates.commission_bps / 1e4
    impact = done.notional - reference * done.filled + done.cost - spread - commission
    unfilled = (close - decided) * (done.ordered - done.filled)
    override = (close - decided) * (done.proposed - done.ordered)
    whole = (close - decided) * done.proposed - (close * done.filled - done.notional) + done.cost
    deviation = 1e4 * np.sign(done.filled) * (price / decided - 1.0) if done.filled else np.nan
    return (
        done.proposed, done.ordered, done.filled, decided, reference, price, close, deviation, delay, spread, impact,
        commission, unfilled, override, whole, -override, done.reason,
    )  # fmt: skip
