"""The allocator's model of one retrain date: its members, their blend, its calibration, and what a bucket is worth.

Members are fitted on the training rows, weighed by what they say of the inner folds' tests, calibrated on the block
after. What choosing a bucket is worth comes from the training rows alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.allocator import blend, classifiers, members, utility
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.folds import SessionFold
from trade_assets.domain.allocator.members import WEIGHT, Members, Parameters, bucket_utility, shares_of, x_of

BLEND = "blend"
PRIOR_ROWS = 5.0
YEAR = 252  # sessions whose rows tell how the weight responds to risk
RISKY = tuple(
    f"{role}_{name}" for role in ("qqq", "spy") for name in ("volatility_21", "downside_63", "max_drawdown_63")
)


@dataclass(frozen=True)
class Job:
    """One retrain date: the final fold, the inner ones, and how to fit."""

    as_of: pd.Timestamp
    final: SessionFold
    inner: list[SessionFold]
    parameters: Parameters


@dataclass(frozen=True)
class Model:
    """What is in force between two retrain dates: probabilities of the buckets, and what each is worth."""

    probability: Callable[[np.ndarray], np.ndarray]
    worth: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """The model of a retrain date, as text, and what is known of it.

    Attributes
    ----------
    members : Members
    weights : mapping of member to its weight in the blend
    calibrator : str
    worth : ndarray of shape (buckets, buckets)
        Utility of choosing bucket j where k was best, by the training rows.
    loss_before, loss_after : float
        Cross-entropy of the blend on the calibration block, NaN without one.
    corner_share : float
        Share of training rows whose best weight is 0 or 1.
    """

    as_of: pd.Timestamp
    members: Members
    weights: Mapping[str, float]
    calibrator: str
    worth: np.ndarray
    n_train_rows: int
    n_calibration_rows: int
    loss_before: float
    loss_after: float
    corner_share: float

    def model(self) -> Model:
        """What the texts say."""
        weight = np.array([self.weights[name] for name in self.members.texts])
        return _model(list(self.members.texts.values()), weight, self.calibrator, self.worth)


@dataclass(frozen=True)
class Explained:
    """A fit, the gain each feature brought its boosted member, and how the weight responds to each risk."""

    fitted: Fitted
    importances: Mapping[str, float]
    responses: Mapping[str, float]


def fit(job: Job) -> Explained | None:
    """Fit and explain everything of the date; None where the training rows are too few."""
    p = job.parameters
    if len(job.final.train) < p.min_train_rows:
        return None
    fitted = blended(job.as_of, job.final, members.fit(job.final, job.inner, p), p)
    boosted = fitted.members.texts.get("lightgbm")
    gain = None if boosted is None else classifiers.importances(boosted)
    importances = {} if gain is None else dict(zip(FEATURES, gain.tolist(), strict=True))
    latest = x_of(job.final.train.iloc[-YEAR:])
    return Explained(fitted, importances, responses(fitted.model(), latest, buckets=p.buckets))


def blended(as_of: pd.Timestamp, final: SessionFold, of: Members, p: Parameters) -> Fitted:
    """Weigh the members by their losses, calibrate the blend on the block, and measure what a bucket is worth."""
    train, block = final.train, final.calibration
    losses = np.array([of.losses[name] for name in of.texts])
    weight = blend.weights(losses, n_independent=of.n_tested / p.label_sessions)
    truth = shares_of(block, p)
    x = x_of(block)
    raw = blend.mixed([members.read(text)(x) for text in of.texts.values()], weight)
    rows = 0 if p.target == WEIGHT else len(block)  # a weight told outright is no probability to calibrate
    calibrator = blend.fit_calibrator(raw[:rows], truth[:rows], method=p.calibration, min_rows=p.calibrate_from_rows)
    calibrated = blend.read_calibrator(calibrator)(raw)
    return Fitted(
        as_of=as_of,
        members=of,
        weights=dict(zip(of.texts, weight.tolist(), strict=True)),
        calibrator=calibrator,
        worth=worth_of(train, p),
        n_train_rows=len(train),
        n_calibration_rows=len(block),
        loss_before=classifiers.cross_entropy(raw, truth) if rows else float("nan"),
        loss_after=classifiers.cross_entropy(calibrated, truth) if rows else float("nan"),
        corner_share=float(train["is_corner"].mean()),
    )


def worth_of(train: pd.DataFrame, p: Parameters) -> np.ndarray:
    """Utility of choosing bucket j where k was best, shape (j, k): least squares of the utilities on the shares.

    On hard labels this is the mean utility of choosing j where k was best (F-31). Soft labels share a row between
    buckets, and means weighted by them would smear it a second time, drawing every expected utility to the middle;
    least squares takes the sharing out again. It is drawn to those means as by a few rows more: nearly all best
    weights are corners, and hardly a row tells of the buckets between.
    """
    shares, values = shares_of(train, p), bucket_utility(train, p)
    total = shares.sum(axis=0)[:, None]
    means = np.where(total > 0, shares.T @ values / np.where(total > 0, total, 1.0), values.mean(axis=0))
    gram = shares.T @ shares + PRIOR_ROWS * np.eye(p.buckets)
    return means.T + np.linalg.solve(gram, shares.T @ (values - shares @ means)).T


def responses(model: Model, x: np.ndarray, *, buckets: int) -> dict[str, float]:
    """How far the mean weight of a leg moves as one of its risks goes from its first to its ninth decile (R-105)."""
    weights, told = utility.weights_of(buckets), {}
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


def entries(
    explained: Explained, store: Callable[[list[str]], list[str]], *, absent: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Rows of ``allocator_models`` for one retrain date; ``store`` keeps texts and gives their addresses.

    Members that are ``absent`` for want of their library have a row that says so, and no weight.
    """
    fitted, texts = explained.fitted, explained.fitted.members.texts
    worth = json.dumps({"worth": fitted.worth.tolist()}, sort_keys=True)
    *addresses, of_calibrator, of_worth = store([*texts.values(), fitted.calibrator, worth])
    rows = [
        {
            "model": name,
            "status": "fitted",
            "artifact_sha256": address,
            "calibrator_sha256": None,
            "blend_weight": fitted.weights[name],
            "inner_loss": fitted.members.losses[name],
            "details": _json({"importances": dict(explained.importances)} if name == "lightgbm" else {}),
        }
        for name, address in zip(texts, addresses, strict=True)
    ]
    told = {"calibration": json.loads(fitted.calibrator)["method"], "responses": dict(explained.responses)}
    last = {"model": BLEND, "status": "fitted", "artifact_sha256": of_worth, "calibrator_sha256": of_calibrator}
    rows += [
        {"model": name, "status": "skipped: not installed", "artifact_sha256": None, "calibrator_sha256": None}
        | {"blend_weight": 0.0, "inner_loss": float("nan"), "details": "{}"}
        for name in absent
    ]
    rows.append(last | {"blend_weight": 1.0, "inner_loss": float("nan"), "details": _json(told)})
    own = ("n_train_rows", "n_calibration_rows", "loss_before", "loss_after", "corner_share")
    return pd.DataFrame(rows).assign(
        rebalance_date=fitted.as_of, retrain_date=fitted.as_of, **{name: getattr(fitted, name) for name in own}
    )


