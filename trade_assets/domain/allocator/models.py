"""The allocator's models of one retrain date: classifiers, their blend, its calibration, and what a bucket is worth.

Classifiers are fitted on the training rows, weighed by what they say of the inner folds' tests, calibrated on the
block after. What choosing a bucket is worth comes from the training rows alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from trade_assets.domain.allocator import blend, classifiers, utility
from trade_assets.domain.allocator.classifiers import Penalties
from trade_assets.domain.allocator.dataset import UTILITIES
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.folds import SessionFold

BASE, BLEND = "base", "blend"
RISKY = tuple(
    f"{role}_{name}" for role in ("qqq", "spy") for name in ("volatility_21", "downside_63", "max_drawdown_63")
)


@dataclass(frozen=True)
class Parameters:
    """How the models of a date are fitted. ``members`` are the classifiers beside the base rate."""

    members: tuple[str, ...]
    penalties: Penalties
    buckets: int
    tau: float
    calibration: str
    calibrate_from_rows: int
    min_train_rows: int
    label_sessions: int


@dataclass(frozen=True)
class Job:
    """One retrain date: the final fold, the inner ones, and how to fit."""

    as_of: pd.Timestamp
    final: SessionFold
    inner: list[SessionFold]
    parameters: Parameters


@dataclass(frozen=True)
class Fitted:
    """The models of a retrain date.

    Attributes
    ----------
    texts, weights, losses : mappings of classifier to its text, its weight in the blend, its loss on the inner tests
    calibrator : str
    worth : ndarray of shape (buckets, buckets)
        Mean utility of choosing bucket j where k was best, over the training rows.
    diagnostics : mapping of name to float
    """

    as_of: pd.Timestamp
    texts: Mapping[str, str]
    weights: Mapping[str, float]
    losses: Mapping[str, float]
    calibrator: str
    worth: np.ndarray
    n_train_rows: int
    n_calibration_rows: int
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    importances: Mapping[str, float] = field(default_factory=dict)
    responses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """What is in force between two retrain dates: probabilities of the buckets, and what each is worth."""

    probability: Callable[[np.ndarray], np.ndarray]
    worth: np.ndarray


def fit(job: Job) -> Fitted | None:
    """Fit everything of the date; None where the training rows are too few."""
    p, train, block = job.parameters, job.final.train, job.final.calibration
    if len(train) < p.min_train_rows:
        return None
    names = (BASE, *p.members)
    x, shares = x_of(train), shares_of(train, p)
    texts = {name: classifiers.fit(name, x, shares, p.penalties) for name in names}
    losses, n_tested = _losses_on_inner(job.inner, names, p)
    weight = blend.weights(losses, n_independent=n_tested / p.label_sessions)
    readers = [classifiers.read(text) for text in texts.values()]
    of_block = shares_of(block, p)
    raw = blend.mixed([reader(x_of(block)) for reader in readers], weight)
    calibrator = blend.fit_calibrator(raw, of_block, method=p.calibration, min_rows=p.calibrate_from_rows)
    calibrated = blend.read_calibrator(calibrator)(raw)
    gain = classifiers.importances(texts["lightgbm"]) if "lightgbm" in texts else None
    model = Model(lambda rows: blend.mixed([reader(rows) for reader in readers], weight), np.zeros(0))
    return Fitted(
        job.as_of,
        texts,
        dict(zip(names, weight.tolist(), strict=True)),
        dict(zip(names, losses.tolist(), strict=True)),
        calibrator,
        worth_of(train, shares, p),
        len(train),
        len(block),
        {
            "loss_before": classifiers.cross_entropy(raw, of_block) if len(block) else float("nan"),
            "loss_after": classifiers.cross_entropy(calibrated, of_block) if len(block) else float("nan"),
            "corner_share": float(train["is_corner"].mean()),
        },
        {} if gain is None else dict(zip(FEATURES, gain.tolist(), strict=True)),
        _responses(model, x, p),
    )


def x_of(rows: pd.DataFrame) -> np.ndarray:
    """Features of shape (rows, features)."""
    return np.ascontiguousarray(rows[list(FEATURES)].to_numpy(dtype=float))


def bucket_weights(p: Parameters) -> np.ndarray:
    """Weight of the NASDAQ leg in each bucket."""
    return utility.weights_of(p.buckets)


def bucket_utility(rows: pd.DataFrame, p: Parameters) -> np.ndarray:
    """Utility of each bucket's weight, shape (rows, buckets); buckets lie on the candidates' grid."""
    step = (len(UTILITIES) - 1) // (p.buckets - 1)
    return np.ascontiguousarray(rows[list(UTILITIES[::step])].to_numpy(dtype=float))


def shares_of(rows: pd.DataFrame, p: Parameters) -> np.ndarray:
    """Soft labels of the rows, shape (rows, buckets)."""
    values = bucket_utility(rows, p)
    return utility.soft_labels(values, tau=p.tau) if len(values) else values


def worth_of(train: pd.DataFrame, shares: np.ndarray, p: Parameters) -> np.ndarray:
    """Mean utility of choosing bucket j where k was best, shape (j, k) (F-31).

    "Best" is shared as the soft labels share it: nearly all best weights are corners, so a hard count would leave
    most buckets without a row.
    """
    return bucket_utility(train, p).T @ shares / shares.sum(axis=0)


def _losses_on_inner(folds: list[SessionFold], names: tuple[str, ...], p: Parameters) -> tuple[np.ndarray, int]:
    tests = [fold for fold in folds if len(fold.train) >= p.min_train_rows // 2 and len(fold.test)]
    n = sum(len(fold.test) for fold in tests)
    total = np.zeros(len(names))
    for fold in tests:
        x, shares, x_test, truth = x_of(fold.train), shares_of(fold.train, p), x_of(fold.test), shares_of(fold.test, p)
        for place, name in enumerate(names):
            said = classifiers.read(classifiers.fit(name, x, shares, p.penalties))(x_test)
            total[place] += len(fold.test) * classifiers.cross_entropy(said, truth)
    return total / n if n else np.full(len(names), np.nan), n


def _responses(model: Model, x: np.ndarray, p: Parameters) -> dict[str, float]:
    """How far the mean weight of a leg moves as one of its risks goes from its first to its ninth decile (R-105)."""
    weights, told = bucket_weights(p), {}
    for name in RISKY:
        place, sign = FEATURES.index(name), 1.0 if name.startswith("qqq") else -1.0
        column = x[:, place]
        column = column[np.isfinite(column)]
        if not len(column):
            continue
        low, high = x.copy(), x.copy()
        low[:, place], high[:, place] = np.quantile(column, [0.1, 0.9])
        told[name] = sign * float(
            (model.probability(high) @ weights).mean() - (model.probability(low) @ weights).mean()
        )
    return told


def entries(fitted: Fitted, store: Callable[[list[str]], list[str]]) -> pd.DataFrame:
    """Rows of ``allocator_models`` for one retrain date; ``store`` keeps texts and gives their addresses."""
    worth = json.dumps({"worth": fitted.worth.tolist()}, sort_keys=True)
    addresses = store([*fitted.texts.values(), fitted.calibrator, worth])
    rows = [
        {
            "model": name,
            "artifact_sha256": address,
            "calibrator_sha256": None,
            "blend_weight": fitted.weights[name],
            "inner_loss": fitted.losses[name],
            "details": json.dumps(
                {"importances": dict(fitted.importances)} if name == "lightgbm" else {}, sort_keys=True
            ),
        }
        for name, address in zip(fitted.texts, addresses, strict=False)
    ]
    told = {
        "diagnostics": dict(fitted.diagnostics),
        "responses": dict(fitted.responses),
        "calibrator": json.loads(fitted.calibrator)["method"],
    }
    rows.append(
        {
            "model": BLEND,
            "artifact_sha256": addresses[-1],
            "calibrator_sha256": addresses[-2],
            "blend_weight": 1.0,
            "inner_loss": float("nan"),
            "details": json.dumps(told, sort_keys=True),
        }
    )
    common = {
        "rebalance_date": fitted.as_of,
        "retrain_date": fitted.as_of,
        "n_train_rows": fitted.n_train_rows,
        "n_calibration_rows": fitted.n_calibration_rows,
        "loss_before": fitted.diagnostics["loss_before"],
        "loss_after": fitted.diagnostics["loss_after"],
        "corner_share": fitted.diagnostics["corner_share"],
    }
    return pd.DataFrame(rows).assign(**common)


def in_force(fits: pd.DataFrame, text_of: Callable[[str], str]) -> Model:
    """The model told by the rows of ``allocator_models`` of one rebalance date."""
    members = fits[fits["model"] != BLEND].sort_values("model")
    readers = [classifiers.read(text_of(address)) for address in members["artifact_sha256"]]
    weight = members["blend_weight"].to_numpy()
    last = fits[fits["model"] == BLEND].iloc[0]
    calibrate = blend.read_calibrator(text_of(last["calibrator_sha256"]))
    worth = np.array(json.loads(text_of(last["artifact_sha256"]))["worth"])
    return Model(lambda x: calibrate(blend.mixed([reader(x) for reader in readers], weight)), worth)


def tracked(fit: pd.DataFrame) -> tuple[dict[str, object], dict[str, float]]:
    """Parameters and metrics of the rows of one fit, for its training run."""
    first = fit.iloc[0]
    parameters = {name: first[name] for name in ("n_train_rows", "n_calibration_rows")}
    metrics = {name: first[name] for name in ("loss_before", "loss_after", "corner_share")}
    metrics |= {f"weight_{row.model}": row.blend_weight for row in fit.itertuples() if row.model != BLEND}
    return parameters, metrics
