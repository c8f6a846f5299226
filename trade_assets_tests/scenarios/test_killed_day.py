"""A trading day killed wherever it writes: computed again it is the same day, and no order is lost or placed twice."""

import signal

import pandas as pd
import pytest

from trade_assets import partitions
from trade_assets.desk import paper
from trade_assets.resources import book_ledger, files
from trade_assets.settings import load
from trade_assets_tests import reliability
from trade_assets_tests.killing import Points, in_a_child
from trade_assets_tests.scenarios.test_live_day import hashes, played

KILLS = reliability.count(1, 20)
WRITES = [(files.os, "replace"), (files.os, "link"), (book_ledger.BookLedger, "_add")]


@pytest.mark.reliability("1 day")
def test_a_day_killed_anywhere_is_the_same_day_with_every_order_once(history, tmp_path, monkeypatch, figure):
    rebalance = partitions.GRID.dates[-3]
    days = [k for k in partitions.sessions.get_partition_keys() if k >= partitions.key_of(rebalance)][:2]
    with monkeypatch.context() as patched:
        writes = Points(patched, WRITES)
        whole = played(tmp_path / "whole", [(days[0], days[-1])])
    expected, entries = hashes(whole, days), whole["ledger"].entries()
    assert any(e.kind == "order" for e in entries)
    assert any(e.kind == "execution" for e in entries)
    for number in range(KILLS):
        point, directory = writes.count * (2 * number + 1) // (2 * KILLS), tmp_path / f"killed{number}"

        def killed(point=point, directory=directory):
            Points(pytest.MonkeyPatch(), WRITES, last=point)
            played(directory, [(days[0], days[-1])])

        assert in_a_child(killed) == signal.SIGKILL
        assert in_a_child(lambda directory=directory: played(directory, [(days[0], days[-1])])) == 0
        again = paper.resources(load(), directory, pd.Timestamp(days[0]))
        assert hashes(again, days) == expected
        assert [(e.id, e.shares, e.amount_usd) for e in again["ledger"].entries()] == [
            (e.id, e.shares, e.amount_usd) for e in entries
        ]
        again["tables"].sweep()
        assert not list((directory / "store").rglob("*.partial"))
    figure(f"{KILLS} kills over {writes.count} writes: same entries, same hashes")
