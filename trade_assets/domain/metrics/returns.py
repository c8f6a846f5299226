"""What a series of daily returns amounts to: growth, risk, and the one over the other."""

import numpy as np
import pandas as pd

from trade_assets.domain.metrics.series import (
    DAYS_PER_YEAR,
    SESSIONS_PER_YEAR,
    TAIL,
    as_series,
    by_month,
    dated,
    deviation_of,
    growth_of,
    mean_of,
    ratio_of,
    standardised_moment,
)


def total_return(returns: np.ndarray) -> float:
    """Compounded return, ``prod(1 + r) - 1``, a fraction; NaN without returns."""
    growth = growth_of(returns)
    return float(np.prod(growth) - 1.0) if len(growth) else np.nan


def cagr(returns: np.ndarray, sessions: pd.DatetimeIndex) -> float:
    """Compound annual growth rate over actual calendar days.

    ``(1 + total_return) ** (1 / years) - 1`` with ``years = days / 365.25``, where the days run from the
    close before the first session (taken as the weekday before it) to the last session.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions,)
        Daily returns, fractions >= -1.
    sessions : DatetimeIndex of shape (n_sessions,)
        Naive exchange dates, strictly ascending.

    Returns
    -------
    float
        A fraction a year; NaN without returns. Below a year of history it extrapolates.

    Notes
    -----
    Libraries that take ``len(returns) / 252`` for the years differ wherever a year has not 252 sessions.
    """
    growth, sessions = dated(returns, sessions)
    if not len(growth):
        return np.nan
    return float(np.prod(growth) ** (1.0 / years_over(sessions[0], sessions[-1])) - 1.0)


def years_over(first: pd.Timestamp, last: pd.Timestamp) -> float:
    """Years of 365.25 days from the close before session ``first``, taken as the weekday before it, to session ``last``."""
    began, ended = np.array([first, last], dtype="datetime64[D]")
    return float((ended - np.busday_offset(began, -1, roll="forward")) / np.timedelta64(1, "D")) / DAYS_PER_YEAR


def volatility(returns: np.ndarray, *, periods_per_year: float = SESSIONS_PER_YEAR) -> float:
    """Annualised sample standard deviation, a fraction; NaN below two returns."""
    return float(deviation_of(as_series(returns)) * np.sqrt(periods_per_year))


def sharpe_ratio(
    returns: np.ndarray, *, risk_free_frac: float = 0.0, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Annualised mean excess return over its sample standard deviation.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions,)
        Daily returns, fractions >= -1.
    risk_free_frac : float
        Risk-free return of one day.
    periods_per_year : float
        Returns in a year, 252 for daily ones.

    Returns
    -------
    float
        NaN below two returns, or where all are equal.

    References
    ----------
    Sharpe, "The Sharpe Ratio", *Journal of Portfolio Management* 21(1), 1994.
    """
    excess = as_series(returns) - risk_free_frac
    return ratio_of(mean_of(excess), deviation_of(excess)) * float(np.sqrt(periods_per_year))


def sortino_ratio(
    returns: np.ndarray, *, risk_free_frac: float = 0.0, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Annualised mean excess return over the downside deviation, ``sqrt(mean_of(min(excess, 0) ** 2))``.

    NaN below two returns, or where no return lies below the risk-free rate.

    References
    ----------
    Sortino and Price, "Performance Measurement in a Downside Risk Framework",
    *Journal of Investing* 3(3), 1994.
    """
    excess = as_series(returns) - risk_free_frac
    if len(excess) < 2:
        return np.nan
    downside = np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2))
    return ratio_of(mean_of(excess), downside) * float(np.sqrt(periods_per_year))


def wealth(returns: np.ndarray) -> np.ndarray:
    """Value of one dollar after each session, ``cumprod(1 + r)``."""
    return np.cumprod(growth_of(returns))


