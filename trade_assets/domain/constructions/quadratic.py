"""Quadratic programs over a region, solved by a dual active-set method.

Every call starts cold, so that a result depends on nothing but its own problem.
"""

from collections.abc import Callable
from math import log2

import daqp
import numpy as np

from trade_assets.domain.constructions.region import Region

PRIMAL_TOLERANCE = 1e-12
MAX_CUTS = 500
CUT_TOLERANCE = 1e-10
EQUALITY = 5
INFEASIBLE = (-1, -6)
REASONS = {
    -2: "the solver went in circles",
    -3: "the problem is unbounded",
    -4: "the solver ran out of steps",
    -5: "the covariance is not positive definite",
}


class InfeasibleError(ValueError):
    """No weights satisfy the limits."""


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
        w = _solve(hessian, linear, rows, lower, upper, equality=len(linear))
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
            y = _solve(hessian, np.zeros(len(mu)), np.vstack([mu * unit, rows]), lower, upper, equality=len(mu))
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


def _cut(solve: Callable[[Region], np.ndarray], region: Region) -> np.ndarray:
    """Solve, and while too much is traded cut that solution off: ``signs @ (w - held) <= distance`` holds for all signs."""
    w = solve(region)
    if region.held is None:
        return w
    for _ in range(MAX_CUTS):
        change = w - region.held
        if np.abs(change).sum() <= region.distance + CUT_TOLERANCE:
            return w
        signs = np.where(region.held <= region.lower, 1.0, np.where(region.held >= region.upper, -1.0, np.sign(change)))
        region = region.with_row(signs, region.distance + signs @ region.held)
        w = solve(region)
    raise ValueError(f"the limit on turnover was not reached in {MAX_CUTS} cuts")


def _solve(hessian, linear, rows, lower, upper, *, equality: int) -> np.ndarray:
    scale = 2.0 ** -round(log2(np.trace(hessian) / len(hessian)))
    sense = np.zeros(len(upper), dtype=np.intc)
    sense[equality] = EQUALITY
    found, _, flag, _ = daqp.solve(
        np.ascontiguousarray(hessian * scale),
        linear * scale,
        rows,
        upper,
        lower,
        sense,
        primal_tol=PRIMAL_TOLERANCE,
    )
    if flag in INFEASIBLE:
        raise InfeasibleError("no weights satisfy the limits")
    if flag != 1:
        raise ValueError(REASONS.get(flag, f"the solver stopped with flag {flag}"))
    return found
