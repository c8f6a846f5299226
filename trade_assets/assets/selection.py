"""Selection: the portfolio of every candidate, what each earned, and which one is in force."""

import dagster as dg
import pandas as pd

from trade_assets import mandate
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.domain import champion, grid, prices
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.constructions import Limits
from trade_assets.settings import Settings

COST_REBALANCES = 10  # the 63 sessions of volume and volatility behind two fills


@rebalance_asset(group="selection", sections=("portfolio", "risk_limits"))
def candidate_portfolios(
    settings: dg.ResourceParam[Settings],
    stock_predictions: pd.DataFrame,
    universe: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Unscaled target weights of every model and construction."""
    portfolio = settings.portfolio
    limits = Limits(portfolio.top_n, portfolio.max_weight, settings.risk_limits.max_sector_weight)
    return grid.portfolios(
        stock_predictions,
        universe,
        previous,
        dates=dates.dates,
        cells=champion.GRID,
        limits=limits,
        never_buy=set(portfolio.never_buy),
    )


@rebalance_asset(
    group="selection", sections=("portfolio",), bars=window(COST_REBALANCES), candidate_portfolios=window(2, lag=1)
)
def candidate_returns(
    settings: dg.ResourceParam[Settings],
    bars: pd.DataFrame,
    candidate_portfolios: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """What every candidate's portfolio earned since the rebalance before, net of costs."""
    return grid.returns(
        candidate_portfolios,
        prices.panel(bars, through=dates.dates[-1]),
        dates=dates,
        rates=mandate.cost_rates(settings.portfolio),
        capital_usd=settings.portfolio.initial_capital_usd,
    )


@rebalance_asset(group="selection")
def champion_model(candidate_returns: pd.DataFrame, dates: Rebalances) -> pd.DataFrame:
    """The model and construction in force after each date, and why."""
    return champion.bootstrap(dates.dates)
