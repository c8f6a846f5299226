"""The event engine's files are written from the tables of the store, and agree with them."""

import json

import pandas as pd
import pytest

from trade_assets.assets.exports import event_exports
from trade_assets.automation import exports_job
from trade_assets.definitions import build_definitions
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.files import Files
from trade_assets.resources.tables import MissingPartitionError
from trade_assets.settings import load
from trade_assets_tests.scenarios import system


@pytest.fixture(scope="module")
def written(history, tmp_path_factory):
    directory = tmp_path_factory.mktemp("exports")
    assert system.export(event_exports, directory).success
    return directory


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


def test_every_file_is_written_under_its_name(written):
    assert {path.name for path in written.iterdir()} == {
        "event_report.html", "event_summary.json", "event_portfolio_summary.json", "event_equity.csv", "event_trades.csv",
        "event_folds.csv", "event_contributions.csv", "step3_model_registry.json", "step3_report.md",
    }  # fmt: skip
    assert "Event engine at the close of" in (written / "event_report.html").read_text()


def test_the_files_agree_with_the_tables(written, history):
    equity = pd.read_csv(written / "event_equity.csv")
    last = stored("event_book", history[-1:]).iloc[-1]
    assert equity["engine_equity"].iloc[-1] == pytest.approx(last["book_equity"])
    assert len(pd.read_csv(written / "event_trades.csv")) == len(stored("event_trades", history))
    assert len(pd.read_csv(written / "event_folds.csv")) == 2 * len(history)
    summary = json.loads((written / "event_summary.json").read_text())
    assert summary["stages"]["Events"]["n_all"] == len(stored("events", history))
    portfolio = json.loads((written / "event_portfolio_summary.json").read_text())
    assert portfolio["capital_usd"] == load().risk.initial_capital_usd
    assert len(portfolio["gates"]) == 5


def test_every_model_of_the_registry_is_in_the_store(written):
    models = json.loads((written / "step3_model_registry.json").read_text())["models"]
    assert len(models) == 7
    artifacts = ArtifactStore(system.base())
    assert all(artifacts.get(told["artifact_sha256"]) for told in models.values())


def test_the_same_store_gives_the_same_files(written, history, tmp_path):
    assert system.export(event_exports, tmp_path).success
    for path in written.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_store_without_event_tables_says_what_to_do(tmp_path):
    with pytest.raises(
        MissingPartitionError, match="event_exports: nothing is stored yet; materialise the rebalance job"
    ):
        system.export(event_exports, tmp_path / "exports", files=Files(str(tmp_path / "store")))


def test_the_export_job_writes_every_page():
    job = build_definitions().resolve_job_def(exports_job.name)
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {
        "exports", "event_exports", "allocator_exports", "selection_exports", "production_model",
    }  # fmt: skip
