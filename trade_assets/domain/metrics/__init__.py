"""Every performance metric of the system: arrays of daily returns in, numbers out.

What is undefined (no data, no variation, no loss to divide by) is NaN, never zero. A NaN among the
returns makes the result NaN: whoever calls decides which sessions count. Standard deviations are of
the sample (ddof = 1), the risk-free rate is a daily fraction. Labels and wording are in ``report.glossary``.
"""

from trade_assets.domain.metrics.against import alpha, beta, correlation, relative
from trade_assets.domain.metrics.book import first_fill, regime_performance, summary, turnover_annual
from trade_assets.domain.metrics.returns import (
    cagr,
    calmar,
    drawdowns,
    expected_shortfall,
    kurtosis,
    max_drawdown,
    monthly_returns,
    rolling_sharpe,
    sharpe_ratio,
    skew,
    sortino_ratio,
    tail_ratio,
    total_return,
    value_at_risk,
    volatility,
    wealth,
    win_rate,
    years_over,
)
from trade_assets.domain.metrics.series import DAYS_PER_YEAR, SESSIONS_PER_YEAR, TAIL
from trade_assets.domain.metrics.skill import icir, mean_ic, newey_west_lags, newey_west_t, rank_ic, rank_ics

__all__ = [
    "DAYS_PER_YEAR",
    "SESSIONS_PER_YEAR",
    "TAIL",
    "alpha",
    "beta",
    "cagr",
    "calmar",
    "correlation",
    "drawdowns",
    "expected_shortfall",
    "first_fill",
    "icir",
    "kurtosis",
    "max_drawdown",
    "mean_ic",
    "monthly_returns",
    "newey_west_lags",
    "newey_west_t",
    "rank_ic",
    "rank_ics",
    "regime_performance",
    "relative",
    "rolling_sharpe",
    "sharpe_ratio",
    "skew",
    "sortino_ratio",
    "summary",
    "tail_ratio",
    "total_return",
    "turnover_annual",
    "value_at_risk",
    "volatility",
    "wealth",
    "win_rate",
    "years_over",
]