def in_force(fits: pd.DataFrame, text_of: Callable[[str], str]) -> Model:
    """The model told by the rows of ``allocator_models`` of one rebalance date."""
    of_members = fits[(fits["model"] != BLEND) & (fits["status"] == "fitted")]
    last = fits[fits["model"] == BLEND].iloc[0]
    return _model(
        [text_of(address) for address in of_members["artifact_sha256"]],
        of_members["blend_weight"].to_numpy(),
        text_of(last["calibrator_sha256"]),
        np.array(json.loads(text_of(last["artifact_sha256"]))["worth"]),
    )


def tracked(fit: pd.DataFrame) -> tuple[dict[str, object], dict[str, float]]:
    """Parameters and metrics of the rows of one fit, for its training run."""
    first = fit.iloc[0]
    parameters = {name: first[name] for name in ("n_train_rows", "n_calibration_rows")}
    metrics = {name: first[name] for name in ("loss_before", "loss_after", "corner_share")}
    metrics |= {f"weight_{row.model}": row.blend_weight for row in fit.itertuples() if row.model != BLEND}
    return parameters, metrics


def _model(texts: list[str], weight: np.ndarray, calibrator: str, worth: np.ndarray) -> Model:
    readers, calibrate = [members.read(text) for text in texts], blend.read_calibrator(calibrator)
    return Model(lambda x: calibrate(blend.mixed([reader(x) for reader in readers], weight)), worth)


def _json(told: dict) -> str:
    return json.dumps(told, sort_keys=True)
