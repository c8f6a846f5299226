"""What to do now: the orders to place, the holdings wanted, the state of the market."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

CASH = "CASH"
ORDER = ("SELL", "REDUCE", "BUY", "ADD")


@dataclass(frozen=True)
class Decision:
    """The newest decision as the page shows it.

    Attributes
    ----------
    date : Timestamp or None
        Close it was made at; None before there is any.
    orders : DataFrame
        Rows of ``trades`` that trade, sells first, the largest first.
    n_held : int
        Positions that stay as they are.
    holdings : DataFrame
        ``symbol, weight, held_weight`` by falling weight; cash is apart.
    cash_frac, held_cash_frac : float
        Share of the book wanted in cash, and there now.
    bought_usd, sold_usd, cost_usd, turnover_frac : float
        Of the orders; turnover is half the sum of absolute weight changes, cash included.
    n_without_impact : int
        Orders whose volume is unknown, so that market impact is not in their cost.
    """

    date: pd.Timestamp | None
    orders: pd.DataFrame
    n_held: int
    holdings: pd.DataFrame
    cash_frac: float
    held_cash_frac: float
    bought_usd: float
    sold_usd: float
    cost_usd: float
    turnover_frac: float
    n_without_impact: int


def decide(target: pd.DataFrame, trades: pd.DataFrame) -> Decision:
    """The newest rows of ``target_weights`` and the ``trades`` of the same date."""
    date = target["rebalance_date"].max() if len(target) else None
    wanted = target[target["rebalance_date"] == date]
    stocks = trades[(trades["rebalance_date"] == date) & (trades["symbol"] != CASH)]
    orders = _orders(stocks)
    notional = orders["notional_usd"].to_numpy(dtype=float)
    delta = orders["delta_weight"].to_numpy(dtype=float)
    return Decision(
        date=date,
        orders=orders,
        n_held=len(stocks) - len(orders),
        holdings=_holdings(wanted[wanted["symbol"] != CASH], stocks),
        cash_frac=float(wanted.loc[wanted["symbol"] == CASH, "weight"].sum()),
        held_cash_frac=1.0 - float(stocks["held_weight"].sum()),
        bought_usd=float(notional[notional > 0].sum()),
        sold_usd=float(-notional[notional < 0].sum()),
        cost_usd=float(orders["cost_est_usd"].sum()),
        turnover_frac=0.5 * float(np.abs(delta).sum() + abs(delta.sum())),
        n_without_impact=int((~orders["has_impact"].astype(bool)).sum()),
    )


def latest_signal(signals: pd.DataFrame) -> pd.Series | None:
    """The newest row of ``market_signals``; None where there is none."""
    return signals.sort_values("session").iloc[-1] if len(signals) else None


def _orders(stocks: pd.DataFrame) -> pd.DataFrame:
    trading = stocks[stocks["action"].isin(ORDER)]
    ranked = trading.assign(rank=trading["action"].map(ORDER.index), size=-trading["notional_usd"].abs())
    return ranked.sort_values(["rank", "size", "symbol"], ignore_index=True).drop(columns=["rank", "size"])


def _holdings(wanted: pd.DataFrame, stocks: pd.DataFrame) -> pd.DataFrame:
    invested = wanted.loc[wanted["weight"] > 0, ["symbol", "weight"]]
    held = invested.merge(stocks[["symbol", "held_weight"]], on="symbol", how="left", validate="one_to_one")
    held["held_weight"] = held["held_weight"].fillna(0.0)
    return held.sort_values(["weight", "symbol"], ascending=[False, True], ignore_index=True)
