"""What goes and what stays: nothing that a partition, a table or the champion rests on is ever removed."""

import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from typer.testing import CliRunner

from trade_assets import automation, housekeeping, running, schemas
from trade_assets.cli import app
from trade_assets.definitions import build_definitions
from trade_assets.resources import runs
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets.resources.tracking import ALIAS, EXPERIMENT, REGISTERED, Tracking
from trade_assets.settings import load

NOW = dt.datetime.now(dt.UTC)
OLD = NOW + dt.timedelta(days=91)  # what is made now is old then
NONE = {"dead_runs": 0, "old_runs": 0, "tracked_runs": 0, "half_written": 0, "models": 0, "models_left": ""}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An instance as the system keeps it."""
    shutil.copyfile(running.ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def files(tmp_path):
    return Files(str(tmp_path / "store"))


def tidy(instance, files, uri="sqlite:///nowhere.db", **options):
    """Housekeeping of an instance and a store; gives what it removed, where it is not nothing."""
    directory = Path(instance.root_directory)
    settings = load().model_copy(
        update={
            "store": load().store.model_copy(update={"exports": directory / "exports"}),
            "live": load().live.model_copy(update={"output_dir": directory / "live"}),
        }
    )
    removed = housekeeping.tidy(settings, instance, TableStore(files), ArtifactStore(files), Tracking(uri), **options)
    return {name: value for name, value in asdict(removed).items() if value != NONE[name]}


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def thing() -> None: ...


@dg.job
def failing():
    @dg.op
    def fails():
        raise ValueError("no")

    fails()


def materialised(instance, key):
    return dg.materialize([thing], instance=instance, partition_key=key).run_id


def runs_of(instance):
    return {run.run_id for run in instance.get_runs()}


def test_deleting_a_run_takes_its_partitions_along(home):
    run_id = materialised(home, "a")
    assert home.get_materialized_partitions(thing.key) == {"a"}
    home.delete_run(run_id)
    assert home.get_materialized_partitions(thing.key) == set()


def test_an_old_run_goes_with_all_it_left_unless_it_stored_the_newest_of_a_partition(home, files, tmp_path):
    superseded, newest, other = materialised(home, "a"), materialised(home, "a"), materialised(home, "b")
    failed = failing.execute_in_process(instance=home, raise_on_error=False).run_id
    assert tidy(home, files) == {}
    assert tidy(home, files, now=OLD, dry_run=True) == {"old_runs": 2}
    assert runs_of(home) == {superseded, newest, other, failed}
    assert tidy(home, files, now=OLD) == {"old_runs": 2}
    assert runs_of(home) == {newest, other}
    assert home.get_materialized_partitions(thing.key) == {"a", "b"}
    left = {path.name for path in tmp_path.rglob("*") if superseded in path.name or failed in path.name}
    assert left == set()
    assert (tmp_path / "history" / "runs" / f"{newest}.db").is_file()


KILLED = """
import os, signal
import dagster as dg

@dg.op
def dies():
    os.kill(os.getpid(), signal.SIGKILL)

@dg.job
def killed():
    dies()

killed.execute_in_process(instance=dg.DagsterInstance.get())
"""


def test_a_run_whose_process_is_gone_is_failed_and_one_that_runs_is_left(home, files):
    subprocess.run([sys.executable, "-c", KILLED], check=False, stderr=subprocess.DEVNULL)
    [dead] = home.get_runs()
    assert dead.status == dg.DagsterRunStatus.STARTED
    seen = []

    @dg.op
    def looks():
        seen.extend([tidy(home, files, dry_run=True), tidy(home, files), tidy(home, files)])

    @dg.job
    def running_now():
        looks()

    running_now.execute_in_process(instance=home)
    counts = [{name: count for name, count in one.items() if name != "models_left"} for one in seen]
    assert counts == [{"dead_runs": 1}, {"dead_runs": 1}, {}]
    assert home.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE
    assert {run.status for run in home.get_runs()} == {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS}


IN_A_SLOT = """
import os, sys, time
import dagster as dg

