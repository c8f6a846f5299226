"""What people decided is kept for good, in order, with who and why."""

import pandas as pd
import pytest

from trade_assets.resources.files import Files
from trade_assets.resources.records import Records

NOON = pd.Timestamp("2026-03-02 12:00", tz="UTC")


@pytest.fixture
def records(tmp_path):
    return Records(Files(str(tmp_path)))


def test_records_come_back_in_the_order_of_their_instants(records):
    for hours, actor in ((2, "second"), (0, "first")):
        records.append("rollbacks", recorded_utc=NOON + pd.Timedelta(hours=hours), actor=actor, reason="why", model="m")
    told = records.read("rollbacks")
    assert told["actor"].tolist() == ["first", "second"]
    assert told["recorded_utc"].iloc[0] == NOON
    assert told["model"].tolist() == ["m", "m"]


def test_nothing_recorded_is_an_empty_table(records):
    assert records.read("rollbacks").empty
    assert str(records.read("rollbacks")["recorded_utc"].dtype) == "datetime64[us, UTC]"


def test_a_record_is_never_written_over(records):
    records.append("rollbacks", recorded_utc=NOON, actor="a", reason="why")
    with pytest.raises(ValueError, match="recorded at that very instant"):
        records.append("rollbacks", recorded_utc=NOON, actor="b", reason="why")
    assert records.read("rollbacks")["actor"].tolist() == ["a"]


@pytest.mark.parametrize("missing", ["actor", "reason"])
def test_who_and_why_must_be_said(records, missing):
    with pytest.raises(ValueError, match=f"{missing} must say something"):
        records.append("rollbacks", **{"recorded_utc": NOON, "actor": "a", "reason": "why"} | {missing: " "})
