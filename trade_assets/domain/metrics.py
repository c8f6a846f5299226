"""Every performance metric of the system: arrays of daily returns in, numbers out.

What is undefined (no data, no variation, no loss to divide by) is NaN, never zero. A NaN among the
returns makes the result NaN: whoever calls decides which sessions count. Standard deviations are of
the sample (ddof = 1), the risk-free rate is a daily fraction. Labels and wording are in ``report.glossary``.
"""

import numpy as np
import pandas as pd
from scipy import stats

DAYS_PER_YEAR = 365.25
SESSIONS_PER_YEAR = 252
TAIL = 0.05


def total_return(returns: np.ndarray) -> float:
    """Compounded return, ``prod(1 + r) - 1``, a fraction; NaN without returns."""
    growth = _growth(returns)
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
    growth, sessions = _dated(returns, sessions)
    if not len(growth):
        return np.nan
    return float(np.prod(growth) ** (1.0 / years_over(sessions[0], sessions[-1])) - 1.0)


def years_over(first: pd.Timestamp, last: pd.Timestamp) -> float:
    """Years of 365.25 days from the close before session ``first``, taken as the weekday before it, to session ``last``."""
    began, ended = np.array([first, last], dtype="datetime64[D]")
    return float((ended - np.busday_offset(began, -1, roll="forward")) / np.timedelta64(1, "D")) / DAYS_PER_YEAR


def volatility(returns: np.ndarray, *, periods_per_year: float = SESSIONS_PER_YEAR) -> float:
    """Annualised sample standard deviation, a fraction; NaN below two returns."""
    return float(_deviation(_series(returns)) * np.sqrt(periods_per_year))


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
    excess = _series(returns) - risk_free_frac
    return _ratio(_mean(excess), _deviation(excess)) * float(np.sqrt(periods_per_year))


def sortino_ratio(
    returns: np.ndarray, *, risk_free_frac: float = 0.0, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Annualised mean excess return over the downside deviation, ``sqrt(mean(min(excess, 0) ** 2))``.

    NaN below two returns, or where no return lies below the risk-free rate.

    References
    ----------
    Sortino and Price, "Performance Measurement in a Downside Risk Framework",
    *Journal of Investing* 3(3), 1994.
    """
    excess = _series(returns) - risk_free_frac
    if len(excess) < 2:
        return np.nan
    downside = np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2))
    return _ratio(_mean(excess), downside) * float(np.sqrt(periods_per_year))


def wealth(returns: np.ndarray) -> np.ndarray:
    """Value of one dollar after each session, ``cumprod(1 + r)``."""
    return np.cumprod(_growth(returns))


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
    return _ratio(cagr(returns, sessions), -max_drawdown(returns))


def win_rate(returns: np.ndarray) -> float:
    """Days with a gain as a share of the days with a gain or a loss; NaN where there is neither.

    Days without any return (all cash) are left out, so that waiting is not losing.
    """
    returns = _series(returns)
    moved = returns[returns != 0.0]
    return _ratio(float(np.sum(moved > 0)), len(moved)) if not np.isnan(returns).any() else np.nan


def value_at_risk(returns: np.ndarray, *, tail: float = TAIL) -> float:
    """The ``tail`` quantile of the returns, signed (a loss is negative), linearly interpolated."""
    returns = _series(returns)
    return float(np.quantile(returns, tail)) if len(returns) else np.nan


def expected_shortfall(returns: np.ndarray, *, tail: float = TAIL) -> float:
    """Mean of the worst ``int(tail * (n - 1)) + 1`` returns, signed (a loss is negative).

    References
    ----------
    Acerbi and Tasche, "On the coherence of expected shortfall", *Journal of Banking & Finance* 26(7), 2002.
    """
    worst = np.sort(_series(returns))
    if not len(worst) or np.isnan(worst[-1]):
        return np.nan
    return float(np.mean(worst[: int((len(worst) - 1) * tail) + 1]))


def tail_ratio(returns: np.ndarray) -> float:
    """Size of the 95 % quantile over the size of the 5 % quantile; NaN where the latter is zero."""
    return _ratio(abs(value_at_risk(returns, tail=1 - TAIL)), abs(value_at_risk(returns)))


def skew(returns: np.ndarray) -> float:
    """Third standardised moment (ddof = 0); NaN where all returns are equal."""
    return _standardised_moment(returns, 3)


def kurtosis(returns: np.ndarray) -> float:
    """Fourth standardised moment (ddof = 0) less the 3 of a normal; NaN where all returns are equal."""
    return _standardised_moment(returns, 4) - 3.0


def monthly_returns(returns: np.ndarray, sessions: pd.DatetimeIndex) -> pd.DataFrame:
    """Compounded return of each calendar month with a session: ``year``, ``month``, ``return_frac``."""
    months, compounded = _by_month(returns, sessions)
    return pd.DataFrame({"year": months // 12, "month": months % 12 + 1, "return_frac": compounded})


def rolling_sharpe(
    returns: np.ndarray,
    *,
    window: int = SESSIONS_PER_YEAR,
    risk_free_frac: float = 0.0,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> np.ndarray:
    """Sharpe ratio of the ``window`` returns that end at each session; NaN before there are as many."""
    returns = _series(returns)
    if len(returns) < window:
        return np.full(len(returns), np.nan)
    ends = np.lib.stride_tricks.sliding_window_view(returns - risk_free_frac, window)
    varies = ends.max(axis=1) != ends.min(axis=1)
    deviation = np.where(varies, ends.std(axis=1, ddof=1), np.nan)
    ratios = ends.mean(axis=1) / deviation * np.sqrt(periods_per_year)
    return np.concatenate([np.full(window - 1, np.nan), ratios])


def beta(returns: np.ndarray, benchmark: np.ndarray, *, risk_free_frac: float = 0.0) -> float:
    """Slope of the excess returns on the benchmark's; NaN where the benchmark does not vary."""
    returns, benchmark = _paired(returns, benchmark)
    if not _deviation(benchmark) > 0:
        return np.nan
    centred = benchmark - risk_free_frac - np.mean(benchmark - risk_free_frac)
    return _ratio(float(np.mean(centred * (returns - risk_free_frac))), float(np.mean(centred**2)))


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
    returns, benchmark = _paired(returns, benchmark)
    slope = beta(returns, benchmark, risk_free_frac=risk_free_frac)
    daily = _mean(returns - risk_free_frac - slope * (benchmark - risk_free_frac))
    return float((1.0 + daily) ** periods_per_year - 1.0)


def correlation(returns: np.ndarray, benchmark: np.ndarray) -> float:
    """Pearson correlation; NaN where either does not vary."""
    returns, benchmark = _paired(returns, benchmark)
    if not (_deviation(returns) > 0 and _deviation(benchmark) > 0):
        return np.nan
    return float(np.clip(np.corrcoef(returns, benchmark)[0, 1], -1.0, 1.0))


def turnover_annual(turnover: np.ndarray, n_sessions: int, *, periods_per_year: float = SESSIONS_PER_YEAR) -> float:
    """Sum of one-way turnovers scaled to a year; NaN without sessions."""
    return _ratio(float(np.sum(turnover)) * periods_per_year, n_sessions)


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
    _, months = _by_month(returns, sessions)
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
        "turnover": _mean(traded),
        "turnover_annual": turnover_annual(traded, len(returns), periods_per_year=periods_per_year),
    }


