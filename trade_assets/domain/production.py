"""The model in force as files in their native form, so that it can be used without this system."""

import json
from collections.abc import Callable

import pandas as pd

from trade_assets.domain.training import FITTED

EXTENSIONS = {"lightgbm": "txt", "random_forest": "txt"}  # LightGBM's own text; everything else is JSON
NAME = "champion_model"


def native_files(
    model: str, base_models: pd.DataFrame, stack_models: pd.DataFrame, text_of: Callable[[str], str]
) -> dict[str, str]:
    """Texts by file name of a candidate as of one date; none where it has not been fitted.

    Parameters
    ----------
    model : str
        Name of the candidate.
    base_models, stack_models : DataFrame
        Their rows at that date.
    text_of : callable
        The verified text behind a sha256.

    Returns
    -------
    dict
        A learner is one file, ``champion_model.txt`` or ``.json``. A candidate made of others is
        ``champion_model.json``, which says what each weighs, and a file for each under ``champion_members/``.
        Features are centred ranks within their date, -0.5 to 0.5; ``features`` names them in order.
    """
    fitted = base_models[base_models["status"] == FITTED].set_index("model")
    if model in fitted.index:
        row = fitted.loc[model]
        return {f"{NAME}.{extension(row['algorithm'])}": text_of(row["artifact_sha256"])}
    members = stack_models[(stack_models["stack"] == model) & stack_models["model"].isin(fitted.index)]
    if not len(members):
        return {}
    told, files = [], {}
    for member in members.sort_values("model").itertuples():
        row = fitted.loc[member.model]
        name = f"champion_members/{member.model}.{extension(row['algorithm'])}"
        files[name] = text_of(row["artifact_sha256"])
        told.append(
            {
                "model": member.model, "algorithm": row["algorithm"], "coefficient": float(member.coefficient),
                "file": name, "sha256": row["artifact_sha256"], "features": json.loads(row["parameters"])["features"],
            }
        )  # fmt: skip
    content = {
        "kind": "weighted sum of the members' centred ranks within each date", "members": told, "model": model,
        "retrain_date": f"{members['retrain_date'].iloc[0]:%Y-%m-%d}",
    }  # fmt: skip
    return {f"{NAME}.json": json.dumps(content, indent=2, sort_keys=True) + "\n", **files}


def extension(algorithm: str) -> str:
    """File ending of an algorithm's native form."""
    return EXTENSIONS.get(algorithm, "json")