@dg.op(pool="models")
def waits():
    print("running", flush=True)
    time.sleep(300)

@dg.job
def killed():
    waits()

killed.execute_in_process(instance=dg.DagsterInstance.get(), run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}})
"""


@pytest.mark.reliability("5 freed")
def test_a_killed_run_is_failed_and_its_slot_is_free_within_a_minute(home, figure):
    sensor = automation.killed_runs
    started = subprocess.Popen([sys.executable, "-c", IN_A_SLOT], stdout=subprocess.PIPE)
    assert started.stdout.readline() == b"running\n"
    [run] = home.get_runs()
    assert "every run has its process" in sensor(dg.build_sensor_context(instance=home)).skip_message
    assert runs.in_progress(home, []) == [run.run_id]
    started.kill()
    started.wait()
    started.stdout.close()
    killed = time.monotonic()
    assert run.run_id in sensor(dg.build_sensor_context(instance=home)).skip_message
    took = time.monotonic() - killed
    assert home.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE
    assert runs.in_progress(home, []) == []
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    asked = sensor.minimum_interval_seconds
    assert asked + took < 60
    figure(f"failed and its slot free within {asked + took:.0f} s: asked every {asked} s, done in {took:.1f} s")


def test_a_run_that_ends_while_it_is_looked_at_is_not_failed(home, monkeypatch):
    @dg.op
    def looks(context):
        def ends(pid):
            home.report_dagster_event(
                dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, context.job_name), context.run_id
            )
            return False

        with monkeypatch.context() as patched:
            patched.setattr(runs, "is_running", ends)
            assert housekeeping.free(home) == []

    @dg.job
    def ending():
        looks()

    done = ending.execute_in_process(instance=home)
    assert home.get_run_by_id(done.run_id).status == dg.DagsterRunStatus.SUCCESS


def naming(files, address, key="2015-01-05"):
    """A stored table of fits that names a model."""
    table = schemas.TABLES["meta_models"]
    frame = pd.DataFrame({n: [_value(c, address)] for n, c in table.columns.items()})
    assert list(TableStore(files).write("meta_models", {key: frame}, fingerprint="f", code_version="c", inputs={}))


def _value(column, address):
    if column.pattern:
        return address
    return {"date": pd.Timestamp("2015-01-05"), "text": "text", "int64": 1, "bool": True}.get(column.kind, 1.0)


def test_a_model_no_table_names_goes_when_it_is_old(home, files):
    artifacts = ArtifactStore(files)
    named, unnamed = artifacts.put(["named", "unnamed"])
    naming(files, named)
    assert tidy(home, files) == {}
    day_later = NOW + dt.timedelta(hours=25)
    assert tidy(home, files, now=day_later, dry_run=True) == {"models": 1}
    assert artifacts.get(unnamed) == "unnamed"
    assert tidy(home, files, now=day_later) == {"models": 1}
    assert artifacts.get(named) == "named"
    assert not files.exists(f"artifacts/{unnamed[:2]}/{unnamed}.txt")


def test_every_table_with_the_address_of_a_model_is_read():
    named = {asset for asset, table in schemas.TABLES.items() if "artifact_sha256" in table.columns}
    found = {
        asset
        for asset, table in schemas.TABLES.items()
        if any(c.pattern == schemas.columns.SHA256.pattern for c in table.columns.values())
    }
    assert {"base_models", "forecast_models", "meta_models", "calibrated_models", "allocator_models"} <= named <= found
    for table in schemas.TABLES.values():
        for name, column in table.columns.items():
            assert not name.endswith("sha256") or column.pattern == schemas.columns.SHA256.pattern


def test_no_model_goes_while_a_run_may_need_it_or_a_table_cannot_be_read(home, files):
    [address] = ArtifactStore(files).put(["unnamed"])
    with_run = home.create_run_for_job(failing)
    assert "1 other run(s) are queued or running" in tidy(home, files, now=OLD)["models_left"]
    assert tidy(home, files, now=OLD, own_run=with_run.run_id, dry_run=True) == {"models": 1}
    home.delete_run(with_run.run_id)
    naming(files, address)
    files.put([("tables/meta_models/2015-01-05.parquet", b"damaged")])
    assert "meta_models: partition 2015-01-05 is damaged" in tidy(home, files, now=OLD)["models_left"]
    assert ArtifactStore(files).get(address) == "unnamed"


def test_what_dead_writers_left_goes_wherever_files_are_written(home, files, tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = [f"{directory}/x.{gone.pid}.1.partial" for directory in ("store/tables", "exports", "live/2016-01-04")]
    alive = tmp_path / "exports" / f"x.{os.getpid()}.1.partial"
    for path in (*(tmp_path / name for name in names), alive):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert tidy(home, files) == {}
    assert tidy(home, files, now=OLD, dry_run=True) == {"half_written": 3}
    assert tidy(home, files, now=OLD) == {"half_written": 3}
    assert alive.exists()
    assert not any((tmp_path / name).exists() for name in names)


def test_old_fits_go_and_those_the_champion_rests_on_stay(home, files, tmp_path):
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(uri)
    own, other = client.create_experiment(EXPERIMENT, str(tmp_path / "mlruns")), client.create_experiment("other")

    def fit(model, key, days, experiment=own):
        start = int((NOW - dt.timedelta(days=days)).timestamp() * 1000)
        tags = {"model": model, "dagster_partition": key}
        return client.create_run(experiment, start_time=start, tags=tags).info.run_id

    client.create_registered_model(REGISTERED)
    made = client.create_model_version(REGISTERED, source=tmp_path.as_uri(), tags={"partition": "2015-06-01"})
    client.set_registered_model_alias(REGISTERED, ALIAS, made.version)
    stay = [
        fit("a", "2015-05-01", 400),  # in force at the champion's rebalance
        fit("b", "2015-01-05", 500),
        fit("a", "2015-07-01", 10),
        fit("a", "2015-03-01", 400, other),
        client.create_run(own, start_time=0).info.run_id,  # of a person
    ]
    go = [fit("a", "2015-03-01", 401), fit("a", "2015-06-15", 399), fit("a", "2015-05-01", 1)]
    client.delete_run(go[-1])
    assert tidy(home, files, uri, dry_run=True) == {"tracked_runs": 3}
    assert tidy(home, files, uri) == {"tracked_runs": 3}
    assert tidy(home, files, uri) == {}
    kept = client.search_runs([own, other], run_view_type=3)  # active and deleted
    assert {run.info.run_id for run in kept} == set(stay)


def test_the_weekly_job_runs_on_sunday_and_says_what_went(tmp_path):
    assert (automation.weekly.cron_schedule, automation.weekly.execution_timezone) == ("0 6 * * 0", "America/New_York")
    files = Files(str(tmp_path))
    overrides = {
        "tables": TableStore(files),
        "artifacts": ArtifactStore(files),
        "tracking": Tracking("sqlite:///no.db"),
    }
    job = build_definitions(overrides).resolve_job_def(automation.weekly.job_name)
    result = job.execute_in_process(instance=dg.DagsterInstance.ephemeral())
    [output] = [e for e in result.all_node_events if e.is_successful_output]
    said = {name: value.value for name, value in output.step_output_data.metadata.items()}
    assert said == NONE


def test_the_command_says_what_would_go():
    shown = CliRunner().invoke(app, ["tidy", "--dry-run"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert shown.exit_code == 0, shown.output
    for words in ("dead runs", "old runs", "tracked runs", "half written", "models", "Dry run: nothing was removed."):
        assert words in shown.output
