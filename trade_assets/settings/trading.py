"""The book: its size, its costs, what it holds and what limits it."""

from typing import Literal

from pydantic import Field

from trade_assets.settings.section import Section


class Pypfopt(Section):
    mu_mapping: Literal["identity", "sigmoid", "rank_to_mu"] = Field(
        default="rank_to_mu", description="how a score becomes an expected return"
    )
    l2_reg: float = Field(
        default=0.01, ge=0, description="penalty on squared weights in max_sharpe; 0 is the exact one"
    )
    min_weight: float = Field(default=0.01, ge=0, le=1, description="least weight of a name an optimiser holds")


class Portfolio(Section):
    top_n: int = Field(default=10, ge=1, description="names in the rank-decay portfolio")
    top_k: int = Field(default=20, ge=1, description="names offered to an optimiser; at most half of the universe")
    pypfopt: Pypfopt = Pypfopt()
    max_weight: float = Field(default=0.15, gt=0, le=1, description="largest weight of one name before exposure")
    costs_bps: float = Field(default=1.0, ge=0, description="commission per side, basis points")
    slippage_bps: float = Field(default=2.0, ge=0, description="half-spread per side, basis points")
    impact_coefficient: float = Field(
        default=1.0, ge=0, description="times daily volatility times sqrt(order / daily volume)"
    )
    fill: Literal["next_close", "next_open"] = Field(
        default="next_close", description="when orders decided at a close are filled"
    )
    max_turnover: float = Field(
        default=0.40,
        gt=0,
        description="half the sum of weight changes above which buys are scaled down; the first build is free",
    )
    whole_shares: bool = Field(default=True, description="round orders to whole shares, toward zero")
    never_buy: tuple[str, ...] = Field(default=(), description="symbols no new position is opened in")
    cash_return_frac: float = Field(default=0.0, ge=0, le=0.5, description="yearly return on cash")
    hold_band_frac: float = Field(default=0.005, ge=0, le=1, description="weight changes below this are held")
    hold_band_share: float = Field(
        default=0.20, ge=0, le=1, description="and below this share of the larger of target and held weight"
    )
    min_trade_usd: float = Field(default=100.0, ge=0, description="smaller orders are held")
    rebalance_step: int = Field(
        default=1, ge=1, description="prediction dates from one rebalance to the next, for a predictions file"
    )
    horizon_days: int = Field(default=10, ge=1, description="sessions a prediction looks ahead, for a predictions file")
    volatility_target: float | None = Field(
        default=None, gt=0, le=1, description="yearly volatility above which the book is scaled down; none is off"
    )
    initial_capital_usd: float = Field(default=100_000.0, gt=0, description="cash at history.start")


class RiskLimits(Section):
    max_sector_weight: float = Field(
        default=0.30,
        gt=0,
        le=1,
        description="largest weight of one sector; unknown is one sector, off where none is known",
    )
    large_cap_usd: float = Field(default=10e9, gt=0, description="market value from which a company is large")
    mid_cap_usd: float = Field(default=2e9, gt=0, description="market value from which a company is mid-sized")
    large_dollar_volume_usd: float = Field(
        default=50e6, gt=0, description="daily dollar volume that stands in where market value is unknown"
    )
    mid_dollar_volume_usd: float = Field(default=5e6, gt=0, description="the same, for mid-sized")
