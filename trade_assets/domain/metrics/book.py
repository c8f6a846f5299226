"""What a book amounts to: its returns with its turnover, and by market regime."""

import numpy as np
import pandas as pd

from trade_assets.domain.metrics.returns import (
    cagr,
    calmar,
    expected_shortfall,
    kurtosis,
    max_drawdown,
    sharpe_ratio,
    skew,
    sortino_ratio,
    tail_ratio,
    total_return,
    value_at_risk,
    volatility,
    win_rate,
)
from trade_assets.domain.metrics.series import SESSIONS_PER_YEAR, as_series, by_month, mean_of, ratio_of


def turnover_annual(turnover: np.ndarray, n_sessions: int, *, periods_per_year: float = SESSIONS_PER_YEAR) -> float:
    """Sum of one-way turnovers scaled to a year; NaN without sessions."""
    return ratio_of(float(np.sum(turnover)) * periods_per_year, n_sessions)


def first_fill(turnover: np.ndarray) -> int:
    """Place of the first session with a trade, from which a book is measured; the length without one."""
    traded = np.flatnonzero(np.asarray(turnover) > 0)
    return int(traded[0]) if len(traded) else len(turnover)


def summary(
    returns: np.ndarray,
    sessions: pd.DatetimeIndex,
    *,
    turnover: np.ndarray | None = None,
    risk_free_frac: float = 0.0,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> dict[str, float]:
    """Every metric of one return series, by the names of ``report.glossary.METRICS``.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions,)
        Daily returns, fractions >= -1.
    sessions : DatetimeIndex of shape (n_sessions,)
        Naive exchange dates, strictly ascending.
    turnover : ndarray of shape (n_rebalances,) or None
        One-way turnover of each rebalance of the window, zero where it traded nothing. None for a
        benchmark: its turnover is NaN.
    risk_free_frac : float
        Risk-free return of one day.
    periods_per_year : float
        Returns in a year, 252 for daily ones.

    Raises
    ------
    ValueError
        If a return lies below -1, or the sessions do not ascend or match the returns.
    """
    annual = {"risk_free_frac": risk_free_frac, "periods_per_year": periods_per_year}
    _, months = by_month(returns, sessions)
    traded = np.full(1, np.nan) if turnover is None else np.asarray(turnover, dtype=np.float64)
    return {
        "total_return": total_return(returns),
        "cagr": cagr(returns, sessions),
        "volatility": volatility(returns, periods_per_year=periods_per_year),
        "sharpe_ratio": sharpe_ratio(returns, **annual),
        "sortino_ratio": sortino_ratio(returns, **annual),
        "max_drawdown": max_drawdown(returns),
        "calmar": calmar(returns, sessions),
        "win_rate": win_rate(returns),
        "value_at_risk": value_at_risk(returns),
        "expected_shortfall": expected_shortfall(returns),
        "tail_ratio": tail_ratio(returns),
        "skew": skew(returns),
        "kurtosis": kurtosis(returns),
        "best_month": float(np.max(months)) if len(months) else np.nan,
        "worst_month": float(np.min(months)) if len(months) else np.nan,
        "turnover": mean_of(traded),
        "turnover_annual": turnover_annual(traded, len(returns), periods_per_year=periods_per_year),
    }


def regime_performance(
    returns: np.ndarray, regimes: np.ndarray, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> pd.DataFrame:
    """Returns of the sessions spent in each regime.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions,)
        Daily returns, fractions >= -1.
    regimes : ndarray of str, shape (n_sessions,)
        The regime known before each return was earned, that is, at the previous close: a day sorted by
        the regime of its own close is sorted by its own return.
    periods_per_year : float
        Returns in a year, 252 for daily ones.

    Returns
    -------
    DataFrame of shape (n_regimes, 7)
        ``regime, n_sessions, mean_return_annual`` (mean daily return times the periods of a year),
        ``volatility, sharpe_ratio, max_drawdown`` (its sessions strung together), ``win_rate``.
    """
    returns, regimes = as_series(returns), np.asarray(regimes)
    rows = [(name, returns[regimes == name]) for name in sorted(set(regimes))]
    return pd.DataFrame(
        {
            "regime": [name for name, _ in rows],
            "n_sessions": [len(r) for _, r in rows],
            "mean_return_annual": [mean_of(r) * periods_per_year for _, r in rows],
            "volatility": [volatility(r, periods_per_year=periods_per_year) for _, r in rows],
            "sharpe_ratio": [sharpe_ratio(r, periods_per_year=periods_per_year) for _, r in rows],
            "max_drawdown": [max_drawdown(r) for _, r in rows],
            "win_rate": [win_rate(r) for _, r in rows],
        }
    )
