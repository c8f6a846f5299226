"""Elastic net on centred ranks, through the Gram matrix; stored as sorted JSON.

Features and target are centred within every date, so there is no intercept; an absent feature counts as
the middle rank, 0.
"""

import json
from collections.abc import Callable, Mapping

import numpy as np

from trade_assets.domain.models.rows import Rows


def search(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """The penalty with the smallest weighted squared error on the test rows, and its predictions there."""
    alphas = sorted(parameters["alphas"], reverse=True)
    predictions = _filled(test.x) @ _coefficients(train, alphas, parameters["l1_ratio"])
    errors = np.average((predictions - test.y[:, None]) ** 2, axis=0, weights=_usable(test.weight))
    best = int(np.argmin(errors))
    return alphas[best], predictions[:, best]


def combine(sizes: list[float], parameters: Mapping) -> float:
    """The middle one of the inner folds' penalties; the largest where there is no fold."""
    return sorted(sizes)[len(sizes) // 2] if sizes else max(parameters["alphas"])


def fit(train: Rows, parameters: Mapping, size: float) -> str:
    """Fit at penalty ``size``."""
    coefficients = _coefficients(train, [size], parameters["l1_ratio"])[:, 0]
    return json.dumps({"coefficients": coefficients.tolist(), "kind": "elastic_net"}, sort_keys=True)


def read(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows; those of one date together, for the sake of the last bit."""
    coefficients = np.array(json.loads(text)["coefficients"])
    return lambda x: _filled(x) @ coefficients


def _coefficients(train: Rows, alphas: list[float], l1_ratio: float) -> np.ndarray:
    from sklearn.linear_model import enet_path

    root = np.sqrt(train.weight)
    x, y = _filled(train.x) * root[:, None], train.y * root
    gram, xy = x.T @ x, x.T @ y
    return enet_path(x, y, l1_ratio=l1_ratio, alphas=alphas, precompute=gram, Xy=xy, max_iter=5000)[1]


def _filled(x: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), 0.0, x)


def _usable(weight: np.ndarray) -> np.ndarray:
    return weight if weight.sum() > 0 else np.ones_like(weight)
