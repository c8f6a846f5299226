"""When things run: after the close, once, and only what is missing."""

import dagster as dg
import pandas as pd
import pytest

from trade_assets import automation, partitions
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


@pytest.mark.parametrize(
    ("instant", "session"),
    [("2015-12-31 18:30", "2015-12-31"), ("2016-01-04 18:30", "2016-01-04"), ("2016-01-29 18:30", "2016-01-29")],
)
def test_the_schedule_seals_the_session_of_its_day(instant, session):
    when = pd.Timestamp(instant, tz="America/New_York")
    request = automation.daily(dg.build_schedule_context(scheduled_execution_time=when.to_pydatetime()))
    assert request.partition_key == session


@pytest.mark.parametrize("instant", ["2016-01-01 18:30", "2016-01-18 18:30", "2010-01-04 18:30"])
def test_the_schedule_skips_holidays_and_days_before_the_live_history(instant):
    when = pd.Timestamp(instant, tz="America/New_York")
    skip = automation.daily(dg.build_schedule_context(scheduled_execution_time=when.to_pydatetime()))
    assert "is not a closed session" in skip.skip_message


def test_a_session_that_has_not_closed_is_refused():
    date = partitions.GRID.dates[-1:]
    with pytest.raises(partitions.NotYetClosedError, match="cannot be computed: its session closes at"):
        partitions.refuse_unclosed(date, now=pd.Timestamp(date[0], tz="UTC") + pd.Timedelta(hours=12))
    partitions.refuse_unclosed(date, now=pd.Timestamp(date[0], tz="UTC") + pd.Timedelta(hours=23))
