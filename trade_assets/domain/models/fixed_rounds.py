"""XGBoost with as many rounds as it is told, for parameters a search has found.

Nothing is stopped early: inner folds that chose the rounds together with the other parameters may not choose them again.
"""

from collections.abc import Mapping

import numpy as np

from trade_assets.domain.models import boosting
from trade_assets.domain.models.rows import Rows


def search(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """The rounds it is told, and the predictions of a fit on the training rows."""
    rounds = combine([], parameters)
    return rounds, boosting.read_xgboost(fit(train, parameters, rounds))(test.x)


def combine(sizes: list[float], parameters: Mapping) -> float:
    """The rounds it is told."""
    return int(parameters["n_estimators"])


def fit(train: Rows, parameters: Mapping, size: float) -> str:
    """Fit ``size`` rounds."""
    return boosting.fit_xgboost(train, {k: v for k, v in parameters.items() if k != "n_estimators"}, size)
