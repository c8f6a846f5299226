"""How many different things have been tried: trials that earn the same are one.

Invariants, tested: the order of the columns, a column's leverage, and repeating a column change nothing.
"""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from trade_assets.domain.metrics.series import deviation_of, mean_of, ratio_of

CONSTANT = -1
IDENTICAL = 1e-12
# Kaufman and Rousseeuw: a mean silhouette up to here shows no substantial structure.
NO_STRUCTURE = 0.25


def clusters(returns: np.ndarray) -> np.ndarray:
    """Group trials by how alike they earned.

    Average linkage on ``sqrt((1 - rho) / 2)``, cut where the mean silhouette is highest; of equal cuts the finer.
    Where no cut shows a structure, all are one group if they correlate at 0.5 or more on average, and each is its
    own otherwise: independent trials are the worst case and must not be counted as one.

    Parameters
    ----------
    returns : ndarray of shape (n_periods, n_trials)
        Finite.

    Returns
    -------
    ndarray of int, shape (n_trials,)
        Group of each trial, numbered as they first appear; -1 for a trial that never varies, which cannot be
        chosen for its luck.

    Raises
    ------
    ValueError
        If there is no trial, fewer than two periods, or a return is not finite.

    References
    ----------
    Lopez de Prado and Lewis, "Detection of False Investment Strategies Using Unsupervised Learning Methods",
    *Quantitative Finance* 19(9), 2019: there k-means on the same distance. Rousseeuw, "Silhouettes", *Journal of
    Computational and Applied Mathematics* 20, 1987.
    """
    returns = _checked(returns)
    varies = np.flatnonzero(returns.max(axis=0) != returns.min(axis=0))
    labels = np.full(returns.shape[1], CONSTANT)
    if len(varies):
        unit = returns[:, varies] - returns[:, varies].mean(axis=0)
        unit = unit / np.sqrt(np.sum(unit**2, axis=0))
        # Rounding may depend on the place of a column and decide ties; so every order is brought into one.
        order = np.lexsort(np.round(unit, 9)[::-1])
        labels[varies[order]] = _grouped(np.clip(unit[:, order].T @ unit[:, order], -1.0, 1.0))
    return _by_appearance(labels)


def effective_trials(returns: np.ndarray) -> int:
    """Number of groups of :func:`clusters`, at least one."""
    return max(int(clusters(returns).max()) + 1, 1)


def cluster_sharpes(returns: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Per-period Sharpe ratio of each group's portfolio, each trial weighted by its inverse variance.

    Parameters
    ----------
    returns : ndarray of shape (n_periods, n_trials)
    labels : ndarray of int, shape (n_trials,)
        As from :func:`clusters`; trials with -1 are left out.

    Returns
    -------
    ndarray of shape (n_groups,)
        In the order of the labels. Their variance is the one a deflated Sharpe ratio of the chosen trial uses.

    References
    ----------
    Lopez de Prado and Lewis (2019), as above: the weights are those of the minimum variance of uncorrelated trials.
    """
    returns = _checked(returns)
    variance = np.var(returns, axis=0, ddof=1)
    books = [returns[:, labels == g] @ (1.0 / variance[labels == g]) for g in range(int(np.max(labels)) + 1)]
    return np.array([ratio_of(mean_of(book), deviation_of(book)) for book in books])


def _grouped(rho: np.ndarray) -> np.ndarray:
    """Group of each trial of a correlation matrix; the identical are one before anything is measured."""
    _, same = connected_components(1.0 - rho <= IDENTICAL, directed=False)
    _, kept = np.unique(same, return_index=True)
    distance = np.sqrt((1.0 - rho[np.ix_(kept, kept)]) / 2.0)
    np.fill_diagonal(distance, 0.0)
    return _cut(distance)[same]


def _cut(distance: np.ndarray) -> np.ndarray:
    """The partition of the highest mean silhouette, or the one for trials without structure."""
    n = len(distance)
    if n == 1:
        return np.zeros(1, dtype=int)
    tree = linkage(squareform(distance, checks=False), "average")
    cuts = [fcluster(tree, k, "maxclust") - 1 for k in range(2, n)]
    quality = [silhouette(distance, cut) for cut in cuts]
    best = max(quality, default=0.0)
    if best > NO_STRUCTURE:
        return cuts[int(np.flatnonzero(np.array(quality) >= best - IDENTICAL)[-1])]
    rho = 1.0 - 2.0 * distance[np.triu_indices(n, 1)] ** 2
    return np.zeros(n, dtype=int) if np.mean(rho) >= 0.5 else np.arange(n)


def silhouette(distance: np.ndarray, labels: np.ndarray) -> float:
    """Mean of ``(b - a) / max(a, b)``: the distance to the nearest other group against that to one's own; 0 if alone."""
    member = np.eye(labels.max() + 1)[labels]
    size = member.sum(axis=0)
    total = distance @ member
    rows = np.arange(len(labels))
    a = total[rows, labels] / np.maximum(size[labels] - 1, 1)
    b = np.where(member == 1, np.inf, total / size).min(axis=1)
    with np.errstate(invalid="ignore"):
        each = np.where(size[labels] > 1, (b - a) / np.maximum(a, b), 0.0)
    return float(np.mean(np.nan_to_num(each)))


def _by_appearance(labels: np.ndarray) -> np.ndarray:
    """The same groups, numbered as they first appear."""
    groups, at = np.unique(labels[labels >= 0], return_index=True)
    number = np.empty(len(groups), dtype=int)
    number[np.argsort(at)] = np.arange(len(groups))
    out = labels.copy()
    out[labels >= 0] = number[np.searchsorted(groups, labels[labels >= 0])]
    return out


def _checked(returns: np.ndarray) -> np.ndarray:
    returns = np.asarray(returns, dtype=np.float64)
    if returns.ndim != 2 or returns.shape[1] < 1 or len(returns) < 2:
        raise ValueError(f"returns must have shape (>= 2 periods, >= 1 trial), was {returns.shape}")
    if not np.isfinite(returns).all():
        raise ValueError("returns must be finite, some were not: leave out the periods a trial does not have")
    return returns
