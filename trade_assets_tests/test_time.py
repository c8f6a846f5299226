"""Days on which clocks, closes or the calendar are unusual: every part that asks for the time knows of them.

Daylight saving begins on 2024-03-10 and ends on 2024-11-03; 2024-07-03 and 2024-11-29 close at 13:00; 2025-01-09 is a day of
mourning; 2024 has a leap day. Every instant here is worked out by hand.
"""

import itertools

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from trade_assets import automation, due, partitions
from trade_assets.domain import calendar, labels, prices
from trade_assets.resources.files import Files
from trade_assets.resources.market_data.vintages import BarsNotYetThereError, Vintages
from trade_assets.settings import load
from trade_assets_tests.live_books import bars_of
from trade_assets_tests.test_automation import Ledger, Source, Stores

pytestmark = pytest.mark.reliability("13")
CLOSES = {
    "2024-02-28": "21:00", "2024-02-29": "21:00", "2024-03-01": "21:00", "2024-03-08": "21:00", "2024-03-11": "20:00",
    "2024-07-02": "20:00", "2024-07-03": "17:00", "2024-07-05": "20:00", "2024-11-01": "20:00", "2024-11-04": "21:00",
    "2024-11-27": "21:00", "2024-11-29": "18:00", "2024-12-02": "21:00", "2025-01-08": "21:00", "2025-01-10": "21:00",
}  # fmt: skip
CLOSED = {"2024-03-10": "2024-03-08", "2024-07-04": "2024-07-03", "2024-11-03": "2024-11-01", "2024-11-28": "2024-11-27", "2025-01-09": "2025-01-08"}  # fmt: skip
WEEKS = [("2024-02-26", "2024-03-15"), ("2024-07-01", "2024-07-08"), ("2024-10-30", "2024-11-06"), ("2024-11-25", "2024-12-03"), ("2025-01-06", "2025-01-13")]  # fmt: skip
MINUTE = pd.Timedelta(minutes=1)


def utc(text):
    return pd.Timestamp(text, tz="UTC")


def close(day):
    return utc(f"{day} {CLOSES[day]}")


def date(text):
    return pd.Timestamp(text).as_unit("us")


@pytest.fixture
def live(monkeypatch):
    """Live sessions of 2024 and 2025 instead of those of the settings; gives a clock to set."""
    sessions = calendar.sessions_between(pd.Timestamp("2024-01-02"), pd.Timestamp("2025-03-31"))
    monkeypatch.setattr(partitions, "LIVE_SESSIONS", sessions)

    def at(instant):
        for module in (due, automation):
            monkeypatch.setattr(module, "utc_now", lambda: instant)

    at(utc("2025-02-01"))
    return at


@pytest.fixture
def grid(monkeypatch):
    """A grid whose tenth rebalance falls on a day."""

    def on(day):
        anchor = calendar.session_before(pd.Timestamp(day), 90)
        made = calendar.rebalances(anchor, anchor, pd.Timestamp("2025-03-31"), every=10)
        monkeypatch.setattr(partitions, "GRID", made)
        return [partitions.key_of(d) for d in made.dates if d <= pd.Timestamp(day)]

    return on


@pytest.mark.parametrize("day", CLOSES)
def test_a_session_closes_by_the_clock_of_new_york(day, figure):
    assert calendar.close_utc(pd.DatetimeIndex([day]))[0] == close(day)
    local = close(day).tz_convert("America/New_York")
    assert f"{local:%H:%M}" == ("13:00" if day in ("2024-07-03", "2024-11-29") else "16:00")
    figure(f"{len(CLOSES)} closes, {len(CLOSED)} days without one")


@pytest.mark.parametrize(("day", "before"), CLOSED.items())
def test_a_day_without_trading_is_no_session_and_the_next_one_follows_the_last(day, before):
    assert not calendar.is_session(pd.DatetimeIndex([day]))[0]
    after = calendar.session_after(pd.Timestamp(before), 1)
    assert after > pd.Timestamp(day)
    assert calendar.session_before(after, 1) == pd.Timestamp(before)


