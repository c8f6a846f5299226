"""Which candidate is in force, and why: a new one only on evidence that counts every trial and every look."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from trade_assets.domain.acceptance import Gate, Severity
from trade_assets.domain.calendar import Rebalances, close_utc
from trade_assets.domain.evidence import BLOCK_REBALANCES, WHOLE, Earned
from trade_assets.domain.grid import BASELINE, GATED, Cell
from trade_assets.domain.overfitting import alpha as spending
from trade_assets.domain.overfitting import score, sequential, superiority
from trade_assets.domain.overfitting.score import Thresholds

COLUMNS = [
    "rebalance_date", "role", "model", "construction", "status", "since", "decision_date", "score", "n_rebalances",
    "looks", "alpha_spent", "reason",
]  # fmt: skip
UNQUALIFIED, QUALIFIED, ROLLED_BACK = "unqualified", "qualified", "rolled_back"
ROLLBACKS = "champion_rollbacks"  # kind of the records
PAIRED = "Test against the one in force"
NOTHING = "No candidates meet minimum thresholds!"


@dataclass(frozen=True)
class Terms:
    """What a candidate must show.

    Attributes
    ----------
    incumbent : (model, construction) in force before anything qualifies
    thresholds : Thresholds
    alpha : float, chance of a false promotion over all time
    first : int, rebalances of returns before the first decision
    n_models : int, candidates that differ in more than their construction
    paired_alpha : float, level of the test against a qualified model in force
    least_deflated : float, least deflated Sharpe ratio
    pbo_max, loss_max : float, largest probabilities of overfitting and of a loss after choosing
    seed, reps : of that test
    """

    incumbent: Cell
    thresholds: Thresholds
    alpha: float
    first: int
    n_models: int
    paired_alpha: float
    least_deflated: float
    pbo_max: float
    loss_max: float
    seed: int
    reps: int


@dataclass(frozen=True)
class State:
    """Who is in force and who is next, since when, and how much of the error probability is spent."""

    champion: Cell
    status: str
    since: pd.Timestamp
    decision_date: pd.Timestamp | None
    score: float
    reason: str
    challenger: Cell | None
    challenger_since: pd.Timestamp | None
    challenger_score: float
    n_rebalances: int
    looks: tuple[int, ...]

    def alpha_spent(self, terms: Terms) -> float:
        """Share of the error probability used by the looks so far."""
        return spending.spent(self.looks[-1], first=terms.first, alpha=terms.alpha) if self.looks else 0.0


def opening(date: pd.Timestamp, terms: Terms) -> State:
    """Before anything is known the incumbent of the settings is in force, unqualified."""
    reason = f"{NOTHING} Nothing has been judged yet; {name_of(terms.incumbent)} is in force by the settings."
    return State(terms.incumbent, UNQUALIFIED, date, None, math.nan, reason, None, None, math.nan, 0, ())


def in_force(
    returns: pd.DataFrame,
    evidence: pd.DataFrame,
    earned_at: Mapping[pd.Timestamp, Earned | None],
    previous: pd.DataFrame,
    *,
    dates: Rebalances,
    terms: Terms,
    rollbacks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rows of ``champion_model``.

    Parameters
    ----------
    returns : DataFrame
        Rows of ``candidate_returns`` of the dates.
    evidence : DataFrame
        Rows of ``candidate_evidence`` of the dates; those that are decided on have some.
    earned_at : mapping of such a date to what its evidence rests on
    previous : DataFrame
        The table's rows at the rebalance before.
    dates : Rebalances
    terms : Terms
    rollbacks : DataFrame, optional
        ``recorded_utc, actor, reason, model, construction``: what people took back; each holds from the first rebalance
        that closes after it was recorded, whatever the evidence of that date says.
    """
    state = restored(previous) if len(previous) else opening(dates.dates[0], terms)
    candidates = returns[returns["model"] != BASELINE[0]]
    with_returns, judged = set(candidates["rebalance_date"]), dict(tuple(evidence.groupby("rebalance_date")))
    rows: list[tuple] = []
    for before, date in dates.spans():
        state = replace(state, n_rebalances=state.n_rebalances + int(date in with_returns))
        found = earned_at.get(date)
        if date in judged and found is not None:
            state = decided(state, judged[date], found, date=date, terms=terms)
        for record in taken_back(rollbacks, before, date):
            state = rolled_back(state, record, date)
        rows += as_rows(state, date, terms)
    return pd.DataFrame(rows, columns=COLUMNS)


