"""When things run: jobs, the daily schedule, the rebalance sensor."""

import hashlib
import io
from dataclasses import asdict

import dagster as dg
import pandas as pd
from rich.console import Console

from trade_assets import due, housekeeping, partitions, telling
from trade_assets.desk import recording
from trade_assets.domain import calendar
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.market_data.vintages import utc_now
from trade_assets.resources.notified import Notified
from trade_assets.resources.notifier import Notifier
from trade_assets.resources.tables import TableStore
from trade_assets.resources.tracking import Tracking
from trade_assets.settings import Settings

rebalance_job = dg.define_asset_job(
    "rebalance",
    selection=dg.AssetSelection.groups(
        "market_data", "market_gate", "stocks", "selection", "portfolio", "tuning", "events", "allocator"
    ),
    description="Everything of one or more rebalance dates, from bars to trades.",
)
session_job = dg.define_asset_job(
    "session",
    selection=dg.AssetSelection.groups("live"),
    description="The trading day: bars, books, orders, checks, what is watched, and the page of one or more sessions.",
)
exports_job = dg.define_asset_job(
    "export",
    selection=dg.AssetSelection.groups("exports"),
    description="The files and the page a person opens.",
)


@dg.schedule(job=session_job, cron_schedule="30 18 * * 1-5", execution_timezone="America/New_York")
def daily(
    context: dg.ScheduleEvaluationContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    ledger: dg.ResourceParam[BookLedger],
) -> dg.RunRequest | dg.SkipReason:
    """Asks for the day's session and any that were missed, once the rebalance that falls on it is there."""
    now = pd.Timestamp(context.scheduled_execution_time).tz_convert("UTC")
    return _trading_day(now, settings, tables, ledger)


@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS, monitored_jobs=[rebalance_job], request_job=session_job)
def session_after_rebalance(
    context: dg.RunStatusSensorContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    ledger: dg.ResourceParam[BookLedger],
) -> dg.RunRequest | dg.SkipReason:
    """Asks for the session that waited for its rebalance."""
    return _trading_day(utc_now(), settings, tables, ledger)


def _trading_day(
    now: pd.Timestamp, settings: Settings, tables: TableStore, ledger: BookLedger
) -> dg.RunRequest | dg.SkipReason:
    closed, today = (
        _closed(partitions.LIVE_SESSIONS, now),
        now.tz_convert("America/New_York").tz_localize(None).normalize(),
    )
    if not len(closed) or closed[-1] != today:
        return dg.SkipReason(f"{today.date()} is not a closed session of the live history")
    if not settings.live.enabled:
        return dg.SkipReason("live.enabled is false: `trade-assets daily` computes the day when asked")
    if not ledger.exists():
        return dg.SkipReason("there is no book ledger: `trade-assets ledger open` opens one")
    waiting = due.rebalances(closed[-1], tables)
    if waiting:
        return dg.SkipReason(f"the rebalance of {waiting[0]} comes first: the session follows it")
    keys = due.sessions(closed[-1], tables, ledger)
    if len(keys) == 1:
        return dg.RunRequest(partition_key=keys[0], run_key=f"session {keys[0]}")
    span = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    return dg.RunRequest(tags=span, run_key=f"session {keys[-1]}")


@dg.sensor(job=rebalance_job, minimum_interval_seconds=600)
def bi_weekly(
    context: dg.SensorEvaluationContext,
    tables: dg.ResourceParam[TableStore],
    market_data: dg.ResourceParam[MarketData],
) -> dg.RunRequest | dg.SkipReason:
    """Asks for the next rebalance date once its session has closed and its bars are there."""
    closed = _closed(partitions.GRID.dates, utc_now())
    stored = set(tables.keys("performance"))
    due = [date for date in closed if partitions.key_of(date) not in stored]
    if not due:
        return dg.SkipReason("every closed rebalance date is there")
    key = partitions.key_of(due[0])
    if len(due) > 1 and not stored:
        return dg.SkipReason(f"{len(due)} closed rebalance dates are missing: backfill the history first, from {key}")
    if market_data.complete_through < due[0]:
        return dg.SkipReason(
            f"the bars of {key} are not there yet: the source ends at {market_data.complete_through.date()}"
        )
    return dg.RunRequest(partition_key=key, run_key=f"rebalance {key}")


