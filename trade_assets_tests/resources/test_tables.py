"""The table store: what is written comes back, what is damaged is never read, what is stale is refused."""

import hashlib
import json
import os

import numpy as np
import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.resources import tables as tables_module
from trade_assets.resources.files import PARTIAL, Files
from trade_assets.resources.tables import CorruptPartitionError, MissingPartitionError, StalePartitionError, TableStore
from trade_assets_tests.resources.damage import copies

KEY, LATER = "2015-01-05", "2015-01-20"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(tables_module, "RETRIES", 2)


@pytest.fixture
def store(tmp_path):
    return TableStore(Files(str(tmp_path)))


def scores(key, values):
    rows = {"rebalance_date": pd.Timestamp(key), "model": "m", "symbol": [f"S{i}" for i in range(len(values))]}
    table = schemas.TABLES["stock_predictions"]
    return schemas.check("stock_predictions", table, pd.DataFrame(rows | {"prediction": values}))


def write(store, frames, fingerprint="f"):
    return dict(store.write("stock_predictions", frames, fingerprint=fingerprint, code_version="c", inputs={}))


def test_what_is_written_comes_back_in_the_order_of_the_keys(store):
    frames = {KEY: scores(KEY, [1.0, 2.0]), LATER: scores(LATER, [3.0])}
    write(store, frames)
    back, hashes = store.read("stock_predictions", [KEY, LATER])
    pd.testing.assert_frame_equal(back, pd.concat(frames.values(), ignore_index=True))
    assert list(hashes) == [KEY, LATER]
    assert store.keys("stock_predictions") == [KEY, LATER]


def test_the_recorded_hash_is_that_of_the_file(store, tmp_path):
    record = write(store, {KEY: scores(KEY, [1.0])})[KEY]
    content = (tmp_path / "tables" / "stock_predictions" / f"{KEY}.parquet").read_bytes()
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    assert record.rows == 1


def test_the_same_rows_give_the_same_bytes_whatever_is_recorded_beside_them(store):
    first = write(store, {KEY: scores(KEY, [1.0])}, "f")[KEY]
    assert write(store, {KEY: scores(KEY, [1.0])}, "other")[KEY].sha256 == first.sha256


def test_an_empty_partition_keeps_its_columns_and_kinds(store):
    write(store, {KEY: schemas.TABLES["stock_predictions"].empty()})
    back, _ = store.read("stock_predictions", [KEY])
    assert back.dtypes.to_dict() == schemas.TABLES["stock_predictions"].empty().dtypes.to_dict()


def test_a_missing_partition_is_named(store):
    with pytest.raises(MissingPartitionError, match=f"stock_predictions: partition {KEY} is not stored"):
        store.read("stock_predictions", [KEY])


def test_a_partition_of_other_settings_is_refused_by_key(store):
    write(store, {KEY: scores(KEY, [1.0])}, "old")
    with pytest.raises(StalePartitionError, match=f"{KEY} was computed under settings old"):
        store.read("stock_predictions", [KEY], fingerprint="new")


def test_rows_of_chosen_symbols_only(store):
    write(store, {KEY: scores(KEY, [1.0, 2.0, 3.0])})
    assert store.read("stock_predictions", [KEY], symbols=["S1"])[0]["prediction"].tolist() == [2.0]


@pytest.mark.reliability("4")
@pytest.mark.parametrize("part", ["tables", "records"])
def test_a_hundred_damaged_copies_are_never_read(store, tmp_path, part, figure):
    frame = scores(KEY, np.linspace(-1, 1, 50))
    write(store, {KEY: frame})
    path = tmp_path / part / "stock_predictions" / (f"{KEY}.parquet" if part == "tables" else f"{KEY}.json")
    for damaged in copies(path.read_bytes(), seed=7):
        path.write_bytes(damaged)
        try:
            back, _ = store.read("stock_predictions", [KEY], fingerprint="f")
        except (CorruptPartitionError, StalePartitionError) as error:
            assert KEY in str(error)
        else:  # a flip in the record outside of what is read: the rows must be whole
            assert part == "records"
            pd.testing.assert_frame_equal(back, frame)
    figure("tables and their records: never a wrong row")


def test_rows_replaced_without_their_record_are_not_read(store, tmp_path):
    write(store, {KEY: scores(KEY, [1.0])})
    other = TableStore(Files(str(tmp_path / "other")))
    write(other, {KEY: scores(KEY, [9.0])})
    place = f"tables/stock_predictions/{KEY}.parquet"
    os.replace(tmp_path / "other" / place, tmp_path / place)
    with pytest.raises(CorruptPartitionError, match=KEY):
        store.read("stock_predictions", [KEY])
    write(store, {KEY: scores(KEY, [9.0])})
    assert store.read("stock_predictions", [KEY])[0]["prediction"].tolist() == [9.0]


def test_a_partition_of_another_schema_is_refused(store, tmp_path):
    write(store, {KEY: scores(KEY, [1.0])})
    content = tables_module.encode(
        pd.DataFrame({"a": [1.0]}), tables_module.pa.schema([("a", tables_module.pa.float64())])
    )
    (tmp_path / "tables" / "stock_predictions" / f"{KEY}.parquet").write_bytes(content)
    record = tmp_path / "records" / "stock_predictions" / f"{KEY}.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"sha256": hashlib.sha256(content).hexdigest()}))
    with pytest.raises(StalePartitionError, match="another schema"):
        store.read("stock_predictions", [KEY])


def test_what_a_dead_writer_left_is_swept_and_what_a_living_one_writes_is_not(store, tmp_path):
    (tmp_path / "tables").mkdir()
    dead, living = tmp_path / "tables" / f"a.4194303.1{PARTIAL}", tmp_path / "tables" / f"b.{os.getpid()}.1{PARTIAL}"
    dead.touch(), living.touch()
    assert [os.path.basename(name) for name in store.sweep()] == [dead.name]
    assert living.exists()
    assert not dead.exists()


def test_a_store_behind_a_url_reads_and_writes_alike():
    store = TableStore(Files("memory://a-store"))
    write(store, {KEY: scores(KEY, [1.0])})
    assert store.keys("stock_predictions") == [KEY]
    assert store.read("stock_predictions", [KEY])[0]["prediction"].tolist() == [1.0]
    assert store.keys("trades") == []
