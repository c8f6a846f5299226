"""The model in force as files that score as the graph does, and as an alias in MLflow."""

import json

import numpy as np
import pytest
from mlflow import MlflowClient

from trade_assets.assets.exports import production_model
from trade_assets.domain import folds
from trade_assets.domain.features import FEATURES
from trade_assets.domain.models import MODELS
from trade_assets.resources.tracking import ALIAS, REGISTERED, Tracking
from trade_assets_tests.scenarios import system


@pytest.fixture(scope="module")
def written(history, tmp_path_factory):
    home = tmp_path_factory.mktemp("production")
    uri = f"sqlite:///{home / 'mlflow.db'}"
    for _ in range(2):
        assert system.export(production_model, home, tracking=Tracking(uri)).success
    return home / "production", uri


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


def test_the_exported_stack_scores_the_newest_cross_section_as_the_graph_did(written, history):
    directory, _ = written
    told = json.loads((directory / "champion_model.json").read_text())
    assert told["model"] == "ridge_stack"
    rows = stored("stock_features", history[-1:]).sort_values("symbol", ignore_index=True)
    ranks = folds.ranked(rows, "rebalance_date", list(FEATURES)).astype(float)
    score = np.zeros(len(rows))
    for member in told["members"]:
        text = (directory / member["file"]).read_text()
        own = MODELS[member["algorithm"]].predict(text, np.ascontiguousarray(ranks[member["features"]].to_numpy()))
        table = rows[["rebalance_date"]].assign(own=own)
        score += member["coefficient"] * folds.ranked(table, "rebalance_date", ["own"])["own"].to_numpy()
    own = stored("stock_predictions", history[-1:])
    expected = own[own["model"] == "ridge_stack"].sort_values("symbol")["prediction"].to_numpy()
    np.testing.assert_allclose(score, expected, rtol=0, atol=1e-12)


def test_the_alias_in_mlflow_is_the_champion_of_the_newest_partition_and_written_once(written, history):
    version = MlflowClient(written[1]).get_model_version_by_alias(REGISTERED, ALIAS)
    assert version.version == 1
    assert version.tags["partition"] == history[-1]
    assert (version.tags["model"], version.tags["construction"]) == ("ridge_stack", "rank_decay")
