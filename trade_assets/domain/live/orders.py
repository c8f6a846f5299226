"""From a book and what is wanted to the orders of a session, each with its reason, its cost and its flags."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import trades
from trade_assets.domain.book import CASH
from trade_assets.domain.trades import Policy, Quotes

DECISION, DRIFT, NONE = "decision", "drift", "no decision today"


@dataclass(frozen=True)
class Terms:
    """How one strategy trades.

    Attributes
    ----------
    policy : Policy
        The same as in the backtest.
    rebalance_threshold : float
        Drift of one weight since the last trade that trades between decisions.
    single_trade_max : float
        Share of the book above which buys are scaled down together, the first build apart.
    max_volume_frac : float
        Share of a day's dollar volume above which an order is flagged.
    never_buy : tuple of str
        Symbols no position is opened or added to.
    """

    policy: Policy
    rebalance_threshold: float
    single_trade_max: float
    max_volume_frac: float
    never_buy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """The orders of one strategy, and why there are any.

    Attributes
    ----------
    orders : DataFrame
        Rows of ``live_orders`` without session, strategy and status.
    trigger : str
        ``decision``, ``drift`` or ``no decision today``.
    drift : float
        Largest change of a weight since the last trade.
    is_first_build : bool
        Whether nothing is held yet.
    """

    orders: pd.DataFrame
    trigger: str
    drift: float
    is_first_build: bool


def propose(book: pd.DataFrame, wanted: pd.DataFrame, quotes: Quotes, terms: Terms) -> Proposal:
    """Orders that bring a book to what is wanted; all hold where nothing was decided and nothing has drifted.

    Parameters
    ----------
    book : DataFrame
        Rows of ``live_book`` of one strategy and session.
    wanted : DataFrame
        ``symbol, target_weight, may_increase, is_decided`` without cash.
    quotes : Quotes
        NaN price where the session has no bar: nothing trades in that symbol.
    terms : Terms
    """
    stocks = book[(book["symbol"] != CASH) & (book["shares"] > 0)]
    cash = float(book.loc[book["symbol"] == CASH, "value_usd"].iloc[0])
    drift = float((stocks["weight"] - stocks["base_weight"]).abs().max()) if len(stocks) else 0.0
    if not cash + float(stocks["value_usd"].sum()) > 0:
        wanted, drift = wanted.iloc[:0], 0.0  # no weight of a book that is worth nothing means anything
    is_decided = bool(len(wanted)) and bool(wanted["is_decided"].any())
    trigger = DECISION if is_decided else DRIFT if drift > terms.rebalance_threshold else NONE
    wanted = wanted[(wanted["target_weight"] > 0) | wanted["symbol"].isin(stocks["symbol"])]
    held = stocks[["symbol", "shares", "price_usd", "value_usd"]]
    targets = wanted.rename(columns={"target_weight": "weight"})[["symbol", "weight", "may_increase"]]
    targets = targets.assign(may_increase=targets["may_increase"] & ~targets["symbol"].isin(terms.never_buy))
    made = trades.decide(held, targets, cash_usd=cash, quotes=quotes, policy=terms.policy)
    if trigger == NONE:
        made = made.assign(action="HOLD", delta_weight=0.0, shares=0.0, notional_usd=0.0, cost_est_usd=0.0)
    elif len(stocks):
        made = _scaled(made, quotes, terms)
    return Proposal(_priced(made, quotes, terms), trigger, drift, not len(stocks))


def _scaled(orders: pd.DataFrame, quotes: Quotes, terms: Terms) -> pd.DataFrame:
    """Buys times one factor, so that none is larger than allowed."""
    largest = orders["delta_weight"].max() if len(orders) else 0.0
    if not largest > terms.single_trade_max:
        return orders
    factor = np.where(orders["shares"] > 0, terms.single_trade_max / largest, 1.0)
    shares = orders["shares"].to_numpy() * factor
    shares = np.trunc(shares) if terms.policy.whole_shares else shares
    share = np.divide(shares, orders["shares"], out=np.zeros(len(orders)), where=orders["shares"].to_numpy() != 0)
    notional = shares * orders["price_usd"].to_numpy()
    cost = trades.cost_usd(orders["symbol"].tolist(), notional, quotes, terms.policy.rates)
    return orders.assign(
        action=orders["action"].where(shares != 0, "HOLD"), shares=shares, delta_weight=orders["delta_weight"] * share,
        notional_usd=notional, cost_est_usd=cost,
    )  # fmt: skip


def _priced(orders: pd.DataFrame, quotes: Quotes, terms: Terms) -> pd.DataFrame:
    size = orders["notional_usd"].abs()
    _, _, volume = quotes.of(orders["symbol"].tolist())
    known = np.nan_to_num(volume) > 0
    share = np.where(known, size / np.where(known, volume, 1.0), np.nan)
    commission = size * (terms.policy.rates.commission_bps / 10_000)
    return orders.rename(columns={"delta_weight": "weight_change"}).assign(
        side=np.where(orders["shares"] > 0, "BUY", np.where(orders["shares"] < 0, "SELL", "HOLD")),
        abs_notional_usd=size,
        commission_est_usd=commission,
        slippage_est_usd=orders["cost_est_usd"] - commission,
        volume_share=share,
        liquidity_warning=np.nan_to_num(share) > terms.max_volume_frac,
    )


def turnover(orders: pd.DataFrame) -> float:
    """Half the sum of absolute weight changes, cash included."""
    change = orders["weight_change"]
    return 0.5 * float(change.abs().sum() + abs(change.sum()))


def increase(orders: pd.DataFrame) -> float:
    """Share of the book that goes into new risk."""
    return float(orders.loc[orders["shares"] > 0, "weight_change"].sum())


def total_costs(orders: pd.DataFrame) -> dict[str, float]:
    """Commission, slippage and both, USD."""
    commission, slippage = float(orders["commission_est_usd"].sum()), float(orders["slippage_est_usd"].sum())
    return {"commission_usd": commission, "slippage_usd": slippage, "total_usd": commission + slippage}
