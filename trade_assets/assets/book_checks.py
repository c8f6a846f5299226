"""Whether the stock book's money is all accounted for, checked after every run."""

import dagster as dg
import pandas as pd

from trade_assets import mandate, partitions
from trade_assets.assets import portfolio
from trade_assets.assets.checking import TOLERANCE, check, result
from trade_assets.domain.book import CASH, SESSIONS_PER_YEAR
from trade_assets.settings import Settings


@check(portfolio.portfolio_book)
def fills_cost_at_least_commission_and_spread(
    portfolio_book: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """No fill costs less than commission and half-spread; a holding that has left the market turns to cash free."""
    rows = portfolio_book.sort_values(["symbol", "session"], kind="stable")
    floor = mandate.cost_rates(settings.portfolio).floor_frac * rows["traded_usd"].abs()
    was_stale = rows.groupby("symbol")["is_price_stale"].shift(1, fill_value=True)
    has_left = was_stale & (rows["shares"] == 0) & (rows["traded_usd"] < 0) & (rows["cost_usd"] == 0)
    broken = (rows["cost_usd"] < floor * (1 - TOLERANCE)) & ~has_left
    return result(rows.loc[broken, "rebalance_date"], "every fill costs at least commission and half-spread")


@dg.asset_check(
    asset=portfolio.portfolio_book,
    blocking=True,
    partitions_def=partitions.rebalance_dates,
    additional_ins={"bars": dg.AssetIn()},
)
def cash_is_accounted_for(
    portfolio_book: pd.DataFrame, bars: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """From one close to the next cash moves by fills, their costs, dividends and interest, and by nothing else."""
    of = portfolio_book.groupby("session")
    spent, equity, dates = of[["traded_usd", "cost_usd"]].sum().sum(axis=1), of["value_usd"].sum(), of["rebalance_date"].first()  # fmt: skip
    cash = portfolio_book[portfolio_book["symbol"] == CASH].set_index("session")["value_usd"].reindex(spent.index)
    interest = 1 + settings.portfolio.cash_return_frac / SESSIONS_PER_YEAR
    expected = cash.shift() * interest - spent + _dividends(portfolio_book, bars, spent.index)
    broken = (cash - expected).abs() > TOLERANCE * equity
    return result(dates[broken], "cash moves by fills, costs, dividends and interest")


def _dividends(book: pd.DataFrame, bars: pd.DataFrame, sessions: pd.Index) -> pd.Series:
    held = book[(book["symbol"] != CASH) & (book["session"] < book["session"].max())]
    held = held.assign(session=sessions[sessions.searchsorted(held["session"]) + 1] if len(held) else held["session"])
    paying = bars[bars["adjustment_factor"].isna()][["session", "symbol", "split_ratio", "dividend"]]
    rows = held.merge(paying, on=["session", "symbol"], validate="one_to_one")
    paid = (rows["shares"] * rows["split_ratio"] * rows["dividend"]).groupby(rows["session"]).sum()
    return paid.reindex(sessions, fill_value=0.0)


@check(portfolio.portfolio_returns)
def returns_make_the_equity(portfolio_returns: pd.DataFrame) -> dg.AssetCheckResult:
    """The equity of every session is that of the session before and its return."""
    rows = portfolio_returns.sort_values("session")
    grown = rows["equity_usd"].shift() * (1 + rows["return_frac"])
    is_off = (rows["equity_usd"] - grown).abs() > TOLERANCE * rows["equity_usd"]
    return result(rows.loc[is_off, "rebalance_date"], "equity grows by the returns")