def taken_back(rollbacks: pd.DataFrame | None, before: pd.Timestamp | None, date: pd.Timestamp) -> list:
    """Records made after the close of the rebalance before, and not after that of ``date``, in order."""
    if rollbacks is None or not len(rollbacks):
        return []
    recorded = rollbacks["recorded_utc"] <= close_utc(pd.DatetimeIndex([date]))[0]
    if before is not None:
        recorded &= rollbacks["recorded_utc"] > close_utc(pd.DatetimeIndex([before]))[0]
    return list(rollbacks[recorded].sort_values("recorded_utc").itertuples())


def rolled_back(state: State, record: Any, date: pd.Timestamp) -> State:
    """The state after a person put a pair in force again; what replaces it must beat it, as if it had qualified."""
    cell = (record.model, record.construction)
    reason = f"Rolled back from {name_of(state.champion)} to {name_of(cell)} by {record.actor}: {record.reason}"
    challenger = state.champion if state.challenger == cell else state.challenger
    since = date if challenger != state.challenger else state.challenger_since
    return replace(
        state, champion=cell, status=ROLLED_BACK, since=date, score=math.nan, reason=reason, challenger=challenger,
        challenger_since=since,
    )  # fmt: skip


def decided(state: State, evidence: pd.DataFrame, found: Earned, *, date: pd.Timestamp, terms: Terms) -> State:
    """The state after a decision: the best candidate that passes every gate, or the one there was."""
    n = state.n_rebalances
    if n < terms.first:
        return state
    looks = (*state.looks, n)
    level = float(sequential.levels(looks, first=terms.first, alpha=terms.alpha, n_trials=terms.n_models)[-1])
    figures = figures_of(evidence)
    whole = figures[WHOLE]
    ranked = sorted(found.cells, key=lambda cell: (-figures[cell]["score"], cell))
    winner, why = _winner(state, ranked, figures, whole, found, level=level, terms=terms)
    state = replace(state, decision_date=date, looks=looks, reason=why)
    if winner is not None and (winner != state.champion or state.status == UNQUALIFIED):
        state = replace(state, champion=winner, status=QUALIFIED, since=date)
    runner_up = next((cell for cell in ranked if cell != state.champion), None)
    since = state.challenger_since if runner_up == state.challenger else date
    return replace(
        state,
        score=figures.get(state.champion, {}).get("score", math.nan),
        challenger=runner_up,
        challenger_since=None if runner_up is None else since,
        challenger_score=math.nan if runner_up is None else figures[runner_up]["score"],
    )


def gates(row: Mapping[str, float], whole: Mapping[str, float], *, level: float, terms: Terms) -> tuple[Gate, ...]:
    """What one candidate must pass, the test against a qualified one in force apart.

    The test against the baseline decides: it adjusts for the whole family of candidates, and its level for every look
    at them. That the deflated Sharpe ratio is at least a half says the same of the trials of the searches.
    """
    return (
        *score.gates(row, terms.thresholds),
        _most("Test against the baseline, all candidates counted", row["superiority_p"], level, "R-167"),
        _least("Deflated Sharpe ratio", row["deflated_sharpe"], terms.least_deflated, "F-20"),
        _most("Probability that the one chosen loses", whole["probability_of_loss"], terms.loss_max, "R-167"),
        _most("Probability of backtest overfitting", whole["pbo"], terms.pbo_max, "F-20", severity="warn"),
    )


def paired_gates(found: Earned, held: Cell, terms: Terms) -> dict[Cell, Gate]:
    """The test of every other candidate against the one in force, adjusted for the whole family."""
    active = found.periods - found.of(held)[:, None]
    p = superiority.adjusted(active, seed=terms.seed, block=BLOCK_REBALANCES, reps=terms.reps)
    return {
        cell: _most(PAIRED, float(value), terms.paired_alpha, "R-168", of=f"{PAIRED}, {name_of(held)}")
        for cell, value in zip(found.cells, p, strict=True)
        if cell != held
    }


def figures_of(evidence: pd.DataFrame) -> dict[Cell, dict[str, float]]:
    """Figures of every candidate of one decision, and of the grid, by metric."""
    groups = evidence.groupby(["model", "construction"])
    return {(str(m), str(c)): dict(zip(rows["metric"], rows["value"], strict=True)) for (m, c), rows in groups}