def drawdowns(returns: np.ndarray) -> np.ndarray:
    """Fall of each session's value from the highest so far, the starting value included; <= 0."""
    value = wealth(returns)
    return value / np.maximum.accumulate(np.maximum(value, 1.0)) - 1.0


def max_drawdown(returns: np.ndarray) -> float:
    """Deepest drawdown, <= 0; NaN without returns."""
    falls = drawdowns(returns)
    return float(np.min(falls)) if len(falls) else np.nan


def calmar(returns: np.ndarray, sessions: pd.DatetimeIndex) -> float:
    """CAGR over the size of the maximum drawdown; NaN where there was none.

    References
    ----------
    Young, "Calmar Ratio: A Smoother Tool", *Futures* 20(1), 1991. There the window is 36 months, here the
    one given.
    """
    return ratio_of(cagr(returns, sessions), -max_drawdown(returns))


def win_rate(returns: np.ndarray) -> float:
    """Days with a gain as a share of the days with a gain or a loss; NaN where there is neither.

    Days without any return (all cash) are left out, so that waiting is not losing.
    """
    returns = as_series(returns)
    moved = returns[returns != 0.0]
    return ratio_of(float(np.sum(moved > 0)), len(moved)) if not np.isnan(returns).any() else np.nan


def value_at_risk(returns: np.ndarray, *, tail: float = TAIL) -> float:
    """The ``tail`` quantile of the returns, signed (a loss is negative), linearly interpolated."""
    returns = as_series(returns)
    return float(np.quantile(returns, tail)) if len(returns) else np.nan


def expected_shortfall(returns: np.ndarray, *, tail: float = TAIL) -> float:
    """Mean of the worst ``int(tail * (n - 1)) + 1`` returns, signed (a loss is negative).

    References
    ----------
    Acerbi and Tasche, "On the coherence of expected shortfall", *Journal of Banking & Finance* 26(7), 2002.
    """
    worst = np.sort(as_series(returns))
    if not len(worst) or np.isnan(worst[-1]):
        return np.nan
    return float(np.mean(worst[: int((len(worst) - 1) * tail) + 1]))


def tail_ratio(returns: np.ndarray) -> float:
    """Size of the 95 % quantile over the size of the 5 % quantile; NaN where the latter is zero."""
    return ratio_of(abs(value_at_risk(returns, tail=1 - TAIL)), abs(value_at_risk(returns)))


def skew(returns: np.ndarray) -> float:
    """Third standardised moment (ddof = 0); NaN where all returns are equal."""
    return standardised_moment(returns, 3)


def kurtosis(returns: np.ndarray) -> float:
    """Fourth standardised moment (ddof = 0) less the 3 of a normal; NaN where all returns are equal."""
    return standardised_moment(returns, 4) - 3.0


def monthly_returns(returns: np.ndarray, sessions: pd.DatetimeIndex) -> pd.DataFrame:
    """Compounded return of each calendar month with a session: ``year``, ``month``, ``return_frac``."""
    months, compounded = by_month(returns, sessions)
    return pd.DataFrame({"year": months // 12, "month": months % 12 + 1, "return_frac": compounded})


def rolling_sharpe(
    returns: np.ndarray,
    *,
    window: int = SESSIONS_PER_YEAR,
    risk_free_frac: float = 0.0,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> np.ndarray:
    """Sharpe ratio of the ``window`` returns that end at each session; NaN before there are as many."""
    returns = as_series(returns)
    if len(returns) < window:
        return np.full(len(returns), np.nan)
    ends = np.lib.stride_tricks.sliding_window_view(returns - risk_free_frac, window)
    varies = ends.max(axis=1) != ends.min(axis=1)
    deviation = np.where(varies, ends.std(axis=1, ddof=1), np.nan)
    ratios = ends.mean(axis=1) / deviation * np.sqrt(periods_per_year)
    return np.concatenate([np.full(window - 1, np.nan), ratios])
