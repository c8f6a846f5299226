"""The event engine on a directory's own hourly bars: early closes, a clock change, a split, a half-empty session."""

from pathlib import Path

import pandas as pd
import pytest

from trade_assets_tests import intraday, reliability
from trade_assets_tests.resources import directories
from trade_assets_tests.scenarios.apart import SMALL, backfill, command, hashes, rows, tables

FIRST, LAST = "2024-10-28", "2025-01-17"
DAYS = intraday.sessions(FIRST, LAST)
HALF_EMPTY = pd.Timestamp("2024-11-20")
ENGINE = [
    "index_bars", "bar_features", "events", "event_outcomes", "event_fold_manifest", "calibrated_models", "event_scores",
    "event_bands", "event_book", "event_trades", "mock_event_book", "event_performance",
]  # fmt: skip
OWN = ["bars", "tuned_parameters", "trials", *ENGINE]


def write(directory: Path, minutes: int | None) -> Path:
    """A directory of the source with bars of the legs at a frequency; None leaves them to the daily bars."""
    fine, daily = intraday.market(5, DAYS, minutes=5, splits={("2024-12-05", "QQQ"): 2.0}, dividends={("2024-12-20", "SPY"): 1.9})  # fmt: skip
    half = (fine["symbol"] == "QQQ") & fine["bar_end_utc"].between("2024-11-20 17:30Z", "2024-11-20 21:00Z", "right")
    fine = fine[~half]
    _, stocks = intraday.market(6, DAYS, minutes=None, symbols=("AAA", "BBB", "CCC"))
    bars = pd.concat([daily, stocks])[["session", "symbol", "open", "high", "low", "close", "volume", "split_ratio", "dividend"]]  # fmt: skip
    if minutes is None:
        return directories.write(directory / "source", bars=bars)
    of_legs = fine if minutes == 5 else intraday.coarser(fine, DAYS, minutes=minutes)
    return directories.write(directory / "source", bars=bars, index_bars=of_legs)


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


def differing(directory: Path, other: Path) -> list[tuple[str, str]]:
    """Artifacts of the engine that ``other`` has otherwise than ``directory``; it has them all."""
    whole, part = hashes(directory), hashes(other)
    assert set(part) == {(name, key) for name, key in whole if name in OWN}
    return [artifact for artifact in part if part[artifact] != whole[artifact]]


@pytest.fixture(scope="module")
def hourly(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hourly")
    own = settings(write(directory, 60))
    backfill(directory, own, None if reliability.FULL else OWN)
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


@pytest.mark.skipif(not reliability.FULL, reason="a range one by one: make prove runs it")
@pytest.mark.reliability("8")
def test_five_minute_bars_give_key_by_key_the_bytes_of_the_hourly_range(hourly, tmp_path):
    directory, _ = hourly
    backfill(tmp_path, settings(write(tmp_path, 5)), OWN, singles=len(DAYS) // 5)
    assert differing(directory, tmp_path) == []


@pytest.mark.skipif(not reliability.FULL, reason="a proof more: make prove runs it")
@pytest.mark.reliability("7 dates")
def test_its_dates_are_proven(hourly):
    directory, own = hourly
    after_clock_change = tables(directory).keys("event_book")[2]
    assert "1 dates, 51 artifacts, 0 differ" in command(directory, own, "prove", "--date", after_clock_change)


def test_daily_bars_do_not_pass_for_hourly_ones(tmp_path):
    with pytest.raises(AssertionError, match=r"QQQ has 1 bars a session where events\.bar_minutes asks for 7"):
        backfill(tmp_path, settings(write(tmp_path, None)), OWN)
