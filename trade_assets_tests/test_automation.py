"""When things run: after the close, once, and only what is missing."""

import dagster as dg
import pandas as pd
import pytest

from trade_assets import automation, partitions
from trade_assets.domain.live.entries import Entry
from trade_assets.settings import load
from trade_assets_tests.scenarios.system import keys


class Stored:
    def __init__(self, stored):
        self.stored = stored

    def keys(self, asset):
        assert asset == "performance"
        return self.stored


class Source:
    def __init__(self, last="2030-01-01"):
        self.complete_through = pd.Timestamp(last)


def tick(stored, source=None):
    context = dg.build_sensor_context(resources={"tables": Stored(stored), "market_data": source or Source()})
    return automation.bi_weekly(context)


def test_the_sensor_asks_for_the_one_rebalance_that_is_missing():
    request = tick(keys()[:-1])
    assert request.partition_key == keys()[-1]
    assert request.run_key == f"rebalance {keys()[-1]}"


def test_the_sensor_is_content_when_nothing_is_missing():
    assert "is there" in tick(keys()).skip_message


def test_the_sensor_waits_for_the_bars():
    assert "not there yet" in tick(keys()[:-1], Source("2015-01-01")).skip_message


def test_the_sensor_does_not_start_a_history():
    assert "backfill the history first" in tick([]).skip_message


def test_the_sensor_asks_in_order():
    assert tick(keys()[:-3]).partition_key == keys()[-3]


class Ledger:
    """A ledger opened on one session; none without."""

    def __init__(self, opened):
        self.opened = opened

    def exists(self):
        return self.opened is not None

    def entries(self):
        session = pd.Timestamp(self.opened)
        return [Entry("opening", "deposit", session, session.tz_localize("UTC"), strategy="stocks", amount_usd=1.0)]


class Stores:
    """Rebalances up to one date, and sessions that were computed."""

    def __init__(self, rebalances, sessions=()):
        self.stored = {"performance": rebalances, "daily_report": sorted(sessions)}

    def keys(self, asset):
        return self.stored[asset]


def evening(instant, *, enabled=True, opened="2016-01-04", rebalances=None, computed=()):
    """What the schedule asks for at an instant of New York."""
    settings = load()
    live = settings.live.model_copy(update={"enabled": enabled})
    resources = {
        "settings": settings.model_copy(update={"live": live}),
        "tables": Stores(keys() if rebalances is None else rebalances, computed),
        "ledger": Ledger(opened),
    }
    when = pd.Timestamp(instant, tz="America/New_York").to_pydatetime()
    return automation.daily(dg.build_schedule_context(scheduled_execution_time=when, resources=resources))


@pytest.mark.parametrize("session", ["2015-12-31", "2016-01-04", "2016-01-29", "2016-03-11", "2016-03-14"])
def test_the_schedule_asks_for_the_session_of_its_day(session):
    request = evening(f"{session} 18:30", opened=session)
    assert request.partition_key == session
    assert request.run_key == f"session {session}"


@pytest.mark.parametrize("instant", ["2016-01-01 18:30", "2016-01-18 18:30", "2010-01-04 18:30", "2016-01-04 15:00"])
def test_market_open_check(instant):
    assert "is not a closed session" in evening(instant).skip_message


def test_after_an_early_close_the_session_has_closed():
    assert evening("2015-12-24 13:30", opened="2015-12-24").partition_key == "2015-12-24"
    assert "is not a closed session" in evening("2015-12-23 13:30").skip_message


def test_sessions_that_were_missed_come_along_in_one_run():
    request = evening("2016-01-08 18:30", computed=["2016-01-04", "2016-01-05"])
    assert request.tags["dagster/asset_partition_range_start"] == "2016-01-06"
    assert request.tags["dagster/asset_partition_range_end"] == "2016-01-08"


def test_a_rebalance_of_the_same_day_comes_first():
    date = keys()[-2]
    assert f"the rebalance of {date} comes first" in evening(f"{date} 18:30", rebalances=keys()[:-2]).skip_message
    assert evening(f"{date} 18:30", rebalances=keys()[:-1], opened=date).partition_key == date


def test_the_schedule_rests_while_live_is_off_or_no_ledger_is_open():
    assert "live.enabled is false" in evening("2016-01-04 18:30", enabled=False).skip_message
    assert "no book ledger" in evening("2016-01-04 18:30", opened=None).skip_message


def test_the_inbox_asks_for_its_files_by_what_they_say(tmp_path):
    live = load().live.model_copy(update={"output_dir": tmp_path})
    settings = load().model_copy(update={"live": live})

    def tick():
        return automation.inbox(dg.build_sensor_context(resources={"settings": settings}))

    assert "empty" in tick().skip_message
    (tmp_path / "inbox").mkdir()
    file = tmp_path / "inbox" / "fills.csv"
    file.write_text("a")
    asked = tick().run_key
    assert tick().run_key == asked
    file.write_text("b")
    assert tick().run_key != asked


def test_a_session_that_has_not_closed_is_refused():
    date = partitions.GRID.dates[-1:]
    with pytest.raises(partitions.NotYetClosedError, match="cannot be computed: its session closes at"):
        partitions.refuse_unclosed(date, now=pd.Timestamp(date[0], tz="UTC") + pd.Timedelta(hours=12))
    partitions.refuse_unclosed(date, now=pd.Timestamp(date[0], tz="UTC") + pd.Timedelta(hours=23))
