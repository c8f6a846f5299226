"""The portfolio: what to hold, what is held, what to trade, and how it has done."""

import dagster as dg
import pandas as pd

from trade_assets import mandate
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.assets.selection import COST_REBALANCES
from trade_assets.domain import book, champion, gates, prices, report, views
from trade_assets.domain import performance as performance_domain
from trade_assets.domain.calendar import Rebalances
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.settings import Settings


@rebalance_asset(group="portfolio", sections=("portfolio",), bars=window(COST_REBALANCES))
def target_weights(
    settings: dg.ResourceParam[Settings],
    bars: pd.DataFrame,
    candidate_portfolios: pd.DataFrame,
    champion_model: pd.DataFrame,
    market_signals: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Share of the book in each stock and in cash after each rebalance."""
    weights = champion.of_champion(candidate_portfolios, champion_model)
    volatility = views.portfolio_volatility(weights, prices.panel(bars, through=dates.dates[-1]), dates.dates)
    brake = pd.Series(
        gates.volatility_brake(volatility.to_numpy(), settings.portfolio.volatility_target), volatility.index
    )
    return gates.scale_exposure(weights, market_signals, brake=brake)


@rebalance_asset(group="portfolio", sections=("portfolio",), bars=window(COST_REBALANCES), target_weights=window(lag=1))
def portfolio_book(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    bars: pd.DataFrame,
    target_weights: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Holdings, fills, costs and cash after every close; the one state of the stock portfolio."""
    portfolio = settings.portfolio
    if portfolio.fill == "next_open" and not market_data.has_real_opens:
        raise ValueError(f"portfolio.fill must be next_close: the source {market_data.name} has no real opens")
    return book.run(
        book.restored(previous) if len(previous) else book.opening(portfolio.initial_capital_usd),
        target_weights,
        prices.panel(bars, through=dates.dates[-1]),
        spans=dates.spans(),
        policy=mandate.trade_policy(portfolio),
        fill=portfolio.fill,
        cash_return_frac=portfolio.cash_return_frac,
    )


@rebalance_asset(group="portfolio", sections=("portfolio",), bars=window(COST_REBALANCES), target_weights=window(2))
def trades(
    settings: dg.ResourceParam[Settings],
    bars: pd.DataFrame,
    target_weights: pd.DataFrame,
    portfolio_book: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """What to buy, add, hold, reduce and sell at each rebalance, with its estimated cost."""
    return views.orders(
        portfolio_book,
        target_weights,
        prices.panel(bars, through=dates.dates[-1]),
        dates=dates,
        policy=mandate.trade_policy(settings.portfolio),
    )


@rebalance_asset(
    group="portfolio",
    sections=("portfolio",),
    bars=window(COST_REBALANCES),
    portfolio_book=window(2),
    universe=window(2, lag=1),
)
def portfolio_returns(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    bars: pd.DataFrame,
    portfolio_book: pd.DataFrame,
    universe: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Daily return, exposure, turnover and equity, beside equal weight and the index legs."""
    portfolio, panel = settings.portfolio, prices.panel(bars, through=dates.dates[-1])
    daily = views.daily_returns(
        portfolio_book,
        universe,
        panel,
        dates=dates,
        legs=settings.index_legs().model_dump(),
        rates=mandate.cost_rates(portfolio),
        capital_usd=portfolio.initial_capital_usd,
    )
    # on every partition of the run: of a range, Dagster shows whichever it recorded last
    plot = report.sparkline_markdown(daily["equity_usd"].to_numpy(), alt="equity over the run")
    context.add_output_metadata({"equity": dg.MetadataValue.md(plot)})
    return daily


@rebalance_asset(group="portfolio", portfolio_returns=window(None))
def performance(portfolio_returns: pd.DataFrame, dates: Rebalances) -> pd.DataFrame:
    """Return, risk and turnover of the portfolio and its benchmarks, as of each rebalance."""
    return performance_domain.table(portfolio_returns, grid=dates.whole, dates=dates.dates)
