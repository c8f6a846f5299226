"""Calibrating the scores of a classifier on rows it was not fitted on, and how far from calibrated they are."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from trade_assets.domain.models.logistic import check_classes, newton

NEAREST = 1e-6  # to 0 or 1 that a score is taken at


def fit_calibrator(
    score: np.ndarray,
    y: np.ndarray,
    *,
    isotonic_from_rows: int,
    min_rows: int,
    weight: np.ndarray | None = None,
    prior_rows: float = 0.0,
) -> str:
    """Fit what turns a score into a probability, by as flexible a method as the block can bear.

    Fewer than ``min_rows`` rows, or rows of one class: none, the score itself. Fewer than ``isotonic_from_rows``:
    Platt's sigmoid on the log odds of the score, with his smoothed targets; a slope below 0 would turn the scores
    around, so it becomes 0 and the probability the smoothed base rate ``(n1 + 1) / (n + 2)``. Otherwise isotonic
    regression. With ``prior_rows`` the sigmoid is drawn towards leaving the score as it is, as if so many more rows had
    been seen whose outcomes were as scored: a small block bends it little.

    Parameters
    ----------
    score : ndarray of shape (rows,), in [0, 1]
    y : ndarray of shape (rows,), of 0 and 1
    isotonic_from_rows, min_rows : int
    weight : ndarray of shape (rows,), > 0, optional
        How many rows each counts for; below 1 where labels overlap.
    prior_rows : float, >= 0

    Returns
    -------
    str
        JSON for :func:`read_calibrator`.

    Raises
    ------
    ValueError
        If a score lies outside [0, 1] or is NaN, or a label is not 0 or 1.

    References
    ----------
    Platt, "Probabilistic Outputs for Support Vector Machines" (1999); Zadrozny and Elkan, "Transforming Classifier
    Scores into Accurate Multiclass Probability Estimates" (2002); Niculescu-Mizil and Caruana, "Predicting Good
    Probabilities with Supervised Learning" (2005): isotonic regression overfits below about a thousand rows.
    """
    score, y = np.asarray(score, dtype=float), np.asarray(y, dtype=float)
    _check_scores(score)
    check_classes(y)
    if len(y) < min_rows or len(np.unique(y)) < 2:
        return json.dumps({"method": "none"}, sort_keys=True)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    small = len(y) < isotonic_from_rows
    stored = _platt(score, y, weight, prior_rows) if small else _isotonic(score, y, weight)
    return json.dumps(stored, sort_keys=True)


def read_calibrator(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What turns scores into probabilities inside (0, 1), one by one; NaN stays NaN.

    Every step is a scalar loop or exact arithmetic, so the probability of a score does not depend on its
    neighbours or its place in memory, to the last bit.

    Raises
    ------
    ValueError
        If the method is unknown.
    """
    stored = json.loads(text)
    if stored["method"] == "none":
        return lambda score: _inside(np.asarray(score, dtype=float))
    if stored["method"] == "platt":
        intercept, slope = stored["intercept"], stored["slope"]
        return lambda score: _inside(expit(intercept + slope * logit(_inside(np.asarray(score, dtype=float)))))
    if stored["method"] == "isotonic":
        return _read_isotonic(stored)
    raise ValueError(f"method must be none, platt or isotonic, was {stored['method']}")


def brier_score(p: np.ndarray, y: np.ndarray) -> float:
    """Mean squared distance of probability and outcome (Brier 1950); NaN without rows.

    Rows where either is NaN are left out.
    """
    p, y = _known(p, y)
    return float(np.mean((p - y) ** 2)) if len(p) else float("nan")


