"""Classifiers of the best weight: features in, the share of each bucket out, learned from soft labels.

A soft label spreads a row over the buckets by how good each was. Least squares on these shares is a ridge (or
elastic-net) classifier; LightGBM takes their cross-entropy, which is what rows weighted by the shares would give,
at one row instead of one a bucket. CatBoost, an extra, fits the shares as the ridge does. Same rows, same text.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trade_assets.domain.models import boosting, least_squares, oblivious
from trade_assets.domain.models.least_squares import Scaled
from trade_assets.domain.models.rows import Rows

Reader = Callable[[np.ndarray], np.ndarray]
LEAST_SPREAD = 1e-9
TOLERANCE = 1e-5  # of shares that overlapping labels leave far less certain than this
LEAST_SHARE = 0.01  # a straight line leaves [0, 1] where shares do not; less than this is not believed


@dataclass(frozen=True)
class Penalties:
    """How the classifiers are kept simple."""

    ridge_alpha: float
    elastic_net_alpha: float
    l1_ratio: float
    lightgbm: Mapping[str, Any]
    num_boost_round: int


def fit(name: str, x: np.ndarray, shares: np.ndarray, penalties: Penalties) -> str:
    """Fit one classifier.

    Parameters
    ----------
    name : str
        One of ``CLASSIFIERS``.
    x : ndarray of shape (rows, features)
    shares : ndarray of shape (rows, buckets)
        Soft labels; each row sums to 1.
    penalties : Penalties

    Returns
    -------
    str
        Canonical text for :func:`read`.
    """
    return CLASSIFIERS[name](x, shares, penalties)


def read(text: str) -> Reader:
    """What gives a row's bucket probabilities, shape (rows, buckets); they sum to 1, and rows do not touch each other.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """
    stored = json.loads(text)
    if stored["kind"] == "constant":
        return lambda x: np.tile(np.array(stored["shares"]), (len(x), 1))
    if stored["kind"] == "softmax":
        margins, start = boosting.read_lightgbm(stored["booster"]), np.array(stored["margins"])
        return lambda x: softmax(margins(x) + start)
    if stored["kind"] == "oblivious":
        shares = oblivious.read(stored)
        return lambda x: normalised(np.maximum(shares(x), LEAST_SHARE))
    if stored["kind"] == "shares":
        shares = least_squares.read_side_by_side(stored["buckets"])
        return lambda x: normalised(np.maximum(shares(x), LEAST_SHARE))
    raise ValueError(f"kind must be constant, softmax, oblivious or shares, was {stored['kind']}")


def softmax(margins: np.ndarray) -> np.ndarray:
    """Exponentials of each row over their sum."""
    return normalised(np.exp(margins - margins.max(axis=1, keepdims=True)))


def normalised(values: np.ndarray) -> np.ndarray:
    """Rows that sum to 1, added column by column."""
    total = np.zeros(len(values))
    for column in values.T:
        total += column
    return values / total[:, None]


def cross_entropy(p: np.ndarray, shares: np.ndarray) -> float:
    """Mean of ``- sum shares ln p`` over the rows."""
    return float(-(shares * np.log(np.maximum(p, 1e-12))).sum(axis=1).mean())


def importances(text: str) -> np.ndarray | None:
    """Share of the gain each feature brought a boosted classifier, shape (features,); None for another."""
    stored = json.loads(text)
    if "booster" not in stored:
        return None
    import lightgbm as lgb

    gain = lgb.Booster(model_str=stored["booster"]).feature_importance("gain")
    return gain / gain.sum() if gain.sum() > 0 else gain


def _base(x: np.ndarray, shares: np.ndarray, penalties: Penalties) -> str:
    return json.dumps({"kind": "constant", "shares": shares.mean(axis=0).tolist()}, sort_keys=True)


def _ridge(x: np.ndarray, shares: np.ndarray, penalties: Penalties) -> str:
    alpha = penalties.ridge_alpha
    return _linear(x, shares, lambda train: least_squares.ridge_of(train, alpha_share=alpha))


def _elastic_net(x: np.ndarray, shares: np.ndarray, penalties: Penalties) -> str:
    alpha, ratio = penalties.elastic_net_alpha, penalties.l1_ratio
    return _linear(
        x,
        shares,
        lambda train: least_squares.elastic_net_of(train, alpha_share=alpha, l1_ratio=ratio, tolerance=TOLERANCE),
    )


def _linear(x: np.ndarray, shares: np.ndarray, fit_one: Callable[[Scaled], str]) -> str:
    train = least_squares.scaled(Rows(x, shares[:, 0], np.ones(len(x))))
    # a share that moves by rounding alone does not move: scaled up, it would be noise to learn
    flat = np.ptp(shares, axis=0) < LEAST_SPREAD
    targets = np.where(flat, shares.mean(axis=0), shares).T
    parts = [json.loads(fit_one(replace(train, y=np.ascontiguousarray(target)))) for target in targets]
    return json.dumps({"buckets": parts, "kind": "shares"}, sort_keys=True)


def _lightgbm(x: np.ndarray, shares: np.ndarray, penalties: Penalties) -> str:
    import lightgbm as lgb

    buckets = shares.shape[1]

    def gradient(margins: np.ndarray, rows: object) -> tuple[np.ndarray, np.ndarray]:
        p = softmax(margins)
        return p - shares, buckets / (buckets - 1) * p * (1.0 - p)

    # boosting starts from the mean shares: what no feature tells is not for trees to learn
    start = np.log(shares.mean(axis=0))
    fixed = boosting.LIGHTGBM_FIXED | {"feature_pre_filter": False, "max_bin": penalties.lightgbm["max_bin"]}
    rows = lgb.Dataset(x, np.zeros(len(x)), params=fixed, init_score=np.tile(start, (len(shares), 1))).construct()
    if not any(rows.feature_num_bin(feature) for feature in range(rows.num_feature())):
        return _base(x, shares, penalties)  # no feature changes
    parameters = dict(penalties.lightgbm) | fixed | {"objective": gradient, "num_class": buckets}
    booster = lgb.train(parameters, rows, num_boost_round=penalties.num_boost_round).model_to_string()
    return json.dumps({"booster": booster, "kind": "softmax", "margins": start.tolist()}, sort_keys=True)


def _catboost(x: np.ndarray, shares: np.ndarray, penalties: Penalties) -> str:
    own = penalties.lightgbm
    told = oblivious.fit(
        x,
        shares,
        rounds=penalties.num_boost_round,
        depth=own["max_depth"],
        learning_rate=own["learning_rate"],
        l2=own["lambda_l2"],
    )
    return json.dumps(told | {"kind": "oblivious"}, sort_keys=True)


CLASSIFIERS: dict[str, Callable[[np.ndarray, np.ndarray, Penalties], str]] = {
    "base": _base,
    "ridge": _ridge,
    "elastic_net": _elastic_net,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
}
