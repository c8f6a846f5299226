"""One code path: however the keys are cut into runs, every artifact has the same bytes."""

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets_tests import reliability
from trade_assets_tests.scenarios import system


@pytest.mark.reliability("8")
def test_keys_run_one_by_one_give_the_bytes_of_the_range(history, tmp_path):
    wanted = history[-reliability.count(1, 6) :]
    store = system.over_base(tmp_path, wanted[0])
    for key in wanted:
        system.materialise([key], files=store)
    assert system.hashes(store, wanted) == system.hashes(system.base(), wanted)


@pytest.mark.skipif(not reliability.FULL, reason="the proof from scratch begins one by one too: make prove runs it")
@pytest.mark.reliability("8")
def test_a_history_begun_one_by_one_gives_the_bytes_of_the_range(history, tmp_path):
    wanted = history[:2]
    store = system.over_base(tmp_path, wanted[0])
    for key in wanted:
        system.materialise([key], files=store)
    assert system.hashes(store, wanted) == system.hashes(system.base(), wanted)


def test_every_table_holds_rows_at_the_newest_key_unless_the_source_has_none(history):
    tables = system.TableStore(system.base())
    empty = {
        asset for (asset, key) in system.hashes(system.base(), history[-1:]) if tables.record(asset, key).rows == 0
    }
    searches = {name for name in schemas.TABLES if name.endswith("trials")}
    assert (
        empty == {"fundamentals", "candidate_evidence"} | searches
    )  # no facts in the source, nothing due on this date


def test_a_record_tells_what_a_partition_was_computed_from(history):
    record = system.TableStore(system.base()).record("stock_features", history[-1])
    assert set(record.inputs) == {"bars", "fundamentals", "universe"}
    assert record.fingerprint == system.load().fingerprint(frozenset())
    assert len(record.code_version) == 12


def test_a_run_in_the_middle_refuses_to_start_without_the_partition_before(history, tmp_path):
    store = system.over_base(tmp_path, history[-3])
    result = system.materialise(history[-2:-1], files=store, raise_on_error=False)
    messages = " ".join(str(e.step_failure_data.error) for e in result.all_events if e.is_step_failure)
    assert not result.success
    assert f"partition {history[-3]} is not stored" in messages


def test_sessions_sealed_one_by_one_give_the_bytes_of_the_range_and_the_rows_of_the_bars(history, tmp_path):
    sessions = [system.partitions.key_of(date) for date in system.partitions.LIVE_SESSIONS[:4]]
    whole, single = (system.Files(str(tmp_path / name)) for name in ("whole", "single"))
    system.materialise(sessions, files=whole, job="session", only=["session_bars"])
    for key in sessions:
        system.materialise([key], files=single, job="session", only=["session_bars"])
    rows, of_range = system.TableStore(single).read("session_bars", sessions)
    assert system.TableStore(whole).read("session_bars", sessions)[1] == of_range
    bars = system.TableStore(system.base()).read("bars", history)[0].drop(columns="rebalance_date")
    same = bars[bars["session"].isin(rows["session"].unique())].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, same)
