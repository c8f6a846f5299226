"""CatBoost, stored as oblivious trees in sorted JSON: fitted where its library is installed, read anywhere."""

import json
from collections.abc import Callable, Mapping

import numpy as np

from trade_assets.domain.models import oblivious
from trade_assets.domain.models.oblivious import is_installed
from trade_assets.domain.models.rows import Rows


def search(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """Rounds at which the error on the test rows stopped falling, and the predictions of that fit there."""
    weight = test.weight if test.weight.sum() > 0 else np.ones_like(test.weight)
    own = {"held_out": (test.x, test.y[:, None], weight), "patience": parameters["early_stopping_rounds"]}
    stored = _stored(train, parameters, parameters["num_boost_round"], **own)
    return max(1, len(stored["trees"])), oblivious.read(stored)(test.x)[:, 0]


def fit(train: Rows, parameters: Mapping, size: float) -> str:
    """Fit ``size`` rounds.

    Raises
    ------
    ModuleNotFoundError
        Where the extra ``catboost`` is not installed, see :func:`is_installed`.
    """
    return json.dumps(_stored(train, parameters, int(size)) | {"kind": "oblivious"}, sort_keys=True)


def read(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows; the library is not needed."""
    score = oblivious.read(json.loads(text))
    return lambda x: score(x)[:, 0]


def _stored(train: Rows, parameters: Mapping, rounds: int, **stopping) -> dict:
    weighs = train.weight > 0
    x, y, weight = train.x[weighs], train.y[weighs], train.weight[weighs]
    if not len(y) or y.min() == y.max():  # the library refuses a target that never changes
        return {"start": [float(y[0]) if len(y) else 0.0], "trees": []}
    own = {name: parameters[name] for name in ("depth", "learning_rate", "l2", "seed")}
    return oblivious.fit(x, y[:, None], rounds=rounds, weight=weight, **own, **stopping)


__all__ = ["fit", "is_installed", "read", "search"]
