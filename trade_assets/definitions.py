"""The composition root: every asset, job, schedule and resource of a system, put together once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import dagster as dg

from trade_assets import assets, automation, partitions
from trade_assets.assets import allocator_checks, book_checks, checks, selection_checks, time_checks
from trade_assets.assets.between import Between
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.vintages import Vintages, restatements_of
from trade_assets.resources.notified import Notified
from trade_assets.resources.notifier import Notifier
from trade_assets.resources.records import Records
from trade_assets.resources.signals_file import SignalsFile
from trade_assets.resources.studies import Studies
from trade_assets.resources.table_io import TableIO
from trade_assets.resources.tables import TableStore
from trade_assets.resources.tracking import Tracking
from trade_assets.resources.workers import Workers
from trade_assets.settings import SECTIONS, Settings, load

ASSETS = [a for a in dg.load_assets_from_modules(assets.GROUPS) if isinstance(a, dg.AssetsDefinition)]
CHECKS = [checks, time_checks, book_checks, selection_checks, allocator_checks]
SPECS = {spec.key.to_user_string(): spec for asset in ASSETS for spec in asset.specs}


def fingerprint_of(settings: Settings, asset: str) -> str:
    """Hash of the settings an asset reads."""
    return settings.fingerprint(frozenset(SPECS[asset].metadata["settings"].split(", ")) & SECTIONS)


def code_version_of(asset: str) -> str:
    """Version of the code that computes an asset."""
    return SPECS[asset].code_version or ""


def build_table_io(
    settings: Settings,
    tables: TableStore,
    *,
    rebuild: bool = False,
    on_stored: Callable[[str, str], None] = lambda asset, key: None,
) -> TableIO:
    """What loads and stores the tables of a system with these settings."""
    return TableIO(
        tables,
        grid=partitions.GRID,
        sessions=partitions.sessions.get_partition_keys(),
        fingerprint_of=partial(fingerprint_of, settings),
        code_version_of=code_version_of,
        legs=settings.index_legs().symbols(),
        rebuild=rebuild,
        on_stored=on_stored,
    )


def windows_of(asset: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Of each input of an asset: its name, the asset it is, and the window it reads."""
    [own] = [a for a in ASSETS if a.key.to_user_string() == asset]
    return {
        name: (key.to_user_string(), own.op.input_dict[name].metadata or {})
        for name, key in own.keys_by_input_name.items()
    }


def build_resources(
    settings: Settings,
    *,
    files: Files | None = None,
    rebuild: bool = False,
    on_stored: Callable[[str, str], None] = lambda asset, key: None,
    **replaced: Any,
) -> dict[str, Any]:
    """The outside world of a system with these settings.

    Parameters
    ----------
    settings : Settings
    files : Files, optional
        Store to use in place of the one the settings name.
    rebuild : bool
        Accept stored partitions computed under other settings.
    on_stored : callable
        Told asset and key of every partition stored.
    **replaced
        Resources by name that take the place of the built ones.
    """
    files = files or Files(settings.store.url)
    tables, source = TableStore(files), build_source(settings)
    built = {
        "settings": settings,
        "fingerprint_of": partial(fingerprint_of, settings),
        "tables": tables,
        "artifacts": ArtifactStore(files),
        "market_data": Vintages(source, files),
        "restatements": restatements_of(source, files),
        "workers": Workers(settings.store.workers),
        "tracking": Tracking(settings.store.mlflow_uri),
        "studies": Studies(settings.store.optuna_uri),
        "records": Records(files),
        "notifier": Notifier(settings.live.notifications),
        "notified": Notified(files),
        "ledger": BookLedger(settings.live.ledger_uri),
        "live_files": Exports(settings.live.output_dir),
        "exports": Exports(settings.store.exports),
        "signals_file": SignalsFile(settings.market_gate.file),
        "table_io": build_table_io(settings, tables, rebuild=rebuild, on_stored=on_stored),
    } | replaced
    return {"between": Between(built)} | built


def build_definitions(overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions; ``overrides`` replaces resources by name, for tests and proofs."""
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=dg.load_asset_checks_from_modules(CHECKS),
        jobs=automation.JOBS,
        schedules=automation.SCHEDULES,
        sensors=automation.SENSORS,
        resources=build_resources(load()) | dict(overrides or {}),
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What the code location serves."""
    return build_definitions()
