"""Housekeeping: what nobody needs goes, by age; what a table, a partition or the champion rests on stays."""

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass

import dagster as dg
from rich.console import Console

from trade_assets import schemas
from trade_assets.resources import runs
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.files import Files
from trade_assets.resources.tables import CorruptPartitionError, MissingPartitionError, StalePartitionError, TableStore
from trade_assets.resources.tracking import Tracking
from trade_assets.schemas.columns import SHA256
from trade_assets.settings import Settings

ADDRESSES = ("artifact_sha256", "calibrator_sha256")  # columns that hold nothing but addresses of models
GONE = "its process is gone; marked failed by housekeeping"


@dataclass(frozen=True)
class Removed:
    """How much was removed, or would be.

    Attributes
    ----------
    dead_runs : int
        Dagster runs marked failed, for their process is gone.
    old_runs : int
        Dagster runs deleted.
    tracked_runs : int
        MLflow runs deleted.
    half_written : int
        Files of writers that died.
    models : int
        Models that no table names.
    models_left : str
        Why models were left alone; empty where they were not.
    """

    dead_runs: int
    old_runs: int
    tracked_runs: int
    half_written: int
    models: int
    models_left: str


def tidy(
    settings: Settings,
    instance: dg.DagsterInstance,
    tables: TableStore,
    artifacts: ArtifactStore,
    tracking: Tracking,
    *,
    now: dt.datetime | None = None,
    own_run: str = "",
    dry_run: bool = False,
) -> Removed:
    """Remove what is old and not needed.

    Parameters
    ----------
    settings : Settings
    instance : DagsterInstance
    tables, artifacts, tracking
        Resources of those names.
    now : datetime, optional
        Instant that ages are counted to.
    own_run : str
        Dagster run this is part of.
    dry_run : bool
        Count, and remove nothing.
    """
    now, keep = now or dt.datetime.now(dt.UTC), settings.housekeeping
    unfinished = now - dt.timedelta(hours=keep.keep_partials_hours)
    dead = runs.dead(instance) if dry_run else free(instance)
    old = runs.old(instance, now - dt.timedelta(days=keep.keep_runs_days))
    for run_id in () if dry_run else old:
        runs.delete(instance, run_id)
    tracked = tracking.prune(now - dt.timedelta(days=keep.keep_tracking_days), dry_run=dry_run)
    stores = [tables, *(Files(str(directory)) for directory in (settings.store.exports, settings.live.output_dir))]
    partials = [name for store in stores for name in store.sweep(before=unfinished, dry_run=dry_run)]
    models, left = [], _models_must_stay(instance, [own_run, *(run.run_id for run in dead)])
    if not left:
        try:
            models = artifacts.sweep(named_models(tables), before=unfinished, dry_run=dry_run)
        except (CorruptPartitionError, MissingPartitionError, StalePartitionError) as error:
            left = f"no model was removed, for a table cannot be read: {error}"
    return Removed(len(dead), len(old), tracked, len(partials), len(models), left)


def free(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Mark failed the runs whose process is gone, so that no run waits for their slots; returns them."""
    dead = runs.dead(instance)
    for run in dead:
        instance.report_run_failed(run, GONE)
    return dead


def named_models(tables: TableStore, *, newest_only: bool = False, columns: Collection[str] | None = None) -> set[str]:
    """Addresses of the models that a stored table names: every sha256 of any table, so rather too many than too few.

    ``newest_only`` looks at the newest partition of each, ``columns`` at these alone.
    """
    found: set[str] = set()
    for asset, table in schemas.TABLES.items():
        named = [name for name, column in table.columns.items() if column.pattern == SHA256.pattern]
        named = [name for name in named if columns is None or name in columns]
        for key in tables.keys(asset)[-1 if newest_only else 0 :] if named else ():
            rows = tables.read(asset, [key])[0]
            found.update(*(rows[name].dropna() for name in named))
    return found


def show(removed: Removed, console: Console, *, dry_run: bool) -> None:
    """Print what was removed."""
    for name, count in asdict(removed).items():
        if name != "models_left":
            console.print(f"{name.replace('_', ' '):<14} {count}")
    if removed.models_left:
        console.print(removed.models_left, markup=False)
    if dry_run:
        console.print("Dry run: nothing was removed.")


def _models_must_stay(instance: dg.DagsterInstance, but: list[str]) -> str:
    """A run under way may have stored models whose table is still to come, or found one there that no table names yet."""
    busy = runs.in_progress(instance, but)
    return f"no model was removed, for {len(busy)} other run(s) are queued or running" if busy else ""
