"""Gradient boosting: LightGBM as its native text, XGBoost as its native JSON.

One thread, fixed seeds and row-wise histograms: the same rows give the same text.
"""

from collections.abc import Callable, Mapping

import numpy as np

from trade_assets.domain.models.rows import Rows

LIGHTGBM_FIXED = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1}


def mean_rounds(sizes: list[float], parameters: Mapping) -> float:
    """Mean of the rounds the inner folds stopped at; a tenth of the most where there is no fold."""
    return max(1, round(sum(sizes) / len(sizes))) if sizes else max(1, parameters["num_boost_round"] // 10)


def search_lightgbm(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """Rounds at which the error on the test rows stopped falling, and the predictions of that fit there."""
    import lightgbm as lgb

    fitted = _dataset(train)
    booster = lgb.train(
        _lightgbm(parameters),
        fitted,
        num_boost_round=parameters["num_boost_round"],
        valid_sets=[_dataset(test, reference=fitted)],
        callbacks=[lgb.early_stopping(parameters["early_stopping_rounds"], verbose=False)],
    )
    predictions = booster.predict(test.x, num_iteration=booster.best_iteration, num_threads=1)
    return booster.best_iteration, np.asarray(predictions)


def fit_lightgbm(train: Rows, parameters: Mapping, size: float) -> str:
    """Fit ``size`` rounds."""
    import lightgbm as lgb

    return lgb.train(_lightgbm(parameters), _dataset(train), num_boost_round=int(size)).model_to_string()


def read_lightgbm(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows; ``text`` must have been verified, a damaged one aborts the process."""
    import lightgbm as lgb

    booster = lgb.Booster(model_str=text)
    return lambda x: np.asarray(booster.predict(x, num_threads=1))


def predict_lightgbm(text: str, x: np.ndarray) -> np.ndarray:
    """Scores of the rows of ``x``, see :func:`read_lightgbm`."""
    return read_lightgbm(text)(x)


def search_xgboost(train: Rows, test: Rows, parameters: Mapping) -> tuple[float, np.ndarray]:
    """As :func:`search_lightgbm`."""
    import xgboost as xgb

    booster = xgb.train(
        _xgboost(parameters),
        _matrix(train),
        num_boost_round=parameters["num_boost_round"],
        evals=[(_matrix(test), "test")],
        early_stopping_rounds=parameters["early_stopping_rounds"],
        verbose_eval=False,
    )
    best = booster.best_iteration + 1
    return best, booster.predict(xgb.DMatrix(test.x, nthread=1), iteration_range=(0, best))


def fit_xgboost(train: Rows, parameters: Mapping, size: float) -> str:
    """Fit ``size`` rounds."""
    import xgboost as xgb

    return xgb.train(_xgboost(parameters), _matrix(train), num_boost_round=int(size)).save_raw("json").decode()


def read_xgboost(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows."""
    import xgboost as xgb

    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(text.encode()))
    return lambda x: booster.predict(xgb.DMatrix(x, nthread=1)).astype(float)


def _dataset(rows: Rows, reference=None):
    import lightgbm as lgb

    return lgb.Dataset(rows.x, rows.y, weight=rows.weight, reference=reference, params=LIGHTGBM_FIXED)


def _lightgbm(parameters: Mapping) -> dict:
    own = {k: v for k, v in parameters.items() if k not in ("num_boost_round", "early_stopping_rounds")}
    return own | LIGHTGBM_FIXED


def _matrix(rows: Rows):
    import xgboost as xgb

    return xgb.DMatrix(rows.x, rows.y, weight=rows.weight, nthread=1)


def _xgboost(parameters: Mapping) -> dict:
    own = {k: v for k, v in parameters.items() if k not in ("num_boost_round", "early_stopping_rounds")}
    return own | {"nthread": 1, "tree_method": "hist", "verbosity": 0}
