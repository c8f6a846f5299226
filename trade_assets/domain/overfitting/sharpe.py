"""How sure a Sharpe ratio is: its error, its probability, and what is left of it after many trials.

Every Sharpe ratio here is per period, not annualised: divide an annual one by the root of the periods in a
year. Kurtosis is the plain fourth moment, 3 for a normal. Periods are taken as independent.
"""

import numpy as np
from scipy import stats

from trade_assets.domain.metrics import sharpe_ratio
from trade_assets.domain.metrics import skew as skew_of
from trade_assets.domain.metrics.series import known_of, standardised_moment


def per_period(returns: np.ndarray) -> float:
    """Mean over sample standard deviation; NaN below two returns, or where all are equal."""
    return sharpe_ratio(returns, periods_per_year=1.0)


def standard_error(sr: float, n: int, *, skew: float = 0.0, kurtosis: float = 3.0) -> float:
    """Standard error of a Sharpe ratio estimated from ``n`` periods.

    ``sqrt((1 - skew sr + (kurtosis - 1) / 4 sr^2) / (n - 1))``; NaN below two periods, or for moments no
    distribution has.

    References
    ----------
    Lo, "The Statistics of Sharpe Ratios", *Financial Analysts Journal* 58(4), 2002 (normal returns); Mertens,
    "Comments on Variance of the IID estimator in Lo (2002)", 2002 (skew and kurtosis). With ``n - 1`` as in
    Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier", *Journal of Risk* 15(2), 2012.
    """
    spread = 1.0 - skew * sr + (kurtosis - 1.0) / 4.0 * sr**2
    return float(np.sqrt(spread / (n - 1))) if n >= 2 and spread >= 0 else np.nan


def probabilistic_sharpe(
    sr: float, n: int, *, skew: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """Probability that the true Sharpe ratio exceeds ``benchmark``: ``Phi((sr - benchmark) / standard_error)``.

    NaN where the error is undefined or zero. One less this is the p-value of "no better than the benchmark".

    References
    ----------
    Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier", *Journal of Risk* 15(2), 2012.
    """
    error = standard_error(sr, n, skew=skew, kurtosis=kurtosis)
    return float(stats.norm.cdf((sr - benchmark) / error)) if error > 0 else np.nan


def expected_maximum_sharpe(variance_of_sharpes: float, n_trials: float) -> float:
    """Sharpe ratio that the best of ``n_trials`` worthless trials shows by luck.

    ``sqrt(V) ((1 - g) z(1 - 1 / N) + g z(1 - 1 / (N e)))``, ``z`` the normal quantile and ``g`` the
    Euler-Mascheroni constant. One trial has no choice to be lucky with: zero. Between one and two trials,
    where the formula falls to minus infinity, the straight line.

    Parameters
    ----------
    variance_of_sharpes : float, >= 0
        Variance between the Sharpe ratios of the trials, per period.
    n_trials : float, >= 1
        Independent trials; an effective number need not be whole.

    Raises
    ------
    ValueError
        If ``n_trials`` is below one, or the variance negative.

    References
    ----------
    Bailey and Lopez de Prado, "The Deflated Sharpe Ratio", *Journal of Portfolio Management* 40(5), 2014.
    """
    if not n_trials >= 1:
        raise ValueError(f"n_trials must be >= 1, was {n_trials}")
    if variance_of_sharpes < 0:
        raise ValueError(f"variance_of_sharpes must be >= 0, was {variance_of_sharpes}")
    if n_trials == 1:
        return 0.0
    n = max(n_trials, 2.0)
    high, higher = stats.norm.ppf([1.0 - 1.0 / n, 1.0 - 1.0 / (n * np.e)])
    largest = (1.0 - np.euler_gamma) * high + np.euler_gamma * higher
    return float(np.sqrt(variance_of_sharpes) * largest * min(n_trials - 1.0, 1.0))


def deflated_sharpe(returns: np.ndarray, *, sharpes_of_trials: np.ndarray, n_trials: float) -> float:
    """Probability that the true Sharpe ratio exceeds what luck gives the best of ``n_trials``.

    Parameters
    ----------
    returns : ndarray of shape (n_periods,)
        Of the chosen trial; excess over the benchmark it must beat.
    sharpes_of_trials : ndarray of shape (n,)
        Per-period Sharpe ratios whose sample variance says how far trials differ; NaN are left out.
    n_trials : float, >= 1
        One is no deflation: the probabilistic Sharpe ratio against zero.

    Returns
    -------
    float
        NaN where the returns do not vary, or with more than one trial and fewer than two known Sharpe ratios.

    References
    ----------
    Bailey and Lopez de Prado, "The Deflated Sharpe Ratio", *Journal of Portfolio Management* 40(5), 2014.
    """
    known = known_of(sharpes_of_trials)
    if n_trials > 1 and len(known) < 2:
        return np.nan
    spread = float(np.var(known, ddof=1)) if n_trials > 1 else 0.0
    return above(returns, expected_maximum_sharpe(spread, n_trials))


def above(returns: np.ndarray, benchmark: float) -> float:
    """Probabilistic Sharpe ratio of a series, with its own skew and kurtosis; NaN where it does not vary."""
    moments = {"skew": skew_of(returns), "kurtosis": standardised_moment(returns, 4)}
    return probabilistic_sharpe(per_period(returns), len(returns), benchmark=benchmark, **moments)
