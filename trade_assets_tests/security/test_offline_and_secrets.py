"""Without any network the sample runs and trades a day; what is secret is in nothing that was written or said."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from trade_assets import settings
from trade_assets.plain_errors import without_passwords
from trade_assets.settings import load
from trade_assets_tests.resources.test_notifier import FAKE

CANARY = "c4naryInNoFile"
ALONE = ["unshare", "--map-root-user", "--net"]
CHANNELS = [f"{scheme}://me:{CANARY}@example/{CANARY}" for scheme in ("fails", "raises", "json")]
DATABASES = {
    "TRADE_ASSETS__STORE__MLFLOW_URI": f"postgresql://me:{CANARY}@127.0.0.1:1/mlflow",
    "TRADE_ASSETS__STORE__OPTUNA_URI": f"postgresql://me:{CANARY}@127.0.0.1:1/optuna",
    "TRADE_ASSETS__STORE__URL": f"ftp://me:{CANARY}@127.0.0.1/store",
    "TRADE_ASSETS__LIVE__LEDGER_URI": f"postgresql://me:{CANARY}@127.0.0.1:1/ledger",
}


def places(directory):
    """Settings of a machine of its own, with channels that hold secrets."""
    return {
        "TRADE_ASSETS__STORE__URL": f"{directory}/store",
        "TRADE_ASSETS__STORE__EXPORTS": f"{directory}/exports",
        "TRADE_ASSETS__STORE__DAGSTER_HOME": f"{directory}/dagster",
        "TRADE_ASSETS__STORE__MLFLOW_URI": f"sqlite:///{directory}/mlflow.db",
        "TRADE_ASSETS__STORE__OPTUNA_URI": f"sqlite:///{directory}/optuna.db",
        "TRADE_ASSETS__LIVE__LEDGER_URI": f"sqlite:///{directory}/ledger.db",
        "TRADE_ASSETS__LIVE__OUTPUT_DIR": f"{directory}/live",
        "TRADE_ASSETS__LIVE__NOTIFICATIONS__ENABLED": "true",
        "TRADE_ASSETS__LIVE__NOTIFICATIONS__SEND_DAILY_SUMMARY": "true",
        "TRADE_ASSETS__LIVE__NOTIFICATIONS__URLS": json.dumps(CHANNELS),
        "MLFLOW_TRACKING_PASSWORD": CANARY,
    }


def isolated():
    """What a command begins with that has no network; nothing where the system allows no namespace."""
    tried = (
        shutil.which("unshare") and subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
    )
    return ALONE if tried else []


@pytest.fixture(scope="module")
def machine(history, tmp_path_factory):
    """What was said on a machine of its own, its directory, and how it was cut off."""
    outside, home = tmp_path_factory.mktemp("outside"), tmp_path_factory.mktemp("machine")
    shutil.copytree(load().store.url, home / "store")
    (outside / "apprise.py").write_text(FAKE)
    commands = [
        ["run", "--last", "1"],
        ["where"],
        ["ledger", "open", "--actor", "Ada"],
        ["daily", "--dry-run"],
        ["daily"],
        ["doctor"],
        f"{home}/store/tables/target_weights/{history[-1]}.parquet",
        ["daily"],
        DATABASES,
        ["where"],
        ["ledger", "open", "--actor", "Ada"],
        ["doctor"],
    ]
    path = os.pathsep.join([str(outside), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [*isolated(), sys.executable, "-m", "trade_assets_tests.security.offline", str(outside / "said.json")],
        input="\n".join(json.dumps(c) for c in commands), text=True, capture_output=True, check=False, cwd=home,
        env=os.environ | places(home) | {"PYTHONPATH": path, "SENT": str(outside / "sent"), "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((outside / "said.json").read_text())
    return told["said"], home, told["attempts"], done.stdout + done.stderr


@pytest.mark.reliability("16")
def test_without_a_network_a_rebalance_its_files_and_a_day_are_made(machine, figure):
    said, home, attempts, _ = machine
    for told in said[:6]:
        assert told["code"] == 0, told["output"][-2000:]
    assert (home / "exports" / "tear_sheet.html").is_file()
    assert len(list(home.glob("live/*/report.html"))) == 1
    assert attempts == []
    figure(f"a rebalance, its files, a dry and a real day {'in a network namespace' if isolated() else 'with sockets refused'}; 0 connections tried")  # fmt: skip


@pytest.mark.reliability("19")
def test_no_secret_is_in_anything_that_was_written_or_said(machine, figure):
    said, home, _, printed = machine
    failed = [told for told in said if told["command"] == ["daily"]][-1]
    assert failed["code"] == 1
    assert "damaged" in failed["output"]
    assert [told["command"] for told in said if CANARY in told["output"]] == []
    assert CANARY not in printed
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
    rows = [path for path in files if path.suffix == ".parquet" and "live" in path.parent.name]
    assert rows
    assert [path.name for path in rows if CANARY in pd.read_parquet(path).to_csv()] == []
    assert {path.suffix for path in files} >= {".db", ".html", ".json", ".csv", ".parquet"}
    figure(f"0 hits in {len(files)} files and what {len(said)} commands said")


@pytest.mark.reliability("19")
def test_a_password_in_the_address_of_mlflows_server_is_refused_without_repeating_it(monkeypatch, figure):
    monkeypatch.setenv("TRADE_ASSETS__STORE__MLFLOW_URI", f"https://me:{CANARY}@example/mlflow")
    with pytest.raises(ValueError, match="must hold no password, set MLFLOW_TRACKING_USERNAME") as refused:
        settings.load.__wrapped__()
    assert CANARY not in f"{refused.value} {refused.value!r}"
    figure("MLflow's address holds no password")


@pytest.mark.reliability("19")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"at postgresql://me:{CANARY}@host:5432/x failed", "at postgresql://…@host:5432/x failed"),
        (f"ftp://{CANARY}@host/a and http://b:{CANARY}@c", "ftp://…@host/a and http://…@c"),
        ("see https://example/a@b and a@b.c", "see https://example/a@b and a@b.c"),
        (f"postgresql://me:a@{CANARY}@host/x", "postgresql://…@host/x"),
    ],
)
def test_an_address_is_told_without_its_password(text, told):
    assert without_passwords(text) == told
