"""Dagster runs that nobody needs: those whose process is gone, and those that are old."""

import datetime as dt
from collections.abc import Collection

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from trade_assets.resources.files import is_running

PAGE = 1000
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
UNFINISHED = [status for status in dg.DagsterRunStatus if status not in FINISHED]


def dead(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs that are marked started while every process they named is gone.

    Process numbers mean something on one machine only, so only an instance that keeps its events in files is looked at.
    A number that was given to another process hides a dead run; the run monitor ends it at its longest run time.
    The state is read again once the processes are seen to be gone, for a run may have ended in between.
    """
    if not isinstance(instance.event_log_storage, SqliteEventLogStorage):
        return []
    started = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    named = [(record.dagster_run, _processes(instance, record.dagster_run.run_id)) for record in started]
    gone = [run.run_id for run, pids in named if pids and not any(map(is_running, pids))]
    now = [instance.get_run_by_id(run_id) for run_id in gone]
    return [run for run in now if run is not None and run.status == dg.DagsterRunStatus.STARTED]


def old(instance: dg.DagsterInstance, before: dt.datetime) -> list[str]:
    """Finished runs last heard of before an instant, those apart that stored the newest of a partition.

    In Dagster 1.13 ``delete_run`` deletes every event of the run with it, its materialisations in the index among them:
    a partition whose newest materialisation it was would show as missing, though its rows are in the store.
    """
    finished = instance.get_run_records(dg.RunsFilter(statuses=FINISHED, updated_before=before))
    holding = _holding(instance) if finished else set()
    return [r.dagster_run.run_id for r in finished if r.dagster_run.run_id not in holding]


def delete(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove a run, its events, what its steps printed, and outputs it kept outside the store."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)


def in_progress(instance: dg.DagsterInstance, but: Collection[str]) -> list[str]:
    """Runs that are queued or running, apart from those named."""
    records = instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED))
    return [r.dagster_run.run_id for r in records if r.dagster_run.run_id not in but]


def _holding(instance: dg.DagsterInstance) -> set[str]:
    """Runs that hold the newest materialisation of a partition of an asset."""
    runs = set()
    for asset in instance.get_asset_keys():
        seen: set[str | None] = set()
        cursor, more = None, True
        while more:
            page = instance.fetch_materializations(asset, limit=PAGE, cursor=cursor)  # the newest first
            for record in page.records:
                if record.partition_key not in seen:
                    seen.add(record.partition_key)
                    runs.add(record.run_id)
            cursor, more = page.cursor, page.has_more
    return runs


def _processes(instance: dg.DagsterInstance, run_id: str) -> set[int]:
    events = [e.dagster_event for e in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)]
    told = [e.engine_event_data.metadata.get("pid") for e in events if e is not None]
    return {int(str(pid.value)) for pid in told if pid is not None and str(pid.value).isdecimal()}
