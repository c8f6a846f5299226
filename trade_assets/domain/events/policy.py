"""All the numbers the engine decides by, and what a search may change of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from trade_assets.domain import tuned as tuned_domain
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events.models import Parameters
from trade_assets.domain.events.risk import RiskLimits
from trade_assets.domain.events.scores import Gates
from trade_assets.domain.events.sizing import SizeLimits, sized
from trade_assets.domain.events.sleeve import Fills
from trade_assets.domain.search import Range

KEYS = ["decision_utc", "symbol", "side"]
STEPS = ["kelly_p", "kelly_ev", "capped_frac", "volatility_cap_frac", "haircut"]


@dataclass(frozen=True)
class Policy:
    """How events are modelled, gated, sized and stopped."""

    models: Parameters
    gates: Gates
    sizes: SizeLimits
    limits: RiskLimits
    min_position_frac: float


# What a search may change: where the value lives, and its range.
TUNABLE: dict[str, tuple[str, Range]] = {
    "num_leaves": ("lightgbm", Range(3, 31, is_whole=True, is_log=True)),
    "max_depth": ("lightgbm", Range(2, 6, is_whole=True)),
    "min_data_in_leaf": ("lightgbm", Range(10, 200, is_whole=True, is_log=True)),
    "learning_rate": ("lightgbm", Range(0.01, 0.2, is_log=True)),
    "k": ("gates", Range(1.0, 4.0, is_log=True)),
    "phi": ("gates", Range(1.0, 10.0, is_log=True)),
    "overnight_multiplier": ("gates", Range(1.0, 2.5)),
    "kelly_share": ("sizes", Range(0.05, 1.0, is_log=True)),
    "max_position_frac": ("sizes", Range(0.25, 1.0)),
    "volatility_target": ("sizes", Range(0.05, 0.2)),
}
SPACE = {name: of for name, (_, of) in TUNABLE.items()}


def values_of(policy: Policy) -> dict[str, float]:
    """The tunable numbers of a policy."""
    homes = {"lightgbm": dict(policy.models.lightgbm), "gates": vars(policy.gates), "sizes": vars(policy.sizes)}
    return {name: float(homes[home][name]) for name, (home, _) in TUNABLE.items()}


def with_values(policy: Policy, values: Mapping[str, float]) -> Policy:
    """The policy with tuned numbers in place of its own."""
    of: dict[str, dict[str, float]] = {"lightgbm": {}, "gates": {}, "sizes": {}}
    for name, value in values.items():
        home, within = TUNABLE[name]
        of[home][name] = int(value) if within.is_whole else float(value)
    return replace(
        policy,
        models=replace(policy.models, lightgbm=dict(policy.models.lightgbm) | of["lightgbm"]),
        gates=replace(policy.gates, **of["gates"]),
        sizes=replace(policy.sizes, **of["sizes"]),
    )


def in_force(policy: Policy, tuned: pd.DataFrame, date: pd.Timestamp | None) -> Policy:
    """The policy after rebalance ``date``, by the rows of ``tuned_parameters``; the settings' own before the first."""
    if date is None:
        return policy
    return with_values(policy, tuned_domain.values_at(tuned, date, study="events"))


def by_date(
    policy: Policy, tuned: pd.DataFrame, events: pd.DataFrame, scores: pd.DataFrame, dates: Rebalances
) -> tuple[pd.DataFrame, dict[pd.Timestamp, RiskLimits]]:
    """Candidates and limits of every rebalance date, by the parameters in force since the one before."""
    policies = {date: in_force(policy, tuned, before) for before, date in dates.spans()}
    alike: dict[tuple, list[pd.Timestamp]] = {}
    for date, now in policies.items():
        alike.setdefault(tuple(values_of(now).values()), []).append(date)
    made = [
        candidates(events[events["rebalance_date"].isin(group)], scores, policies[group[0]]) for group in alike.values()
    ]
    return pd.concat([m for m in made if len(m)] or made[:1], ignore_index=True), {
        d: p.limits for d, p in policies.items()
    }


def candidates(events: pd.DataFrame, scores: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """What the engine may enter: every event, its size step by step, and the gate that refuses it.

    Parameters
    ----------
    events, scores : DataFrame
        Rows of the tables ``events`` and ``event_scores``; an event without a score has no model.
    policy : Policy

    Returns
    -------
    DataFrame
        Columns of the events, the sizing steps, ``size_frac`` and ``block``; the best score first within a bar.
    """
    rows, made = _joined(events, scores)
    steps = sized(rows, rows[["p", "ev_final"]], policy.sizes)
    steps.loc[~made] = np.nan
    size = steps["size_frac"].fillna(0.0)
    block = np.select(
        [~made, ~rows["passes_ev"], ~rows["passes_tp_to_cost"], (size < policy.min_position_frac) | (size <= 0)],
        ["no_model", "expected_value", "target_to_cost", "size"],
        default="",
    )
    return _ordered(rows, steps.assign(size_frac=size), block, rows["ev_final"])


def mock_candidates(events: pd.DataFrame, scores: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The baseline's: a linear score above its threshold, at the largest size the caps allow (F-12)."""
    rows, made = _joined(events, scores)
    steps = sized(rows, rows[["p", "ev_final"]], policy.sizes)
    size = np.minimum(policy.sizes.max_position_frac, steps["volatility_cap_frac"]) * steps["haircut"]
    block = np.select([~made, ~rows["passes_mock"], size <= 0], ["no_model", "mock_threshold", "size"], default="")
    return _ordered(rows, steps.assign(size_frac=np.where(made, size, 0.0)), block, rows["mock_score"])


def mock_fills(fills: Fills) -> Fills:
    """The baseline has no risk engine, only the same minimum holding."""
    return replace(fills, cooldown_bars=0)


def _joined(events: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    columns = ["p", "ev_final", "passes_ev", "passes_tp_to_cost", "mock_score", "passes_mock"]
    rows = events.merge(scores[[*KEYS, *columns]], on=KEYS, how="left", validate="one_to_one")
    made = rows["p"].notna().to_numpy()
    flags = {name: rows[name].eq(True).to_numpy() for name in ("passes_ev", "passes_tp_to_cost", "passes_mock")}
    return rows.assign(**flags), made


def _ordered(rows: pd.DataFrame, steps: pd.DataFrame, block: np.ndarray, score: pd.Series) -> pd.DataFrame:
    own = ["rebalance_date", *KEYS, "t_idx", "a_tp", "b_sl", "cost_rt"]
    table = pd.concat([rows[own], steps], axis=1).assign(
        block=pd.Series(block, dtype="object").where(block != "", None), score=score.fillna(-np.inf)
    )
    order = ["decision_utc", "score", "symbol", "side"]
    return table.sort_values(order, ascending=[True, False, True, True], kind="stable", ignore_index=True)


def explained(log: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """The engine's log, its decisions with the steps of their size; a fill is explained where it was decided."""
    steps = made[[*KEYS, *STEPS]].assign(is_decision=True)
    rows = log.assign(is_decision=log["action"].isin(["order", "block"]))
    return rows.merge(steps, on=[*KEYS, "is_decision"], how="left", validate="many_to_one").drop(columns="is_decision")
