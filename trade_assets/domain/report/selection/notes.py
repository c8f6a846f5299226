"""What a reader must know before trusting the page: computed from the tables, not remembered."""

import numpy as np
import pandas as pd

from trade_assets.domain.report.selection.decision import InForce
from trade_assets.domain.report.selection.stressed import Stress
from trade_assets.domain.report.selection.tables import Terms
from trade_assets.domain.report.writing import percent

FALLS_BACK = 0.1  # share of fallbacks from which a construction is not what its name says


def of(cells: pd.DataFrame, in_force: InForce | None, stress: Stress | None, terms: Terms) -> list[str]:
    """Sentences on what is compared, what is missing and how far the evidence reaches."""
    return [
        "Every return is out of sample and net of costs: a model is fitted on the past alone, and a portfolio earns from the close of the session after its decision.",
        f"A decision looks at the last {terms.window_rebalances} rebalances at most, and only at those on which every cell judged had returns: a younger model shortens the record of all.",
        "The candidates were chosen by people who knew this market. That choice is a trial nobody can count, and no number here allows for it.",
        "The baseline holds all members in equal parts and pays the same rates of cost. Beating it is the question; the indices are beside it for the eye.",
        "What is in force is shown as the pair of each time, without the cost of changing pairs and without the market gate; what the book really earned is on the tear sheet.",
        *_missing(cells),
        *_fallbacks(cells),
        *_early(in_force, terms),
        *_impact(stress),
    ]


def _missing(cells: pd.DataFrame) -> list[str]:
    rows = cells[cells["status"] != "judged"]
    return [
        f"{model} has no figure in {len(own)} cell{'s' if len(own) > 1 else ''} ({', '.join(sorted(set(own['status'])))}). It is not among the cells tested."
        for model, own in rows.groupby("model", sort=False)
    ]


def _fallbacks(cells: pd.DataFrame) -> list[str]:
    means = cells.groupby("construction", sort=False)["fallback_frac"].mean()
    return [f"{name} fell back to another rule at {percent(share, 0)} of its rebalances: its column is not what its name says." for name, share in means.items() if share >= FALLS_BACK]  # fmt: skip


def _early(in_force: InForce | None, terms: Terms) -> list[str]:
    if in_force is None or in_force.decision_date is not None:
        return []
    return [f"The first decision comes once there are {terms.champion.first} rebalances out of sample; so far there are {in_force.n_rebalances}."]  # fmt: skip


def _impact(stress: Stress | None) -> list[str]:
    if stress is None or np.isnan(stress.impact_known_frac) or stress.impact_known_frac > 0.995:
        return []
    return [f"Market impact is known for {percent(stress.impact_known_frac, 0)} of the positions only (a volume or a price history is missing); the rest trades as if it moved no price, so capacity is overstated."]  # fmt: skip
