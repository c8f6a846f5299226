"""Hierarchical risk parity."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.fallback import first_that_works, within_caps
from trade_assets.domain.constructions.shortlist import Shortlist, shortlist
from trade_assets.domain.constructions.simple import inverse_to_volatility


def hrp(found: Candidates, limits: Limits) -> Built:
    """Hierarchical risk parity of the names on the shortlist, then capped."""
    names = shortlist(found, limits)
    steps = {"hrp": lambda: _weights(names), "inverse_vol": lambda: inverse_to_volatility(names)}
    return first_that_works(steps, found, limits)


def _weights(names: Shortlist) -> tuple[pd.Series, list[str]]:
    weights = pd.Series(hierarchical_risk_parity(names.covariance), index=names.symbols)
    return within_caps(weights, names.found, names.limits), names.notes


def hierarchical_risk_parity(covariance: np.ndarray) -> np.ndarray:
    """Weights by recursive bisection along a single-linkage tree of the correlations.

    Parameters
    ----------
    covariance : ndarray of shape (n, n)
        Positive variances on the diagonal.

    Returns
    -------
    ndarray of shape (n,)
        Positive, sums to 1.

    References
    ----------
    Lopez de Prado, "Building diversified portfolios that outperform out of sample", Journal of Portfolio
    Management 42(4), 2016.
    """
    if len(covariance) == 1:
        return np.ones(1)
    deviation = np.sqrt(np.diag(covariance))
    return bisection(covariance, quasi_diagonal(covariance / np.outer(deviation, deviation)))


def quasi_diagonal(correlation: np.ndarray) -> np.ndarray:
    """Order in which alike names stand side by side, shape (n,): the leaves of the single-linkage tree."""
    distance = np.sqrt(np.clip((1.0 - np.clip(correlation, -1.0, 1.0)) / 2.0, 0.0, 1.0))
    np.fill_diagonal(distance, 0.0)
    return leaves_list(linkage(squareform(distance, checks=False), "single"))


def bisection(covariance: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Weights of shape (n,): each half of the order gets a share inverse to its variance, and so on down."""
    weights = np.ones(len(covariance))
    clusters = [order]
    while clusters:
        halves = [half for c in clusters if len(c) > 1 for half in (c[: len(c) // 2], c[len(c) // 2 :])]
        for left, right in zip(halves[::2], halves[1::2], strict=True):
            left_variance, right_variance = _cluster_variance(covariance, left), _cluster_variance(covariance, right)
            share = 1.0 - left_variance / (left_variance + right_variance)
            weights[left] *= share
            weights[right] *= 1.0 - share
        clusters = halves
    return weights


def _cluster_variance(covariance: np.ndarray, members: np.ndarray) -> float:
    block = covariance[np.ix_(members, members)]
    weights = 1.0 / np.diag(block)
    weights /= weights.sum()
    return float(weights @ block @ weights)
