"""The event engine on a directory's own hourly bars: early closes, a clock change, a split, a half-empty session."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from trade_assets import schemas
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets_tests import intraday
from trade_assets_tests.resources import directories

SMALL = yaml.safe_load(Path(__file__).parents[1].joinpath("small.yaml").read_text())
FIRST, LAST = "2024-10-28", "2025-01-17"
DAYS = intraday.sessions(FIRST, LAST)
HALF_EMPTY = pd.Timestamp("2024-11-20")
ENGINE = [
    "index_bars", "bar_features", "events", "event_outcomes", "event_fold_manifest", "calibrated_models", "event_scores",
    "event_bands", "event_book", "event_trades", "mock_event_book", "event_performance",
]  # fmt: skip
TUNING = ["tuned_parameters", "trials"]
ALL = "from trade_assets_tests.scenarios.system import keys, materialise; materialise(keys())"
RANGE = f"from trade_assets_tests.scenarios.system import keys, materialise; materialise(keys(), only={['bars', *TUNING, *ENGINE]})"
SINGLES = RANGE.replace("materialise(keys(), ", "[materialise([key], ") + " for key in keys()]"


def write(directory: Path, minutes: int | None) -> Path:
    """A directory of the source with bars of the legs at a frequency; None leaves them to the daily bars."""
    fine, daily = intraday.market(5, DAYS, minutes=5, splits={("2024-12-05", "QQQ"): 2.0}, dividends={("2024-12-20", "SPY"): 1.9})  # fmt: skip
    half = (fine["symbol"] == "QQQ") & fine["bar_end_utc"].between("2024-11-20 17:30Z", "2024-11-20 21:00Z", "right")
    fine = fine[~half]
    _, stocks = intraday.market(6, DAYS, minutes=None, symbols=("AAA", "BBB", "CCC"))
    bars = pd.concat([daily, stocks])[["session", "symbol", "open", "high", "low", "close", "volume", "split_ratio", "dividend"]]  # fmt: skip
    tables = {None: {}, 5: {"index_bars": fine}}.get(minutes)
    tables = {"index_bars": intraday.coarser(fine, DAYS, minutes=minutes)} if tables is None else tables
    return directories.write(directory / "source", bars=bars, **tables)


def settings(source: Path, bar_minutes: int | None = 60) -> dict:
    return SMALL | {
        "history": SMALL["history"] | {"start": FIRST, "end": LAST, "rebalance_every": 5},
        "labels": {"horizon_sessions": 5},
        "universe": {"min_history_sessions": 20},
        "data": {
            "source": "files",
            "files": {"path": str(source), "index_legs": {"qqq": "QQQ", "spy": "SPY"}},
        },
        "events": SMALL["events"] | {"bar_minutes": bar_minutes, "sides": "both", "volatility_bars": 21},
        "live": {"start": "2025-01-02"},
    }


def run(directory: Path, own: dict, *arguments: str) -> subprocess.CompletedProcess:
    """Python with its own settings and stores."""
    store = {"url": str(directory / "store"), "exports": str(directory / "exports")}
    store |= {"dagster_home": str(directory / "dagster"), "mlflow_uri": f"sqlite:///{directory / 'mlflow.db'}"}
    store |= {"optuna_uri": f"sqlite:///{directory / 'optuna.db'}"}
    path = directory / "settings.yaml"
    path.write_text(yaml.safe_dump(own | {"store": store}))
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRADE_ASSETS")}
    return subprocess.run(
        [sys.executable, *arguments],
        env=kept | {"TRADE_ASSETS_FILE": str(path), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip


def printed(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(directory: Path, asset: str) -> pd.DataFrame:
    tables = TableStore(Files(str(directory / "store")))
    return tables.read(asset, tables.keys(asset))[0]


def hashes(directory: Path) -> dict[tuple[str, str], str]:
    tables = TableStore(Files(str(directory / "store")))
    return {(name, key): tables.record(name, key).sha256 for name in schemas.TABLES for key in tables.keys(name)}


def differing(directory: Path, other: Path) -> list[tuple[str, str]]:
    """Artifacts of the engine that ``other`` has otherwise than ``directory``; it has them all."""
    whole, part = hashes(directory), hashes(other)
    assert set(part) == {(name, key) for name, key in whole if name in ("bars", *TUNING, *ENGINE)}
    return [artifact for artifact in part if part[artifact] != whole[artifact]]


@pytest.fixture(scope="module")
def hourly(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hourly")
    own = settings(write(directory, 60))
    printed(run(directory, own, "-c", ALL))
    return directory, own


@pytest.mark.reliability("13")
def test_hourly_bars_fill_every_table_of_the_engine(hourly, figure):
    figure("hourly bars of a year with a clock change and early closes")
    directory, _ = hourly
    assert not [name for name in ENGINE if rows(directory, name).empty]
    bars = rows(directory, "index_bars")
    counts = bars[bars["symbol"] == "QQQ"].groupby("session").size()
    assert counts[pd.DatetimeIndex(["2024-11-29", "2024-12-24"])].tolist() == [4, 4]
    assert counts[HALF_EMPTY] == 3
    assert pd.Timestamp("2025-01-09") not in counts.index
    usual = counts.drop(pd.DatetimeIndex(["2024-11-29", "2024-12-24", HALF_EMPTY]))
    assert (usual == 7).all()
    features = rows(directory, "bar_features")
    assert features["t_idx"].drop_duplicates().tolist() == list(range(features["bar_end_utc"].nunique()))


def test_no_event_takes_the_split_for_a_loss_or_a_missing_bar_for_a_fill(hourly):
    directory, _ = hourly
    found = rows(directory, "event_outcomes")
    filled = found[found["barrier"] != "unfilled"]
    assert filled["gross_logret"].abs().max() < 0.1
    over = (filled["entry_utc"] < "2024-12-05 14:00Z") & (filled["label_end_utc"] > "2024-12-05 14:30Z")
    assert (filled.loc[over, "symbol"] == "QQQ").any()
    gone = (found["symbol"] == "QQQ") & found["entry_utc"].between("2024-11-20 17:30Z", "2024-11-20 20:59Z")
    assert (found.loc[gone, "barrier"] == "unfilled").all()


def test_five_minute_bars_give_key_by_key_the_bytes_of_the_hourly_range(hourly, tmp_path):
    directory, _ = hourly
    printed(run(tmp_path, settings(write(tmp_path, 5)), "-c", SINGLES))
    assert differing(directory, tmp_path) == []


def test_its_dates_are_proven(hourly):
    directory, own = hourly
    keys = TableStore(Files(str(directory / "store"))).keys("event_book")
    after_clock_change = keys[2]
    done = run(directory, own, "-m", "trade_assets.cli", "prove", "--date", after_clock_change)
    assert "1 dates" in printed(done)
    assert " 0 differ" in done.stdout


def test_daily_bars_do_not_pass_for_hourly_ones(tmp_path):
    done = run(tmp_path, settings(write(tmp_path, None)), "-c", RANGE)
    assert done.returncode == 1
    assert "index_bars: QQQ has 1 bars a session where events.bar_minutes asks for 7" in done.stderr
