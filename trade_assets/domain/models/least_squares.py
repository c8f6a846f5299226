"""Ridge and elastic net on features of any scale; what is shared by every linear model stored as JSON.

A linear model reads the same whatever it was fitted by: a feature that is absent (NaN or infinite) counts as
its mean over the training rows, and a score is the intercept plus one term a feature, in the order of the features.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from trade_assets.domain.models.rows import Rows


@dataclass(frozen=True)
class Scaled:
    """Training rows that weigh, their features standardised.

    Attributes
    ----------
    z : ndarray of shape (rows, usable features), 0 where a feature is absent
    y, weight : ndarrays of shape (rows,), every weight > 0
    mean, scale : ndarrays of shape (features,), 0 and 1 for a feature that tells nothing
    usable : ndarray of bool, shape (features,), False where a feature never changes or is always absent
    """

    z: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    usable: np.ndarray

    def mean_y(self) -> float:
        """Weighted mean of the target; 0 without rows."""
        return float((self.weight * self.y).sum() / self.weight.sum()) if len(self.y) else 0.0

    def tells(self) -> bool:
        """Whether the target changes, and a feature too."""
        return len(self.y) > 0 and self.y.min() < self.y.max() and bool(self.usable.any())


def fit_ridge(rows: Rows, *, alpha_share: float) -> str:
    """Fit a ridge regression in closed form.

    Minimises ``sum w (y - a - z b)^2 + alpha_share sum(w) |b|^2`` over the standardised features z, so that the
    penalty means the same for any number of rows: at 1 a lone feature keeps half of its coefficient.

    Parameters
    ----------
    rows : Rows
        Weights >= 0; rows of weight 0 are left out.
    alpha_share : float, >= 0

    Returns
    -------
    str
        JSON for :func:`read_linear`. Without rows that weigh it always says 0, without a target or a feature that
        changes the mean target.

    Raises
    ------
    ValueError
        If ``alpha_share`` is negative, a target not finite, or a weight negative or not finite.

    References
    ----------
    Hoerl and Kennard, "Ridge Regression" (1970).
    """
    return ridge_of(scaled(rows), alpha_share=alpha_share)


def ridge_of(train: Scaled, *, alpha_share: float) -> str:
    """As :func:`fit_ridge`, on rows already scaled: for many targets of the same features."""
    if not alpha_share >= 0:
        raise ValueError(f"alpha_share must be at least 0, was {alpha_share}")
    if not train.tells():
        return as_text("ridge", train, train.mean_y(), 0.0)
    share = train.weight / train.weight.sum()
    weighted = train.z * share[:, None]
    gram = weighted.T @ train.z + alpha_share * np.eye(train.z.shape[1])
    # least squares: features that repeat each other share a coefficient even without a penalty
    coefficients = np.linalg.lstsq(gram, weighted.T @ (train.y - train.mean_y()))[0]
    return as_text("ridge", train, train.mean_y(), coefficients)


def fit_elastic_net(rows: Rows, *, alpha_share: float, l1_ratio: float) -> str:
    """Fit an elastic net by coordinate descent on the Gram matrix.

    Minimises ``sum w (y - a - z b)^2 / (2 sum w) + alpha (l1_ratio |b|_1 + (1 - l1_ratio) |b|^2 / 2)`` over the
    standardised features z, with alpha a share of the smallest one at which every coefficient is 0. The target is
    standardised too, and the coefficients brought back: that alpha grows with the target, and unless its scale is
    taken out the squared penalty counts less the smaller the returns.

    Parameters
    ----------
    rows : Rows
        Weights >= 0; rows of weight 0 are left out.
    alpha_share : float, > 0
        1 and more leave the mean target.
    l1_ratio : float, in (0, 1]

    Returns
    -------
    str
        JSON for :func:`read_linear`; constant where :func:`fit_ridge` is.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a target not finite, or a weight negative or not finite.

    References
    ----------
    Friedman, Hastie and Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate Descent"
    (2010).
    """
    return elastic_net_of(scaled(rows), alpha_share=alpha_share, l1_ratio=l1_ratio)


def elastic_net_of(train: Scaled, *, alpha_share: float, l1_ratio: float, tolerance: float = 1e-10) -> str:
    """As :func:`fit_elastic_net`, on rows already scaled; ``tolerance`` is where coordinate descent stops."""
    from sklearn.linear_model import enet_path

    if not alpha_share > 0:
        raise ValueError(f"alpha_share must be above 0, was {alpha_share}")
    if not 0 < l1_ratio <= 1:
        raise ValueError(f"l1_ratio must be in (0, 1], was {l1_ratio}")
    if not train.tells() or alpha_share >= 1:
        return as_text("elastic_net", train, train.mean_y(), 0.0)
    n = len(train.y)
    root = np.sqrt(train.weight / train.weight.sum() * n)
    x, y = train.z * root[:, None], (train.y - train.mean_y()) * root
    spread = np.sqrt((y**2).mean())
    y = y / spread
    gram, xy = x.T @ x, x.T @ y
    alpha = alpha_share * np.abs(xy).max() / (n * l1_ratio)
    if alpha == 0:
        return as_text("elastic_net", train, train.mean_y(), 0.0)
    found = enet_path(x, y, l1_ratio=l1_ratio, alphas=[alpha], precompute=gram, Xy=xy, tol=tolerance, max_iter=10_000)[
        1
    ]
    return as_text("elastic_net", train, train.mean_y(), spread * found[:, 0])


def read_linear(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows: a probability for a logistic model, a value in units of the target for the others.

    Parameters
    ----------
    text : str
        As :func:`fit_ridge`, :func:`fit_elastic_net` or ``logistic.fit_logistic`` gave it.

    Returns
    -------
    callable
        ``X of shape (rows, features) -> ndarray of shape (rows,)``. The score of a row does not depend on the
        other rows, to the last bit: features are added one after the other, never by a product of matrices.
    """
    stored = json.loads(text)
    terms = list(zip(stored["features_mean"], stored["features_scale"], stored["coefficients"], strict=True))

    def score(x: np.ndarray) -> np.ndarray:
        if x.ndim != 2 or x.shape[1] != len(terms):
            raise ValueError(f"x must have shape (rows, {len(terms)}), was {x.shape}")
        total = np.full(len(x), stored["intercept"], dtype=float)
        for column, (mean, scale, coefficient) in zip(x.T, terms, strict=True):
            if coefficient != 0:  # an outlier of a feature that does not count may overflow
                total += coefficient * np.where(np.isfinite(column), (column - mean) / scale, 0.0)
        return expit(total) if stored["kind"] == "logistic" else total

    return score


