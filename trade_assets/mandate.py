"""Settings as the records the stock portfolio is managed by, in the graph and on a person's own files."""

from trade_assets.domain.costs import Rates
from trade_assets.domain.gates import Thresholds
from trade_assets.domain.trades import Policy
from trade_assets.settings import MarketGate, Portfolio


def cost_rates(portfolio: Portfolio) -> Rates:
    """The cost model of the stock portfolio, the same in every place that trades it."""
    return Rates(portfolio.costs_bps, portfolio.slippage_bps, portfolio.impact_coefficient)


def trade_policy(portfolio: Portfolio) -> Policy:
    """When a change is worth an order, the same in every place that trades the portfolio."""
    return Policy(
        hold_band_frac=portfolio.hold_band_frac,
        hold_band_share=portfolio.hold_band_share,
        min_trade_usd=portfolio.min_trade_usd,
        max_turnover=portfolio.max_turnover,
        whole_shares=portfolio.whole_shares,
        rates=cost_rates(portfolio),
    )


def thresholds(gate: MarketGate) -> Thresholds:
    """What separates the regimes of the market, and the exposure each allows."""
    return Thresholds(
        gate.favorable,
        gate.unfavorable,
        gate.favorable_exposure,
        gate.neutral_exposure,
        gate.unfavorable_exposure,
    )
