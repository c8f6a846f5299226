"""From what is held to what is wanted: the orders of one decision.

Live and backfill call :func:`decide` alike; the book fills what it returns.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import costs


@dataclass(frozen=True)
class Policy:
    """When a change is worth an order.

    Attributes
    ----------
    hold_band_frac, hold_band_share : float
        Held if the weight changes by less than the first, and by less than the second times the larger of target and held weight.
    min_trade_usd : float
        Held if the order is smaller; a full exit never is.
    max_turnover : float
        Half the sum of absolute weight changes, cash included, above which buys are scaled down together; the first build is free.
    whole_shares : bool
        Round orders toward zero; an exit sells all.
    """

    hold_band_frac: float
    hold_band_share: float
    min_trade_usd: float
    max_turnover: float
    whole_shares: bool
    rates: costs.Rates


@dataclass(frozen=True)
class Quotes:
    """Last close, daily volatility and daily dollar volume by symbol, as known at the decision."""

    price: pd.Series
    volatility: pd.Series
    dollar_volume_usd: pd.Series

    def of(self, symbols: list[str]) -> tuple[np.ndarray, ...]:
        """Price, volatility and dollar volume of ``symbols``, NaN where there is none."""
        index = pd.Index(symbols, dtype="str")
        every = (self.price, self.volatility, self.dollar_volume_usd)
        return tuple(quote.reindex(index).to_numpy(dtype=float) for quote in every)


def decide(
    held: pd.DataFrame, targets: pd.DataFrame, *, cash_usd: float, quotes: Quotes, policy: Policy
) -> pd.DataFrame:
    """Orders that bring the holdings to the targets.

    Parameters
    ----------
    held : DataFrame
        ``symbol, shares, price_usd, value_usd`` at the close, without cash.
    targets : DataFrame
        ``symbol, weight, may_increase``, without cash.
    cash_usd : float
    quotes : Quotes
    policy : Policy

    Returns
    -------
    DataFrame
        One row a symbol held or wanted, sorted: ``symbol, action, held_weight, target_weight, delta_weight, shares,
        price_usd, notional_usd, cost_est_usd, has_impact``. Deltas are against the drifted holdings. A symbol without a quote is held.
    """
    symbols = sorted({*held["symbol"], *targets["symbol"]})
    shares_held, value = _aligned(held, "shares", symbols, 0.0), _aligned(held, "value_usd", symbols, 0.0)
    target, may_increase = _aligned(targets, "weight", symbols, 0.0), _aligned(targets, "may_increase", symbols, True)
    quoted, volatility, volume = quotes.of(symbols)
    may_trade = ~np.isnan(quoted)
    price = np.where(may_trade, quoted, _aligned(held, "price_usd", symbols, np.nan))
    equity = cash_usd + sequential_sum(value)
    held_weight = value / equity

    delta = np.where(_is_held_back(held_weight, target, equity, policy) | ~may_trade, 0.0, target - held_weight)
    delta = np.where((delta > 0) & ~may_increase, 0.0, delta)
    delta = _limited(delta, policy.max_turnover if (value > 0).any() else np.inf)
    shares = _shares(delta, equity, price, shares_held, is_exit=(target == 0) & (delta < 0), whole=policy.whole_shares)
    notional = shares * np.where(np.isnan(price), 0.0, price)
    frame = pd.DataFrame(
        {
            "symbol": pd.Series(symbols, dtype="str"),
            "action": _action(shares, shares_held, target),
            "held_weight": held_weight,
            "target_weight": target,
            "delta_weight": notional / equity,
            "shares": shares,
            "price_usd": price,
            "notional_usd": notional,
            "cost_est_usd": cost_usd(symbols, notional, quotes, policy.rates),
            "has_impact": costs.has_impact(volatility, volume),
        }
    )
    return frame[frame["price_usd"].notna()].reset_index(drop=True)


def cost_usd(symbols: list[str], notional_usd: np.ndarray, quotes: Quotes, rates: costs.Rates) -> np.ndarray:
    """Estimated cost of trading ``notional_usd`` of each symbol."""
    _, volatility, volume = quotes.of(symbols)
    return np.abs(notional_usd) * costs.cost_frac(
        notional_usd, volatility=volatility, dollar_volume_usd=volume, rates=rates
    )


def _aligned(rows: pd.DataFrame, column: str, symbols: list[str], missing: float | bool) -> np.ndarray:
    by_symbol = dict(zip(rows["symbol"], rows[column], strict=True))
    if len(by_symbol) < len(rows):
        raise ValueError("holdings and targets must have one row a symbol, one has more")
    return np.array([by_symbol.get(symbol, missing) for symbol in symbols], dtype=type(missing))


def sequential_sum(values: np.ndarray) -> float:
    """Sum from first to last; numpy's own order changes with the length and the layout."""
    total = 0.0
    for value in values:
        total += float(value)
    return total


def _is_held_back(held: np.ndarray, target: np.ndarray, equity: float, policy: Policy) -> np.ndarray:
    size = np.abs(target - held)
    band = np.minimum(policy.hold_band_frac, policy.hold_band_share * np.maximum(target, held))
    in_band = (size < band) & (target > 0) & (held > 0)
    is_small = (size * equity < policy.min_trade_usd) & ~((target == 0) & (held > 0))
    return in_band | is_small


def _limited(delta: np.ndarray, max_turnover: float) -> np.ndarray:
    bought = sequential_sum(np.maximum(delta, 0.0))
    return np.where(delta > 0, delta * max_turnover / bought, delta) if bought > max_turnover else delta


def _shares(
    delta: np.ndarray, equity: float, price: np.ndarray, held: np.ndarray, *, is_exit: np.ndarray, whole: bool
) -> np.ndarray:
    wanted = np.where(np.isnan(price), 0.0, delta * equity / np.where(np.isnan(price), 1.0, price))
    wanted = np.trunc(wanted) if whole else wanted
    return np.where(is_exit, -held, np.maximum(wanted, -held))


def _action(shares: np.ndarray, held: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.select(
        [shares > 0, (shares < 0) & (shares == -held), shares < 0],
        [np.where(held > 0, "ADD", "BUY"), "SELL", "REDUCE"],
        default="HOLD",
    )
