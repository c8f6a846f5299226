"""Portfolios of the efficient frontier of a region, arrays in and weights out."""

import numpy as np

from trade_assets.domain.constructions.quadratic import minimise, minimise_per_return
from trade_assets.domain.constructions.region import Region

RISK_AVERSIONS = 2.0 ** np.arange(-4, 9)


def minimum_volatility(covariance: np.ndarray, region: Region) -> np.ndarray:
    """Weights with the least variance.

    Parameters
    ----------
    covariance : ndarray of shape (n, n), positive definite
    region : Region of n names

    Raises
    ------
    ValueError
        If no weights are in the region.
    """
    return minimise(covariance, np.zeros(len(covariance)), region)


def maximum_sharpe(mu: np.ndarray, covariance: np.ndarray, region: Region) -> np.ndarray:
    """Weights with the best ratio of expected return to volatility; the interest rate counts as 0.

    Parameters
    ----------
    mu : ndarray of shape (n,), any unit
    covariance : ndarray of shape (n, n), positive definite
    region : Region of n names

    Raises
    ------
    ValueError
        If no weights in the region have an expected return above 0.
    """
    if not (mu > 0).any():
        raise ValueError("no expected return is above 0")
    return minimise_per_return(covariance, mu, region)


def maximum_sharpe_l2(mu: np.ndarray, covariance: np.ndarray, region: Region, *, l2_reg: float) -> np.ndarray:
    """The best ratio of return to volatility among the weights that are best for one of a grid of risk aversions.

    Each maximises ``mu @ w - gamma / 2 * w @ covariance @ w - l2_reg * w @ w``, which spreads the weights; with
    the penalty no program gives the best ratio itself.

    Parameters
    ----------
    mu : ndarray of shape (n,), a year
    covariance : ndarray of shape (n, n), a year, positive definite
    region : Region of n names
    l2_reg : float, > 0

    Raises
    ------
    ValueError
        If none of them has an expected return above 0.
    """
    if not (mu > 0).any():
        raise ValueError("no expected return is above 0")
    penalty = 2.0 * l2_reg * np.eye(len(mu))
    tried = [minimise(gamma * covariance + penalty, -mu, region) for gamma in RISK_AVERSIONS]
    ratios = [float(mu @ w) / float(np.sqrt(w @ covariance @ w)) for w in tried]
    best = int(np.argmax(ratios))
    if ratios[best] <= 0:
        raise ValueError("no weights within the limits have an expected return above 0")
    return tried[best]
