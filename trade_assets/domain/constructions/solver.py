"""One quadratic program in arrays, solved by a dual active-set method.

Every call starts cold, so that a result depends on nothing but its own problem.
"""

from math import log2

import daqp
import numpy as np

PRIMAL_TOLERANCE = 1e-12
SLOPE_TOLERANCE = 1e-11
MANY = 50  # names, from where leaving out those that will have no weight is worth its own linear algebra
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


def solve(
    hessian: np.ndarray, linear: np.ndarray, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """The x with the least ``x @ hessian @ x / 2 + linear @ x`` within bounds on x, then on ``rows @ x``.

    Parameters
    ----------
    hessian : ndarray of shape (n, n), positive definite
    linear : ndarray of shape (n,)
    rows : ndarray of shape (m, n), m >= 1
        The first is an equality: its two bounds are the same.
    lower, upper : ndarray of shape (n + m,)

    Raises
    ------
    InfeasibleError
        If there is no such x.
    ValueError
        If the solver fails.
    """
    n = len(linear)
    scale = 2.0 ** -round(log2(np.trace(hessian) / n))
    problem = hessian * scale, linear * scale, rows, lower, upper
    if n < MANY or lower[:n].any():
        return _whole(*problem)[0]
    return _of_few(*problem)


def _of_few(
    hessian: np.ndarray, linear: np.ndarray, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """Solve for the names that likely have weight; add those that would lower the objective, until none would."""
    n, every = len(linear), np.ones(len(upper), dtype=bool)
    kept = _likely(hessian, -linear if linear.any() else rows[0])
    while True:
        every[:n] = kept
        try:
            x, dual = _whole(hessian[np.ix_(kept, kept)], linear[kept], rows[:, kept], lower[every], upper[every])
        except InfeasibleError:
            if kept.all():
                raise
            kept = np.ones(n, dtype=bool)
            continue
        slope = hessian[:, kept] @ x + linear + dual[len(x) :] @ rows
        missed = (slope < -SLOPE_TOLERANCE) & ~kept
        if not missed.any():
            found = np.zeros(n)
            found[kept] = x
            return found
        kept = kept | missed


def _likely(hessian: np.ndarray, aim: np.ndarray) -> np.ndarray:
    """Names with weight above 0 where only that bound counts: twice drop those below it."""
    kept = np.ones(len(aim), dtype=bool)
    for _ in range(2):
        kept[kept] = np.linalg.solve(hessian[np.ix_(kept, kept)], aim[kept]) > 0
        if not kept.any():
            return np.ones(len(aim), dtype=bool)
    return kept


def _whole(
    hessian: np.ndarray, linear: np.ndarray, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The solution, and its multipliers: of the bounds, then of the rows."""
    sense = np.zeros(len(upper), dtype=np.intc)
    sense[len(linear)] = EQUALITY
    found, _, flag, said = daqp.solve(
        np.ascontiguousarray(hessian),
        linear,
        np.ascontiguousarray(rows),
        upper,
        lower,
        sense,
        primal_tol=PRIMAL_TOLERANCE,
    )
    if flag in INFEASIBLE:
        raise InfeasibleError("no weights satisfy the limits")
    if flag != 1:
        raise ValueError(REASONS.get(flag, f"the solver stopped with flag {flag}"))
    return found, said["lam"]