@pytest.mark.parametrize(
    ("decided", "known"),
    [
        ("2024-02-15", "2024-03-01 21:00"), ("2024-02-23", "2024-03-08 21:00"), ("2024-02-26", "2024-03-11 20:00"),
        ("2024-06-18", "2024-07-03 17:00"), ("2024-10-21", "2024-11-04 21:00"), ("2024-11-14", "2024-11-29 18:00"),
        ("2024-12-26", "2025-01-13 21:00"),
    ],
)  # fmt: skip
def test_a_label_of_ten_sessions_ends_at_the_close_of_the_tenth(decided, known, grid):
    assert calendar.close_after(pd.Timestamp(decided), 10) == utc(known)
    grid(decided)
    (span,) = [s for s in partitions.GRID.spans() if s[0] == pd.Timestamp(decided)]
    assert calendar.close_utc(pd.DatetimeIndex([span[1]]))[0] == utc(known)
    inside = partitions.GRID.between(span[1], span[1]).sessions()
    assert len(inside) == 10
    assert not set(inside["session"]) & {pd.Timestamp(day) for day in CLOSED}
    bars = bars_of(1.01 ** np.arange(11)).assign(session=calendar.sessions_between(*span))
    members = pd.DataFrame({"rebalance_date": [span[0]], "symbol": ["AAA"], "in_blackout": [False]})
    earned = labels.outcomes(prices.panel(bars), members, windows=[span], monitoring_sessions=5)
    assert earned["return_frac"].iloc[0] == pytest.approx(1.01**10 - 1)
    assert earned["return_5_frac"].iloc[0] == pytest.approx(1.01**5 - 1)


@pytest.mark.parametrize(("first", "last"), WEEKS)
def test_the_schedule_asks_for_every_session_once_at_half_past_six_in_new_york(first, last, live, grid):
    stored, asked, end = grid("2024-02-12"), {}, utc(last) + pd.Timedelta(days=1)
    grid_dates = [partitions.key_of(d) for d in partitions.GRID.dates]
    ticks = itertools.takewhile(lambda at: at < end, ticks_from(first))  # fmt: skip
    for at in ticks:
        assert f"{at.tz_convert('America/New_York'):%H:%M}" == "18:30"
        asked_for = evening(at, rebalances=grid_dates, opened=first, computed=asked)
        if isinstance(asked_for, dg.RunRequest):
            key = asked_for.partition_key
            assert calendar.close_utc(pd.DatetimeIndex([key]))[0] < at
            asked[key] = asked.get(key, 0) + 1
    assert len(stored) == 10
    assert asked == {
        partitions.key_of(s): 1 for s in calendar.sessions_between(pd.Timestamp(first), pd.Timestamp(last))
    }


def ticks_from(day):
    """When the daemon looks at the schedule, by its own iterator."""
    daily = automation.daily
    found = schedule_execution_time_iterator(utc(day).timestamp(), daily.cron_schedule, daily.execution_timezone)
    return map(pd.Timestamp, found)


def evening(at, *, rebalances, opened, computed=()):
    own = load()
    resources = {
        "settings": own.model_copy(update={"live": own.live.model_copy(update={"enabled": True})}),
        "tables": Stores(rebalances, computed),
        "ledger": Ledger(opened),
    }
    return automation.daily(dg.build_schedule_context(scheduled_execution_time=at.to_pydatetime(), resources=resources))


@pytest.mark.parametrize(
    ("session", "instant"),
    [("2024-03-08", "23:30"), ("2024-03-11", "22:30"), ("2024-07-03", "22:30"), ("2024-11-01", "22:30"), ("2024-11-04", "23:30"), ("2024-11-29", "23:30"), ("2025-01-08", "23:30")],
)  # fmt: skip
def test_half_past_six_in_new_york_is_another_hour_of_utc_in_winter(session, instant):
    assert next(ticks_from(session)) == utc(f"{session} {instant}")


@pytest.mark.parametrize("day", ["2024-02-29", "2024-03-08", "2024-03-11", "2024-07-03", "2024-11-01", "2024-11-04", "2024-11-29", "2025-01-08", "2025-01-10"])  # fmt: skip
def test_where_both_fall_on_one_day_the_rebalance_comes_first(day, live, grid):
    keys = grid(day)
    before, tables = {"tables": Stores(keys[:-1]), "market_data": Source()}, Stores(keys)
    live(close(day) - MINUTE)
    assert "every closed rebalance date is there" in automation.bi_weekly(dg.build_sensor_context(resources=before)).skip_message  # fmt: skip
    live(close(day))
    assert automation.bi_weekly(dg.build_sensor_context(resources=before)).partition_key == day
    at = pd.Timestamp(f"{day} 18:30", tz="America/New_York")
    assert f"the rebalance of {day} comes first" in evening(at, rebalances=keys[:-1], opened=day).skip_message
    live(at.tz_convert("UTC") + pd.Timedelta(hours=3))  # past midnight in UTC, the same evening in New York
    resources = {"settings": load(), "tables": tables, "ledger": Ledger(day)}
    resources["settings"] = load().model_copy(update={"live": load().live.model_copy(update={"enabled": True})})
    assert after_a_rebalance(resources).partition_key == day


