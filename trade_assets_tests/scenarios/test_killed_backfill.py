"""A backfill killed wherever it writes, then run again: every artifact once and whole, and the event log says the same."""

import os
import shutil
import signal

import dagster as dg
import numpy as np
import pytest

from trade_assets import housekeeping, running
from trade_assets.resources import files as files_module
from trade_assets.resources.event_log import KeptSqliteEventLogStorage
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets_tests import reliability
from trade_assets_tests.killing import Points, in_a_child
from trade_assets_tests.scenarios import system

KILLS = reliability.count(1, 50)
ONLY = ["bars", "forecast_models", "market_forecasts", "meta_models", "market_signals"]
# a file flushed to the disk, renamed, linked to a name that must be new; an event stored
WRITES = [(files_module.os, name) for name in ("fsync", "replace", "link")] + [
    (KeptSqliteEventLogStorage, "store_event")
]
STARTED = dg.DagsterRunStatus.STARTED


class Backfill:
    """Twenty partitions from nothing, in a store and an instance of their own."""

    def __init__(self, directory, keys, monkeypatch):
        self.keys, self.store, self._home = keys, directory / "store", directory / "dagster"
        self._monkeypatch = monkeypatch
        self.tables = TableStore(Files(str(self.store)))
        self._home.mkdir(parents=True)
        shutil.copyfile(running.ROOT / "dagster.yaml", self._home / "dagster.yaml")

    def instance(self):
        self._monkeypatch.setenv("DAGSTER_HOME", str(self._home))
        return dg.DagsterInstance.get()

    def run(self):
        with self.instance() as instance:
            system.materialise(self.keys, files=Files(str(self.store)), only=ONLY, instance=instance)

    def refuse_torn(self, expected):
        """Whatever is recorded can be read and is what it must be."""
        for asset in ONLY:
            for key in self.tables.keys(asset):
                assert self.tables.read(asset, [key])[1] == {key: expected[asset, key]}

    def hashes(self):
        return {(a, k): self.tables.record(a, k).sha256 for a in ONLY for k in self.tables.keys(a)}

    def told(self):
        """What the event log says of the newest run: asset, key and hash of each materialisation, in order."""
        with self.instance() as instance:
            newest = instance.get_run_records(limit=1)[0].dagster_run
            assert newest.status == dg.DagsterRunStatus.SUCCESS
            found = []
            for asset in ONLY:
                assert instance.get_materialized_partitions(dg.AssetKey(asset)) == set(self.keys)
                page = instance.fetch_materializations(dg.AssetKey(asset), limit=1000)
                made = [r.asset_materialization for r in page.records if r.run_id == newest.run_id]
                found += [((asset, m.partition), m.metadata["sha256"].value) for m in made]
        return found

    def runs(self, status):
        with self.instance() as instance:
            return [run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=[status]))]

    def files(self):
        return sorted(str(p.relative_to(self.store)) for p in self.store.rglob("*") if p.is_file())

    def agree(self, expected):
        """Store and event log hold every partition once, whole, with the hash it must have."""
        assert self.hashes() == expected
        assert sorted(self.told()) == sorted(expected.items())
        self.tables.sweep()
        assert not list(self.store.rglob("*.partial"))


@pytest.fixture
def keys(history):
    return history[:20]


@pytest.fixture
def expected(keys):
    """The hashes of the history that nobody killed."""
    tables = TableStore(system.base())
    return {(asset, key): tables.record(asset, key).sha256 for asset in ONLY for key in keys}


@pytest.mark.reliability("1")
def test_a_backfill_killed_anywhere_is_whole_when_it_is_run_again(keys, expected, tmp_path, monkeypatch, figure):
    whole = Backfill(tmp_path / "whole", keys, monkeypatch)
    with monkeypatch.context() as patched:
        writes = Points(patched, WRITES)
        whole.run()
    whole.agree(expected)
    rng = np.random.default_rng(1)
    points = [int(rng.integers(part[0], part[-1] + 1)) for part in np.array_split(np.arange(writes.count), KILLS)]
    for point in points:
        again = Backfill(tmp_path / f"killed{point}", keys, monkeypatch)

        def killed(again=again, point=point):
            Points(pytest.MonkeyPatch(), WRITES, last=point)
            again.run()

        assert in_a_child(killed) == signal.SIGKILL
        again.refuse_torn(expected)
        assert in_a_child(again.run) == 0
        again.agree(expected)
        assert [n for n in again.files() if "/log/" not in n] == [n for n in whole.files() if "/log/" not in n]
        shutil.rmtree(tmp_path / f"killed{point}")
    told = ", ".join(f"{writes.names.count(name)} {name}" for _, name in WRITES)
    figure(f"{KILLS} kills over {writes.count} writes ({told}): 0 torn, 0 lost, 0 duplicated, hashes equal, swept")


@pytest.mark.reliability("2")
def test_killed_between_rename_and_event_the_next_run_tells_of_what_is_stored(
    keys, expected, tmp_path, monkeypatch, figure
):
    backfill = Backfill(tmp_path, keys, monkeypatch)
    store_event = KeptSqliteEventLogStorage.store_event

    def killed():
        def until_signals_are_stored(log, event):
            if event.is_dagster_event and event.dagster_event.is_step_materialization:
                told = event.dagster_event.step_materialization_data.materialization
                if told.asset_key.to_user_string() == ONLY[-1]:
                    os.kill(os.getpid(), signal.SIGKILL)
            return store_event(log, event)

        monkeypatch.setattr(KeptSqliteEventLogStorage, "store_event", until_signals_are_stored)
        backfill.run()

    assert in_a_child(killed) == signal.SIGKILL
    assert backfill.hashes() == expected
    with backfill.instance() as instance:
        assert instance.get_materialized_partitions(dg.AssetKey(ONLY[-1])) == set()
    [dead] = backfill.runs(STARTED)
    assert in_a_child(backfill.run) == 0
    backfill.agree(expected)
    with backfill.instance() as instance:
        assert [run.run_id for run in housekeeping.free(instance)] == [dead]
    assert backfill.runs(STARTED) == []
    figure(f"{len(keys)} partitions stored and not told of: told of by the next run, the dead run failed")


def test_every_kind_of_file_in_a_store_is_one_whose_damage_is_tested(history):
    kinds = {path.name for path in (p for p in os.scandir(system.load().store.url))}
    assert {"tables", "records", "artifacts", "vintages"} <= kinds
    assert kinds <= {"tables", "records", "artifacts", "vintages", "people", "notified"}
