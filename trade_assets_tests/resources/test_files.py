"""Bytes under names: all or nothing, and inside the store."""

import pytest

from trade_assets.resources.files import Files
from trade_assets.resources.overlay import Overlay, partitions_from


@pytest.fixture(params=["local", "memory"])
def files(request, tmp_path):
    return Files(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def test_what_is_put_is_there(files):
    files.put([("a/b.json", b"1"), ("a/c.json", b"2"), ("a/d.txt", b"3")])
    assert files.get("a/b.json") == b"1"
    assert files.exists("a/c.json")
    assert files.names("a", ".json") == ["b", "c"]
    files.delete("a/b.json")
    files.delete("a/b.json")
    assert not files.exists("a/b.json")


def test_create_takes_a_name_once(files):
    assert files.create("log/1", b"first")
    assert not files.create("log/1", b"second")
    assert files.get("log/1") == b"first"


def test_nothing_is_there_before_it_is_put(files):
    assert files.names("nowhere", ".json") == []
    with pytest.raises(FileNotFoundError):
        files.get("nowhere/x")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a\0b"])
def test_a_name_cannot_leave_the_store(files, name):
    with pytest.raises(ValueError, match="must stay inside the store"):
        files.put([(name, b"")])


def test_a_failed_write_leaves_the_old_bytes(tmp_path, monkeypatch):
    files = Files(str(tmp_path))
    files.put([("a", b"old")])
    monkeypatch.setattr("trade_assets.resources.files.os.fsync", lambda fd: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        files.put([("a", b"new")])
    monkeypatch.undo()
    assert files.get("a") == b"old"


def test_an_overlay_reads_through_what_is_not_hidden_and_writes_to_the_scratch(tmp_path):
    base, scratch = Files(str(tmp_path / "base")), Files(str(tmp_path / "scratch"))
    base.put([("tables/x/2015-01-05.parquet", b"1"), ("tables/x/2015-01-20.parquet", b"2"), ("artifacts/a", b"m")])
    over = Overlay(scratch, base, partitions_from("2015-01-20"))
    assert over.names("tables/x", ".parquet") == ["2015-01-05"]
    assert over.get("tables/x/2015-01-05.parquet") == b"1"
    assert over.exists("artifacts/a")
    assert not over.exists("tables/x/2015-01-20.parquet")
    with pytest.raises(FileNotFoundError):
        over.get("tables/x/2015-01-20.parquet")
    over.put([("tables/x/2015-01-20.parquet", b"3")])
    assert over.get("tables/x/2015-01-20.parquet") == b"3"
    assert base.get("tables/x/2015-01-20.parquet") == b"2"
    assert over.create("log/1", b"x")
    over.delete("tables/x/2015-01-20.parquet")
    assert not over.exists("tables/x/2015-01-20.parquet")
    assert over.sweep() == []