def _winner(
    state: State,
    ranked: list[Cell],
    figures: Mapping[Cell, Mapping[str, float]],
    whole: Mapping[str, float],
    found: Earned,
    *,
    level: float,
    terms: Terms,
) -> tuple[Cell | None, str]:
    is_held = state.status != UNQUALIFIED and state.champion in found.cells
    against = paired_gates(found, state.champion, terms) if is_held else {}
    first_failure = ""
    for cell in ranked:
        if is_held and cell == state.champion:
            return cell, f"{name_of(cell)} stays: no candidate of a higher score qualifies."
        every = gates(figures[cell], whole, level=level, terms=terms)
        every += (against[cell],) if cell in against else ()
        failed = [gate for gate in every if not gate.passed and gate.severity == "error"]
        if not failed:
            return cell, (
                f"{name_of(cell)} has the highest score of those that pass, {figures[cell]['score']:.2f}, and passes "
                f"every gate that decides: " + " ".join(gate.sentence for gate in every if gate.severity == "error")
            )
        first_failure = first_failure or (
            f"The highest score, {figures[cell]['score']:.2f} of {name_of(cell)}, does not qualify. "
            + " ".join(gate.sentence for gate in failed)
        )
    missed = all(figures[cell]["n_failed_thresholds"] > 0 for cell in ranked)
    stays = f"{name_of(state.champion)} stays in force."
    return None, " ".join([*([NOTHING] if missed else ["Nothing qualifies."]), stays, first_failure])


def restored(rows: pd.DataFrame) -> State:
    """The state stored in the rows of one date."""
    by_role = {row.role: row for row in rows.itertuples()}
    own, next_one = by_role["champion"], by_role.get("challenger")
    decision = own.decision_date
    return State(
        (own.model, own.construction), own.status, own.since, None if pd.isna(decision) else decision, own.score,
        own.reason, None if next_one is None else (next_one.model, next_one.construction),
        None if next_one is None else next_one.since, math.nan if next_one is None else next_one.score,
        int(own.n_rebalances), tuple(json.loads(own.looks)),
    )  # fmt: skip


def as_rows(state: State, date: pd.Timestamp, terms: Terms) -> list[tuple]:
    """The rows of one date."""
    decision = pd.NaT if state.decision_date is None else state.decision_date
    counted = (state.n_rebalances, json.dumps(state.looks), state.alpha_spent(terms))
    rows = [
        (date, "champion", *state.champion, state.status, state.since, decision, state.score, *counted, state.reason)
    ]
    if state.challenger is not None:
        reason = "Second by score at the last decision: followed beside the champion on the same prices."
        rows.append(
            (date, "challenger", *state.challenger, UNQUALIFIED, state.challenger_since, decision, state.challenger_score, *counted, reason)
        )  # fmt: skip
    return rows


def of_champion(portfolios: pd.DataFrame, champion_model: pd.DataFrame) -> pd.DataFrame:
    """Weights of the champion's cell at each date, and whether the exposure of the market is in them already."""
    chosen = champion_model.loc[champion_model["role"] == "champion", ["rebalance_date", "model", "construction"]]
    rows = portfolios.merge(chosen, on=["rebalance_date", "model", "construction"], validate="many_to_one")
    return rows.assign(is_gated=rows["construction"].isin(GATED))


def name_of(cell: Cell) -> str:
    """A cell in words."""
    return f"{cell[0]} with {cell[1]}"


def _least(label: str, value: float, limit: float, requirement: str) -> Gate:
    return _gate(label, value, limit, value >= limit, f"{label}: {{:.4f}}, needed at least {limit:.4f}", requirement)


def _most(
    label: str, value: float, limit: float, requirement: str, *, severity: Severity = "error", of: str | None = None
) -> Gate:
    told = f"{of or label}: {{:.4f}}, needed at most {limit:.4f}"
    return _gate(label, value, limit, value <= limit, told, requirement, severity)


def _gate(
    label: str, value: float, limit: float, passed: bool, told: str, requirement: str, severity: Severity = "error"
) -> Gate:
    if math.isnan(value):
        return Gate(label, requirement, value, limit, False, severity, f"{label}: not known.")
    sentence = f"{told.format(value)}, {'passed' if passed else 'not passed'}."
    return Gate(label, requirement, value, limit, passed, severity, sentence)
