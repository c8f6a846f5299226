"""No room on the disk: an error that names what was not stored, the old bytes intact, nothing half-written left."""

import os
import resource
import shutil
import threading

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import event

from trade_assets import running, schemas
from trade_assets.domain.live.entries import LedgerError
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import PARTIAL, Files, NotStoredError
from trade_assets.resources.market_data.sealed_files import Log, Parts
from trade_assets.resources.records import Records
from trade_assets.resources.tables import TableStore
from trade_assets_tests.killing import in_a_child
from trade_assets_tests.resources import directories
from trade_assets_tests.resources.ledger_writers import at, made, numbered, read

KEYS = ["2015-01-05", "2015-01-20", "2015-02-03"]
NOON = pd.Timestamp("2026-03-02 12:00", tz="UTC")


def table(files, rows=3, value=1.0):
    """Write three partitions of a table."""
    parts = {}
    for key in KEYS:
        rng = np.random.default_rng(5)
        names = {"rebalance_date": pd.Timestamp(key), "model": "m", "symbol": [f"S{i}" for i in range(rows)]}
        frame = pd.DataFrame(names | {"prediction": value + rng.random(rows)})
        parts[key] = schemas.check("stock_predictions", schemas.TABLES["stock_predictions"], frame)
    return list(TableStore(files).write("stock_predictions", parts, fingerprint="f", code_version="c", inputs={}))


WRITERS = {
    f"tables/stock_predictions/{KEYS[1]}.parquet": table,
    f"records/stock_predictions/{KEYS[1]}.json": table,
    "artifacts/76/7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed.txt": lambda files: ArtifactStore(
        files
    ).put(["one", "two", "three", "one"]),
    "vintages/x/log/00000000.json": lambda files: Log(files, "vintages/x").append({"a": 1}),
    "vintages/x/parts/PART.parquet": lambda files: Parts(files, "vintages/x", schemas.RAW["bars"]).put(
        schemas.RAW["bars"].empty()
    ),
    "people/rollbacks/2026-03-02T12-00-00.000000Z.json": lambda files: Records(files).append(
        "rollbacks", recorded_utc=NOON, actor="a", reason="why"
    ),
}


def everything(directory):
    """Bytes of every file."""
    return {p.relative_to(directory): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def full(directory, name):
    """Let the next write of a name of this thread go to a device that is full."""
    partial = directory / f"{name}.{os.getpid()}.{threading.get_ident()}{PARTIAL}"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.symlink_to("/dev/full")


@pytest.mark.reliability("3")
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_device_is_named_and_leaves_what_was_there(tmp_path, figure, name):
    write, files = WRITERS[name], Files(str(tmp_path))
    if "PART" in name:
        name = name.replace("PART", write(Files(str(tmp_path / "other"))))
        shutil.rmtree(tmp_path / "other")
    table(files, value=7.0)
    files.put([(name, b"old")])
    if name.endswith(("txt", "00000000.json", "0Z.json")):  # never written over: it must not be there
        files.delete(name)
    before = everything(tmp_path)
    full(tmp_path, name)
    with pytest.raises(NotStoredError, match=f"{name} could not be stored, No space left on device: .* make room"):
        write(files)
    after = everything(tmp_path)
    assert {path for path in after if str(path).endswith(PARTIAL)} == set()
    changed = {str(path) for path in after if after[path] != before.get(path)}
    assert name not in changed
    assert set(before) <= set(after)
    write(files)
    assert everything(tmp_path)[type(next(iter(after)))(name)] != b"old"
    figure(f"{len(WRITERS)} kinds of file on a full device, 2 under a size limit, 2 databases: all named, all intact")


@pytest.mark.reliability("3")
@pytest.mark.parametrize(
    "write", [lambda files: table(files, rows=4000), lambda files: ArtifactStore(files).put(["x" * 50_000])]
)
def test_past_the_size_limit_of_a_process_nothing_of_a_write_is_there(tmp_path, write):
    files = Files(str(tmp_path))
    table(files)
    before = everything(tmp_path)

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        with pytest.raises(NotStoredError, match="could not be stored, File too large"):
            write(files)
        assert everything(tmp_path) == before

    assert in_a_child(limited) == 0
    assert everything(tmp_path) == before
    write(files)
    assert everything(tmp_path) != before


def test_what_a_person_opens_is_not_cut_short_either(tmp_path):
    exports = Exports(tmp_path)
    exports.csv("weights.csv", directories.bars())
    before = everything(tmp_path)
    full(tmp_path, "weights.csv")
    with pytest.raises(NotStoredError, match=r"weights\.csv could not be stored"):
        exports.csv("weights.csv", directories.bars().iloc[:3])
    assert everything(tmp_path) == before


def limited_to(engine, pages):
    """Let every new connection of an engine refuse to grow its database."""

    @event.listens_for(engine, "connect")
    def _limit(connection, _):
        connection.execute(f"PRAGMA max_page_count={pages}")

    engine.dispose()


@pytest.mark.reliability("3")
def test_a_full_ledger_takes_no_part_of_a_batch_and_goes_on_when_there_is_room(tmp_path):
    path = made(tmp_path / "ledger.db")
    ledger = at(path)
    ledger.append(numbered(5))
    limited_to(ledger._connected(), 1)
    with pytest.raises(NotStoredError, match=r"an entry of the ledger at .*ledger\.db could not be stored, .* is full"):
        ledger.append(numbered(2000, first=5))
    ledger.close()
    assert read(path) == numbered(5)
    at(path).append(numbered(2000, first=5))
    assert read(path) == numbered(2005)


def test_a_ledger_past_the_size_limit_is_named_too(tmp_path):
    path = made(tmp_path / "ledger.db")
    at(path).append(numbered(5))

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        with pytest.raises((NotStoredError, LedgerError), match=r"ledger\.db could not be stored"):
            at(path).append(numbered(5000, first=5))

    assert in_a_child(limited) == 0
    assert read(path) == numbered(5)


@pytest.mark.reliability("3")
def test_a_run_whose_event_log_is_full_stops_by_name_and_the_next_one_runs(tmp_path, monkeypatch):
    shutil.copyfile(running.ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    seen = []

    @dg.asset
    def thing(context) -> None:
        log = context.instance.event_log_storage
        if not seen:
            log._kept[os.getpid(), context.run_id][1].connection.dbapi_connection.execute("PRAGMA max_page_count=1")
        seen.append(context.run_id)
        for _ in range(20):
            context.log.info("x" * 4000)

    with dg.DagsterInstance.get() as instance:
        with pytest.raises(NotStoredError, match=r"an event in .*\.db could not be stored, database or disk is full"):
            dg.materialize([thing], instance=instance)
        assert instance.get_latest_materialization_event(thing.key) is None
        assert dg.materialize([thing], instance=instance).success
        assert instance.get_latest_materialization_event(thing.key).run_id == seen[-1]
