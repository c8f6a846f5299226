"""A small multilayer perceptron on centred ranks, the mean of a few seeds; stored as sorted JSON.

An absent feature counts as the middle rank, 0. Scoring adds one feature after the other, so that the score of a row
never depends on the rows asked with it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np

from trade_assets.domain.models import net
from trade_assets.domain.models.rows import Rows

SPREAD = np.sqrt(12.0)  # brings a centred rank to a standard deviation of 1
DEFAULTS = {
    "hidden": (16,),
    "learning_rate": 1e-3,
    "batch_rows": 256,
    "epochs": 40,
    "patience": 5,
    "l2": 1e-3,
    "seed": 42,
    "n_seeds": 3,
}


def search(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """Epochs at which the weighted squared error on the test rows stopped falling, and the predictions there."""
    weight = test.weight if test.weight.sum() > 0 else np.ones_like(test.weight)
    x, best = _filled(test.x) * SPREAD, (np.inf, 1, np.zeros(len(test)))
    for epoch, trained in enumerate(_epochs(train, parameters), start=1):
        predictions = trained.forward(x)[-1][..., 0].mean(axis=0)
        error = float(np.average((predictions - test.y) ** 2, weights=weight))
        if error < best[0]:
            best = error, epoch, predictions
        if epoch - best[1] >= parameters["patience"] or epoch >= parameters["epochs"]:
            break
    return best[1:]


def combine(sizes: list[float], parameters: Mapping) -> float:
    """Mean of the epochs the inner folds stopped at; a tenth of the most where there is no fold."""
    return max(1, round(sum(sizes) / len(sizes))) if sizes else max(1, parameters["epochs"] // 10)


def fit(train: Rows, parameters: Mapping, size: float) -> str:
    """Train for ``size`` epochs."""
    layers = next(islice(_epochs(train, parameters), int(size) - 1, None)).layers
    scales = [SPREAD] + [1.0] * (len(layers) - 1)
    weights = [(w * scale).tolist() for (w, _), scale in zip(layers, scales, strict=True)]
    stored = {"biases": [b[:, 0].tolist() for _, b in layers], "kind": "perceptron", "weights": weights}
    return json.dumps(stored, sort_keys=True)


def read(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows; the score of a row is the same in any company, to the last bit."""
    stored = json.loads(text)
    layers = [
        list(zip(map(np.array, weights), map(np.array, biases), strict=True))
        for weights, biases in zip(stored["weights"], stored["biases"], strict=True)
    ]

    def score(x: np.ndarray) -> np.ndarray:
        x, total = _filled(x), np.zeros(len(x))
        for seed in zip(*layers, strict=True):
            values = x
            for at, (weight, bias) in enumerate(seed):
                values = _through(values if at == 0 else np.maximum(values, 0.0), weight, bias)
            total = total + values[:, 0]
        return total / len(layers[0])

    return score


def _epochs(train: Rows, parameters: Mapping) -> Iterator[net.Net]:
    weighs = train.weight > 0
    rows = Rows(_filled(train.x[weighs]) * SPREAD, train.y[weighs], train.weight[weighs])
    own = {name: parameters[name] for name in ("hidden", "learning_rate", "batch_rows", "l2", "seed", "n_seeds")}
    return net.trained(rows, **own)


def _through(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    total = np.tile(bias, (len(x), 1))
    for column, own in zip(x.T, weight, strict=True):
        total += column[:, None] * own
    return total


def _filled(x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(x), x, 0.0)
