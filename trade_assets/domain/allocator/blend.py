"""Putting classifiers together and making their probabilities right: weights by validation, then calibration."""

import json
from collections.abc import Callable

import numpy as np

from trade_assets.domain.allocator.classifiers import cross_entropy, normalised

COLDEST, HOTTEST = 0.1, 20.0
METHODS = ("temperature", "isotonic")


def weights(losses: np.ndarray, *, n_independent: float) -> np.ndarray:
    """Weight of each classifier by its mean loss on rows it was not fitted on.

    Proportional to ``exp(-n loss)``: what Bayes' rule makes of equal beliefs, with as many rows as there are
    independent ones, since labels that overlap repeat each other. The base rate is one of the classifiers, so where
    none has learned anything the blend says little more than it.

    Parameters
    ----------
    losses : ndarray of shape (classifiers,)
        Cross-entropies; where one is NaN there was nothing to judge by, and the weights are equal.
    n_independent : float, >= 0

    References
    ----------
    Yao, Vehtari, Simpson and Gelman, "Using Stacking to Average Bayesian Predictive Distributions" (2018), on
    pseudo-Bayesian model averaging.
    """
    if np.isnan(losses).any():
        return np.full(len(losses), 1.0 / len(losses))
    odds = np.exp(-n_independent * (losses - losses.min()))
    return odds / odds.sum()


def mixed(parts: list[np.ndarray], weight: np.ndarray) -> np.ndarray:
    """Weighted mean of bucket probabilities, each of shape (rows, buckets)."""
    total = np.zeros_like(parts[0])
    for part, share in zip(parts, weight.tolist(), strict=True):
        total += share * part
    return total


def fit_calibrator(p: np.ndarray, shares: np.ndarray, *, method: str, min_rows: int) -> str:
    """Fit what turns blended probabilities into calibrated ones; with fewer than ``min_rows`` rows, nothing.

    Parameters
    ----------
    p, shares : ndarrays of shape (rows, buckets)
        Probabilities and soft labels of the calibration block.
    method : {"temperature", "isotonic"}
        One temperature for all buckets, between 0.1 and 20, of the least cross-entropy; or one isotonic regression
        a bucket, after which rows are made to sum to 1.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks" (2017); Zadrozny and Elkan (2002) for one against the rest.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, was {method!r}")
    if len(p) < min_rows:
        return json.dumps({"method": "none"}, sort_keys=True)
    stored = _temperature(p, shares) if method == "temperature" else _isotonic(p, shares)
    return json.dumps(stored, sort_keys=True)


def read_calibrator(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What turns probabilities of shape (rows, buckets) into calibrated ones, row by row."""
    stored = json.loads(text)
    if stored["method"] == "none":
        return lambda p: p
    if stored["method"] == "temperature":
        return lambda p: _heated(p, stored["temperature"])
    curves = [(np.array(curve["scores"]), np.array(curve["shares"])) for curve in stored["buckets"]]
    return lambda p: normalised(
        np.column_stack(
            [np.maximum(np.interp(column, *curve), 1e-4) for column, curve in zip(p.T, curves, strict=True)]
        )
    )


def _temperature(p: np.ndarray, shares: np.ndarray) -> dict[str, object]:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log: cross_entropy(_heated(p, float(np.exp(log))), shares),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return {"method": "temperature", "temperature": float(np.exp(found.x))}


def _heated(p: np.ndarray, temperature: float) -> np.ndarray:
    log = np.log(np.maximum(p, 1e-12)) / temperature
    return normalised(np.exp(log - log.max(axis=1, keepdims=True)))


def _isotonic(p: np.ndarray, shares: np.ndarray) -> dict[str, object]:
    from sklearn.isotonic import IsotonicRegression

    curves = []
    for score, share in zip(p.T, shares.T, strict=True):
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(score, share)
        curves.append({"scores": fitted.X_thresholds_.tolist(), "shares": fitted.y_thresholds_.tolist()})
    return {"buckets": curves, "method": "isotonic"}
