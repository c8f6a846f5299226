"""Which rows each retrain date learns from, and what its fits and scores look like as tables."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import folds
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.folds import Fold
from trade_assets.domain.models import MODELS, Scorer, fitting

FITTED, NOT_INSTALLED = "fitted", "skipped: not installed"
Learners = Mapping[str, tuple[str, Mapping[str, object]]]  # model to its algorithm and parameters


@dataclass(frozen=True)
class Plan:
    """How a training window is cut.

    Attributes
    ----------
    grid : Rebalances, all of the history
    train_rebalances : feature dates in the window
    inner_folds : walk-forward folds inside it
    embargo_sessions : gap before an inner test block; the final fit has none
    half_life_rebalances : age at which a row counts half
    """

    grid: Rebalances
    train_rebalances: int
    inner_folds: int
    embargo_sessions: int
    half_life_rebalances: float


def folds_at(labelled: pd.DataFrame, as_of: pd.Timestamp, *, plan: Plan) -> list[Fold]:
    """The folds of the training window that ends at ``as_of``."""
    window = plan.grid.window(as_of, last=plan.train_rebalances, lag=1)
    rows = folds.training_rows(labelled, feature_dates=window, half_life_rebalances=plan.half_life_rebalances)
    return folds.make(rows, as_of=as_of, inner_folds=plan.inner_folds, embargo_sessions=plan.embargo_sessions)


def manifest(made: list[Fold], as_of: pd.Timestamp, *, all_features: list[str], most: int | None) -> pd.DataFrame:
    """The record of the folds, features chosen inside each where ``most`` says how many; empty without a training row."""
    if not len(made[-1].train):
        return pd.DataFrame()
    chosen = {f.name: all_features if most is None else fitting.select(f.train, all_features, most=most) for f in made}
    return folds.manifest([f for f in made if len(f.train)], chosen, as_of=as_of)


def jobs(
    labelled: pd.DataFrame,
    retrains: pd.DatetimeIndex,
    recorded: pd.DataFrame,
    *,
    plan: Plan,
    learners: Callable[[pd.Timestamp], Learners],
    min_rows: int,
) -> Iterator[fitting.Job]:
    """One fit a model and retrain date, on the very rows the manifest recorded.

    Raises
    ------
    ValueError
        If the rows of a fold do not have the hash in the manifest.
    """
    for date in retrains:
        made, names = recorded_folds(labelled, date, recorded, plan=plan)
        if not made or fitting.weighing(made[-1].train) < max(min_rows, fitting.FEWEST_ROWS):
            continue
        for model, (algorithm, own) in learners(date).items():
            yield fitting.Job(model, algorithm, date, made, names, own)


def recorded_folds(
    labelled: pd.DataFrame, date: pd.Timestamp, recorded: pd.DataFrame, *, plan: Plan
) -> tuple[list[Fold], dict[str, list[str]]]:
    """The folds of a retrain date as the manifest recorded them, and the features of each.

    Raises
    ------
    ValueError
        If the rows of a fold do not have the hash in the manifest.
    """
    entries = recorded[(recorded["rebalance_date"] == date) & (recorded["retrain_date"] == date)].set_index("fold")
    made = [f for f in folds_at(labelled, date, plan=plan) if f.name in entries.index]
    for fold in made:
        if folds.row_hash(fold.train) != entries.at[fold.name, "train_sha256"]:
            raise ValueError(
                f"stock_fold_manifest {date.date()}: the training rows of {fold.name} are not those recorded"
            )
    return made, {fold.name: json.loads(entries.at[fold.name, "features"]) for fold in made}


def entry(fitted: fitting.Fitted, address: str) -> pd.DataFrame:
    """The row of the ``base_models`` table for one fit."""
    known = [ic for ic in fitted.inner_rank_ic.values() if not np.isnan(ic)]
    inner = {name: None if np.isnan(ic) else round(ic, 12) for name, ic in fitted.inner_rank_ic.items()}
    return pd.DataFrame(
        [
            {
                "rebalance_date": fitted.as_of,
                "retrain_date": fitted.as_of,
                "model": fitted.model,
                "algorithm": fitted.algorithm,
                "status": FITTED,
                "artifact_sha256": address,
                "parameters": json.dumps(
                    {"size": fitted.size, "features": fitted.features, "fitted_with": dict(fitted.parameters)},
                    sort_keys=True,
                ),
                "n_rows": fitted.n_rows,
                "inner_rank_ic": float(np.mean(known)) if known else np.nan,
                "inner_folds": json.dumps(inner, sort_keys=True),
            }
        ]
    )


def not_installed(fits: pd.DataFrame, algorithms: Mapping[str, str]) -> pd.DataFrame:
    """Rows that say of each fit date which candidates were left out; ``algorithms`` maps a model to its algorithm."""
    dates = fits.drop_duplicates("rebalance_date") if len(fits) else fits
    told = {"status": NOT_INSTALLED, "artifact_sha256": None, "inner_rank_ic": np.nan}
    rows = [
        dates.assign(model=model, algorithm=algorithm, parameters="{}", inner_folds="{}", **told)
        for model, algorithm in algorithms.items()
    ]
    return pd.concat(rows, ignore_index=True) if rows else fits.iloc[:0]


def skipped(base_models: pd.DataFrame) -> dict[tuple[pd.Timestamp, str], str]:
    """Why models were left out, by date and model."""
    rows = base_models[base_models["status"] != FITTED]
    return dict(zip(zip(rows["rebalance_date"], rows["model"], strict=True), rows["status"], strict=True))


def fitted_at(base_models: pd.DataFrame, date: pd.Timestamp) -> list[str]:
    """Models in force at a date, those that were left out apart."""
    return sorted(base_models.loc[(base_models["rebalance_date"] == date) & (base_models["status"] == FITTED), "model"])


def predictions(features: pd.DataFrame, models: pd.DataFrame, text_of: Callable[[str], str]) -> Iterator[pd.DataFrame]:
    """Scores of each date's cross-section by each model in force, a date at a time."""
    rows = features.sort_values(["rebalance_date", "symbol"], ignore_index=True)
    names = rows.columns.drop(["rebalance_date", "symbol"])
    ranks, symbols = folds.ranked(rows, "rebalance_date", list(names)).to_numpy(dtype=float), rows["symbol"].to_numpy()
    places = rows.groupby("rebalance_date").indices
    scorers: dict[str, Scorer] = {}
    for date, in_force in models.groupby("rebalance_date"):
        if date not in places:
            continue
        known, scorers, scores = scorers, {}, []
        in_force = in_force[in_force["status"] == FITTED].sort_values("model")
        for model in in_force.itertuples():
            address, chosen = model.artifact_sha256, names.get_indexer(json.loads(model.parameters)["features"])
            scorers[address] = known[address] if address in known else MODELS[model.algorithm].read(text_of(address))
            scores.append(scorers[address](np.ascontiguousarray(ranks[np.ix_(places[date], chosen)])))
        yield pd.DataFrame(
            {
                "rebalance_date": date,
                "model": np.repeat(in_force["model"].to_numpy(), len(places[date])),
                "symbol": np.tile(symbols[places[date]], len(in_force)),
                "prediction": np.concatenate(scores),
            }
        )
