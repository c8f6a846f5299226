"""Covariance of daily returns, shrunk after Ledoit and Wolf."""

import numpy as np


def ledoit_wolf(returns: np.ndarray) -> np.ndarray:
    """Covariance shrunk towards a multiple of the identity, as scikit-learn's ``ledoit_wolf`` gives it.

    Written out because scikit-learn spends nine tenths of its time on checks of arguments; the tests compare
    the two.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_symbols)
        C-ordered, without NaN, at least two sessions.

    Returns
    -------
    ndarray of shape (n_symbols, n_symbols)

    References
    ----------
    Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
    Multivariate Analysis 88(2), 2004.
    """
    n, p = returns.shape
    x = returns - returns.mean(axis=0)
    sample = x.T @ x / n
    if p == 1:
        return sample
    mu = np.trace(sample) / p
    square = x * x
    squared = float(np.sum(sample * sample))
    beta = (float(np.sum(square.sum(axis=1) ** 2)) / n - squared) / (p * n)
    delta = (squared - p * mu**2) / p
    shrinkage = 0.0 if beta <= 0 or delta <= 0 else min(beta, delta) / delta
    shrunk = (1.0 - shrinkage) * sample
    shrunk.flat[:: p + 1] += shrinkage * mu
    return shrunk
