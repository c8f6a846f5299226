"""Runs of the small system: ranges, singles, and scratch stores laid over what has been computed."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pandas as pd

from trade_assets import partitions, proof
from trade_assets.automation import rebalance_job
from trade_assets.definitions import ASSETS, build_definitions, build_resources
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.overlay import Overlay, partitions_from
from trade_assets.resources.studies import Unstored
from trade_assets.resources.tables import TableStore
from trade_assets.resources.tracking import Untracked
from trade_assets.settings import load

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def keys() -> list[str]:
    """All rebalance keys of the small history."""
    return [partitions.key_of(date) for date in partitions.GRID.dates]


def without_a_fit() -> pd.Timestamp:
    """The newest rebalance but one at which no model is fitted: quickly computed again."""
    grid = partitions.GRID
    return [d for d, ordinal in zip(grid.dates[:-1], grid.ordinals[:-1], strict=True) if ordinal % 6 in (1, 5)][-1]


def base() -> Files:
    """The store the history was computed into."""
    return Files(load().store.url)


def over_base(directory: Path, key: str) -> Overlay:
    """A scratch store over the history, in which nothing from ``key`` on is there."""
    return Overlay(Files(str(directory)), base(), partitions_from(key))


def materialise(
    wanted: Sequence[str],
    *,
    files: Files | None = None,
    workers: int = 1,
    raise_on_error: bool = True,
    job: str = rebalance_job.name,
    only: Sequence[str] | None = None,
    instance: dg.DagsterInstance | None = None,
    checked: bool = False,
    **replaced,
):
    """One run over the keys, in order and without a gap; of all assets, or of those named, with or without their checks.

    Neither fits nor trials are kept in a database unless the resources given say so.
    """
    replaced = {"tracking": Untracked(), "studies": Unstored()} | replaced
    resources = build_resources(load(), files=files or base(), **replaced)
    resources["workers"].count = workers
    try:
        whole = build_definitions(resources).resolve_job_def(job)
        assets = whole.asset_layer.executable_asset_keys if only is None else {dg.AssetKey(name) for name in only}
        chosen = whole if checked else whole.get_subset(asset_selection=assets, asset_check_selection=set())
        return chosen.execute_in_process(
            run_config=QUIET,
            instance=instance or unlogged_instance(),
            tags={RANGE_START: wanted[0], RANGE_END: wanted[-1]},
            asset_selection=None if only is None else list(assets),
            raise_on_error=raise_on_error,
        )
    finally:
        resources["workers"].close()


def export(asset: dg.AssetsDefinition, directory: Path, *, files: Files | None = None, **replaced):
    """Write the files of one asset of the exports into a directory."""
    resources = build_resources(load(), files=files or base(), exports=Exports(directory), **replaced)
    return dg.materialize(
        ASSETS, selection=dg.AssetSelection.assets(asset), resources=resources, instance=unlogged_instance(),
        run_config=QUIET,
    )  # fmt: skip


def hashes(files: Files, wanted: Sequence[str]) -> dict[tuple[str, str], str]:
    """sha256 of every artifact of the keys."""
    tables = TableStore(files)
    return {(asset, key): tables.record(asset, key).sha256 for key in wanted for asset in proof.order_of_the_graph()}
