"""Running the graph from the command line: through Dagster, with progress and a summary."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from trade_assets import housekeeping, partitions, summary
from trade_assets.automation import exports_job, rebalance_job
from trade_assets.definitions import build_definitions, build_resources
from trade_assets.domain import calendar
from trade_assets.plain_errors import without_passwords
from trade_assets.proof import failure_of
from trade_assets.settings import Settings, load

ROOT = Path(__file__).parents[1]
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def run(first: str | None, last: str | None, last_n: int | None, *, rebuild: bool, console: Console) -> None:
    """Materialise the rebalances asked for, export, and print what a person wants to know."""
    settings, started = load(), time.monotonic()
    keys = keys_between(first, last, last_n)
    instance = prepared_instance(settings)
    housekeeping.free(instance)
    with progress_bar(console) as progress:
        task = progress.add_task("starting", total=None)
        resources = build_resources(
            settings,
            rebuild=rebuild,
            on_stored=lambda asset, key: progress.update(task, advance=1, description=asset),
        )
        resources["tables"].sweep()
        definitions = build_definitions(resources)
        job = definitions.resolve_job_def(rebalance_job.name)
        progress.update(task, total=len(job.asset_layer.executable_asset_keys) * len(keys))
        execute(job, instance, keys)
        progress.update(task, description="done")
    resources["workers"].close()
    execute(definitions.resolve_job_def(exports_job.name), instance)
    summary.show(settings, resources["tables"], keys, time.monotonic() - started, console)


def keys_between(first: str | None, last: str | None, last_n: int | None) -> list[str]:
    """Keys of the closed rebalances asked for, in order; raises ``ValueError`` where there is none."""
    dates = partitions.GRID.dates
    closed = dates[calendar.close_utc(dates) <= pd.Timestamp.now("UTC")]
    for name, day in (("--from", first), ("--to", last)):
        if day is not None and pd.isna(pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")):
            raise ValueError(f"{name} must be a date like 2018-12-31, was {day!r}")
    chosen = closed[(closed >= pd.Timestamp(first or dates[0])) & (closed <= pd.Timestamp(last or closed[-1]))]
    if not len(chosen):
        raise ValueError(
            f"no closed rebalance lies in the range asked for; they run from {closed[0].date()} to {closed[-1].date()}"
        )
    return [partitions.key_of(date) for date in (chosen[-last_n:] if last_n else chosen)]


def prepared_instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of this store; its directory is made ready where it is not."""
    home = settings.store.dagster_home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()


def serve(port: int) -> None:
    """Start the UI and the daemon, on this machine only; raises ``RuntimeError`` where they run already."""
    settings = load()
    prepared_instance(settings)
    command = [
        Path(sys.executable).with_name("dagster"),
        "dev",
        "-w",
        ROOT / "workspace.yaml",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    with _the_only_one(settings.store.dagster_home) as lock:
        raise SystemExit(subprocess.call([str(part) for part in command], pass_fds=[lock]))


@contextmanager
def _the_only_one(home: Path) -> Iterator[int]:
    """A lock this process and those it hands it to hold: two daemons on one instance ask for a run twice."""
    with open(home / "ui.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"the UI and the daemon of {home} run already; one of them is enough") from None
        yield file.fileno()


def tidy(*, dry_run: bool, console: Console) -> None:
    """Do the housekeeping and print what went."""
    settings = load()
    resources = build_resources(settings)
    used = [resources[name] for name in ("tables", "artifacts", "tracking")]
    removed = housekeeping.tidy(settings, prepared_instance(settings), *used, dry_run=dry_run)
    housekeeping.show(removed, console, dry_run=dry_run)


def where(console: Console) -> None:
    """Print what is in force."""
    settings = load()
    for name, value in {
        "source": settings.data.source,
        "history": f"{settings.history.start} to {partitions.key_of(partitions.GRID.dates[-1])}, {len(partitions.GRID)} rebalances",
        "store": settings.store.url,
        "exports": settings.store.exports,
        "Dagster": settings.store.dagster_home,
        "MLflow": settings.store.mlflow_uri,
        "book ledger": settings.live.ledger_uri,
        "files of each session": settings.live.output_dir,
        "settings": settings.fingerprint(frozenset(Settings.model_fields) - {"store"}),
    }.items():
        line = f"{name:<22} {without_passwords(str(value))}"
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def execute(job: dg.JobDefinition, instance: dg.DagsterInstance, keys: Sequence[str] = ()) -> None:
    """Run a job, over the keys where it has partitions; raises ``RuntimeError`` that names the step and the reason."""
    tags = {RANGE_START: keys[0], RANGE_END: keys[-1]} if keys else {}
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    result = job.execute_in_process(run_config=quiet, instance=instance, tags=tags, raise_on_error=False)
    if result.success:
        return
    step, reason = failure_of(result)
    raise RuntimeError(f"{step} failed: {reason}")


def progress_bar(console: Console) -> Progress:
    """A bar of partitions stored."""
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("partitions"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=False)
