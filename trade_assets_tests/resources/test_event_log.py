"""The event log with open connections: the stock one's method is the one that was replaced, events come back."""

import hashlib
import inspect

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from trade_assets.resources.event_log import KEPT, KeptSqliteEventLogStorage

OF_DAGSTER = {
    "_connect": "b8435f2665689760",
    "_has_asset_key_col_on_connection": "981049dfa81d2e47",
    "has_table": "577d801c70b2a4a5",
}


@pytest.mark.parametrize("name", OF_DAGSTER)
def test_a_method_that_is_replaced_is_the_one_that_was_read(name):
    source = inspect.getsource(getattr(SqliteEventLogStorage, name))
    assert hashlib.sha256(source.encode()).hexdigest()[:16] == OF_DAGSTER[name]


def test_a_table_that_is_not_there_is_asked_for_again(tmp_path):
    log = KeptSqliteEventLogStorage(str(tmp_path))
    assert not log.has_table("later")
    with log.index_connection() as connection:
        connection.exec_driver_sql("CREATE TABLE later (n INTEGER)")
    assert log.has_table("later")
    assert log.has_asset_key_index_cols()
    assert not log.has_asset_key_col("gossip")


def materialise(home, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    (home / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        "event_log_storage:\n  module: trade_assets.resources.event_log\n  class: KeptSqliteEventLogStorage\n"
        "  config: {base_dir: history/runs}\n"
    )

    @dg.asset
    def thing() -> None: ...

    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, KeptSqliteEventLogStorage)
        runs = [dg.materialize([thing], instance=instance).run_id for _ in range(2)]
    return thing, runs


def test_events_are_seen_by_another_reader(tmp_path, monkeypatch):
    thing, runs = materialise(tmp_path, monkeypatch)
    stock = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    for run_id in runs:
        kinds = [e.dagster_event_type for e in stock.get_logs_for_run(run_id) if e.is_dagster_event]
        assert dg.DagsterEventType.ASSET_MATERIALIZATION in kinds
        assert kinds[-1] == dg.DagsterEventType.RUN_SUCCESS
    assert stock.get_latest_materialization_events([thing.key])[thing.key].run_id == runs[-1]


def test_a_deleted_database_is_made_again_and_old_connections_are_closed(tmp_path):
    log = KeptSqliteEventLogStorage(str(tmp_path))
    with log.run_connection("a"):
        pass
    (tmp_path / "a.db").unlink()
    assert list(log.get_logs_for_run("a")) == []
    for i in range(KEPT + 3):
        assert list(log.get_logs_for_run(f"r{i}")) == []
    assert len(log._kept) == KEPT
    log.dispose()
    assert not log._kept


def test_the_database_of_a_deleted_run_goes_and_that_of_no_run_stays(tmp_path):
    log = KeptSqliteEventLogStorage(str(tmp_path))
    for run_id in ("", "a", "b"):
        with log.run_connection(run_id):
            pass
    for run_id in ("", "a"):
        log.delete_events(run_id)
    assert {path.name for path in tmp_path.glob("*.db")} == {".db", "b.db", "index.db"}
    assert list(log.get_logs_for_run("a")) == []
    log.dispose()
