"""A series of daily returns beside a benchmark."""

import numpy as np

from trade_assets.domain.metrics.returns import sharpe_ratio, volatility
from trade_assets.domain.metrics.series import SESSIONS_PER_YEAR, deviation_of, mean_of, paired, ratio_of


def beta(returns: np.ndarray, benchmark: np.ndarray, *, risk_free_frac: float = 0.0) -> float:
    """Slope of the excess returns on the benchmark's; NaN where the benchmark does not vary."""
    returns, benchmark = paired(returns, benchmark)
    if not deviation_of(benchmark) > 0:
        return np.nan
    centred = benchmark - risk_free_frac - np.mean(benchmark - risk_free_frac)
    return ratio_of(float(np.mean(centred * (returns - risk_free_frac))), float(np.mean(centred**2)))


def alpha(
    returns: np.ndarray,
    benchmark: np.ndarray,
    *,
    risk_free_frac: float = 0.0,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> float:
    """Mean daily excess return less beta times the benchmark's, compounded over a year.

    References
    ----------
    Jensen, "The Performance of Mutual Funds in the Period 1945-1964", *Journal of Finance* 23(2), 1968.
    """
    returns, benchmark = paired(returns, benchmark)
    slope = beta(returns, benchmark, risk_free_frac=risk_free_frac)
    daily = mean_of(returns - risk_free_frac - slope * (benchmark - risk_free_frac))
    return float((1.0 + daily) ** periods_per_year - 1.0)


def correlation(returns: np.ndarray, benchmark: np.ndarray) -> float:
    """Pearson correlation; NaN where either does not vary."""
    returns, benchmark = paired(returns, benchmark)
    if not (deviation_of(returns) > 0 and deviation_of(benchmark) > 0):
        return np.nan
    return float(np.clip(np.corrcoef(returns, benchmark)[0, 1], -1.0, 1.0))


def relative(
    returns: np.ndarray,
    benchmark: np.ndarray,
    *,
    risk_free_frac: float = 0.0,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> dict[str, float]:
    """Every metric against a benchmark, session by session, by the names of ``report.glossary.RELATIVE``."""
    returns, benchmark = paired(returns, benchmark)
    active = returns - benchmark
    return {
        "beta": beta(returns, benchmark, risk_free_frac=risk_free_frac),
        "alpha": alpha(returns, benchmark, risk_free_frac=risk_free_frac, periods_per_year=periods_per_year),
        "correlation": correlation(returns, benchmark),
        "tracking_error": volatility(active, periods_per_year=periods_per_year),
        "information_ratio": sharpe_ratio(active, periods_per_year=periods_per_year),
    }
