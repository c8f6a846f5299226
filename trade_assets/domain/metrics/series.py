"""Arrays of returns as the metrics take them: checked, dated, paired."""

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 365.25
SESSIONS_PER_YEAR = 252
TAIL = 0.05


def as_series(values: np.ndarray) -> np.ndarray:
    """The values as one row of floats; raises ``ValueError`` for another shape."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"values must be one-dimensional, was of shape {values.shape}")
    return values


def by_month(returns: np.ndarray, sessions: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Months (counted from year 0) and the compounded return of each."""
    growth, sessions = dated(returns, sessions)
    ordinal = sessions.to_numpy().astype("datetime64[M]").astype(int) + 12 * 1970
    months, starts = np.unique(ordinal, return_index=True)
    return months, np.multiply.reduceat(growth, starts) - 1.0 if len(growth) else growth


def standardised_moment(returns: np.ndarray, order: int) -> float:
    """Central moment over the deviation to the same power; NaN where nothing varies."""
    returns = as_series(returns)
    if not deviation_of(returns) > 0:
        return np.nan
    centred = returns - np.mean(returns)
    return float(np.mean(centred**order) / np.mean(centred**2) ** (order / 2))


def growth_of(returns: np.ndarray) -> np.ndarray:
    """One plus each return; raises ``ValueError`` for a loss of more than everything."""
    returns = as_series(returns)
    if (returns < -1.0).any():
        raise ValueError(f"returns must be >= -1, the lowest was {np.nanmin(returns)}")
    return 1.0 + returns


def dated(returns: np.ndarray, sessions: pd.DatetimeIndex) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Growth and its sessions; raises ``ValueError`` unless one ascending session belongs to each return."""
    growth = growth_of(returns)
    if len(growth) != len(sessions):
        raise ValueError(f"sessions must be as many as returns, were {len(sessions)} and {len(growth)}")
    if not (sessions.is_monotonic_increasing and sessions.is_unique):
        raise ValueError("sessions must ascend strictly, did not")
    return growth, sessions


def paired(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both series; raises ``ValueError`` unless they are of one length."""
    left, right = as_series(left), as_series(right)
    if len(left) != len(right):
        raise ValueError(f"both series must have the same length, had {len(left)} and {len(right)}")
    return left, right


def known_of(values: np.ndarray) -> np.ndarray:
    """The values that are not NaN."""
    values = as_series(values)
    return values[~np.isnan(values)]


def mean_of(values: np.ndarray) -> float:
    """Mean; NaN of nothing."""
    return float(np.mean(values)) if len(values) else np.nan


def deviation_of(values: np.ndarray) -> float:
    """Sample standard deviation; NaN of fewer than two, exactly zero of equal values."""
    if len(values) < 2:
        return np.nan
    # The mean of equal values may differ from them in the last bit; their deviation is zero all the same.
    return 0.0 if values.max() == values.min() else float(np.std(values, ddof=1))


def ratio_of(numerator: float, denominator: float) -> float:
    """Quotient; NaN unless the denominator is positive."""
    return float(numerator / denominator) if denominator > 0 else np.nan
