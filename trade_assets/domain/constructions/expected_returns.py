"""Expected returns of the names chosen from: what a score is worth over one holding period.

``MU_MAPPINGS`` maps a name to a function ``(Candidates, volatility) -> ndarray``; ``volatility`` is that of the
holding period, of the first ``len(volatility)`` candidates, and the result is as long. No mapping reads a score
below theirs, only how many there are.
"""

from collections.abc import Callable

import numpy as np

from trade_assets.domain.constructions.candidates import Candidates


def identity(found: Candidates, volatility: np.ndarray) -> np.ndarray:
    """The score itself, for models that predict a return."""
    return found.scores.to_numpy(dtype=float)[: len(volatility)]


def sigmoid(found: Candidates, volatility: np.ndarray) -> np.ndarray:
    """``4 / (1 + exp(-score)) - 2``: the score where it is small, never beyond 2, so that no outlier rules."""
    return 2.0 * np.tanh(0.5 * identity(found, volatility))


def rank_to_mu(found: Candidates, volatility: np.ndarray) -> np.ndarray:
    """``max(IC, 0) * volatility * z(rank)`` with z over all names offered; equal scores share their mean rank.

    Raises
    ------
    ValueError
        If there is one name only, or the information coefficient is unknown.

    References
    ----------
    Grinold, "Alpha is volatility times IC times score", Journal of Portfolio Management 20(4), 1994.
    """
    n, coefficient = len(found.scores), found.information_coefficient
    if n == 1:
        raise ValueError("a single name has no rank")
    if np.isnan(coefficient):
        raise ValueError("the information coefficient is not known yet")
    falling = -found.scores.to_numpy(dtype=float)
    own = falling[: len(volatility)]
    place = (np.searchsorted(falling, own, "left") + np.searchsorted(falling, own, "right") - 1) / 2.0
    z = ((n - 1) / 2.0 - place) / np.sqrt((n * n - 1) / 12.0)
    return max(coefficient, 0.0) * volatility * z


MU_MAPPINGS: dict[str, Callable[[Candidates, np.ndarray], np.ndarray]] = {
    "identity": identity,
    "sigmoid": sigmoid,
    "rank_to_mu": rank_to_mu,
}
