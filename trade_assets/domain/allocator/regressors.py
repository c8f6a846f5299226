"""Regressions of the best weight itself, in place of classifiers: one number, shared between the two buckets beside it."""

import json
from collections.abc import Callable

import numpy as np

from trade_assets.domain.allocator.classifiers import Penalties, Reader
from trade_assets.domain.models import boosting, least_squares
from trade_assets.domain.models.rows import Rows


def fit(name: str, x: np.ndarray, weight: np.ndarray, penalties: Penalties, *, buckets: int) -> str:
    """Fit one regression; canonical text for :func:`read`.

    Parameters
    ----------
    name : str
        One of ``REGRESSORS``.
    x : ndarray of shape (rows, features)
    weight : ndarray of shape (rows,), in [0, 1]
    penalties : Penalties
    buckets : int
    """
    told = REGRESSORS[name](Rows(x, weight, np.ones(len(x))), penalties)
    return json.dumps({"buckets": buckets, "kind": "weight"} | told, sort_keys=True)


def read(text: str) -> Reader:
    """What gives a row's bucket shares, shape (rows, buckets), whose mean weight is the forecast."""
    stored = json.loads(text)
    forecast = (
        boosting.read_lightgbm(stored["booster"])
        if "booster" in stored
        else least_squares.read_linear(json.dumps(stored["linear"]))
    )
    return lambda x: split(forecast(x), buckets=stored["buckets"])


def split(weight: np.ndarray, *, buckets: int) -> np.ndarray:
    """Shares of the two buckets beside each weight, of shape (rows, buckets); weights beyond the ends count as these."""
    place = np.clip(weight, 0.0, 1.0) * (buckets - 1)
    low = np.minimum(place.astype(int), buckets - 2)
    rows, shares = np.arange(len(weight)), np.zeros((len(weight), buckets))
    shares[rows, low], shares[rows, low + 1] = 1.0 - (place - low), place - low
    return shares


def _base(rows: Rows, penalties: Penalties) -> dict[str, object]:
    return _linear(least_squares.fit_ridge(Rows(0.0 * rows.x, rows.y, rows.weight), alpha_share=0.0))


def _ridge(rows: Rows, penalties: Penalties) -> dict[str, object]:
    return _linear(least_squares.fit_ridge(rows, alpha_share=penalties.ridge_alpha))


def _elastic_net(rows: Rows, penalties: Penalties) -> dict[str, object]:
    alpha, ratio = penalties.elastic_net_alpha, penalties.l1_ratio
    return _linear(least_squares.fit_elastic_net(rows, alpha_share=alpha, l1_ratio=ratio))


def _lightgbm(rows: Rows, penalties: Penalties) -> dict[str, object]:
    import lightgbm as lgb

    fixed = boosting.LIGHTGBM_FIXED | {"feature_pre_filter": False, "max_bin": penalties.lightgbm["max_bin"]}
    held = lgb.Dataset(rows.x, rows.y, params=fixed).construct()
    if not any(held.feature_num_bin(feature) for feature in range(held.num_feature())):
        return _base(rows, penalties)  # no feature changes
    booster = lgb.train(dict(penalties.lightgbm) | fixed, held, num_boost_round=penalties.num_boost_round)
    return {"booster": booster.model_to_string()}


def _linear(text: str) -> dict[str, object]:
    return {"linear": json.loads(text)}


REGRESSORS: dict[str, Callable[[Rows, Penalties], dict[str, object]]] = {
    "base": _base,
    "ridge": _ridge,
    "elastic_net": _elastic_net,
    "lightgbm": _lightgbm,
}