def read_side_by_side(stored: Sequence[Mapping[str, Any]]) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows by several linear models fitted on the same features, shape (rows, models).

    The same numbers to the last bit as :func:`read_linear` gives model by model; each feature is scaled once.
    """
    first = stored[0]
    coefficients = np.array([part["coefficients"] for part in stored])

    def score(x: np.ndarray) -> np.ndarray:
        total = np.tile(np.array([part["intercept"] for part in stored], dtype=float), (len(x), 1))
        scales = zip(x.T, first["features_mean"], first["features_scale"], coefficients.T, strict=True)
        for column, mean, scale, of_models in scales:
            counts = of_models != 0  # an outlier of a feature that does not count may overflow
            if counts.any():
                z = np.where(np.isfinite(column), (column - mean) / scale, 0.0)
                total[:, counts] += z[:, None] * of_models[counts]
        return total

    return score


def scaled(rows: Rows) -> Scaled:
    """Standardise the features of the rows that weigh, by weighted mean and standard deviation of what is present.

    Raises
    ------
    ValueError
        If a target is not finite, or a weight negative or not finite.
    """
    if not (np.isfinite(rows.weight) & (rows.weight >= 0)).all():
        raise ValueError(f"weights must be finite and at least 0, the least was {rows.weight.min()}")
    if not np.isfinite(rows.y).all():
        raise ValueError(f"targets must be finite, {int((~np.isfinite(rows.y)).sum())} were not")
    weighs = rows.weight > 0
    # indexing lays the rows out the same whatever their layout was: sums are taken in one order
    x = rows.x[weighs].astype(float)
    y, weight = rows.y[weighs].astype(float), rows.weight[weighs].astype(float)
    present = np.isfinite(x)
    share = np.where(present, weight[:, None], 0.0)
    highest = np.where(present, x, -np.inf).max(axis=0, initial=-np.inf)
    lowest = np.where(present, x, np.inf).min(axis=0, initial=np.inf)
    with np.errstate(all="ignore"):
        share = share / share.sum(axis=0)
        mean = (share * np.where(present, x, 0.0)).sum(axis=0)
        away = np.where(present, x - mean, 0.0)
        scale = np.sqrt((share * away**2).sum(axis=0))
        usable = (lowest < highest) & np.isfinite(mean) & np.isfinite(scale) & (scale > 0)
    mean, scale = np.where(usable, mean, 0.0), np.where(usable, scale, 1.0)
    return Scaled(np.ascontiguousarray(away[:, usable] / scale[usable]), y, weight, mean, scale, usable)


def as_text(kind: str, train: Scaled, intercept: float, coefficients: np.ndarray | float) -> str:
    """The model as sorted JSON; ``coefficients`` of the usable features, the others get 0."""
    every = np.zeros(len(train.usable))
    every[train.usable] = coefficients
    stored = {
        "kind": kind,
        "features_mean": train.mean.tolist(),
        "features_scale": train.scale.tolist(),
        "intercept": float(intercept),
        "coefficients": (every + 0.0).tolist(),  # no minus zero
    }
    return json.dumps(stored, sort_keys=True)
