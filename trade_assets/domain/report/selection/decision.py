"""Who is in force, since when and why, and how that came about."""

import json
from dataclasses import dataclass

import pandas as pd

from trade_assets.domain import champion
from trade_assets.domain.grid import Cell
from trade_assets.domain.overfitting import sequential
from trade_assets.domain.report.writing import day


@dataclass(frozen=True)
class InForce:
    """The pair in force after the newest rebalance.

    Attributes
    ----------
    date, since : Timestamp
        The newest rebalance; the one from which the pair has been in force.
    cell : (model, construction)
    status : str
    decision_date : Timestamp or None
        Of the last decision; None before any.
    score : float
        At that decision; NaN where the pair was not judged.
    n_rebalances : int
        Rebalances out of sample so far.
    looks : tuple of int
        That number at every decision.
    spent, level : float
        Error probability used so far; level of the test at the last decision, NaN before any.
    reason : str
    runner_up : (model, construction) or None
    runner_up_score : float
    """

    date: pd.Timestamp
    since: pd.Timestamp
    cell: Cell
    status: str
    decision_date: pd.Timestamp | None
    score: float
    n_rebalances: int
    looks: tuple[int, ...]
    spent: float
    level: float
    reason: str
    runner_up: Cell | None
    runner_up_score: float

    @property
    def is_qualified(self) -> bool:
        """Whether it passed every gate when it was put in force."""
        return self.status == champion.QUALIFIED

    @property
    def sentence(self) -> str:
        """The decision in one sentence."""
        name, since = champion.name_of(self.cell), day(self.since)
        if self.status == champion.ROLLED_BACK:
            return f"{name} is in force since {since}, when a person rolled back to it."
        if self.decision_date is None:
            return f"No decision has been made yet: {name} is in force by the settings, {self.status}, since {since}."
        if not self.is_qualified:
            return f"Nothing qualifies: {name} stays in force, {self.status}, since {since}."
        if self.since == self.decision_date:
            return f"{name} was promoted on {since}: it passed every gate and is in force."
        return f"{name} stays in force, qualified, since {since}."


def newest(rows: pd.DataFrame, terms: champion.Terms) -> InForce | None:
    """The newest rows of ``champion_model``; None without any."""
    if not len(rows):
        return None
    date = rows["rebalance_date"].max()
    state = champion.restored(rows[rows["rebalance_date"] == date])
    stepped = levels(state.looks, terms)
    return InForce(
        date=date,
        since=state.since,
        cell=state.champion,
        status=state.status,
        decision_date=state.decision_date,
        score=state.score,
        n_rebalances=state.n_rebalances,
        looks=state.looks,
        spent=state.alpha_spent(terms),
        level=stepped[-1] if stepped else float("nan"),
        reason=state.reason,
        runner_up=state.challenger,
        runner_up_score=state.challenger_score,
    )


def before(rows: pd.DataFrame, date: pd.Timestamp) -> tuple[Cell, str] | None:
    """The pair in force when it was decided at ``date``, and its status; None at the start."""
    earlier = rows[(rows["role"] == "champion") & (rows["rebalance_date"] < date)]
    if not len(earlier):
        return None
    row = earlier.loc[earlier["rebalance_date"].idxmax()]
    return (row["model"], row["construction"]), row["status"]


EVENTS = ["date", "is_look", "n_rebalances", "level", "spent", "model", "construction", "status", "is_change", "reason"]


def history(rows: pd.DataFrame, terms: champion.Terms) -> pd.DataFrame:
    """Every look, and every change a person made between two, newest first.

    ``date, is_look, n_rebalances, level`` (of the look; NaN where it was none), ``spent``, what was in force after it
    (``model, construction, status``), ``is_change`` and ``reason``.
    """
    own = rows[rows["role"] == "champion"].sort_values("rebalance_date", ignore_index=True)
    stepped = levels(tuple(json.loads(own["looks"].iloc[-1])), terms) if len(own) else []  # earlier looks begin these
    told, previous = [], None
    for row in own.to_dict("records"):
        pair, looks = (row["model"], row["construction"], row["status"]), json.loads(row["looks"])
        is_look, is_change = row["rebalance_date"] == row["decision_date"], previous not in (None, pair)
        if is_look or is_change:
            level = stepped[len(looks) - 1] if is_look else float("nan")
            counted = (row["n_rebalances"], level, row["alpha_spent"])
            told.append((row["rebalance_date"], is_look, *counted, *pair, is_change, row["reason"]))
        previous = pair
    return pd.DataFrame(told[::-1], columns=EVENTS).astype({"is_look": bool, "is_change": bool})


def levels(looks: tuple[int, ...], terms: champion.Terms) -> list[float]:
    """Level of the test at each look."""
    found = sequential.levels(looks, first=terms.first, alpha=terms.alpha, n_trials=terms.n_models)
    return [float(level) for level in found]
