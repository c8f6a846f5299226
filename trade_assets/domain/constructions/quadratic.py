"""Quadratic programs over a region."""

from collections.abc import Callable
from math import log2

import numpy as np

from trade_assets.domain.constructions.region import Region
from trade_assets.domain.constructions.solver import InfeasibleError, solve

MAX_CUTS = 500
CUT_TOLERANCE = 1e-10


def minimise(hessian: np.ndarray, linear: np.ndarray, region: Region) -> np.ndarray:
    """Weights of shape (n,) in the region with the least ``w @ hessian @ w / 2 + linear @ w``.

    Raises
    ------
    ValueError
        If no weights are in the region, or the solver fails.
    """

    def within(part: Region) -> np.ndarray:
        rows = np.vstack([np.ones(len(linear)), part.rows])
        upper = np.concatenate([part.upper, [part.invested], part.row_upper])
        lower = np.concatenate([part.lower, [part.invested], part.row_lower])
        w = solve(hessian, linear, rows, lower, upper)
        return np.clip(w, part.lower, part.upper)

    return _cut(within, region)


def minimise_per_return(hessian: np.ndarray, mu: np.ndarray, region: Region) -> np.ndarray:
    """Weights in the region with the least ``w @ hessian @ w / (mu @ w)**2`` among those with ``mu @ w > 0``.

    With ``w = y * invested / sum(y)`` it is the program: least ``y @ hessian @ y`` where ``mu @ y = 1`` and every
    limit ``a @ w <= b`` reads ``(a - b / invested) @ y <= 0``.

    Raises
    ------
    ValueError
        If no weights in the region have an expected return above 0, or the solver fails.

    References
    ----------
    Cornuejols and Tutuncu, *Optimization Methods in Finance* (2006), section 8.2.
    """
    unit = 2.0 ** -round(log2(np.abs(mu).max()))

    def within(part: Region) -> np.ndarray:
        rows = _homogeneous(part)
        upper = np.concatenate([np.full(len(mu), np.inf), [1.0], np.zeros(len(rows))])
        lower = np.concatenate([np.zeros(len(mu)), [1.0], np.full(len(rows), -np.inf)])
        try:
            y = solve(hessian, np.zeros(len(mu)), np.vstack([mu * unit, rows]), lower, upper)
        except InfeasibleError:
            raise ValueError("no weights within the limits have an expected return above 0") from None
        return np.clip(y * (part.invested / y.sum()), part.lower, part.upper)

    return _cut(within, region)


def _homogeneous(part: Region) -> np.ndarray:
    identity = np.eye(len(part.lower))
    low, high = part.lower > 0, part.upper < part.invested
    has_floor = np.isfinite(part.row_lower)
    return np.vstack(
        [
            identity[high] - part.upper[high, None] / part.invested,
            part.lower[low, None] / part.invested - identity[low],
            part.rows - part.row_upper[:, None] / part.invested,
            part.row_lower[has_floor, None] / part.invested - part.rows[has_floor],
        ]
    )


def _cut(within: Callable[[Region], np.ndarray], region: Region) -> np.ndarray:
    """Solve, and while too much is traded cut that solution off: ``signs @ (w - held) <= distance`` holds for all signs."""
    w = within(region)
    if region.held is None:
        return w
    for _ in range(MAX_CUTS):
        change = w - region.held
        if np.abs(change).sum() <= region.distance + CUT_TOLERANCE:
            return w
        signs = np.where(region.held <= region.lower, 1.0, np.where(region.held >= region.upper, -1.0, np.sign(change)))
        region = region.with_row(signs, region.distance + signs @ region.held)
        w = within(region)
    raise ValueError(f"the limit on turnover was not reached in {MAX_CUTS} cuts")