def after_a_rebalance(resources):
    @dg.job(name="rebalance")
    def job():
        pass

    instance = dg.DagsterInstance.ephemeral()
    ran = job.execute_in_process(instance=instance)
    (event,) = [e for e in ran.all_events if e.event_type == dg.DagsterEventType.RUN_SUCCESS]
    sensor = automation.session_after_rebalance
    return sensor(
        dg.build_run_status_sensor_context(sensor.name, event, instance, ran.dagster_run, resources=resources)
    )


class Daily:
    """A source of one symbol with a bar in every session of some years."""

    name, has_real_opens, is_survivorship_free = "one", True, True
    complete_through = pd.Timestamp("2025-03-31")

    def identity(self, table):
        return f"one/{table}"

    def bars(self, start, end, *, as_of=None):
        sessions = calendar.sessions_between(start, end)
        return bars_of(np.ones(1)).drop(columns="session").merge(pd.DataFrame({"session": sessions}), how="cross")[["session", *bars_of(np.ones(1)).columns.drop("session")]]  # fmt: skip


@pytest.mark.parametrize("day", CLOSES)
def test_a_session_is_sealed_at_its_close_and_not_a_minute_before(day, tmp_path):
    session, now = date(day), close(day) - MINUTE
    vintages = Vintages(Daily(), Files(str(tmp_path)), clock=lambda: now)
    with pytest.raises(BarsNotYetThereError, match=f"session {day} are not there yet, it has not closed"):
        vintages.bars(session, session)
    now = close(day)
    assert vintages.bars(session, session)["session"].tolist() == [session]
    assert vintages.vintage_exact(session, session)


@pytest.mark.parametrize("day", ["2024-03-08", "2024-07-03", "2024-11-01", "2024-11-29", "2025-01-08"])
def test_a_session_is_sealed_on_its_own_day_until_the_one_after_the_next_has_closed(day, tmp_path):
    session, later = date(day), calendar.close_after(pd.Timestamp(day), 2)
    for number, (instant, exact) in enumerate([(later - MINUTE, True), (later, False)]):
        vintages = Vintages(Daily(), Files(str(tmp_path / str(number))), clock=lambda at=instant: at)
        assert vintages.vintage_exact(session, session) == exact


@pytest.mark.parametrize(
    ("instant", "today"),
    [
        ("2024-03-08 20:59", "2024-03-07"), ("2024-03-08 21:00", "2024-03-08"), ("2024-03-09 00:00", "2024-03-08"),
        ("2024-03-10 12:00", "2024-03-08"), ("2024-03-11 19:59", "2024-03-08"), ("2024-03-11 20:00", "2024-03-11"),
        ("2024-03-11 23:59", "2024-03-11"), ("2024-03-12 00:00", "2024-03-11"), ("2024-02-29 23:59", "2024-02-29"),
        ("2024-03-01 00:00", "2024-02-29"), ("2024-07-03 17:00", "2024-07-03"), ("2024-07-04 23:00", "2024-07-03"),
        ("2024-11-04 20:30", "2024-11-01"), ("2024-11-29 18:00", "2024-11-29"), ("2025-01-09 23:00", "2025-01-08"),
    ],
)  # fmt: skip
def test_the_day_is_the_newest_session_that_has_closed_at_midnight_too(instant, today, live):
    live(utc(instant))
    assert due.closed_session(None) == pd.Timestamp(today)


@pytest.mark.parametrize("day", CLOSES)
def test_a_day_can_be_asked_for_by_its_date(day, live):
    live(close(day))
    assert due.closed_session(day) == pd.Timestamp(day)
    live(close(day) - MINUTE)
    with pytest.raises(ValueError, match=f"{day} is not a closed live session: they run from 2024-01-02 to"):
        due.closed_session(day)


@pytest.mark.parametrize(("day", "before"), CLOSED.items())
def test_a_day_without_trading_is_refused_and_the_session_before_it_is_named(day, before, live):
    with pytest.raises(ValueError, match=f"{day} is not a closed live session: .* the session before it is {before}"):
        due.closed_session(day)


def test_the_leap_day_of_another_year_is_no_date(live):
    with pytest.raises(ValueError, match="--date must be a date like 2018-12-31, was '2025-02-29'"):
        due.closed_session("2025-02-29")
