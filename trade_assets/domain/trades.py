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
    rows = (
        held[["symbol", "shares", "price_usd", "value_usd"]]
        .merge(targets[["symbol", "weight", "may_increase"]], on="symbol", how="outer", validate="one_to_one")
        .sort_values("symbol", kind="stable", ignore_index=True)
    )
    quoted = rows["symbol"].map(quotes.price).to_numpy(dtype=float)
    price = np.where(np.isnan(quoted), rows["price_usd"].to_numpy(dtype=float), quoted)
    shares_held = rows["shares"].fillna(0.0).to_numpy(dtype=float)
    value = rows["value_usd"].fillna(0.0).to_numpy(dtype=float)
    equity = cash_usd + sequential_sum(value)
    held_weight, target = value / equity, rows["weight"].fillna(0.0).to_numpy(dtype=float)
    may_trade = ~np.isnan(price) & rows["symbol"].isin(quotes.price.dropna().index).to_numpy()
    may_increase = rows["may_increase"].fillna(True).to_numpy(dtype=bool)

    delta = np.where(_is_held_back(held_weight, target, equity, policy) | ~may_trade, 0.0, target - held_weight)
    delta = np.where((delta > 0) & ~may_increase, 0.0, delta)
    delta = _limited(delta, policy.max_turnover if (value > 0).any() else np.inf)
    shares = _shares(delta, equity, price, shares_held, is_exit=(target == 0) & (delta < 0), whole=policy.whole_shares)
    notional = shares * np.where(np.isnan(price), 0.0, price)
    volatility = rows["symbol"].map(quotes.volatility).to_numpy(dtype=float)
    volume = rows["symbol"].map(quotes.dollar_volume_usd).to_numpy(dtype=float)
    frame = pd.DataFrame(
        {
            "symbol": rows["symbol"],
            "action": _action(shares, shares_held, target),
            "held_weight": held_weight,
            "target_weight": target,
            "delta_weight": notional / equity,
            "shares": shares,
            "price_usd": price,
            "notional_usd": notional,
            "cost_est_usd": np.abs(notional)
            * costs.cost_frac(notional, volatility=volatility, dollar_volume_usd=volume, rates=policy.rates),
            "has_impact": costs.has_impact(volatility, volume),
        }
    )
    return frame[frame["price_usd"].notna()].reset_index(drop=True)


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
