"""The small system with settings and stores of its own, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from trade_assets import schemas
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore

SMALL = yaml.safe_load(Path(__file__).parents[1].joinpath("small.yaml").read_text())
BACKFILL = """
from trade_assets_tests.scenarios.system import keys, materialise
together = len(keys()) - {singles}
for run in filter(None, [keys()[:together], *([key] for key in keys()[together:])]):
    materialise(run, only={only})
"""


def run(directory: Path, settings: dict, *arguments: str, timeout: int = 500) -> subprocess.CompletedProcess:
    """Python with these settings and stores under ``directory``."""
    store = {"url": str(directory / "store"), "exports": str(directory / "exports")}
    store |= {"dagster_home": str(directory / "dagster"), "mlflow_uri": f"sqlite:///{directory / 'mlflow.db'}"}
    store |= {"optuna_uri": f"sqlite:///{directory / 'optuna.db'}"}
    path = directory / "settings.yaml"
    path.write_text(yaml.safe_dump(settings | {"store": store}))
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRADE_ASSETS")}
    return subprocess.run(
        [sys.executable, *arguments],
        env=kept | {"TRADE_ASSETS_FILE": str(path), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def command(directory: Path, settings: dict, *arguments: str, status: int = 0, timeout: int = 500) -> str:
    """What the command line printed; it must leave with ``status``."""
    done = run(directory, settings, "-m", "trade_assets.cli", *arguments, timeout=timeout)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def backfill(directory: Path, settings: dict, only: Sequence[str] | None = None, *, singles: int = 0) -> None:
    """Compute every rebalance of all assets, or of those named, in one run; the last ``singles`` one by one."""
    done = run(directory, settings, "-c", BACKFILL.format(only=only, singles=singles))
    assert done.returncode == 0, done.stdout + done.stderr


def tables(directory: Path) -> TableStore:
    """The store under ``directory``."""
    return TableStore(Files(str(directory / "store")))


def rows(directory: Path, asset: str) -> pd.DataFrame:
    """All stored rows of an asset."""
    return tables(directory).read(asset, tables(directory).keys(asset))[0]


def hashes(directory: Path) -> dict[tuple[str, str], str]:
    """sha256 of everything stored."""
    store = tables(directory)
    return {(name, key): store.record(name, key).sha256 for name in schemas.TABLES for key in store.keys(name)}
