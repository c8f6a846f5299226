"""The files of the selection, under the names and the columns their readers know."""

from dataclasses import dataclass

import pandas as pd

from trade_assets.domain.gates import REGIMES
from trade_assets.domain.grid import BASELINE, Cell
from trade_assets.domain.plain import day, plain
from trade_assets.domain.report.selection import Findings

SKILL = {
    "mean_ic": "ic", "mean_rank_ic": "rank_ic", "icir": "icir", "newey_west_t": "newey_west_t", "sharpe_ratio": "top_set_sharpe",
    "mean_top_return_frac": "top_set_mean_return_frac", "mean_universe_return_frac": "universe_mean_return_frac", "n_dates": "n_dates",
}  # fmt: skip
METRICS = ("sharpe", "max_drawdown", "calmar", "turnover", "regime_consistency", "cagr", "volatility", "active_return", "information_ratio", "deflated_sharpe", "superiority_p")  # fmt: skip


def training(found: Findings) -> pd.DataFrame:
    """One row a candidate model, the best mean rank IC first; a model without outcomes says so (R-150)."""
    rows = found.skill.rename(columns=SKILL)[["model", *SKILL.values()]].assign(status="judged")
    absent = found.cells.loc[~found.cells["model"].isin(rows["model"]), ["model", "status"]].drop_duplicates("model")
    return pd.concat([rows, absent], ignore_index=True).astype({"n_dates": "Int64"}) if len(absent) else rows


def matrix(found: Findings) -> pd.DataFrame:
    """Sharpe ratio at the last decision, rows models, columns constructions; words where there is none (R-157)."""
    return found.matrix


def details(found: Findings) -> dict[str, object]:
    """Every cell with its status, rank and figures, those of the baseline, and what is said of the whole grid."""
    judged = found.judged
    return {
        "decision_date": None if judged is None else day(judged.date),
        "cells": [plain(row) for row in found.cells.to_dict("records")],
        "baseline": {} if judged is None else dict(judged.baseline),
        "grid": {} if judged is None else dict(judged.whole),
        "gates": []
        if judged is None
        else [
            {"model": cell[0], "construction": cell[1], "gates": [plain(vars(gate)) for gate in gates]}
            for cell, gates in judged.gates.items()
        ],
        "power": [plain(vars(each)) for each in found.power],
        "stress": [] if found.stress is None else [plain(row) for row in found.stress.table.to_dict("records")],
    }


def regimes(found: Findings) -> pd.DataFrame:
    """One row a candidate and regime: 0 unfavorable, 1 neutral, 2 favorable (R-207); empty where a regime had no session."""
    rows = found.regimes
    return rows.assign(
        regime=rows["regime"].map(REGIMES).astype("int64"),
        regime_name=rows["regime"],
        n_days=rows["n_days"].astype("Int64"),
    )


@dataclass(frozen=True)
class RunnerUp:
    """The best by score beside what is in force."""

    model_name: str
    optimizer: str
    weighted_score: float


@dataclass(frozen=True)
class Champion:
    """The record of what is in force: the keys of ``champion_metadata.json`` (R-164, F-57)."""

    model_name: str
    optimizer: str
    status: str
    weighted_score: float
    metrics: dict[str, float]
    baseline_metrics: dict[str, float]
    selection_date: str | None
    selection_reason: str
    since: str | None
    as_of: str | None
    n_rebalances: int
    n_looks: int
    error_probability_spent: float
    level_of_last_look: float
    runner_up: RunnerUp | None


def metadata(found: Findings) -> Champion:
    """Who is in force, its score and figures, and why; ``selection_date`` is the last decision's.

    Raises
    ------
    ValueError
        If no rebalance has been computed.
    """
    now = found.in_force
    if now is None:
        raise ValueError("found must hold a rebalance, held none: materialise the rebalance job first")
    return Champion(
        model_name=now.cell[0],
        optimizer=now.cell[1],
        status=now.status,
        weighted_score=now.score,
        metrics=_metrics(found, now.cell),
        baseline_metrics=_metrics(found, BASELINE),
        selection_date=day(now.decision_date),
        selection_reason=now.reason,
        since=day(now.since),
        as_of=day(now.date),
        n_rebalances=now.n_rebalances,
        n_looks=len(now.looks),
        error_probability_spent=now.spent,
        level_of_last_look=now.level,
        runner_up=None if now.runner_up is None else RunnerUp(*now.runner_up, now.runner_up_score),
    )


def _metrics(found: Findings, cell: Cell) -> dict[str, float]:
    own = {} if found.judged is None else found.judged.figures.get(cell, {})
    return {name: own[name] for name in METRICS if name in own}
