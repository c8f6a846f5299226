"""One base model at one retrain date: sized on the inner folds, fitted on all rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.folds import FINAL, Fold
from trade_assets.domain.models import MODELS
from trade_assets.domain.models.rows import Rows

FEWEST_ROWS = 2  # of one row LightGBM's bagging may leave none, of none every learner's prediction is NaN


@dataclass(frozen=True)
class Job:
    """What one fit needs; it can be sent to another process. ``model`` is its name, ``algorithm`` a key of ``MODELS``."""

    model: str
    algorithm: str
    as_of: pd.Timestamp
    folds: list[Fold]
    features: Mapping[str, list[str]]
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Fitted:
    """A fitted base model.

    Attributes
    ----------
    text : str
        The model in its native, canonical form.
    size : float
        Rounds, trees or penalty, as found on the inner folds.
    inner_rank_ic : dict of fold name to mean rank IC; NaN where undefined
    """

    model: str
    algorithm: str
    as_of: pd.Timestamp
    text: str
    size: float
    n_rows: int
    features: list[str]
    inner_rank_ic: dict[str, float]
    parameters: Mapping[str, object]


def fit(job: Job) -> Fitted:
    """Size the model on each inner fold, combine, and fit on the final rows."""
    learner = MODELS[job.algorithm]
    sizes, inner = [], {}
    final = next(fold for fold in job.folds if fold.name == FINAL)
    for fold in job.folds:
        names = job.features[fold.name]
        if fold.name == FINAL or weighing(fold.train) < FEWEST_ROWS or not len(fold.test):
            continue
        size, predictions = learner.search(rows(fold.train, names), rows(fold.test, names), job.parameters)
        sizes.append(size)
        inner[fold.name] = mean_rank_ic(fold.test, predictions)
    size = learner.combine(sizes, job.parameters)
    text = learner.fit(rows(final.train, job.features[FINAL]), job.parameters, size)
    return Fitted(
        job.model,
        job.algorithm,
        job.as_of,
        text,
        size,
        len(final.train),
        list(job.features[FINAL]),
        inner,
        job.parameters,
    )


def weighing(train: pd.DataFrame) -> int:
    """Rows that weigh anything; those in an earnings blackout do not."""
    return int((train["weight"] > 0).sum())


def rows(frame: pd.DataFrame, features: list[str]) -> Rows:
    """The rows of a fold as arrays."""
    return Rows(
        np.ascontiguousarray(frame[features].to_numpy(dtype=float)),
        frame["target"].to_numpy(),
        frame["weight"].to_numpy(),
    )


def mean_rank_ic(test: pd.DataFrame, predictions: np.ndarray) -> float:
    """Mean over the test dates of the rank correlation of prediction and target."""
    scored = test[["feature_date", "target"]].assign(p=predictions)
    by_date = [metrics.rank_ic(g["p"].to_numpy(), g["target"].to_numpy()) for _, g in scored.groupby("feature_date")]
    known = [ic for ic in by_date if not np.isnan(ic)]
    return float(np.mean(known)) if known else float("nan")


def select(train: pd.DataFrame, features: list[str], *, most: int) -> list[str]:
    """The ``most`` features whose mean rank IC on the training rows is largest in size, in registry order.

    Features and target are centred ranks within their date, so that the IC of a date is a correlation of
    the two columns; a feature that is absent has none.
    """
    x = np.where(np.isnan(train[features].to_numpy(dtype=float)), 0.0, train[features].to_numpy(dtype=float))
    y = train["target"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        strength = np.abs(x.T @ y) / np.sqrt((x * x).sum(axis=0))
    strength = np.where(np.isnan(strength), -1.0, strength)
    kept = set(np.argsort(-strength, kind="stable")[:most])
    return [name for i, name in enumerate(features) if i in kept]
