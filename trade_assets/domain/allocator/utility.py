"""What each split of the capital would have been worth: return, less a price on drawdown and on trading.

A weight decided at the close of session t is filled at the close of t + 1 and held for H sessions, drifting with
the legs. Its utility is known at the close of t + 1 + H, and not before.
"""

from dataclasses import dataclass

import numpy as np

CANDIDATES = 21
FILL_SESSIONS = 1  # from the decision's close to the close it is filled at


@dataclass(frozen=True)
class Terms:
    """Sessions a weight is held for, the prices of drawdown and of trading, and what a trade costs a side."""

    horizon_sessions: int
    lambda_dd: float
    lambda_tc: float
    cost_frac: float


def weights_of(count: int = CANDIDATES) -> np.ndarray:
    """``count`` weights of the NASDAQ leg, evenly from 0 to 1."""
    return np.arange(count) / (count - 1)


def held(gross: np.ndarray, weights: np.ndarray, terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    """Return and largest drawdown of holding each weight, for every decision whose horizon lies in the rows.

    Parameters
    ----------
    gross : ndarray of shape (sessions, 2)
        One plus the return of each leg, > 0.
    weights : ndarray of shape (candidates,), in [0, 1]
        Share of the NASDAQ leg at the fill; the rest is the S&P leg's.
    terms : Terms

    Returns
    -------
    future_return, future_drawdown : ndarrays of shape (decisions, candidates)
        Row t is decided at the close of session t. The drawdown is a size, measured from the fill on. Every
        step works element by element: a row does not depend on the rows beside it.
    """
    n = max(len(gross) - FILL_SESSIONS - terms.horizon_sessions, 0)
    qqq, spy = np.ones((n, 1)), np.ones((n, 1))
    value, peak = np.ones((n, len(weights))), np.ones((n, len(weights)))
    drawdown = np.zeros((n, len(weights)))
    for ahead in range(FILL_SESSIONS + 1, FILL_SESSIONS + 1 + terms.horizon_sessions):
        qqq, spy = qqq * gross[ahead : ahead + n, :1], spy * gross[ahead : ahead + n, 1:]
        value = weights * qqq + (1.0 - weights) * spy
        peak = np.maximum(peak, value)
        drawdown = np.maximum(drawdown, 1.0 - value / peak)
    return value - 1.0, drawdown


def drifted(weight: float, gross_qqq: float, gross_spy: float) -> float:
    """Share of the NASDAQ leg a session later, if nothing is traded."""
    qqq, spy = weight * gross_qqq, (1.0 - weight) * gross_spy
    return qqq / (qqq + spy)


def labels(
    gross: np.ndarray, position: np.ndarray, weights: np.ndarray, terms: Terms, *, before: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Utility of every candidate weight, and the best one, decision by decision.

    ``U = return - lambda_dd drawdown - lambda_tc cost`` (R-094). The cost is that of moving the capital from the
    weight chosen for the decision before, drifted to the fill, and so needs that choice first: a recursion forward
    in time over what is already labelled. Capital moves for nothing between sleeves that hold nothing, so what is
    charged is the positions moved. Of equal utilities the weight nearest to the one held is chosen, then the lower.

    Parameters
    ----------
    gross : ndarray of shape (sessions, 2)
    position : ndarray of shape (sessions, 2)
        Size of the position of each sleeve after the close, share of the sleeve's capital, >= 0.
    weights : ndarray of shape (candidates,)
    terms : Terms
    before : float, in [0, 1]
        Weight chosen for the decision before the first row.

    Returns
    -------
    utility : ndarray of shape (decisions, candidates)
    drift : ndarray of shape (decisions,)
        The weight held just before the fill.
    chosen : ndarray of int, shape (decisions,)
        Place of the best weight among the candidates.
    """
    future_return, future_drawdown = held(gross, weights, terms)
    utility = future_return - terms.lambda_dd * future_drawdown
    filled = slice(FILL_SESSIONS, FILL_SESSIONS + len(utility))
    moved = (position[filled, 0] + position[filled, 1])[:, None]
    price = terms.lambda_tc * terms.cost_frac
    drift, chosen = np.empty(len(utility)), np.empty(len(utility), dtype=int)
    grid, at_fill, sizes = weights.tolist(), gross[filled].tolist(), moved[:, 0].tolist()
    for t, worth in enumerate(utility.tolist()):  # of plain numbers, which are faster here than arrays of so few
        drift[t] = before = drifted(before, *at_fill[t])
        chosen[t] = best = _best(worth, grid, before, price, sizes[t])
        before = grid[best]
    return utility - price * (np.abs(weights - drift[:, None]) * moved), drift, chosen


def _best(worth: list[float], grid: list[float], held: float, price: float, size: float) -> int:
    """Place of the highest worth less the cost of getting there; of equals the nearest, then the first."""
    values = [u - price * (abs(w - held) * size) for u, w in zip(worth, grid, strict=True)]
    highest = max(values)
    if values.count(highest) == 1:
        return values.index(highest)
    return min((abs(w - held), place) for place, (v, w) in enumerate(zip(values, grid, strict=True)) if v == highest)[1]


def soft_labels(utility: np.ndarray, *, tau: float) -> np.ndarray:
    """``softmax(U / tau)`` over the candidates, of the shape of ``utility``: near-ties share a row's weight (F-30)."""
    odds = np.exp((utility - utility.max(axis=1, keepdims=True)) / tau)
    total = np.zeros(len(odds))
    for column in odds.T:  # in one order, whatever the layout
        total += column
    return odds / total[:, None]
