"""A book in tranches: each rebuilt in turn, each compounding only outcomes that do not overlap.

1. Rebalance i rebuilds tranche ``i % tranches``; every tranche begins with the same share of the capital.
2. A tranche is marked when the outcome of its last rebalance is known, and not before: between the two its
   value and its weights are those it was rebuilt with.
3. Orders are decided against the drifted weights, by :func:`trade_assets.domain.trades.decide`, as in the graph.
4. Costs reduce the value of the tranche that trades.

One tranche is the plain book. The orders of a date are those of the whole book, in shares of the whole book.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from trade_assets.domain import trades
from trade_assets.domain.overlap import Schedule
from trade_assets.domain.trades import Policy, Quotes

CASH = "CASH"
TOLERANCE = 1e-9
SESSIONS_PER_YEAR = 252
ORDERS = [
    "rebalance_date", "symbol", "action", "held_weight", "target_weight", "delta_weight", "delta_vs_prev_target",
]  # fmt: skip


@dataclass(frozen=True)
class Sleeve:
    """One tranche: its value, and its weights by symbol without cash."""

    value_usd: float
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Held:
    """A tranche as it was rebuilt, and as it was when the outcome became known; None where that is not."""

    rebuilt: Sleeve
    outcome: Sleeve | None
    known: pd.Timestamp

    def at(self, date: pd.Timestamp) -> Sleeve:
        """What is known of the tranche at a date."""
        return self.outcome if self.outcome is not None and self.known <= date else self.rebuilt


@dataclass(frozen=True)
class Result:
    """What the book wanted, traded and earned.

    Attributes
    ----------
    weights : DataFrame
        ``rebalance_date, symbol, weight`` wanted of the whole book, CASH included; sums to 1 by date.
    trades : DataFrame
        ``rebalance_date, symbol, action, held_weight, target_weight, delta_weight, delta_vs_prev_target``.
    periods : DataFrame
        One row a rebalance: ``rebalance_date, end, tranche, pnl_usd`` and ``return_frac`` of the tranche, net of
        costs (null where the outcome is not known); ``turnover_frac, cost_frac, exposure_frac`` of the whole book;
        ``n_unknown`` names held without an outcome among known ones, counted as unchanged; ``is_limited`` where
        the turnover limit scaled buys down.
    """

    weights: pd.DataFrame
    trades: pd.DataFrame
    periods: pd.DataFrame


def run(
    targets: Mapping[pd.Timestamp, pd.DataFrame],
    outcomes: Mapping[pd.Timestamp, pd.Series],
    schedule: Schedule,
    *,
    horizon_sessions: int,
    policy: Policy,
    capital_usd: float,
    cash_return_frac: float = 0.0,
    on_rebalance: Callable[[], None] = lambda: None,
) -> Result:
    """Step the book through its rebalances.

    Parameters
    ----------
    targets : mapping of rebalance date to DataFrame
        ``symbol, weight, may_increase`` of a tranche, CASH included.
    outcomes : mapping of rebalance date to Series by symbol
        Return over the horizon; a date that is not there has no known outcome.
    schedule : Schedule
    horizon_sessions : int
    policy : Policy
        Its turnover limit is of the whole book.
    capital_usd : float
    cash_return_frac : float
        Yearly return on cash.
    on_rebalance : callable
        Called after each rebalance, for progress.

    Raises
    ------
    ValueError
        If a tranche has lost everything.
    """
    count, cash_growth = schedule.tranches, (1 + cash_return_frac / SESSIONS_PER_YEAR) ** horizon_sessions
    opening = Sleeve(capital_usd / count, {})
    book = [Held(opening, None, schedule.dates[0])] * count
    weights: list[tuple] = []
    orders: list[tuple] = []
    periods: list[dict] = []
    wanted_before: Mapping[str, float] = {}
    for i, (date, end) in enumerate(zip(schedule.dates, schedule.ends, strict=True)):
        marked, own = [held.at(date) for held in book], i % count
        value = trades.sequential_sum(np.array([sleeve.value_usd for sleeve in marked]))
        share = marked[own].value_usd / value
        target = targets[date][targets[date]["symbol"] != CASH]
        decided = _decide(marked[own], target, replace(policy, max_turnover=policy.max_turnover / share))
        rebuilt, traded, cost = _rebuilt(marked[own], decided, policy)
        outcome, unknown = _outcome(rebuilt, outcomes.get(date), cash_growth, date)
        book[own] = Held(rebuilt, outcome, end)

        rest = _values(sleeve for j, sleeve in enumerate(marked) if j != own)
        aim = _values([Sleeve(marked[own].value_usd, dict(zip(target["symbol"], target["weight"], strict=True)))])
        wanted = _shares(rest, aim, value)
        weights.extend((date, symbol, weight) for symbol, weight in _with_cash(wanted, date).items())
        for symbol, action, held, delta in _orders(marked[own], decided, wanted, rest, value):
            aimed = wanted.get(symbol, 0.0)
            orders.append((date, symbol, action, held, aimed, delta, aimed - wanted_before.get(symbol, 0.0)))
        wanted_before = wanted
        periods.append(
            {
                "rebalance_date": date,
                "end": end,
                "tranche": own,
                "pnl_usd": np.nan if outcome is None else outcome.value_usd - marked[own].value_usd,
                "return_frac": np.nan if outcome is None else outcome.value_usd / marked[own].value_usd - 1,
                "turnover_frac": share * traded,
                "cost_frac": share * cost,
                "exposure_frac": (sum(rest.values()) + sum(rebuilt.weights.values()) * rebuilt.value_usd) / value,
                "n_unknown": unknown,
                "is_limited": _is_limited(decided, policy.max_turnover / share),
            }
        )
        on_rebalance()
    return Result(
        pd.DataFrame(weights, columns=["rebalance_date", "symbol", "weight"]),
        pd.DataFrame(orders, columns=ORDERS),
        pd.DataFrame(periods),
    )


def _decide(sleeve: Sleeve, target: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Orders of one tranche, in dollars: every name costs 1, so that shares are their value."""
    values = np.array(list(sleeve.weights.values()), dtype=float) * sleeve.value_usd
    symbols = pd.Series(list(sleeve.weights), dtype="str")
    held = pd.DataFrame({"symbol": symbols, "shares": values, "price_usd": 1.0, "value_usd": values})
    every = pd.Index(sorted({*symbols, *target["symbol"]}), dtype="str")
    unknown = pd.Series(np.nan, every)
    quotes = Quotes(pd.Series(1.0, every), unknown, unknown)
    cash = sleeve.value_usd - trades.sequential_sum(values)
    decided = trades.decide(held, target, cash_usd=cash, quotes=quotes, policy=policy)
    return decided.assign(
        delta_weight=_affordable(decided["held_weight"].to_numpy(), decided["delta_weight"].to_numpy())
    )


