"""The commands as a person uses them, on the small system."""

import json
import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from trade_assets import certificate, proof, running
from trade_assets.cli import app
from trade_assets.settings import load
from trade_assets_tests.scenarios import system


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


@pytest.fixture(scope="module")
def ran(history):
    result = invoke("run", "--last", "1")
    assert result.exit_code == 0, result.output
    return result.output


def test_run_prints_what_to_hold_and_how_it_has_done(ran, history):
    assert f"As of {history[-1]}" in ran
    for word in ("CASH", "portfolio", "equal weight", "max drawdown", "tear_sheet.html", "1 rebalances in"):
        assert word in ran


def test_run_writes_the_files_under_the_names_users_know(ran, history):
    exports = load().store.exports
    weights = pd.read_csv(exports / "weights.csv")
    assert list(weights.columns) == ["date", "ticker", "weight"]
    assert weights.groupby("date")["weight"].sum().sub(1).abs().max() < 1e-9
    trades = pd.read_csv(exports / "trades.csv")
    assert list(trades.columns[:6]) == ["date", "ticker", "action", "prev_weight", "target_weight", "delta_weight"]
    assert len(pd.read_csv(exports / "equity.csv")) == 10 * (len(history) - 1) + 1
    metrics = json.loads((exports / "metrics.json").read_text())
    assert {"cagr", "sharpe_ratio", "max_drawdown", "turnover"} <= set(metrics["since_start"]["portfolio"])
    predictions = pd.read_parquet(exports / "ridge_stacking_predictions.parquet")
    assert list(predictions.columns) == ["date", "ticker", "prediction", "actual"]
    assert predictions.loc[predictions["date"] == history[-1], "actual"].isna().all()
    assert {"tft_p50", "meta_prob_success", "market_regime", "exposure_scalar"} <= set(
        pd.read_parquet(exports / "market_signals.parquet").columns
    )
    assert (exports / "tear_sheet.html").stat().st_size > 1e6


def test_every_fit_is_an_mlflow_run_that_names_its_dagster_run_and_is_named_by_it(ran, history):
    from mlflow import MlflowClient

    client = MlflowClient(load().store.mlflow_uri)
    runs = client.search_runs([client.get_experiment_by_name("trade_assets").experiment_id], max_results=500)
    last = [r for r in runs if r.data.tags["dagster_partition"] == history[-1]]
    assert {"forecast_models", "meta_models"} <= {r.data.tags["model"] for r in last}
    assert all(len(r.data.tags["dagster_run_id"]) == 36 for r in last)
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(load().store.dagster_home.absolute())
    with dg.DagsterInstance.get() as instance:
        chosen = dg.AssetRecordsFilter(asset_key=dg.AssetKey("forecast_models"), asset_partitions=[history[-1]])
        [record] = instance.fetch_materializations(chosen, limit=1).records
    metadata = record.asset_materialization.metadata
    assert metadata["mlflow_run_forecast_models"].value in {r.info.run_id for r in last}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "--from", "christmas"), "--from must be a date like 2018-12-31, was 'christmas'"),
        (("run", "--from", "2016-03-31", "--to", "2016-03-31"), "no closed rebalance lies in the range asked for"),
        (("prove", "--date", "2015-01-01"), "is not a rebalance date with every asset in the store"),
        (("prove", "--date", "soon"), "is not a rebalance date"),
        (("prove", "--from-scratch", "--leak", "later_close"), "leave out --date, --asset and --leak"),
        (("prove", "--parity", "--leak", "later_close"), "leave out --leak"),
    ],
)
def test_a_wrong_argument_is_one_plain_sentence(history, arguments, told):
    result = invoke(*arguments)
    assert result.exit_code == 1
    assert told in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_prove_says_that_nothing_differs(history):
    result = invoke("prove", "--date", history[-1], "--asset", "stock_outcomes")
    assert result.exit_code == 0, result.output
    names = sorted(proof.order_of_the_graph(["stock_outcomes"]))
    assert f"1 dates, {len(names)} artifacts, 0 differ" in result.output
    path = load().store.exports / "certificate.html"
    assert f"certificate: {path}" in result.output
    written = path.read_text()
    assert "Proven: nothing looks ahead" in written
    for fact in certificate.facts(load()).values():
        assert fact in written or fact.endswith("UTC")
    files = " ".join(f"{name}/{history[-1]}.parquet" for name in names)
    told = f"cd {load().store.url}/tables && sha256sum {files} | sha256sum"
    assert subprocess.check_output(told, shell=True, text=True).split()[0] in written


def test_prove_with_a_leak_leaves_with_status_one_and_names_the_first_artifact(history):
    path = load().store.exports / "certificate.html"
    path.unlink(missing_ok=True)
    result = invoke("prove", "--date", history[-12], "--leak", "whole_sample_scale", "--asset", "stock_features")
    assert result.exit_code == 1
    assert "no certificate: a leak was planted" in result.output
    assert not path.exists()
    assert "first to differ is stock_features" in result.output


def test_prove_lists_the_leaks():
    assert "centred_window" in invoke("prove", "--leak", "list").output


def test_where_and_settings_say_what_is_in_force(monkeypatch):
    files = Path("/a/folder", *6 * ["of-a-name-wider-than-the-screen"])
    moved = load().model_copy(update={"live": load().live.model_copy(update={"output_dir": files})})
    monkeypatch.setattr(running, "load", lambda: moved)
    shown = invoke("where").output.splitlines()
    assert any(line.endswith(load().live.ledger_uri) for line in shown)
    assert f"files of each session  {files}" in shown
    assert "`portfolio.top_n`" in invoke("settings").output


def test_a_failed_run_says_which_step_and_why(history, tmp_path, monkeypatch):
    tables = system.TableStore(system.base())
    monkeypatch.setattr(type(tables), "read", lambda *a, **k: (_ for _ in ()).throw(LookupError("gone")))
    with pytest.raises(RuntimeError, match=r"failed: .*gone"):
        running.run(None, None, 1, rebuild=False, console=running.Console(quiet=True))
