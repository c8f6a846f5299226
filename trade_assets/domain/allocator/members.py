"""The members of the blend at one retrain date: each fitted on the training rows, and judged on the inner folds' tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.allocator import classifiers, regressors, utility
from trade_assets.domain.allocator.classifiers import Penalties, Reader
from trade_assets.domain.allocator.dataset import UTILITIES
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.folds import SessionFold

BASE = "base"
BUCKETS, WEIGHT = "buckets", "weight"


@dataclass(frozen=True)
class Parameters:
    """How the models of a date are fitted.

    Attributes
    ----------
    names : tuple of str
        Members beside the base rate.
    target : {"buckets", "weight"}
        Whether they learn how good each bucket is, or the best weight itself.
    penalties : Penalties
    buckets : int
    tau : float
        Utility that makes a soft label e times likelier.
    calibration : {"temperature", "isotonic"}
    calibrate_from_rows, min_train_rows : int
    label_sessions : int
        Sessions a label reaches over: rows so near to each other repeat each other.
    """

    names: tuple[str, ...]
    target: str
    penalties: Penalties
    buckets: int
    tau: float
    calibration: str
    calibrate_from_rows: int
    min_train_rows: int
    label_sessions: int


@dataclass(frozen=True)
class Members:
    """Members as text, their mean loss on the inner tests (NaN without one), and how many rows these have."""

    texts: Mapping[str, str]
    losses: Mapping[str, float]
    n_tested: int

    def joined(self, others: "Members") -> "Members":
        """These and the others, judged on the same rows; of a name twice the first counts."""
        return Members({**others.texts, **self.texts}, {**others.losses, **self.losses}, self.n_tested)


@dataclass(frozen=True)
class Known:
    """Rows as the members take them: features, and what they learn, the shares of the buckets or the weight chosen."""

    x: np.ndarray
    target: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, p: Parameters) -> "Known":
        """Features and target of the rows."""
        target = rows["chosen_weight"].to_numpy(dtype=float) if p.target == WEIGHT else shares_of(rows, p)
        return cls(x_of(rows), target)


def fit(final: SessionFold, inner: list[SessionFold], p: Parameters) -> Members:
    """Fit the base rate and every member named, on the training rows and, to judge them, on those of the inner folds."""
    names = (BASE, *p.names)
    train = Known.of(final.train, p)
    texts = {name: _fit_one(name, train, p) for name in names}
    kept = [fold for fold in inner if len(fold.train) >= p.min_train_rows // 2 and len(fold.test)]
    pairs = [(Known.of(fold.train, p), Known.of(fold.test, p)) for fold in kept]
    n = sum(len(fold.test) for fold in kept)
    losses = {
        name: sum(len(test.x) * _loss(_fit_one(name, train, p), test, p) for train, test in pairs) / n
        if n
        else float("nan")
        for name in names
    }
    return Members(texts, losses, n)


def read(text: str) -> Reader:
    """What gives a row's bucket probabilities, shape (rows, buckets); they sum to 1, and rows do not touch each other."""
    return regressors.read(text) if json.loads(text)["kind"] == WEIGHT else classifiers.read(text)


def x_of(rows: pd.DataFrame) -> np.ndarray:
    """Features of shape (rows, features)."""
    return np.ascontiguousarray(rows[list(FEATURES)].to_numpy(dtype=float))


def bucket_utility(rows: pd.DataFrame, p: Parameters) -> np.ndarray:
    """Utility of each bucket's weight, shape (rows, buckets); buckets lie on the candidates' grid."""
    step = (len(UTILITIES) - 1) // (p.buckets - 1)
    return np.ascontiguousarray(rows[list(UTILITIES[::step])].to_numpy(dtype=float))


def shares_of(rows: pd.DataFrame, p: Parameters) -> np.ndarray:
    """Soft labels of the rows, shape (rows, buckets)."""
    values = bucket_utility(rows, p)
    return utility.soft_labels(values, tau=p.tau) if len(values) else values


def _fit_one(name: str, rows: Known, p: Parameters) -> str:
    if p.target == WEIGHT:
        return regressors.fit(name, rows.x, rows.target, p.penalties, buckets=p.buckets)
    return classifiers.fit(name, rows.x, rows.target, p.penalties)


def _loss(text: str, rows: Known, p: Parameters) -> float:
    """Cross-entropy; for the weight itself its squared error over twice the variance, a normal's log loss."""
    said = read(text)(rows.x)
    if p.target == WEIGHT:
        spread = max(float(np.var(rows.target)), 1e-6)
        return float(np.mean((said @ utility.weights_of(p.buckets) - rows.target) ** 2)) / (2 * spread)
    return classifiers.cross_entropy(said, rows.target)
