"""How well scores rank outcomes."""

import numpy as np
from scipy import stats

from trade_assets.domain.metrics.against import correlation
from trade_assets.domain.metrics.series import deviation_of, known_of, mean_of, paired, ratio_of


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
    predictions, outcomes = paired(predictions, outcomes)
    known = ~(np.isnan(predictions) | np.isnan(outcomes))
    return correlation(stats.rankdata(predictions[known]), stats.rankdata(outcomes[known]))


def rank_ics(predictions: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """``rank_ic`` of several models on the same names, in a tenth of the time; nothing may be missing.

    Parameters
    ----------
    predictions : ndarray of shape (n_names, n_models)
    outcomes : ndarray of shape (n_names,)

    Returns
    -------
    ndarray of shape (n_models,)
        NaN where a model's predictions, or the outcomes, are constant.
    """
    ranks = stats.rankdata(np.column_stack([predictions, outcomes]), axis=0)
    centred = ranks - ranks.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(invalid="ignore"):
        return (centred[:, :-1] * centred[:, -1:]).sum(axis=0) / (lengths[:-1] * lengths[-1])


def mean_ic(ics: np.ndarray) -> float:
    """Mean over the dates that have a coefficient; NaN where none has."""
    return mean_of(known_of(ics))


def icir(ics: np.ndarray) -> float:
    """Mean over sample standard deviation of the dates' coefficients, not annualised; NaN below two dates."""
    return ratio_of(mean_of(known_of(ics)), deviation_of(known_of(ics)))


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
    values = known_of(values)
    n = len(values)
    if n <= lags or not deviation_of(values) > 0:
        return np.nan
    e = values - np.mean(values)
    g = np.array([np.sum(e[lag:] * e[: n - lag]) for lag in range(lags + 1)]) / n
    bartlett = 1.0 - np.arange(1, lags + 1) / (lags + 1)
    return ratio_of(mean_of(values), float(np.sqrt(max(g[0] + 2.0 * np.sum(bartlett * g[1:]), 0.0) / n)))


def newey_west_lags(n: int) -> int:
    """Lags by the rule ``floor(4 (n / 100) ** (2 / 9))``.

    References
    ----------
    Newey and West, "Automatic Lag Selection in Covariance Matrix Estimation",
    *Review of Economic Studies* 61(4), 1994.
    """
    return int(4 * (n / 100) ** (2 / 9))