@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS, monitored_jobs=[rebalance_job], request_job=exports_job)
def export_after_rebalance(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    """Writes the files and the page again after every rebalance run."""
    return dg.RunRequest(run_key=context.dagster_run.run_id)


def _closed(dates: pd.DatetimeIndex, now: pd.Timestamp) -> pd.DatetimeIndex:
    return dates[calendar.close_utc(dates) <= now]


# The two sensors below see the runs of the UI, the schedules and the sensors: a run of the command line carries no code
# location, so replays and dry runs are told to nobody, and `trade-assets daily` tells of itself.


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[session_job],
    default_status=dg.DefaultSensorStatus.RUNNING,  # live.notifications.enabled is the switch
)
def tell_of_session(
    context: dg.RunStatusSensorContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    notifier: dg.ResourceParam[Notifier],
    notified: dg.ResourceParam[Notified],
) -> dg.SkipReason:
    """Sends what people asked to be told of the newest session of a run."""
    asked, tags = settings.live.notifications, context.dagster_run.tags
    key = tags.get("dagster/asset_partition_range_end") or tags.get("dagster/partition")
    if not asked.enabled or key is None:
        return dg.SkipReason("live.notifications is off" if key else "the run has no session")
    sent = telling.tell_day(telling.read(pd.Timestamp(key).as_unit("us"), tables), asked, notifier, notified)
    return dg.SkipReason(f"{key}: sent {', '.join(sent) or 'nothing new'}")


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def tell_of_failure(
    context: dg.RunFailureSensorContext,
    settings: dg.ResourceParam[Settings],
    notifier: dg.ResourceParam[Notifier],
    notified: dg.ResourceParam[Notified],
) -> dg.SkipReason:
    """Sends job, step and reason of a failed run."""
    run, asked = context.dagster_run, settings.live.notifications
    failed = telling.step_failure(context.get_step_failure_events())
    step, reason = failed or ("no step", context.failure_event.message or "no reason was recorded")
    sent = telling.tell_failure(run.run_id, run.job_name, step, reason, asked, notifier, notified)
    return dg.SkipReason(f"{run.job_name}: sent {', '.join(sent) or 'nothing'}")


@dg.op
def record_executions(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    """Writes the executions of the inbox into the book ledger."""
    said = io.StringIO()
    moved = recording.record_inbox(settings.live.output_dir, Console(file=said, width=200))
    context.log.info(said.getvalue())
    context.add_output_metadata({"files": len(moved), "said": said.getvalue()})


@dg.job(name="executions", description="Files of executions in the inbox go into the book ledger, each once.")
def executions_job() -> None:
    record_executions()


@dg.sensor(job=executions_job, minimum_interval_seconds=60)
def inbox(context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]) -> dg.RunRequest | dg.SkipReason:
    """Asks for files of executions to be recorded as soon as they are in live.output_dir/inbox."""
    found = recording.waiting(settings.live.output_dir)
    if not found:
        return dg.SkipReason("the inbox is empty")
    content = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in found)).hexdigest()
    return dg.RunRequest(run_key=f"inbox {content}")


@dg.op
def tidy(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
) -> None:
    """Removes what is old and not needed, and says how much."""
    removed = housekeeping.tidy(settings, context.instance, tables, artifacts, tracking, own_run=context.run_id)
    context.add_output_metadata(asdict(removed))


@dg.job(name="housekeeping", description="Old runs, half-written files and models no table names go, by age.")
def housekeeping_job() -> None:
    tidy()


weekly = dg.ScheduleDefinition(
    name="weekly", job=housekeeping_job, cron_schedule="0 6 * * 0", execution_timezone="America/New_York",
    description="Housekeeping, while the exchange is closed.",
)  # fmt: skip


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Fails the runs whose process is gone, which frees their slots; Dagster would wait for their longest run time."""
    failed = housekeeping.free(context.instance)
    names = ", ".join(f"{run.job_name} {run.run_id}" for run in failed)
    return dg.SkipReason(f"failed, for their process is gone: {names}" if failed else "every run has its process")


JOBS = [rebalance_job, session_job, exports_job, executions_job, housekeeping_job]
SCHEDULES = [daily, weekly]
SENSORS = [
    bi_weekly,
    export_after_rebalance,
    session_after_rebalance,
    inbox,
    tell_of_session,
    tell_of_failure,
    killed_runs,
]
