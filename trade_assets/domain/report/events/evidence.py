"""How sure a mean is when its events overlap: intervals by calendar month, not by event.

Labels of one month share bars, and both legs move together, so the events of a month count as one draw.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean of ``n`` values in ``n_clusters`` clusters, its standard error and interval; NaN where undefined."""

    n: int
    n_clusters: int
    mean: float
    error: float

    @property
    def reach(self) -> float:
        """Half the width of the 95 % interval."""
        if self.n_clusters < 2:
            return float("nan")
        return float(stats.t.ppf(0.5 + LEVEL / 2, self.n_clusters - 1) * self.error)

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.reach

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.reach

    @property
    def is_apart_from_zero(self) -> bool:
        """Whether the interval leaves zero out; not where it is undefined."""
        return self.low > 0 or self.high < 0


def mean_of(values: np.ndarray, clusters: np.ndarray) -> Estimate:
    """Mean with an error robust to dependence within ``clusters``.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN are left out.
    clusters : ndarray of shape (n,)
        Labels, one a value.

    References
    ----------
    Liang and Zeger, "Longitudinal Data Analysis Using Generalized Linear Models" (1986); factor G / (G - 1) as in
    Cameron and Miller, "A Practitioner's Guide to Cluster-Robust Inference" (2015).
    """
    values, clusters = _known(values, clusters)
    if not len(values):
        return Estimate(0, 0, np.nan, np.nan)
    mean = float(values.mean())
    return Estimate(len(values), len(np.unique(clusters)), mean, _error((values - mean) / len(values), clusters))


def difference_of(values: np.ndarray, chosen: np.ndarray, clusters: np.ndarray) -> Estimate:
    """Mean of the chosen values less the mean of the others, with the error of :func:`mean_of`."""
    known = ~np.isnan(np.asarray(values, dtype=float))
    values, chosen, clusters = np.asarray(values, dtype=float)[known], np.asarray(chosen)[known], clusters[known]
    n = int(chosen.sum())
    if n == 0 or n == len(values):
        return Estimate(len(values), len(np.unique(clusters)), np.nan, np.nan)
    inside, outside = values[chosen].mean(), values[~chosen].mean()
    pulls = np.where(chosen, (values - inside) / n, -(values - outside) / (len(values) - n))
    return Estimate(len(values), len(np.unique(clusters)), float(inside - outside), _error(pulls, clusters))


def _error(pulls: np.ndarray, clusters: np.ndarray) -> float:
    _, place = np.unique(clusters, return_inverse=True)
    sums = np.bincount(place, weights=pulls)
    groups = len(sums)
    return float(np.sqrt(groups / (groups - 1) * np.sum(sums**2))) if groups > 1 else float("nan")


def _known(values: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(values, dtype=float)
    known = ~np.isnan(values)
    return values[known], np.asarray(clusters)[known]
