"""The model in force leaves the system in a form that needs nothing of it."""

import json

import pandas as pd

from trade_assets.domain import production
from trade_assets.domain.training import FITTED, NOT_INSTALLED

BASE = pd.DataFrame(
    {
        "model": ["catboost", "elastic_net", "lightgbm", "xgboost_tuned"],
        "algorithm": ["catboost", "elastic_net", "lightgbm", "xgboost_fixed"],
        "status": [NOT_INSTALLED, FITTED, FITTED, FITTED],
        "artifact_sha256": [None, "a" * 64, "b" * 64, "c" * 64],
        "parameters": ["{}", *(json.dumps({"features": [f]}) for f in "xyz")],
    }
)
STACKS = pd.DataFrame(
    {
        "stack": "ridge_stack", "model": ["lightgbm", "elastic_net"], "coefficient": [0.75, 0.25],
        "retrain_date": pd.Timestamp("2018-01-02"),
    }
)  # fmt: skip


def files(model: str) -> dict[str, str]:
    return production.native_files(model, BASE, STACKS, lambda address: f"text of {address[0]}")


def test_a_learner_is_one_file_in_its_native_form():
    assert files("lightgbm") == {"champion_model.txt": "text of b"}
    assert files("xgboost_tuned") == {"champion_model.json": "text of c"}


def test_a_candidate_made_of_others_says_what_each_weighs_and_brings_them_along():
    made = files("ridge_stack")
    told = json.loads(made.pop("champion_model.json"))
    assert [(m["model"], m["coefficient"], m["features"]) for m in told["members"]] == [
        ("elastic_net", 0.25, ["x"]), ("lightgbm", 0.75, ["y"]),
    ]  # fmt: skip
    assert made == {
        "champion_members/elastic_net.json": "text of a", "champion_members/lightgbm.txt": "text of b",
    }  # fmt: skip
    assert {m["file"] for m in told["members"]} == set(made)


def test_what_has_not_been_fitted_has_no_files():
    assert files("catboost") == {}
    assert files("ensemble") == {}
