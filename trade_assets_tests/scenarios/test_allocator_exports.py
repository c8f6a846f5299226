"""The allocator's files are written from the tables of the store, and agree with them."""

import json

import pandas as pd
import pytest

from trade_assets.assets.allocator_policies import acceptance_limits
from trade_assets.assets.exports import allocator_exports
from trade_assets.domain.allocator import acceptance
from trade_assets.resources.files import Files
from trade_assets.resources.tables import MissingPartitionError
from trade_assets.settings import load
from trade_assets_tests.scenarios import system


@pytest.fixture(scope="module")
def written(history, tmp_path_factory):
    directory = tmp_path_factory.mktemp("exports")
    assert system.export(allocator_exports, directory).success
    return directory


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


def test_every_file_is_written_under_its_name(written):
    assert {path.name for path in written.iterdir()} == {
        "allocator_report.html", "allocator_report.md", "allocator_summary.json", "allocator_weights.csv",
        "allocator_equity.csv", "allocator_folds.csv",
    }  # fmt: skip
    assert "Allocator at the close of" in (written / "allocator_report.html").read_text()


def test_the_files_agree_with_the_tables(written, history):
    newest = stored("allocation", history[-1:]).iloc[-1]
    weights = pd.read_csv(written / "allocator_weights.csv")
    assert len(weights) == len(stored("allocation", history))
    assert weights[["w_qqq", "w_spy", "cash"]].iloc[-1].tolist() == pytest.approx(newest[["w_qqq", "w_spy", "cash"]])
    equity = pd.read_csv(written / "allocator_equity.csv")
    assert equity["allocated_equity"].iloc[-1] == pytest.approx(newest["equity"])
    report = stored("allocator_report", history)
    assert len(pd.read_csv(written / "allocator_folds.csv")) == len(
        report.loc[report["window"] == "fold", ["rebalance_date", "book"]].drop_duplicates()
    )


def test_the_verdict_is_the_same_in_the_summary_on_the_page_and_in_the_table(written, history):
    told = json.loads((written / "allocator_summary.json").read_text())
    report = stored("allocator_report", history[-1:])
    verdict = report[(report["window"] == "since_model") & (report["metric"] == "is_accepted")]["value"].iloc[0]
    assert told["is_accepted"] == bool(verdict)
    gates = acceptance.gates_of(report, acceptance_limits(load()))
    assert [gate["sentence"] for gate in told["gates"]] == [gate.sentence for gate in gates]
    page = (written / "allocator_report.html").read_text().replace("&#39;", "'")
    assert all(gate.sentence in page for gate in gates)


def test_the_same_store_gives_the_same_files(written, history, tmp_path):
    assert system.export(allocator_exports, tmp_path).success
    for path in written.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_store_without_allocator_tables_says_what_to_do(tmp_path):
    with pytest.raises(
        MissingPartitionError, match="allocator_exports: nothing is stored yet; materialise the rebalance job"
    ):
        system.export(allocator_exports, tmp_path / "exports", files=Files(str(tmp_path / "store")))
