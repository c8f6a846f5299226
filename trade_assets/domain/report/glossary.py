"""What the metrics are called and what they mean, in the words a report prints."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """What a metric is called, how it is written, and what it means."""

    label: str
    unit: Literal["frac", "frac2", "frac3", "ratio", "bps", "count", "usd", "usd2"]
    definition: str


METRICS: dict[str, Metric] = {
    "total_return": Metric("Total return", "frac", "Product of one plus each daily return, minus one."),
    "cagr": Metric(
        "CAGR",
        "frac",
        "Growth of one dollar to the power of one over the years, minus one. Years are calendar days / "
        "365.25, counted from the weekday before the first session.",
    ),
    "volatility": Metric("Volatility", "frac", "Sample standard deviation of daily returns times √252."),
    "sharpe_ratio": Metric(
        "Sharpe ratio",
        "ratio",
        "Mean daily return above the risk-free rate, over its sample standard deviation, times √252.",
    ),
    "sortino_ratio": Metric(
        "Sortino ratio",
        "ratio",
        "Mean daily return above the risk-free rate, over the root mean square of the shortfalls below it "
        "(every day counted), times √252.",
    ),
    "max_drawdown": Metric(
        "Maximum drawdown", "frac", "Deepest fall from the highest value so far, the starting value included."
    ),
    "calmar": Metric("Calmar ratio", "ratio", "CAGR over the size of the maximum drawdown of the same window."),
    "win_rate": Metric("Win rate", "frac", "Days with a gain, as a share of the days with a gain or a loss."),
    "value_at_risk": Metric("Value at risk 5%", "frac", "The 5% quantile of daily returns, interpolated."),
    "expected_shortfall": Metric("Expected shortfall 5%", "frac", "Mean of the worst 5% of daily returns."),
    "tail_ratio": Metric(
        "Tail ratio", "ratio", "Size of the 95% quantile of daily returns over the size of the 5% quantile."
    ),
    "skew": Metric("Skewness", "ratio", "Third central moment over the cubed standard deviation (ddof 0)."),
    "kurtosis": Metric("Excess kurtosis", "ratio", "Fourth central moment over the squared variance, minus 3."),
    "best_month": Metric("Best month", "frac", "Highest return of a calendar month; the ends may be partial."),
    "worst_month": Metric("Worst month", "frac", "Lowest return of a calendar month; the ends may be partial."),
    "turnover": Metric(
        "Turnover a rebalance",
        "frac",
        "Half the sum of absolute weight changes from the drifted holdings, cash included; mean over rebalances.",
    ),
    "turnover_annual": Metric("Turnover a year", "frac", "Sum of the turnovers over the sessions, times 252."),
}

RELATIVE: dict[str, Metric] = {
    "beta": Metric("Beta", "ratio", "Covariance of daily returns with the benchmark's, over its variance."),
    "alpha": Metric(
        "Alpha a year",
        "frac",
        "Mean daily excess return less beta times the benchmark's, compounded over 252 sessions.",
    ),
    "correlation": Metric("Correlation", "ratio", "Pearson correlation of daily returns with the benchmark's."),
    "tracking_error": Metric("Tracking error", "frac", "Volatility of the daily return less the benchmark's."),
    "information_ratio": Metric("Information ratio", "ratio", "Sharpe ratio of the daily return less the benchmark's."),
}

SKILL: dict[str, Metric] = {
    "mean_ic": Metric(
        "Mean rank IC",
        "ratio",
        "Rank information coefficient: Spearman correlation of a date's predictions with the returns up to "
        "the next rebalance, ties given their average rank; mean over dates.",
    ),
    "icir": Metric("ICIR", "ratio", "Mean rank IC over its sample standard deviation, not annualised."),
    "newey_west_t": Metric(
        "Newey–West t",
        "ratio",
        "Mean rank IC over its standard error, robust to autocorrelation up to 4 (n / 100)^(2/9) lags.",
    ),
}
