"""The doctor names every fault, made for real, says what to do about it, and changes nothing."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from trade_assets import doctor, housekeeping, partitions, running, schemas
from trade_assets.doctor import databases, machine, stored
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.files import Files
from trade_assets.resources.table_io import TableIO, combined
from trade_assets.resources.tables import TableStore
from trade_assets.settings import load
from trade_assets_tests.resources.ledger_writers import at, filled, made
from trade_assets_tests.test_housekeeping import KILLED

NOW = pd.Timestamp("2016-03-30 18:00", tz="UTC")
DATES = [partitions.key_of(date) for date in partitions.GRID.dates[:4]]
NO_PROCESS = 2**22 + 1  # above the largest number a process can have


@pytest.fixture
def files(tmp_path):
    return Files(str(tmp_path / "store"))


@pytest.fixture
def tables(files):
    """A store that holds three rebalances of two tables without rows."""
    for name in ("bars", "universe"):
        store(TableStore(files), name, DATES[:3])
    return TableStore(files)


def store(tables, name, keys, *, frame=None, fingerprint="f", inputs=None):
    frames = {key: schemas.TABLES[name].empty() if frame is None else frame for key in keys}
    list(tables.write(name, frames, fingerprint=fingerprint, code_version="c", inputs=inputs or {}))


def with_store(**places):
    return load().model_copy(update={"store": load().store.model_copy(update=places)})


def is_bad(finding, level, *words):
    assert finding.level == level, finding
    assert finding.remedy
    for word in words:
        assert word in f"{finding.says} {finding.remedy}", finding
    return True


def test_a_package_that_is_missing_or_another_is_named(tmp_path):
    here, lock = machine.pinned(machine.LOCK.read_text()), tmp_path / "some.lock"
    assert here["pandas"] == pd.__version__
    lock.write_text(f"pandas=={pd.__version__} \\\n    --hash=sha256:aa\nwinonly==1 ; sys_platform == 'win32' \\\n")
    assert machine.packages(lock).level == "ok"
    lock.write_text("pandas==1.0.0 \\\n")
    assert is_bad(machine.packages(lock), "warning", f"pandas {pd.__version__} (lock 1.0.0)", "make run")
    lock.write_text("nobody-has-this==1.0 \\\n")
    assert is_bad(machine.packages(lock), "problem", "nobody-has-this", "make run")
    assert is_bad(machine.packages(tmp_path / "no.lock"), "warning", "no.lock")


def test_an_optional_package_is_missed_only_where_the_settings_ask_for_it(monkeypatch):
    monkeypatch.setitem(machine.EXTRAS, "notify", "nobody-has-this")
    assert machine.extras(load()).level == "ok"
    asked = load().live.notifications.model_copy(update={"enabled": True})
    settings = load().model_copy(update={"live": load().live.model_copy(update={"notifications": asked})})
    assert is_bad(machine.extras(settings), "problem", "pip install 'trade-assets[notify]'")


def test_settings_that_are_refused_are_a_problem_that_tells_no_secret(tmp_path):
    (tmp_path / "trade_assets.yaml").write_text("portfolio: {top_n: -3, topn: 1}\nlive: {notifications: {urls: ['json://s3cret']}}")  # fmt: skip
    result = fresh(tmp_path)
    assert result.returncode == 1, result.stderr
    shown = " ".join(result.stdout.split())
    assert "portfolio.top_n" in shown
    assert "portfolio.topn" in shown
    assert "docs/settings.md" in shown
    assert "s3cret" not in shown + result.stderr


def test_a_clock_behind_what_was_stored_is_a_problem(tables, files, tmp_path):
    assert machine.clock(stored.newest_stored(files)).level == "ok"
    assert machine.clock(None).level == "ok"
    ahead = pd.Timestamp.now("UTC") + pd.Timedelta(hours=1)
    os.utime(tmp_path / "store" / "records" / "bars" / f"{DATES[0]}.json", (ahead.timestamp(),) * 2)
    assert is_bad(machine.clock(stored.newest_stored(files)), "problem", f"{ahead:%Y-%m-%d %H:%M}", "set the clock")


def test_the_calendar_tells_today_and_that_the_listed_dates_end():
    holiday, late = pd.Timestamp("2016-03-25 18:00", tz="UTC"), pd.Timestamp("2016-12-31")
    settings = load().model_copy(update={
        "history": load().history.model_copy(update={"end": None}),
        "data": load().data.model_copy(update={"source": "synthetic"}),
    })  # fmt: skip
    assert "today is a session, it closes at 20:00 UTC" in machine.exchange_calendar(settings, late, NOW).says
    assert "the next is 2016-03-28" in machine.exchange_calendar(settings, late, holiday).says
    ended = machine.exchange_calendar(settings, pd.Timestamp("2016-03-21"), NOW)
    assert is_bad(ended, "problem", "partitions end on 2016-03-21")
    assert machine.exchange_calendar(load(), pd.Timestamp("2016-03-21"), NOW).level == "ok"


def test_a_full_disk_and_a_file_in_the_place_of_a_directory_are_named(tmp_path):
    settings = with_store(exports=tmp_path / "new" / "exports")
    assert machine.room(settings).level == "ok"
    assert is_bad(machine.room(settings, little=2**60), "warning", "GB are free", "trade-assets tidy")
    assert is_bad(machine.room(settings, least=2**60), "problem", "make room")
    (tmp_path / "new").write_text("")
    assert is_bad(machine.room(settings), "problem", "must be a directory", str(tmp_path / "new"))


def test_a_damaged_partition_is_named_and_an_older_one_where_all_are_verified(tables, tmp_path):
    assert stored.rows(tables, full=True).level == "ok"
    path = tmp_path / "store" / "tables" / "bars" / f"{DATES[0]}.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    assert stored.rows(tables, full=False).level == "ok"
    assert is_bad(stored.rows(tables, full=True), "problem", f"1 of 6 partitions are not what was recorded: bars {DATES[0]}", f"trade-assets run --from {DATES[0]}")  # fmt: skip
    (tmp_path / "store" / "records" / "universe" / f"{DATES[2]}.json").write_text("{")
    assert is_bad(stored.rows(tables, full=False), "problem", f"universe {DATES[2]}")


def test_an_empty_store_asks_for_the_first_run(files):
    assert is_bad(stored.rows(TableStore(files), full=False), "warning", "nothing is stored yet", "make run")


def fitted(tables, files, key, text):
    artifacts = ArtifactStore(files)
    address = artifacts.put([text])[0]
    frame = pd.DataFrame({"rebalance_date": [pd.Timestamp(key)], "artifact_sha256": [address], "n_rows": [1], "base_rate": [0.5]})  # fmt: skip
    store(tables, "meta_models", [key], frame=schemas.check("meta_models", schemas.TABLES["meta_models"], frame))
    return artifacts, address


def test_a_model_that_is_missing_or_damaged_is_named(tables, files, tmp_path):
    artifacts, old = fitted(tables, files, DATES[0], "old")
    _, new = fitted(tables, files, DATES[1], "new")
    assert stored.models(tables, artifacts, full=True).level == "ok"
    (tmp_path / "store" / "artifacts" / old[:2] / f"{old}.txt").write_text("other")
    assert stored.models(tables, artifacts, full=False).level == "ok"
    assert is_bad(stored.models(tables, artifacts, full=True), "problem", old[:12], "trade-assets run")
    (tmp_path / "store" / "artifacts" / new[:2] / f"{new}.txt").unlink()
    assert is_bad(stored.models(tables, artifacts, full=False), "problem", new[:12])
    assert housekeeping.named_models(tables) == {old, new}


def test_a_missing_key_one_that_is_due_and_one_of_another_history_are_told_apart(tables):
    assert stored.gaps(tables, DATES, DATES[:3]).level == "ok"
    assert is_bad(stored.gaps(tables, DATES, DATES), "warning", f"1 rebalances are due: {DATES[3]}", f"--from {DATES[3]}")  # fmt: skip
    store(tables, "fundamentals", [DATES[0], DATES[2]])
    assert is_bad(stored.gaps(tables, DATES, DATES), "problem", f"fundamentals {DATES[1]}", f"--from {DATES[1]}")
    store(tables, "bars", ["2014-01-14"])
    assert is_bad(stored.gaps(tables, DATES, DATES), "problem", "bars 2014-01-14", "history.anchor")


def test_a_trading_day_that_was_left_out_is_named(tables):
    keys = partitions.sessions.get_partition_keys()
    assert stored.days(tables, keys).level == "ok"
    store(tables, "daily_report", [keys[1], keys[3]])
    assert is_bad(stored.days(tables, keys), "warning", f"1 were not computed: {keys[2]}", "trade-assets daily")


def test_partitions_of_other_settings_and_of_other_code_are_named(tables):
    records = stored.known(tables)
    assert stored.under_settings(records, lambda name: "f").level == "ok"
    assert is_bad(stored.under_settings(records, lambda name: "g"), "warning", "6 were computed under other settings", "--rebuild")  # fmt: skip
    assert stored.by_code(records, lambda name: "c").level == "ok"
    assert is_bad(stored.by_code(records, lambda name: "d"), "warning", "6 partitions were computed by other code")


def test_an_input_that_changed_after_it_was_read_is_named(tables):
    io = TableIO(tables, grid=partitions.GRID, fingerprint_of=str, code_version_of=str, legs=[])
    windows = {"universe": {"daily": ("bars", {"last": 2, "lag": 0})}}.get

    def found():
        return stored.inputs(stored.known(tables), io, lambda name: windows(name, {}))

    hashes = [tables.record("bars", key).sha256 for key in DATES[:3]]
    read = {key: {"bars": combined(hashes[max(0, i - 1) : i + 1])} for i, key in enumerate(DATES[:3])}
    store(tables, "universe", DATES[:3], inputs=read)
    assert found().level == "ok"
    bar = dict.fromkeys(schemas.TABLES["bars"].columns) | {
        "rebalance_date": pd.Timestamp(DATES[1]), "session": pd.Timestamp(DATES[1]), "symbol": "AAA", "close": 1.0,
        "split_ratio": 1.0, "dividend": 0.0, "price_basis": "raw",
    }  # fmt: skip
    store(tables, "bars", [DATES[1]], frame=schemas.check("bars", schemas.TABLES["bars"], pd.DataFrame([bar])))
    assert is_bad(found(), "warning", f"2 inputs changed after they were read: universe {DATES[1]} (its bars)", f"--from {DATES[1]}")  # fmt: skip


def test_what_a_dead_writer_left_and_a_model_no_table_names_are_counted(tables, files, tmp_path):
    artifacts, _ = fitted(tables, files, DATES[0], "named")
    assert stored.leftovers(tables, artifacts, [files]).level == "ok"
    (tmp_path / "store" / "tables" / f"x.parquet.{NO_PROCESS}.1.partial").write_text("half")
    artifacts.put(["nobody names this"])
    found = stored.leftovers(tables, artifacts, [])
    assert is_bad(found, "warning", "1 half-written files and 1 models that no table names", "trade-assets tidy")


@pytest.fixture
def instance_home(tmp_path, monkeypatch):
    shutil.copyfile(running.ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_a_run_whose_process_is_gone_is_named(instance_home):
    with dg.DagsterInstance.get():
        assert databases.dagster_runs(instance_home).level == "ok"
    subprocess.run([sys.executable, "-c", KILLED], check=False, stderr=subprocess.DEVNULL)
    found = databases.dagster_runs(instance_home)
    assert is_bad(
        found, "warning", "1 runs are marked started, but their process is gone: killed ", "trade-assets tidy"
    )


def test_a_damaged_instance_is_a_problem_and_none_is_made_by_the_first_run(instance_home, tmp_path):
    with dg.DagsterInstance.get():
        pass
    (instance_home / "history" / "runs.db").write_bytes(b"no database" * 500)
    assert is_bad(databases.dagster_runs(instance_home), "problem", "cannot be read", "mv ")
    assert is_bad(databases.dagster_runs(tmp_path / "none"), "warning", "no instance", "make run")


def test_a_damaged_ledger_is_a_problem(tmp_path):
    path = made(tmp_path / "ledger.db")
    content = filled(path, 5)
    assert "5 entries" in databases.ledger(at(path)).says
    path.write_bytes(content.replace(b"why 3", b"why 4"))
    assert is_bad(databases.ledger(at(path)), "problem", "entry 4", "ledger restore")
    path.write_bytes(b"no database" * 500)
    assert is_bad(databases.ledger(at(path)), "problem", "ledger restore")
    assert databases.ledger(at(tmp_path / "none.db")).level == "ok"
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_is_damaged_or_does_not_answer_is_a_problem_and_its_password_is_not_told(tmp_path):
    path = tmp_path / "mlflow.db"
    uri = f"sqlite:///{path}"
    assert databases.database("MLflow", uri).level == "ok"
    assert not path.exists()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    assert databases.database("MLflow", uri).level == "ok"
    path.write_bytes(path.read_bytes()[:1000])
    assert is_bad(databases.database("MLflow", uri), "problem", "is damaged", "mv ")
    for other in ("postgresql://me:s3cret@127.0.0.1:1/x", "http://me:s3cret@127.0.0.1:1", "no url s3cret"):
        found = databases.database("Optuna", other)
        assert is_bad(found, "problem")
        assert "s3cret" not in str(found)


def content(directory):
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in directory.rglob("*") if p.is_file()}


def fresh(directory, **environ):
    own = {k: v for k, v in os.environ.items() if not k.startswith(("TRADE_ASSETS", "DAGSTER_HOME"))}
    command = [sys.executable, "-m", "trade_assets.cli", "doctor"]
    path = {"PYTHONPATH": str(Path(__file__).parents[1]), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=directory, env=own | path | environ, capture_output=True, text=True, check=False)


def test_on_an_empty_machine_it_asks_for_the_first_run_and_leaves_it_empty(tmp_path):
    result = fresh(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("→ make run") == 2
    assert "0 to put right" in result.stdout
    assert content(tmp_path) == {}


def test_what_is_wrong_makes_the_command_fail_and_what_is_looked_at_stays_as_it_is(
    tables, files, tmp_path, monkeypatch
):
    settings = with_store(url=str(tmp_path / "store"), exports=tmp_path / "e", dagster_home=tmp_path / "d")
    fitted(tables, files, DATES[0], "named")
    monkeypatch.setattr(doctor, "load", lambda: settings)
    (tmp_path / "store" / "tables" / "bars" / f"{DATES[2]}.parquet").unlink()
    before = content(tmp_path)
    from trade_assets_tests.test_cli import invoke

    shown = invoke("doctor", "--full")
    assert shown.exit_code == 1, shown.output
    assert f"bars {DATES[2]}" in " ".join(shown.output.split())
    assert content(tmp_path) == before
