"""Oblivious trees by CatBoost, stored as plain numbers: reading a model needs neither the library nor its files.

In an oblivious tree every node of a level asks the same question, so a tree of depth d is d questions and a table
of 2^d leaves.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

SEED = 42


def fit(x: np.ndarray, y: np.ndarray, *, rounds: int, depth: int, learning_rate: float, l2: float) -> dict[str, object]:
    """Fit every column of ``y`` by least squares, all columns by the same trees.

    Parameters
    ----------
    x : ndarray of shape (rows, features), NaN where a feature is absent
    y : ndarray of shape (rows, columns)
    rounds, depth : int
    learning_rate, l2 : float

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
        return {"start": y.mean(axis=0).tolist(), "trees": []}
    model = catboost.CatBoost(
        {
            "loss_function": "MultiRMSE", "iterations": rounds, "depth": depth, "learning_rate": learning_rate,
            "l2_leaf_reg": l2, "random_seed": SEED, "bootstrap_type": "No", "thread_count": 1, "verbose": False,
            "allow_writing_files": False,
        }
    )  # fmt: skip
    model.fit(catboost.Pool(x, label=y))
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
