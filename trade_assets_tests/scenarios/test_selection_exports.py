"""The selection's files are written from the tables of the store, and agree with them."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from trade_assets import mandate
from trade_assets.assets.selection_exports import selection_exports
from trade_assets.domain import grid, prices, stress
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.grid import GATED
from trade_assets.domain.models import skill
from trade_assets.resources.files import Files
from trade_assets.resources.tables import MissingPartitionError
from trade_assets.settings import load
from trade_assets_tests.scenarios import system

FILES = {
    "selection_report.html", "model_selection/model_selection_report.md", "model_selection/training_comparison.csv",
    "model_selection/backtest_comparison_matrix.csv", "model_selection/backtest_detailed_results.json",
    "model_selection/regime_performance_breakdown.csv", "model_selection/equity_curves.html",
    "model_selection/champion_vs_benchmark.html", "production/champion_metadata.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def written(history, tmp_path_factory):
    directory = tmp_path_factory.mktemp("exports")
    assert system.export(selection_exports, directory).success
    return directory


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


@pytest.fixture(scope="module")
def decided(history):
    """Metric to value of every candidate at the last decision."""
    rows = stored("candidate_evidence", history)
    rows = rows[rows["rebalance_date"] == rows["rebalance_date"].max()]
    return rows.set_index(["model", "construction", "metric"])["value"]


def names_of(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_every_file_is_written_under_its_name(written):
    assert names_of(written) == FILES
    assert "Model selection as of" in (written / "selection_report.html").read_text()


def test_the_matrix_holds_the_stored_ratio_or_says_in_words_why_there_is_none(written, decided):
    matrix = pd.read_csv(written / "model_selection/backtest_comparison_matrix.csv", dtype=str, keep_default_na=False)
    settings = load()
    assert matrix["model"].tolist() == [candidate.name for candidate in settings.modeling.candidates]
    assert list(matrix.columns[1:]) == [*settings.model_selection.optimizers, *GATED]
    for row in matrix.to_dict("records"):
        for construction in matrix.columns[1:]:
            key = (row["model"], construction, "sharpe")
            if key in decided.index:
                assert float(row[construction]) == pytest.approx(decided[key])
            else:
                assert re.match(r"(skipped: |all cash: no scores|not judged yet|not in the grid)", row[construction])


def test_models_are_compared_by_the_stored_skill(written, history):
    told = pd.read_csv(written / "model_selection/training_comparison.csv").set_index("model")
    expected = skill.summary(stored("candidate_skill", history)).set_index("model")
    assert set(expected.index) <= set(told.index)
    assert told.loc[expected.index, "rank_ic"].to_numpy() == pytest.approx(
        expected["mean_rank_ic"].to_numpy(), nan_ok=True
    )
    assert (told.loc[~told.index.isin(expected.index), "status"] != "judged").all()


def test_the_metadata_say_who_is_in_force_and_carry_no_clock(written, history, decided):
    told = json.loads((written / "production/champion_metadata.json").read_text())
    newest = stored("champion_model", history[-1:]).query("role == 'champion'").iloc[0]
    assert (told["model_name"], told["optimizer"], told["status"]) == (newest["model"], newest["construction"], newest["status"])  # fmt: skip
    assert told["selection_reason"] == newest["reason"]
    assert told["selection_date"] == f"{newest['decision_date']:%Y-%m-%d}"
    assert told["as_of"] == history[-1]
    if told["metrics"]:
        assert told["metrics"]["sharpe"] == pytest.approx(decided[(newest["model"], newest["construction"], "sharpe")])


def test_regimes_are_those_of_the_evidence(written, decided):
    told = pd.read_csv(written / "model_selection/regime_performance_breakdown.csv")
    for row in told.to_dict("records"):
        expected = decided[(row["model"], row["construction"], f"sharpe_{row['regime_name']}")]
        assert row["sharpe"] == pytest.approx(expected, nan_ok=True)


def test_every_reason_is_on_the_page(written, history):
    page = (written / "selection_report.html").read_text().replace("&#39;", "'")
    rows = stored("champion_model", history).query("role == 'champion' and rebalance_date == decision_date")
    assert len(rows)
    assert all(reason in page for reason in rows["reason"])


def test_stored_weights_run_again_unstressed_are_the_stored_returns(history):
    settings = load()
    newest = stored("champion_model", history[-1:]).query("role == 'champion'").iloc[0]
    cell = (newest["model"], newest["construction"])

    def own(rows):
        return rows[(rows["model"] == cell[0]) & (rows["construction"] == cell[1])].reset_index(drop=True)

    weights, kept = own(grid.with_scores(stored("candidate_portfolios", history))), own(stored("candidate_returns", history))  # fmt: skip
    dates = pd.DatetimeIndex(history)
    run = stress.returns(
        weights,
        prices.panel(stored("bars", history), through=dates[-1]),
        dates=Rebalances(dates, np.arange(len(dates))),
        rates=mandate.cost_rates(settings.portfolio),
        case=stress.Case(1.0, settings.portfolio.initial_capital_usd, 0),
    )
    both = kept.merge(run, on=["rebalance_date", "session"], how="outer", suffixes=("", "_again"), validate="one_to_one")  # fmt: skip
    assert len(both) == len(kept) == len(run) > 0
    for name in ("return_frac", "cost_frac", "turnover_frac"):
        assert (both[name] - both[f"{name}_again"]).abs().max() < 1e-12


def test_the_same_store_gives_the_same_files(written, history, tmp_path):
    assert system.export(selection_exports, tmp_path).success
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes(), name


def test_a_store_without_a_selection_says_what_to_do(tmp_path):
    with pytest.raises(
        MissingPartitionError, match="selection_exports: nothing is stored yet; materialise the rebalance job"
    ):
        system.export(selection_exports, tmp_path / "exports", files=Files(str(tmp_path / "store")))
