"""What a trial of XGBoost's parameters is worth on the inner folds of a retrain date.

The final rows are never judged on, and no trial stops early: an inner fold serves to compare trials and nothing else.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.folds import FINAL, Fold
from trade_assets.domain.models import fitting, fixed_rounds
from trade_assets.domain.models.rows import Rows
from trade_assets.domain.search import Range

SPACE: dict[str, Range] = {
    "max_depth": Range(3, 10, is_whole=True),
    "learning_rate": Range(0.001, 0.3, is_log=True),
    "n_estimators": Range(100, 1000, is_whole=True),
    "min_child_weight": Range(1, 10, is_whole=True),
    "subsample": Range(0.6, 1.0),
    "colsample_bytree": Range(0.6, 1.0),
    "gamma": Range(1e-8, 1.0, is_log=True),
}


@dataclass(frozen=True)
class InnerFold:
    """Rows of one fit and of its test; ``keys`` of the test rows: ``feature_date, label_end, symbol, return_frac``."""

    train: Rows
    test: Rows
    keys: pd.DataFrame


@dataclass(frozen=True)
class Search:
    """All a trial needs: the inner folds, the parameters it does not change, and what it is judged by."""

    folds: list[InnerFold]
    parameters: Mapping[str, object]
    top_n: int
    objective: Literal["rank_ic", "mse"]


def space(*, max_estimators: int) -> dict[str, Range]:
    """``SPACE`` with at most so many rounds."""
    rounds = SPACE["n_estimators"]
    if not rounds.low <= max_estimators:
        raise ValueError(f"max_estimators must be at least {rounds.low}, was {max_estimators}")
    return SPACE | {"n_estimators": replace(rounds, high=min(rounds.high, max_estimators))}


def values_of(parameters: Mapping, *, n_estimators: int) -> dict[str, float]:
    """The values in force without a search: the settings' own, XGBoost's where they say nothing."""
    own = {"gamma": 0.0} | dict(parameters) | {"n_estimators": n_estimators}
    return {name: float(own[name]) for name in SPACE}


def parameters_of(values: Mapping[str, float], parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters of the learner ``xgboost_fixed``: ``values`` of a search in place of the settings' own."""
    found = {name: int(value) if SPACE[name].is_whole else float(value) for name, value in values.items()}
    return {k: v for k, v in parameters.items() if k not in ("num_boost_round", "early_stopping_rounds")} | found


def prepared(
    made: Sequence[Fold],
    features: Mapping[str, list[str]],
    labelled: pd.DataFrame,
    *,
    parameters: Mapping[str, object],
    top_n: int,
    objective: Literal["rank_ic", "mse"] = "rank_ic",
) -> Search | None:
    """The search of one retrain date; None without an inner fold that can judge.

    Parameters
    ----------
    made : sequence of Fold
        As ``folds.make`` gives them; the final fit is left out.
    features : mapping of fold name to the features chosen inside it
    labelled : DataFrame
        ``feature_date, symbol, return_frac`` of the test rows, and perhaps others, which are not looked at.
    parameters : mapping
        XGBoost's, as of the settings.
    top_n : int, >= 1
        Names of the top set whose returns are kept of every trial.
    objective : {"rank_ic", "mse"}
        The mean rank IC, or the weighted mean squared error with its sign turned.
    """
    if top_n < 1:
        raise ValueError(f"top_n must be at least 1, was {top_n}")
    if objective not in ("rank_ic", "mse"):
        raise ValueError(f"objective must be rank_ic or mse, was {objective}")
    returns = labelled.set_index(["feature_date", "symbol"])["return_frac"]
    inner = [
        _inner(fold, features[fold.name], returns)
        for fold in made
        if fold.name != FINAL and fitting.weighing(fold.train) >= fitting.FEWEST_ROWS and _can_judge(fold.test)
    ]
    return Search(inner, parameters, top_n, objective) if inner else None


def identity(search: Search) -> str:
    """Hash of all a study rests on: the rows of its folds, their returns, the parameters and the objective."""
    digest = hashlib.sha256(repr((sorted(search.parameters.items()), search.top_n, search.objective)).encode())
    for fold in search.folds:
        for rows in (fold.train, fold.test):
            for values in (rows.x, rows.y, rows.weight):
                digest.update(repr(values.shape).encode() + np.ascontiguousarray(values).tobytes())
        digest.update(pd.util.hash_pandas_object(fold.keys, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def evaluate(search: Search, values: Mapping[str, float]) -> tuple[float, dict[str, object]]:
    """Value of a trial, the mean over the folds, and what its top set returned after each test date.

    A block ends where its return became known; no cost is taken off. A date on which a trial scores all names alike
    counts as a rank IC of 0.
    """
    own = parameters_of(values, search.parameters)
    scores = [fixed_rounds.search(fold.train, fold.test, own)[1] for fold in search.folds]
    judge = _rank_ic if search.objective == "rank_ic" else _minus_mse
    value = np.mean([judge(fold, s) for fold, s in zip(search.folds, scores, strict=True)])
    blocks = pd.concat([f.keys.assign(score=s) for f, s in zip(search.folds, scores, strict=True)], ignore_index=True)
    top = blocks.sort_values(["label_end", "score", "symbol"], ascending=[True, False, True]).groupby("label_end")
    kept = top.head(search.top_n).groupby("label_end")["return_frac"].agg(["mean", "size"])
    return float(value), {
        "dates": [f"{date:%Y-%m-%d}" for date in kept.index],
        "returns": kept["mean"].tolist(),
        "entries": kept["size"].tolist(),
    }


def _inner(fold: Fold, names: list[str], returns: pd.Series) -> InnerFold:
    test = fold.test.sort_values(["feature_date", "symbol"], kind="stable")
    keys = test[["feature_date", "label_end", "symbol"]].reset_index(drop=True)
    earned = returns.loc[pd.MultiIndex.from_frame(keys[["feature_date", "symbol"]])].to_numpy()
    return InnerFold(fitting.rows(fold.train, names), fitting.rows(test, names), keys.assign(return_frac=earned))


def _can_judge(test: pd.DataFrame) -> bool:
    return bool((test.groupby("feature_date")["target"].nunique() > 1).any())


def _rank_ic(fold: InnerFold, scores: np.ndarray) -> float:
    ics = []
    for places in fold.keys.groupby("feature_date").indices.values():
        outcomes = fold.test.y[places]
        if outcomes.min() < outcomes.max():
            ics.append(np.nan_to_num(metrics.rank_ic(scores[places], outcomes)))
    return float(np.mean(ics))


def _minus_mse(fold: InnerFold, scores: np.ndarray) -> float:
    weight = fold.test.weight if fold.test.weight.sum() > 0 else None
    return -float(np.average((scores - fold.test.y) ** 2, weights=weight))
