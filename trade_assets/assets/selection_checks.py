"""What a schema cannot say of the selection's tables, checked after every run."""

import dagster as dg
import pandas as pd

from trade_assets.assets import selection, selection_policies
from trade_assets.assets.checking import TOLERANCE, check, result
from trade_assets.domain.champion import UNQUALIFIED
from trade_assets.domain.grid import BASELINE
from trade_assets.settings import Settings

CELL = ["rebalance_date", "model", "construction"]


@check(selection.candidate_portfolios)
def weights_of_every_cell_sum_to_one(candidate_portfolios: pd.DataFrame) -> dg.AssetCheckResult:
    """Weights of every cell, cash included, sum to 1."""
    total = candidate_portfolios.groupby(CELL, as_index=False)["weight"].sum()
    broken = (total["weight"] - 1).abs() > TOLERANCE
    return result(total.loc[broken, "rebalance_date"], "weights of every cell sum to 1 to 1e-9")


@check(selection.candidate_portfolios)
def the_grid_is_complete(
    candidate_portfolios: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Every model has every construction at every date, and the baseline is beside them."""
    wanted = {*selection_policies.cells(settings), BASELINE}
    cells = candidate_portfolios[CELL].drop_duplicates()
    broken = [
        date
        for date, rows in cells.groupby("rebalance_date")
        if set(zip(rows["model"], rows["construction"], strict=True)) != wanted
    ]
    return result(pd.Series(broken, dtype="datetime64[us]"), f"{len(wanted)} cells at every date")


@check(selection.champion_model)
def no_more_error_is_spent_than_stated(
    champion_model: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """The looks so far used less than the error probability stated for all time, and what is spent never falls."""
    alpha = settings.model_selection.alpha
    rows = champion_model[champion_model["role"] == "champion"].sort_values("rebalance_date")
    broken = (rows["alpha_spent"] >= alpha) | (rows["alpha_spent"].diff() < 0)
    return result(rows.loc[broken, "rebalance_date"], f"less than {alpha:.0%} is spent")


@check(selection.champion_model, blocking=False)
def the_champion_has_qualified(champion_model: pd.DataFrame) -> dg.AssetCheckResult:
    """As of the newest date the candidate in force has passed every gate, or a person put it there."""
    rows = champion_model[champion_model["role"] == "champion"].nlargest(1, "rebalance_date")
    failing = rows[rows["status"] == UNQUALIFIED]
    told = {"reason": failing["reason"].iloc[0]} if len(failing) else {}
    verdict = "the champion has qualified" if not len(failing) else "nothing has qualified; the incumbent stays"
    return result(failing["rebalance_date"], verdict, dg.AssetCheckSeverity.WARN, told)
