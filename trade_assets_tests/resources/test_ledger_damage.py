"""The book ledger under damage, kills, writers at once and backups: the same entries, or an error that says so."""

import threading
import time
from multiprocessing import get_context

import numpy as np
import pytest

from trade_assets.domain.live.entries import LedgerError
from trade_assets.resources.book_ledger import CorruptLedgerError, MissingLedgerError
from trade_assets_tests.resources.ledger_writers import append_batches, at, filled, made, numbered, read

NAMED = (MissingLedgerError, CorruptLedgerError, LedgerError)


@pytest.fixture
def path(tmp_path):
    """A new ledger's file."""
    return made(tmp_path / "ledger.db")


def flipped(content, place, bit):
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


def damages(content, how):
    """Copies of a file with one bit flipped, with its end cut off, or with pages that count their rows wrong."""
    rng, n = np.random.default_rng(11), len(content)
    if how == "flipped":
        return [flipped(content, int(rng.integers(0, n)), int(rng.integers(0, 8))) for _ in range(100)]
    if how == "truncated":
        return [content[: int(rng.integers(0, n))] for _ in range(100)]
    pages = range(0, n, 4096)
    return [flipped(content, page + 3 + bit // 8 + 100 * (page == 0), bit % 8) for page in pages for bit in range(16)]


@pytest.mark.reliability("4")
@pytest.mark.parametrize("how", ["flipped", "truncated", "miscounted"])
def test_a_damaged_file_gives_the_same_entries_or_a_named_error(path, how, figure):
    content, outcomes = filled(path, 60), {"the same": 0, "refused": 0}
    for damaged in damages(content, how):
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.write_bytes(damaged)
        try:
            found = read(path)
        except NAMED:
            outcomes["refused"] += 1
            continue
        assert found == numbered(60)
        outcomes["the same"] += 1
    figure(f"a ledger {how}: {outcomes['refused']} refused, {outcomes['the same']} the same")
    assert outcomes["refused"] > 50


def test_two_processes_that_append_at_once_lose_nothing(path):
    context = get_context("spawn")
    start = context.Barrier(2)
    writers = [context.Process(target=append_batches, args=(f"sqlite:///{path}", name, 20, start)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    found = read(path)
    assert len(found) == 120
    for name in "ab":
        assert [e for e in found if e.id.startswith(name)] == numbered(60, name=name)


def test_killed_at_any_moment_it_leaves_whole_batches_and_all_that_was_confirmed(tmp_path):
    context, rng = get_context("forkserver"), np.random.default_rng(12)
    context.set_forkserver_preload([append_batches.__module__])
    for moment in range(8):
        path = tmp_path / f"{moment}.db"
        made(path)
        receive, send = context.Pipe(duplex=False)
        writer = context.Process(target=append_batches, args=(f"sqlite:///{path}", "e", 10_000, None, send))
        writer.start()
        send.close()
        confirmed = [receive.recv() for _ in range(int(rng.integers(1, 8)))]
        time.sleep(rng.uniform(0, 0.02))
        writer.kill()
        writer.join()
        assert writer.exitcode == -9
        while receive.poll():
            try:
                confirmed.append(receive.recv())
            except EOFError:
                break
        found = read(path)
        assert found == numbered(len(found))
        assert len(found) in (3 * len(confirmed), 3 * len(confirmed) + 3)
        at(path).append(numbered(1, name="after"))
        assert read(path)[:-1] == found


def test_a_backup_made_while_others_write_is_whole_and_puts_a_damaged_ledger_right(path, tmp_path):
    ledger, writer = at(path), at(path)
    ledger.append(numbered(1))
    thread = threading.Thread(target=lambda: [writer.append(numbered(1, first=i)) for i in range(1, 40)])
    thread.start()
    counts = [ledger.backup(tmp_path / "copies" / f"{i}.db") for i in range(5)]
    thread.join()
    for i, count in enumerate(counts):
        assert read(tmp_path / "copies" / f"{i}.db") == numbered(count)
    assert counts == sorted(counts)
    last = ledger.backup(tmp_path / "last.db")
    assert last == 40
    with pytest.raises(ValueError, match="never replaces a file"):
        ledger.backup(tmp_path / "last.db")

    ledger.close()
    writer.close()
    for broken in (b"not a database at all" * 9, b"neither is this"):
        path.write_bytes(broken)
        with pytest.raises(CorruptLedgerError, match="cannot be used"):
            read(path)
        with pytest.raises(CorruptLedgerError):
            at(path).backup(tmp_path / "bad.db")
        assert at(path).restore(tmp_path / "last.db") == 40
        assert read(path) == numbered(40)
    kept = {p.read_bytes() for p in path.parent.glob("ledger.db*.replaced*")}
    assert {b"not a database at all" * 9, b"neither is this"} <= kept


def test_only_a_backup_that_can_be_read_replaces_a_ledger(path, tmp_path):
    content = filled(path, 4)
    (tmp_path / "bad.db").write_bytes(content[:-5000])
    with pytest.raises(CorruptLedgerError):
        at(path).restore(tmp_path / "bad.db")
    with pytest.raises(MissingLedgerError):
        at(path).restore(tmp_path / "none.db")
    with pytest.raises(ValueError, match="is the ledger itself"):
        at(path).restore(path)
    assert read(path) == numbered(4)
