"""Volatility: how much a price moves, in which direction, and how much of it is the market's."""

import numpy as np

from trade_assets.domain import windows
from trade_assets.domain.features.inputs import Market


def realised(m: Market, n: int) -> np.ndarray:
    """Sample standard deviation of n daily log returns."""
    return windows.std(m.log_return, n)


def downside(m: Market, n: int) -> np.ndarray:
    """Root mean square of the falls of n sessions; rises count as 0."""
    falls = np.minimum(m.log_return, 0.0)
    return np.sqrt(windows.mean(falls * falls, n))


def term_structure(m: Market, short: int, long: int) -> np.ndarray:
    """Short volatility over long."""
    long_run = realised(m, long)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(long_run > 0, realised(m, short) / long_run, np.nan)


def largest_gain(m: Market, n: int) -> np.ndarray:
    """Largest daily log return of n sessions (Bali, Cakici and Whitelaw 2011)."""
    return windows.highest(m.log_return, n)


def skewness(m: Market, n: int) -> np.ndarray:
    """Third standardised moment of n daily log returns about zero."""
    x = m.log_return
    second = windows.mean(x * x, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(second > 0, windows.mean(x * x * x, n) / second**1.5, np.nan)


def beta(m: Market, n: int) -> np.ndarray:
    """Slope of the daily log return on the index's."""
    return windows.slope(np.broadcast_to(m.index_log_return, m.log_return.shape), m.log_return, n)


def idiosyncratic(m: Market, n: int) -> np.ndarray:
    """Volatility that the index does not explain (Ang, Hodrick, Xing and Zhang 2006, one factor)."""
    index = np.broadcast_to(m.index_log_return, m.log_return.shape)
    explained = windows.correlation(index, m.log_return, n)
    return realised(m, n) * np.sqrt(np.maximum(1 - explained * explained, 0.0))


def daily_range(m: Market, n: int) -> np.ndarray:
    """Mean log ratio of the day's high to its low (Parkinson 1980)."""
    return windows.mean(np.log(m.panel.high / m.panel.low), n)


VOLATILITY = {
    "volatility_21": lambda m: realised(m, 21),
    "volatility_63": lambda m: realised(m, 63),
    "volatility_252": lambda m: realised(m, 252),
    "downside_63": lambda m: downside(m, 63),
    "volatility_ratio_21_252": lambda m: term_structure(m, 21, 252),
    "largest_gain_21": lambda m: largest_gain(m, 21),
    "skewness_126": lambda m: skewness(m, 126),
    "beta_252": lambda m: beta(m, 252),
    "idiosyncratic_63": lambda m: idiosyncratic(m, 63),
    "range_21": lambda m: daily_range(m, 21),
}
