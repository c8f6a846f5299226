"""Two daemons on one instance, through Dagster's own loops: what both ask for runs once."""

import datetime as dt
import json
import logging
import shutil
import sys
from contextlib import contextmanager

import dagster as dg
import pandas as pd
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget, freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs

from trade_assets import automation, partitions, running
from trade_assets_tests import ticking
from trade_assets_tests.scenarios.system import keys

LOG = logging.getLogger("ticks")
TICKS = 10


@contextmanager
def daemon():
    """An instance and a workspace of its own on the home of the environment, as each daemon has."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=ticking.__name__, attribute="defs")
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance,
            InProcessTestWorkspaceLoadTarget(
                InProcessCodeLocationOrigin(loadable_target_origin=target, location_name="ticking")
            ),
        ) as workspace,
    ):
        yield workspace


@pytest.fixture
def daemons(tmp_path, monkeypatch):
    shutil.copyfile(running.ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv(ticking.STORED, str(tmp_path / "stored.json"))
    with daemon() as first, daemon() as second:
        yield first, second


def stored(tmp_path, **tables):
    (tmp_path / "stored.json").write_text(json.dumps(tables))


def remote(workspace, kind, name):
    [location] = workspace.create_request_context().code_locations
    [repository] = location.get_repositories().values()
    return getattr(repository, f"get_{kind}")(name)


def run_keys(workspace):
    return [run.tags["dagster/run_key"] for run in reversed(workspace.instance.get_runs())]


@pytest.mark.reliability("5 daemons")
def test_ten_rebalances_two_daemons_ask_for_are_ten_runs(daemons, tmp_path, figure):
    first, now = daemons[0], dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    wanted, evaluated = keys()[-TICKS:], 0
    with freeze_time(now):
        first.instance.start_sensor(remote(first, "sensor", automation.bi_weekly.name))
    for number in range(TICKS):
        stored(tmp_path, performance=keys()[: number - TICKS])
        for workspace in daemons:
            now += dt.timedelta(seconds=automation.bi_weekly.minimum_interval_seconds + 1)
            with freeze_time(now):
                assert [e for e in execute_sensor_iteration(workspace, LOG, None, None) if e] == []
            evaluated += 1
    ticks = first.instance.get_ticks(*_of(first, "sensor", automation.bi_weekly.name))
    assert len(ticks) == evaluated == 2 * TICKS
    assert run_keys(first) == [f"rebalance {key}" for key in wanted]
    assert [run.tags["dagster/partition"] for run in reversed(first.instance.get_runs())] == wanted
    figure(f"{evaluated} evaluations of the sensor: {TICKS} runs")


@pytest.mark.reliability("5 daemons")
def test_ten_evenings_two_daemons_schedule_are_ten_runs(daemons, tmp_path, figure):
    first, sessions = daemons[0], partitions.LIVE_SESSIONS[:TICKS]
    evenings = [day.tz_localize("America/New_York") + pd.Timedelta(hours=18, minutes=31) for day in sessions]
    with freeze_time((evenings[0] - pd.Timedelta(hours=1)).to_pydatetime()):
        first.instance.start_schedule(remote(first, "schedule", automation.daily.name))
    seen = [{}, {}]  # what each daemon keeps of the ticks it has seen
    for number, evening in enumerate(evenings):
        stored(tmp_path, performance=keys(), daily_report=[partitions.key_of(day) for day in sessions[:number]])
        for workspace, times in zip(daemons, seen, strict=True):
            with freeze_time(evening.to_pydatetime()):
                ended = evening.tz_convert("UTC").to_pydatetime()
                errors = [e for e in launch_scheduled_runs(workspace, LOG, ended, times) if e]
                assert errors == []
    assert run_keys(first) == [f"session {partitions.key_of(day)}" for day in sessions]
    figure(f"{2 * TICKS} evaluations of the schedule: {TICKS} runs")


def _of(workspace, kind, name):
    found = remote(workspace, kind, name)
    return found.get_remote_origin_id(), found.selector_id


@pytest.mark.reliability("5 daemons")
def test_a_second_ui_on_one_instance_is_refused_while_the_first_runs(monkeypatch, figure):
    calls = []

    def serves(command, *, pass_fds):
        calls.append(command)
        if len(calls) == 1:
            with pytest.raises(RuntimeError, match=r"the UI and the daemon of .* run already; one of them is enough"):
                running.serve(3001)
        assert len(pass_fds) == 1
        return 0

    monkeypatch.setattr(running.subprocess, "call", serves)
    for _ in range(2):
        with pytest.raises(SystemExit):
            running.serve(3000)
    assert len(calls) == 2
    figure("a second daemon by `trade-assets ui` refused")
