"""Volume: how much is traded, how that changes, and what a trade moves. Null where a source has no volume."""

import numpy as np

from trade_assets.domain import windows
from trade_assets.domain.features.inputs import Market


def dollar_volume(m: Market) -> np.ndarray:
    """Close times shares traded; splits cancel."""
    return m.panel.close * m.panel.volume


def turnover_trend(m: Market, short: int, long: int) -> np.ndarray:
    """Log of the short mean of dollar volume over the long."""
    traded = dollar_volume(m)
    short_run, long_run = windows.mean(traded, short), windows.mean(traded, long)
    return _log(short_run) - _log(long_run)


def illiquidity(m: Market, n: int) -> np.ndarray:
    """Log of the mean absolute return per dollar traded (Amihud 2002)."""
    traded = dollar_volume(m)
    with np.errstate(invalid="ignore", divide="ignore"):
        impact = np.where(traded > 0, np.abs(m.log_return) / traded, np.nan)
    return _log(windows.mean(impact, n))


def price_volume_correlation(m: Market, n: int) -> np.ndarray:
    """Correlation of the daily return with log dollar volume."""
    return windows.correlation(m.log_return, _log(dollar_volume(m)), n)


def overnight_share(m: Market, n: int) -> np.ndarray:
    """Mean log move from the open to the close; what is left of the day's return happened overnight."""
    return windows.mean(np.log(m.panel.close / m.panel.open), n)


def _log(x: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(x > 0, np.log(x), np.nan)


VOLUME = {
    "dollar_volume_63": lambda m: _log(windows.mean(dollar_volume(m), 63)),
    "volume_trend_5_63": lambda m: turnover_trend(m, 5, 63),
    "volume_trend_21_252": lambda m: turnover_trend(m, 21, 252),
    "illiquidity_63": lambda m: illiquidity(m, 63),
    "price_volume_21": lambda m: price_volume_correlation(m, 21),
    "intraday_21": lambda m: overnight_share(m, 21),
}
