"""Oblivious trees by CatBoost, stored as plain numbers: reading a model needs neither the library nor its files.

In an oblivious tree every node of a level asks the same question, so a tree of depth d is d questions and a table
of 2^d leaves.
"""

import json
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

SEED = 42


def is_installed() -> bool:
    """Whether trees can be fitted; they can be read anyway."""
    return find_spec("catboost") is not None


def fit(
    x: np.ndarray,
    y: np.ndarray,
    *,
    rounds: int,
    depth: int,
    learning_rate: float,
    l2: float,
    weight: np.ndarray | None = None,
    seed: int = SEED,
    held_out: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    patience: int = 0,
) -> dict[str, object]:
    """Fit every column of ``y`` by least squares, all columns by the same trees.

    Parameters
    ----------
    x : ndarray of shape (rows, features), NaN where a feature is absent
    y : ndarray of shape (rows, columns)
    rounds, depth : int
    learning_rate, l2 : float
    weight : ndarray of shape (rows,), > 0, optional
        How much each row counts.
    seed : int
    held_out : x, y and weight of other rows, optional
        Only the trees up to the least error on them are kept.
    patience : int
        Rounds without less error on the rows held out that end the fit.

    Returns
    -------
    dict
        What JSON can hold, for :func:`read`; without a feature that changes, the mean of each column.

    References
    ----------
    Prokhorenkova et al., "CatBoost: Unbiased Boosting with Categorical Features" (2018).
    """
    import catboost  # type: ignore[reportMissingImports]

    present = np.isfinite(x)
    if not (np.where(present, x, -np.inf).max(axis=0) > np.where(present, x, np.inf).min(axis=0)).any():
        return {"start": np.average(y, axis=0, weights=weight).tolist(), "trees": []}
    model = catboost.CatBoost(
        {
            "loss_function": "MultiRMSE", "iterations": rounds, "depth": depth, "learning_rate": learning_rate,
            "l2_leaf_reg": l2, "random_seed": seed, "bootstrap_type": "No", "thread_count": 1, "verbose": False,
            "allow_writing_files": False,
        }
    )  # fmt: skip
    train = catboost.Pool(x, label=y, weight=weight)
    if held_out is None:
        model.fit(train)
    else:
        test = catboost.Pool(held_out[0], label=held_out[1], weight=held_out[2])
        model.fit(train, eval_set=test, early_stopping_rounds=patience, use_best_model=True)
    with tempfile.TemporaryDirectory() as directory:  # the library gives its trees to a file only
        path = Path(directory) / "model.json"
        model.save_model(str(path), format="json")
        told = json.loads(path.read_text())
    scale, bias = told["scale_and_bias"]
    trees = [
        {
            "features": [split["float_feature_index"] for split in tree["splits"]],
            "borders": [split["border"] for split in tree["splits"]],
            "leaves": (scale * np.reshape(tree["leaf_values"], (-1, y.shape[1]))).tolist(),
        }
        for tree in told["oblivious_trees"]
    ]
    return {"start": bias, "trees": trees}


def read(stored: dict) -> Callable[[np.ndarray], np.ndarray]:
    """What gives the columns of rows, shape (rows, columns); an absent feature answers no to every question."""
    start = np.array(stored["start"], dtype=float)
    trees = [(t["features"], np.array(t["borders"], dtype=np.float32), np.array(t["leaves"])) for t in stored["trees"]]

    def score(x: np.ndarray) -> np.ndarray:
        seen, total = x.astype(np.float32), np.tile(start, (len(x), 1))
        for features, borders, leaves in trees:
            leaf = np.zeros(len(x), dtype=int)
            for level, (feature, border) in enumerate(zip(features, borders, strict=True)):
                leaf += (seen[:, feature] > border).astype(int) << level
            total += leaves[leaf]
        return total

    return score
