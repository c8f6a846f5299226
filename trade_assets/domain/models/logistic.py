"""Logistic regression with an L2 penalty, on features of any scale; stored as ``least_squares`` stores."""

import numpy as np
from scipy.special import expit, logit

from trade_assets.domain.models.least_squares import as_text, read_linear, scaled
from trade_assets.domain.models.rows import Rows

MOST_STEPS = 100


def fit_logistic(rows: Rows, *, c: float) -> str:
    """Fit the log odds of ``y`` being 1.

    Minimises ``c sum w log-loss + |b|^2 / 2`` over the standardised features; the intercept is not penalised.

    Parameters
    ----------
    rows : Rows
        ``y`` of 0 and 1; weights >= 0, rows of weight 0 are left out.
    c : float, > 0
        What a row of weight 1 counts against the penalty, as in scikit-learn.

    Returns
    -------
    str
        JSON for :func:`read_linear`. Where the rows that weigh are all of one class, or none, or no feature
        changes, it always says the smoothed base rate ``(n1 + 1) / (n + 2)`` of those rows.

    Raises
    ------
    ValueError
        If ``c`` is not above 0, ``y`` is not of 0 and 1, or a weight is negative or not finite.
    """
    if not c > 0:
        raise ValueError(f"c must be above 0, was {c}")
    check_classes(rows.y)
    train = scaled(rows)
    if not train.tells():
        return as_text("logistic", train, float(logit(smoothed_base_rate(train.y))), 0.0)
    intercept, coefficients = newton(train.z, train.y, train.weight, penalty=1 / c)
    return as_text("logistic", train, intercept, coefficients)


def smoothed_base_rate(y: np.ndarray) -> float:
    """Laplace's rule of succession, ``(n1 + 1) / (n + 2)``: never 0 or 1."""
    return float((y.sum() + 1) / (len(y) + 2))


def newton(x: np.ndarray, target: np.ndarray, weight: np.ndarray, *, penalty: float) -> tuple[float, np.ndarray]:
    """Intercept and coefficients with the least penalised log loss, by Newton's method.

    Parameters
    ----------
    x : ndarray of shape (rows, features), finite
    target : ndarray of shape (rows,), in [0, 1], its weighted mean inside
        Fractions are allowed.
    weight : ndarray of shape (rows,), > 0
    penalty : float, >= 0
        Times ``|b|^2 / 2``; at 0 the optimum must be finite.
    """
    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.append(0.0, np.full(x.shape[1], penalty))
    b = np.append(logit((weight * target).sum() / weight.sum()), np.zeros(x.shape[1]))
    for _ in range(MOST_STEPS):
        p = expit(design @ b)
        gradient = design.T @ (weight * (p - target)) + ridge * b
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.lstsq(curvature, gradient)[0]
        b = _descended(b, step, lambda at: _loss(design @ at, target, weight) + ridge @ (at * at) / 2)
        if gradient @ step <= 1e-13 * weight.sum():  # the step just taken squares what is left
            break
    return float(b[0]), b[1:]


def check_classes(y: np.ndarray) -> None:
    """Raise unless every label is 0 or 1."""
    wrong = y[(y != 0) & (y != 1)]
    if len(wrong):
        raise ValueError(f"y must be 0 or 1, was {wrong[0]}")


def _descended(b: np.ndarray, step: np.ndarray, loss) -> np.ndarray:
    """The full step, halved until the loss does not rise beyond its rounding."""
    limit = loss(b)
    limit += 1e-12 * abs(limit)
    for halvings in range(40):
        ahead = b - step * 0.5**halvings
        if loss(ahead) <= limit:
            return ahead
    return b


def _loss(odds: np.ndarray, target: np.ndarray, weight: np.ndarray) -> float:
    return float((weight * (np.logaddexp(0.0, odds) - target * odds)).sum())


__all__ = ["check_classes", "fit_logistic", "newton", "read_linear", "smoothed_base_rate"]
