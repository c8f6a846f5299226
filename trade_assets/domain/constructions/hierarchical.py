"""Hierarchical risk parity."""

from functools import cache

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.fallback import first_that_works
from trade_assets.domain.constructions.shortlist import Shortlist, shortlist
from trade_assets.domain.constructions.simple import inverse_to_volatility, under


def hrp(found: Candidates, limits: Limits) -> Built:
    """Hierarchical risk parity of the names on the shortlist, then capped."""
    return first_that_works({"hrp": _weights, "inverse_vol": inverse_to_volatility}, shortlist(found, limits))


def _weights(names: Shortlist) -> tuple[np.ndarray, list[str]]:
    return under(names.limits, hierarchical_risk_parity(names.covariance), names.sectors), []


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
    return leaves(linkage(squareform(distance, checks=False), "single"))


def leaves(tree: np.ndarray) -> np.ndarray:
    """Leaves from left to right of a linkage matrix of shape (n - 1, 4), shape (n,)."""
    n, children = len(tree) + 1, tree[:, :2].astype(int).tolist()
    found, open_nodes = [], [2 * n - 2]
    while open_nodes:
        node = open_nodes.pop()
        if node < n:
            found.append(node)
        else:
            left, right = children[node - n]
            open_nodes += [right, left]
    return np.array(found)


def bisection(covariance: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Weights of shape (n,): each half of the order gets a share inverse to its variance, and so on down.

    Computed from single names upwards, so that the variance of a cluster is a sum over those of its halves.
    """
    inverse = 1.0 / np.diag(covariance)[order]
    block = covariance[np.ix_(order, order)] * np.outer(inverse, inverse)
    shares = np.ones(len(order))
    for sizes, left, right in reversed(halvings(len(order))):
        variance = np.diag(block) / inverse**2
        share = np.ones(len(variance))
        share[right - 1] = 1.0 - variance[right - 1] / (variance[right - 1] + variance[right])
        share[right] = 1.0 - share[right - 1]
        shares *= np.repeat(share, sizes)
        block = np.add.reduceat(np.add.reduceat(block, left, axis=0), left, axis=1)
        inverse = np.add.reduceat(inverse, left)
    weights = np.empty(len(order))
    weights[order] = shares
    return weights


@cache
def halvings(n: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of every cut of n names in halves, coarsest first: the sizes it leaves, and which of them begin or end a pair.

    One that was single before stays alone, and begins what is no pair.
    """
    cuts, sizes = [], [n]
    while max(sizes) > 1:
        parts = [[s // 2, s - s // 2] if s > 1 else [s] for s in sizes]
        left = np.cumsum([0, *(len(part) for part in parts[:-1])])
        right = left[[len(part) > 1 for part in parts]] + 1
        sizes = [s for part in parts for s in part]
        cuts.append((np.array(sizes), left, right))
    return cuts
