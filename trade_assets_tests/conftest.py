"""One small system for the whole test run: its settings are set before anything of it is imported."""

import fcntl
import os
import tempfile
from pathlib import Path

for name in [n for n in os.environ if n.startswith("TRADE_ASSETS")]:
    del os.environ[name]
os.environ["TRADE_ASSETS_FILE"] = str(Path(__file__).with_name("small.yaml"))
_HOME = Path(tempfile.mkdtemp(prefix="trade_assets_tests_"))
os.environ["TRADE_ASSETS__STORE__URL"] = str(_HOME / "store")
os.environ["TRADE_ASSETS__STORE__EXPORTS"] = str(_HOME / "exports")
os.environ["TRADE_ASSETS__STORE__DAGSTER_HOME"] = str(_HOME / "dagster")
os.environ["TRADE_ASSETS__STORE__MLFLOW_URI"] = f"sqlite:///{_HOME / 'mlflow.db'}"
os.environ["TRADE_ASSETS__STORE__OPTUNA_URI"] = f"sqlite:///{_HOME / 'optuna.db'}"
os.environ["TRADE_ASSETS__LIVE__LEDGER_URI"] = f"sqlite:///{_HOME / 'live' / 'ledger.db'}"
os.environ["TRADE_ASSETS__LIVE__OUTPUT_DIR"] = str(_HOME / "live")

import shutil

import pytest

pytest_plugins = ["trade_assets_tests.reliability"]


def pytest_collection_modifyitems(items):
    """A file that needs the history begins: one process computes it while the others run what needs none."""
    first = next((item.path for item in items if "history" in item.fixturenames), None)
    items.sort(key=lambda item: item.path != first)


@pytest.fixture(scope="session", autouse=True)
def home():
    """The directory of this test run; removed at its end."""
    yield _HOME
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def history(home, tmp_path_factory, worker_id):
    """The whole small history, computed as a range by the first process that asks; returns its keys."""
    from trade_assets.settings import load
    from trade_assets_tests.scenarios.system import keys, materialise

    place = tmp_path_factory.getbasetemp()
    shared = (place if worker_id == "master" else place.parent) / "history"
    with open(f"{shared}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            materialise(keys(), workers=2)
            shutil.copytree(load().store.url, f"{shared}.partial")
            os.rename(f"{shared}.partial", shared)
    shutil.copytree(shared, load().store.url, dirs_exist_ok=True)
    return keys()
