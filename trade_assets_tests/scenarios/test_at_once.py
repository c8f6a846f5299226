"""The trading day and the rebalance in two processes at the same time, in one store: what each computes is the same."""

import os

import pandas as pd
import pytest

from trade_assets import partitions
from trade_assets.automation import session_job
from trade_assets.definitions import build_definitions, build_resources
from trade_assets.desk import paper
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.overlay import Overlay, partitions_from
from trade_assets.resources.tables import TableStore
from trade_assets.resources.tracking import Untracked
from trade_assets.settings import load
from trade_assets_tests import reliability
from trade_assets_tests.killing import ending
from trade_assets_tests.scenarios import system

TIMES = reliability.count(1, 20)


def scratch(directory, rebalance):
    """A store over the history without a seal, a live session, or anything of the rebalance."""
    is_later = partitions_from(rebalance)

    def hidden(name):
        return name.startswith("vintages/") or is_later(name) or paper.is_live(name)

    return Overlay(Files(str(directory / "store")), system.base(), hidden)


def trading_day(files, directory, session):
    """Compute a session into a store, with a ledger beside it."""
    ledger = BookLedger(f"sqlite:///{directory / 'ledger.db'}", clock=paper.at_close)
    ledger.create()
    ledger.append(paper.opening(load(), pd.Timestamp(session)))
    resources = build_resources(
        load(), files=files, ledger=ledger, live_files=Exports(directory / "live"), tracking=Untracked()
    )
    resources["workers"].count = 1
    result = build_definitions(resources).resolve_job_def(session_job.name).execute_in_process(
        run_config=system.QUIET, instance=unlogged_instance(), partition_key=session
    )  # fmt: skip
    assert result.success


def at_once(*works):
    """Run each in a forked copy of this process, all from one moment on."""
    ready, start = os.pipe()
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(start)
                os.read(ready, 1)  # until every copy of the other end is closed
                work()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    os.close(ready)
    os.close(start)
    assert [ending(child) for child in children] == [0] * len(works)


@pytest.mark.reliability("6")
def test_a_day_and_a_rebalance_at_once_are_what_they_are_one_after_the_other(history, tmp_path, figure):
    rebalance = history[-1]
    session = [k for k in partitions.sessions.get_partition_keys() if k < rebalance][-1]
    serial = scratch(tmp_path / "serial", rebalance)
    trading_day(serial, tmp_path, session)
    expected = {(name, session): TableStore(serial).record(name, session).sha256 for name in paper.LIVE}
    expected |= system.hashes(system.base(), [rebalance])
    for number in range(TIMES):
        directory = tmp_path / f"{number}"
        files = scratch(directory, rebalance)
        at_once(
            lambda files=files, directory=directory: trading_day(files, directory, session),
            lambda files=files: system.materialise([rebalance], files=files),
        )
        tables = TableStore(files)
        assert {(name, key): tables.record(name, key).sha256 for name, key in expected} == expected
        for name, key in expected:
            tables.read(name, [key])
        assert not list(directory.rglob("*.partial"))
    figure(f"{TIMES} times at once, {len(expected)} artifacts each: hashes equal")