def relative(
    returns: np.ndarray,
    benchmark: np.ndarray,
    *,
    risk_free_frac: float = 0.0,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> dict[str, float]:
    """Every metric against a benchmark, session by session, by the names of ``report.glossary.RELATIVE``."""
    returns, benchmark = _paired(returns, benchmark)
    active = returns - benchmark
    return {
        "beta": beta(returns, benchmark, risk_free_frac=risk_free_frac),
        "alpha": alpha(returns, benchmark, risk_free_frac=risk_free_frac, periods_per_year=periods_per_year),
        "correlation": correlation(returns, benchmark),
        "tracking_error": volatility(active, periods_per_year=periods_per_year),
        "information_ratio": sharpe_ratio(active, periods_per_year=periods_per_year),
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
    returns, regimes = _series(returns), np.asarray(regimes)
    rows = [(name, returns[regimes == name]) for name in sorted(set(regimes))]
    return pd.DataFrame(
        {
            "regime": [name for name, _ in rows],
            "n_sessions": [len(r) for _, r in rows],
            "mean_return_annual": [_mean(r) * periods_per_year for _, r in rows],
            "volatility": [volatility(r, periods_per_year=periods_per_year) for _, r in rows],
            "sharpe_ratio": [sharpe_ratio(r, periods_per_year=periods_per_year) for _, r in rows],
            "max_drawdown": [max_drawdown(r) for _, r in rows],
            "win_rate": [win_rate(r) for _, r in rows],
        }
    )


def rank_ic(predictions: np.ndarray, outcomes: np.ndarray) -> float:
    """Spearman correlation of one date's predictions with what came of them, ties given their average rank.

    Parameters
    ----------
    predictions, outcomes : ndarray of shape (n_names,)
        A name with a NaN in either is left out.

    Returns
    -------
    float
        In [-1, 1]; NaN with fewer than two names, or where either side is constant.

    References
    ----------
    Grinold and Kahn, *Active Portfolio Management* (2nd ed., 1999), ch. 6.
    """
    predictions, outcomes = _paired(predictions, outcomes)
    known = ~(np.isnan(predictions) | np.isnan(outcomes))
    return correlation(stats.rankdata(predictions[known]), stats.rankdata(outcomes[known]))


def mean_ic(ics: np.ndarray) -> float:
    """Mean over the dates that have a coefficient; NaN where none has."""
    return _mean(_known(ics))


def icir(ics: np.ndarray) -> float:
    """Mean over sample standard deviation of the dates' coefficients, not annualised; NaN below two dates."""
    return _ratio(_mean(_known(ics)), _deviation(_known(ics)))


def newey_west_t(values: np.ndarray, *, lags: int) -> float:
    """t statistic of the mean, its variance robust to heteroskedasticity and autocorrelation.

    ``mean / sqrt(S / n)`` with ``S = g_0 + 2 sum_l (1 - l / (lags + 1)) g_l`` and
    ``g_l = sum_t e_t e_(t-l) / n``, the autocovariances of the deviations from the mean.

    Parameters
    ----------
    values : ndarray of shape (n_dates,)
        In time order; NaN are left out and their neighbours taken as consecutive.
    lags : int, >= 0
        Autocovariances counted; 0 leaves the t statistic of White, without a small-sample correction.

    Returns
    -------
    float
        NaN where there are not more values than lags, fewer than two, or all are equal.

    Raises
    ------
    ValueError
        If ``lags`` is negative.

    References
    ----------
    Newey and West, "A Simple, Positive Semi-Definite, Heteroskedasticity and Autocorrelation Consistent
    Covariance Matrix", *Econometrica* 55(3), 1987.
    """
    if lags < 0:
        raise ValueError(f"lags must be >= 0, was {lags}")
    values = _known(values)
    n = len(values)
    if n <= lags or not _deviation(values) > 0:
        return np.nan
    e = values - np.mean(values)
    g = np.array([np.sum(e[lag:] * e[: n - lag]) for lag in range(lags + 1)]) / n
    bartlett = 1.0 - np.arange(1, lags + 1) / (lags + 1)
    return _ratio(_mean(values), float(np.sqrt(max(g[0] + 2.0 * np.sum(bartlett * g[1:]), 0.0) / n)))


def newey_west_lags(n: int) -> int:
    """Lags by the rule ``floor(4 (n / 100) ** (2 / 9))``.

    References
    ----------
    Newey and West, "Automatic Lag Selection in Covariance Matrix Estimation",
    *Review of Economic Studies* 61(4), 1994.
    """
    return int(4 * (n / 100) ** (2 / 9))


def _series(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"values must be one-dimensional, was of shape {values.shape}")
    return values


def _by_month(returns: np.ndarray, sessions: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    growth, sessions = _dated(returns, sessions)
    ordinal = sessions.to_numpy().astype("datetime64[M]").astype(int) + 12 * 1970
    months, starts = np.unique(ordinal, return_index=True)
    return months, np.multiply.reduceat(growth, starts) - 1.0 if len(growth) else growth


def _standardised_moment(returns: np.ndarray, order: int) -> float:
    returns = _series(returns)
    if not _deviation(returns) > 0:
        return np.nan
    centred = returns - np.mean(returns)
    return float(np.mean(centred**order) / np.mean(centred**2) ** (order / 2))


def _growth(returns: np.ndarray) -> np.ndarray:
    returns = _series(returns)
    if (returns < -1.0).any():
        raise ValueError(f"returns must be >= -1, the lowest was {np.nanmin(returns)}")
    return 1.0 + returns


def _dated(returns: np.ndarray, sessions: pd.DatetimeIndex) -> tuple[np.ndarray, pd.DatetimeIndex]:
    growth = _growth(returns)
    if len(growth) != len(sessions):
        raise ValueError(f"sessions must be as many as returns, were {len(sessions)} and {len(growth)}")
    if not (sessions.is_monotonic_increasing and sessions.is_unique):
        raise ValueError("sessions must ascend strictly, did not")
    return growth, sessions


def _paired(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    left, right = _series(left), _series(right)
    if len(left) != len(right):
        raise ValueError(f"both series must have the same length, had {len(left)} and {len(right)}")
    return left, right


def _known(values: np.ndarray) -> np.ndarray:
    values = _series(values)
    return values[~np.isnan(values)]


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else np.nan


def _deviation(values: np.ndarray) -> float:
    if len(values) < 2:
        return np.nan
    # The mean of equal values may differ from them in the last bit; their deviation is zero all the same.
    return 0.0 if values.max() == values.min() else float(np.std(values, ddof=1))


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0 else np.nan