def reliability_bins(p: np.ndarray, y: np.ndarray, *, bins: int = 10) -> pd.DataFrame:
    """Mean probability and share of ones in bins of equal width.

    Parameters
    ----------
    p : ndarray of shape (rows,), in [0, 1]
        Rows where p or y is NaN are left out.
    y : ndarray of shape (rows,), of 0 and 1
    bins : int, >= 1

    Returns
    -------
    DataFrame of ``bins`` rows
        ``bin, lower, upper, n, mean_p, mean_y``; a bin holds ``lower < p <= upper``, the first one 0 too. The means
        of an empty bin are NaN.

    Raises
    ------
    ValueError
        If ``bins`` is below 1, a probability lies outside [0, 1], or a label is not 0 or 1.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, was {bins}")
    p, y = _known(p, y)
    edges = np.linspace(0.0, 1.0, bins + 1)
    at = np.maximum(edges.searchsorted(p, side="left") - 1, 0)
    n = np.bincount(at, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_p, mean_y = (np.bincount(at, weights=v, minlength=bins) / n for v in (p, y))
    columns = {"lower": edges[:-1], "upper": edges[1:], "n": n, "mean_p": mean_p, "mean_y": mean_y}
    return pd.DataFrame({"bin": np.arange(bins), **columns})


def expected_calibration_error(p: np.ndarray, y: np.ndarray, *, bins: int = 10) -> float:
    """Mean distance of ``mean_p`` and ``mean_y`` over the :func:`reliability_bins`, weighed by rows; NaN without rows.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015); Guo et
    al., "On Calibration of Modern Neural Networks" (2017).
    """
    return calibration_error(reliability_bins(p, y, bins=bins))


def calibration_error(bins: pd.DataFrame) -> float:
    """The same, from bins already made."""
    n = bins["n"].to_numpy()
    apart = np.abs(bins["mean_p"].to_numpy() - bins["mean_y"].to_numpy())
    return float(np.average(apart[n > 0], weights=n[n > 0])) if n.any() else float("nan")


def _platt(score: np.ndarray, y: np.ndarray, weight: np.ndarray, prior_rows: float) -> dict:
    odds, ones, rows = logit(_inside(score)), (weight * y).sum(), weight.sum()
    smoothed = np.where(y == 1, (ones + 1) / (ones + 2), 1 / (rows - ones + 2))
    prior = prior_rows / len(y)
    target = (weight * smoothed + prior * score) / (weight + prior)
    base = (ones + 1 + prior * score.sum()) / (rows + 2 + prior_rows)
    flat = {"intercept": float(logit(base)), "method": "platt", "slope": 0.0}
    if odds.min() == odds.max():
        return flat
    intercept, slope = newton(odds[:, None], target, weight + prior, penalty=0.0)
    return {"intercept": intercept, "method": "platt", "slope": float(slope[0])} if slope[0] > 0 else flat


def _isotonic(score: np.ndarray, y: np.ndarray, weight: np.ndarray) -> dict:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(score, y, sample_weight=weight)
    scores, probabilities = fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()
    return {"method": "isotonic", "n_rows": len(y), "probabilities": probabilities, "scores": scores}


def _read_isotonic(stored: dict) -> Callable[[np.ndarray], np.ndarray]:
    scores, nearest = np.array(stored["scores"]), 1 / (2 * stored["n_rows"])
    probabilities = np.array(stored["probabilities"])

    def calibrate(score: np.ndarray) -> np.ndarray:
        score = np.asarray(score, dtype=float)
        above = probabilities[np.minimum(scores.searchsorted(score, side="right"), len(scores) - 1)]
        # interpolating rounds: without the bound it can pass the next threshold by a last bit
        between = np.minimum(np.interp(score, scores, probabilities), above)
        return np.clip(between, nearest, 1 - nearest)

    return calibrate


def _inside(score: np.ndarray) -> np.ndarray:
    return np.clip(score, NEAREST, 1 - NEAREST)


def _known(p: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, y = np.asarray(p, dtype=float), np.asarray(y, dtype=float)
    known = ~(np.isnan(p) | np.isnan(y))
    _check_scores(p[known])
    check_classes(y[known])
    return p[known], y[known]


def _check_scores(score: np.ndarray) -> None:
    wrong = score[~((score >= 0) & (score <= 1))]
    if len(wrong):
        raise ValueError(f"scores must be in [0, 1], was {wrong[0]}")
