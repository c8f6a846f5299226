"""People are told once: by the sensors of the daemon and by the command, whoever comes first."""

from dataclasses import replace

import dagster as dg
import pandas as pd
import pytest

from trade_assets import automation, telling
from trade_assets.desk import daily as desk
from trade_assets.resources.files import Files
from trade_assets.resources.notified import Notified
from trade_assets.settings import Notifications, load
from trade_assets_tests.domain.live.test_messages import ARMED, TRIPPED, TURNOVER, day, strategy

ASKED = Notifications.model_validate({"enabled": True, "urls": ["json://example"], "send_daily_summary": True})
OFF = Notifications()
STOPPED = day(strategy(TRIPPED, TURNOVER))


class Channels:
    """Channels that take a message, or lose it in those named."""

    def __init__(self, *lost, channels=("1 (json)", "2 (mailto)")):
        self.channels, self.lost, self.sent = list(channels), list(lost), []

    def notify_all(self, messages):
        self.sent += [subject for subject, _ in messages]
        return [self.lost for _ in messages]


@pytest.fixture
def notified(tmp_path):
    return Notified(Files(str(tmp_path)))


def tell(channels, notified, of=STOPPED, asked=ASKED):
    return telling.tell_day(of, asked, channels, notified)


def test_each_message_of_a_session_goes_out_once(notified):
    channels = Channels()
    assert tell(channels, notified) == ["kill_switch", "failed_safety", "daily_summary"]
    assert tell(channels, notified) == []
    assert len(channels.sent) == 3


def test_a_message_that_one_channel_lost_is_not_sent_again_and_one_that_all_lost_is(notified):
    assert len(tell(Channels("1 (json)"), notified)) == 3
    assert tell(Channels(), notified) == []
    other = replace(day(strategy(ARMED)), session=pd.Timestamp("2016-01-05"))
    assert tell(Channels("1 (json)", "2 (mailto)"), notified, other) == []
    assert tell(Channels(), notified, other) == ["daily_summary"]


def test_where_messages_are_off_nothing_is_claimed(notified):
    assert tell(Channels(channels=()), notified) == []
    assert len(tell(Channels(), notified)) == 3


def settings_with(asked):
    return load().model_copy(update={"live": load().live.model_copy(update={"notifications": asked})})


def run_of(body, tags=None):
    """A finished run in an instance of its own, with the event that ended it."""

    @dg.op(name="live_book")
    def step():
        body()

    @dg.job(name="session")
    def job():
        step()

    instance = dg.DagsterInstance.ephemeral()
    result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    ended = dg.DagsterEventType.RUN_SUCCESS if result.success else dg.DagsterEventType.RUN_FAILURE
    [event] = [e for e in result.all_events if e.event_type == ended]
    return instance, result.dagster_run, event


def sensed(sensor, ran, resources):
    instance, run, event = ran
    context = dg.build_run_status_sensor_context(sensor.name, event, instance, run, resources=resources)
    return sensor(context if sensor is automation.tell_of_session else context.for_run_failure())


@pytest.mark.parametrize(
    "tags",
    [
        {"dagster/partition": "2016-01-04"},
        {"dagster/asset_partition_range_start": "2015-12-01", "dagster/asset_partition_range_end": "2016-01-04"},
    ],
)
def test_the_sensor_tells_of_the_newest_session_of_a_run_once(tags, notified, monkeypatch):
    asked = []
    monkeypatch.setattr(telling, "read", lambda session, tables: asked.append(session) or STOPPED)
    channels, ran = Channels(), run_of(lambda: None, tags)
    resources = {"settings": settings_with(ASKED), "tables": None, "notifier": channels, "notified": notified}
    first, again = (sensed(automation.tell_of_session, ran, resources) for _ in range(2))
    assert first.skip_message == "2016-01-04: sent kill_switch, failed_safety, daily_summary"
    assert again.skip_message == "2016-01-04: sent nothing new"
    assert set(asked) == {pd.Timestamp("2016-01-04")}
    assert len(channels.sent) == 3


def test_the_sensor_reads_nothing_where_messages_are_off(notified):
    ran = run_of(lambda: None, {"dagster/partition": "2016-01-04"})
    resources = {"settings": settings_with(OFF), "tables": None, "notifier": Channels(), "notified": notified}
    assert "is off" in sensed(automation.tell_of_session, ran, resources).skip_message


def test_a_failed_run_is_told_with_the_step_and_the_innermost_reason_once(notified):
    def fail():
        try:
            raise OSError("the disk is full")
        except OSError as error:
            raise RuntimeError("could not store") from error

    channels, ran = Channels(), run_of(fail)
    resources = {"settings": settings_with(ASKED), "notifier": channels, "notified": notified}
    first, again = (sensed(automation.tell_of_failure, ran, resources) for _ in range(2))
    assert (first.skip_message, again.skip_message) == ("session: sent failed_run", "session: sent nothing")
    assert channels.sent == ["Run failed: session, live_book"]
    [(step, reason)] = [
        telling.step_failure(e.dagster_event for e in ran[0].all_logs(ran[1].run_id) if e.dagster_event)
    ]
    assert (step, reason) == ("live_book", "OSError: the disk is full")


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_the_command_tells_unless_it_is_a_dry_run(dry_run, fails, notified, monkeypatch):
    def compute(*_):
        if fails:
            raise RuntimeError("live_book failed: the ledger is damaged")
        return STOPPED

    channels = Channels()
    resources = {"notifier": channels, "notified": notified}
    monkeypatch.setattr(desk, "load", lambda: settings_with(ASKED))
    monkeypatch.setattr(desk.due, "closed_session", lambda date: STOPPED.session)
    monkeypatch.setattr(desk, "build_resources", lambda *a, **k: resources)
    monkeypatch.setattr(desk, "scratch_resources", lambda *a: resources)
    monkeypatch.setattr(desk, "show", lambda *a, **k: None)
    monkeypatch.setattr(desk.running, "prepared_instance", lambda settings: None)
    monkeypatch.setattr(desk, "compute", compute)
    console = desk.Console(quiet=True)
    for _ in range(2):
        if fails:
            with pytest.raises(RuntimeError, match="damaged"):
                desk.daily(None, dry_run=dry_run, console=console)
        else:
            desk.daily(None, dry_run=dry_run, console=console)
    assert len(channels.sent) == (0 if dry_run else 1 if fails else 3)
