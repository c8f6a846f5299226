"""Quantile forecasts of the index return by LightGBM, one model a quantile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.models.boosting import LIGHTGBM_FIXED, read_lightgbm

QUANTILES = (0.1, 0.5, 0.9)
Scorer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Job:
    """Rows of one fit; ``x`` of shape (rows, features), ``y`` of shape (rows,), ``sessions`` of the rows."""

    as_of: pd.Timestamp
    x: np.ndarray
    y: np.ndarray
    sessions: pd.DatetimeIndex
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Fitted:
    """The model of each quantile, with its pinball loss on the training rows."""

    as_of: pd.Timestamp
    texts: tuple[str, ...]
    pinball_losses: tuple[float, ...]
    sessions: pd.DatetimeIndex


def fit(job: Job) -> Fitted:
    """Fit every quantile on the same rows."""
    import lightgbm as lgb

    own = {k: v for k, v in job.parameters.items() if k != "num_boost_round"}
    rows = lgb.Dataset(job.x, job.y, params=LIGHTGBM_FIXED, free_raw_data=False)
    texts, losses = [], []
    for quantile in QUANTILES:
        booster = lgb.train(
            {"objective": "quantile", "alpha": quantile} | own | LIGHTGBM_FIXED,
            rows,
            num_boost_round=job.parameters["num_boost_round"],
        )
        texts.append(booster.model_to_string())
        losses.append(pinball_loss(job.y, np.asarray(booster.predict(job.x, num_threads=1)), quantile))
    return Fitted(job.as_of, tuple(texts), tuple(losses), job.sessions)


def predict(texts: tuple[str, ...], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts of shape (rows, quantiles), rearranged so that they never cross, and where they did (rows,).

    Sorting each row can only bring a set of quantile curves closer to the truth (Chernozhukov,
    Fernandez-Val and Galichon 2010).
    """
    return predict_from([read_lightgbm(text) for text in texts], x)


def predict_from(scorers: Sequence[Scorer], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`predict`, by models already read, in the order of their quantiles."""
    raw = np.column_stack([scorer(x) for scorer in scorers])
    return np.sort(raw, axis=1), np.any(raw[:, 1:] < raw[:, :-1], axis=1)


def pinball_loss(y: np.ndarray, forecast: np.ndarray, quantile: float) -> float:
    """Mean pinball loss (Koenker and Bassett 1978)."""
    error = y - forecast
    return float(np.mean(np.maximum(quantile * error, (quantile - 1) * error)))