def _affordable(held: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Buys scaled down to the cash there is: names held back by the band may leave less than the targets need."""
    over = trades.sequential_sum(held + delta) - 1.0
    bought = trades.sequential_sum(np.maximum(delta, 0.0))
    return np.where(delta > 0, delta * (1.0 - over / bought), delta) if over > 1e-12 and bought > 0 else delta


def _rebuilt(sleeve: Sleeve, decided: pd.DataFrame, policy: Policy) -> tuple[Sleeve, float, float]:
    delta = decided["delta_weight"].to_numpy()
    after = decided["held_weight"].to_numpy() + delta
    kept = (decided["action"] != "SELL").to_numpy() & (after > 0)
    size = trades.sequential_sum(np.abs(delta))
    cost = policy.rates.floor_frac * size
    turnover = 0.5 * (size + abs(trades.sequential_sum(delta)))
    weights = dict(zip(decided["symbol"][kept], after[kept].tolist(), strict=True))
    return Sleeve(sleeve.value_usd * (1.0 - cost), weights), turnover, cost


def _outcome(
    sleeve: Sleeve, returns: pd.Series | None, cash_growth: float, date: pd.Timestamp
) -> tuple[Sleeve | None, int]:
    if returns is None:
        return None, 0
    own = returns.reindex(pd.Index(list(sleeve.weights), dtype="str")).to_numpy(dtype=float)
    held = np.array(list(sleeve.weights.values()), dtype=float)
    grown = held * np.where(np.isnan(own), 1.0, 1.0 + own)
    growth = trades.sequential_sum(grown) + (1.0 - trades.sequential_sum(held)) * cash_growth
    if growth <= 0:
        raise ValueError(f"what was bought on {date.date()} lost everything, so there is no book to go on with")
    after = Sleeve(sleeve.value_usd * growth, dict(zip(sleeve.weights, (grown / growth).tolist(), strict=True)))
    return after, int(np.isnan(own).sum())


def _orders(
    own: Sleeve, decided: pd.DataFrame, wanted: Mapping[str, float], rest: Mapping[str, float], value: float
) -> Iterator[tuple[str, str, float, float]]:
    """Symbol, action, held weight and change of the whole book; HOLD for what only the other tranches hold."""
    share = own.value_usd / value
    held = _shares(rest, _values([own]), value)
    delta = {s: d * share for s, d in zip(decided["symbol"], decided["delta_weight"], strict=True)}
    sold = set(decided.loc[decided["action"] == "SELL", "symbol"]) - set(rest)
    for symbol in sorted({*held, *wanted}):
        change, before = delta.get(symbol, 0.0) or 0.0, held.get(symbol, 0.0)  # never minus zero
        if change > 0:
            action = "ADD" if before > 0 else "BUY"
        elif change < 0:
            action = "SELL" if symbol in sold else "REDUCE"
        else:
            action = "HOLD"
        yield symbol, action, before, change


def _values(sleeves: Iterable[Sleeve]) -> dict[str, float]:
    out: dict[str, float] = {}
    for sleeve in sleeves:
        for symbol, weight in sleeve.weights.items():
            out[symbol] = out.get(symbol, 0.0) + weight * sleeve.value_usd
    return out


def _shares(rest: Mapping[str, float], own: Mapping[str, float], value: float) -> dict[str, float]:
    return {s: (rest.get(s, 0.0) + own.get(s, 0.0)) / value for s in sorted({*rest, *own})}


def _with_cash(wanted: Mapping[str, float], date: pd.Timestamp) -> dict[str, float]:
    invested = trades.sequential_sum(np.array(list(wanted.values()), dtype=float))
    if invested > 1 + TOLERANCE:
        raise ValueError(f"target weights of {date.date()} must sum to at most 1, summed to {invested}")
    return {**wanted, CASH: max(0.0, 1.0 - invested)}


def _is_limited(decided: pd.DataFrame, limit: float) -> bool:
    bought = trades.sequential_sum(np.maximum(decided["delta_weight"].to_numpy(), 0.0))
    return bool((decided["held_weight"] > 0).any()) and bought >= limit * (1 - 1e-9)
