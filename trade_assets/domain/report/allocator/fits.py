"""What the models of each fit were and how much they knew beyond the base rate."""

import json

import numpy as np
import pandas as pd

from trade_assets.domain.allocator.members import BASE
from trade_assets.domain.allocator.models import BLEND
from trade_assets.domain.allocator.performance import RESPONDS

EPSILON = 1e-9  # losses nearer than this are equal


def history(models: pd.DataFrame) -> pd.DataFrame:
    """One row a fit and classifier, oldest first: ``retrain_date, model, blend_weight, inner_loss, excess, …``.

    ``excess`` is the loss on the inner tests less that of the base rate: below 0 the classifier knew more.
    """
    rows = models.drop_duplicates(["retrain_date", "model"]).sort_values(["retrain_date", "model"], ignore_index=True)
    members = rows[rows["model"] != BLEND]
    base = members.loc[members["model"] == BASE].set_index("retrain_date")["inner_loss"]
    excess = members["inner_loss"] - members["retrain_date"].map(base)
    return members.assign(excess=excess.astype(float)).drop(columns=["rebalance_date", "details"], errors="ignore")


def classifiers(fits: pd.DataFrame) -> pd.DataFrame:
    """One row a classifier of the newest fit, the base rate first: its weight and excess loss now and over all fits.

    ``n_beats`` of ``n_fits`` fits with a loss below the base rate's.
    """
    newest = fits[fits["retrain_date"] == fits["retrain_date"].max()]
    rows = []
    for row in newest.to_dict("records"):
        own = fits[(fits["model"] == row["model"]) & fits["inner_loss"].notna()]
        rows.append(
            {
                "model": row["model"], "artifact_sha256": row["artifact_sha256"],
                "weight": row["blend_weight"], "mean_weight": float(fits.loc[fits["model"] == row["model"], "blend_weight"].mean()),
                "inner_loss": row["inner_loss"], "excess": row["excess"], "mean_excess": float(own["excess"].mean()),
                "n_beats": int((own["excess"] < -EPSILON).sum()), "n_fits": len(own),
            }
        )  # fmt: skip
    columns = ["model", "artifact_sha256", "weight", "mean_weight", "inner_loss", "excess", "mean_excess", "n_beats", "n_fits"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("model", key=lambda names: names != BASE, kind="stable", ignore_index=True)


def by_fit(fits: pd.DataFrame) -> pd.DataFrame:
    """One row a fit: ``retrain_date, n_train_rows, n_calibration_rows, loss_before, loss_after, corner_share``."""
    columns = ["retrain_date", "n_train_rows", "n_calibration_rows", "loss_before", "loss_after", "corner_share"]
    return fits[columns].drop_duplicates("retrain_date").reset_index(drop=True)


def importances(models: pd.DataFrame) -> pd.DataFrame:
    """``feature, share`` of the gain in the newest boosted classifier that has any, largest first."""
    told = _details(models, "lightgbm").get("importances", {})
    table = pd.DataFrame({"feature": list(told), "share": np.array(list(told.values()), dtype=float)})
    table = table[table["share"] > 0]
    return table.sort_values(["share", "feature"], ascending=[False, True], ignore_index=True)


def responses(models: pd.DataFrame) -> pd.DataFrame:
    """``risk, change, is_wrong``: what the newest blend's weight of a leg does as one of its risks rises (R-105)."""
    told = _details(models, BLEND).get("responses", {})
    table = pd.DataFrame({"risk": list(told), "change": np.array(list(told.values()), dtype=float)})
    return table.assign(is_wrong=table["change"] > RESPONDS).sort_values("risk", ignore_index=True)


def calibration(models: pd.DataFrame) -> str:
    """How the newest blend is calibrated."""
    return str(_details(models, BLEND).get("calibration", "none"))


def _details(models: pd.DataFrame, name: str) -> dict:
    rows = models[models["model"] == name]
    if not len(rows):
        return {}
    return json.loads(rows.loc[rows["rebalance_date"].idxmax(), "details"])
