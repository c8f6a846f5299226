"""What the allocator is compared with: mixes of the two sleeves that stay what they are, rebalanced at every close."""

import numpy as np

from trade_assets.domain import windows
from trade_assets.domain.allocator.legs import Legs


def returns(legs: Legs, weights: np.ndarray, *, cost_frac: float) -> np.ndarray:
    """Daily return of each constant mix, net of what it costs to restore the mix at every close.

    Parameters
    ----------
    legs : Legs
    weights : ndarray of shape (mixes,)
        Share of the NASDAQ leg.
    cost_frac : float
        Cost of a side, share of the value traded.

    Returns
    -------
    ndarray of shape (sessions, mixes)
    """
    qqq, spy = legs.gross[:, :1], legs.gross[:, 1:]
    value = weights * qqq + (1.0 - weights) * spy
    moved = np.abs(weights - weights * qqq / value)
    cost = cost_frac * (moved * (legs.position[:, :1] + legs.position[:, 1:]))
    return value * (1.0 - cost) - 1.0


def best_known(mixes: np.ndarray, *, window_sessions: int) -> np.ndarray:
    """Place of the mix that grew most over the window that ends at each session, shape (sessions,).

    While the window is not full, the sessions there are; the first of equals.
    """
    growth = np.log1p(mixes)
    cumulated = windows.total(
        np.concatenate([np.zeros((window_sessions - 1, mixes.shape[1])), growth]), window_sessions
    )
    return np.argmax(cumulated[window_sessions - 1 :], axis=1)
