"""The base learners of the stock models.

``MODELS`` maps a name to a :class:`Learner`. A learner searches its size on an inner fold, fits, and
predicts from the text it was stored as; the text is canonical: same rows, same bytes. ``catboost`` fits only where
``catboost_model.is_installed``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from trade_assets.domain.models import boosting, catboost_model, fixed_rounds, forest, linear, perceptron

Parameters = Mapping[str, object]
Scorer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Learner:
    """How one kind of model is sized, fitted and read back.

    Attributes
    ----------
    search : callable
        ``(train, test, parameters) -> (size, test predictions)``: the size that did best on the test rows.
    combine : callable
        Sizes of the inner folds to the size of the final fit; takes an empty list too.
    fit : callable
        ``(train, parameters, size) -> text``.
    read : callable
        ``text -> (X of shape (rows, features) -> ndarray of shape (rows,))``; higher is better.
    """

    search: Callable[..., tuple[float, np.ndarray]]
    combine: Callable[[list[float], Parameters], float]
    fit: Callable[..., str]
    read: Callable[[str], Scorer]

    def predict(self, text: str, x: np.ndarray) -> np.ndarray:
        """Scores of the rows of ``x``; to score again and again, keep what ``read`` gives."""
        return self.read(text)(x)


MODELS: dict[str, Learner] = {
    "elastic_net": Learner(linear.search, linear.combine, linear.fit, linear.read),
    "lightgbm": Learner(boosting.search_lightgbm, boosting.mean_rounds, boosting.fit_lightgbm, boosting.read_lightgbm),
    "xgboost": Learner(boosting.search_xgboost, boosting.mean_rounds, boosting.fit_xgboost, boosting.read_xgboost),
    "xgboost_fixed": Learner(fixed_rounds.search, fixed_rounds.combine, fixed_rounds.fit, boosting.read_xgboost),
    "random_forest": Learner(forest.search, forest.combine, forest.fit, boosting.read_lightgbm),
    "catboost": Learner(catboost_model.search, boosting.mean_rounds, catboost_model.fit, catboost_model.read),
    "perceptron": Learner(perceptron.search, perceptron.combine, perceptron.fit, perceptron.read),
}

__all__ = ["MODELS", "Learner", "Scorer"]
