"""The same graph on other markets: a synthetic one with facts, actions and exits, and the real S&P 500 panel."""

from pathlib import Path

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.settings import Synthetic as SyntheticSettings
from trade_assets_tests import reliability
from trade_assets_tests.scenarios.apart import SMALL, backfill, command, rows, tables

CAUGHT = [("restated_fundamentals", "stock_features"), ("todays_universe", "universe")]
PANEL = Path(__file__).parents[3] / "shared" / "data"


def market_of(symbols: int, *, every: int = 10) -> dict:
    """Settings of a market of two years with a rebalance every so many sessions."""
    synthetic = {"symbols": symbols, "sessions": 450, "delisting_rate_per_year": 0.1}
    return SMALL | {
        "history": SMALL["history"] | {"start": "1999-01-04", "end": "2000-09-29", "rebalance_every": every},
        "labels": {"horizon_sessions": every},
        "data": {"source": "synthetic", "synthetic": synthetic},
        "portfolio": {"fill": "next_open"},
    }


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    directory = tmp_path_factory.mktemp("synthetic")
    settings = market_of(25, every=reliability.count(25, 20)) | {"universe": {"min_history_sessions": 60}}
    backfill(directory, settings)
    return directory, settings


def test_a_synthetic_market_fills_every_table(synthetic):
    directory, _ = synthetic
    own = {name for name, table in schemas.TABLES.items() if table.partition == "rebalance_date"}
    searches = {name for name in own if name.endswith("trials")}  # too few dates for all of them to be due
    assert not {name for name in own - searches if rows(directory, name).empty}
    bars = rows(directory, "bars")
    assert (bars["split_ratio"] != 1).any()
    assert (bars["dividend"] > 0).any()
    assert rows(directory, "stock_features")["quality_score"].notna().any()
    assert rows(directory, "trades")["has_impact"].any()
    assert rows(directory, "universe")["sector"].notna().any()


@pytest.mark.skipif(not reliability.FULL, reason="a proof more: make prove runs it")
@pytest.mark.reliability("7 dates")
def test_its_dates_are_proven(synthetic):
    directory, settings = synthetic
    assert "1 dates, 51 artifacts, 0 differ" in command(
        directory, settings, "prove", "--date", tables(directory).keys("trades")[-4]
    )


@pytest.mark.skipif(not reliability.FULL, reason="each is two proofs: make prove runs them")
@pytest.mark.reliability("7 leaks")
@pytest.mark.parametrize(("leak", "first"), CAUGHT)
def test_leaks_of_facts_and_of_the_index_list_are_caught(synthetic, leak, first, figure):
    directory, settings = synthetic
    key = date_before(changes_of(directory, settings)[first], tables(directory).keys("trades"))
    printed = command(directory, settings, "prove", "--date", key, "--leak", leak, "--asset", first, status=1)
    assert f"{key}: first to differ is {first}\n" in printed
    figure("2 on a synthetic market, both caught and named")


def changes_of(directory, settings):
    """Days on which what the leaks tell too early became known: facts filed, stocks that join and leave the list."""
    members = Synthetic(SyntheticSettings(**settings["data"]["synthetic"])).membership()
    facts = rows(directory, "fundamentals")["available_utc"].dt.tz_localize(None)
    return {"stock_features": facts, "universe": pd.concat([members["first_session"], members["last_session"]])}


def date_before(days, keys):
    """The last rebalance before the first of the days that has a year behind it and others after it."""
    return max(k for k in keys if pd.Timestamp(k) < days[(days > keys[len(keys) * 2 // 3]) & (days < keys[-3])].min())


@pytest.mark.skipif(not reliability.FULL, reason="a backfill of 100 stocks and 30 rebuilds: make prove runs it")
@pytest.mark.reliability("7 dates")
def test_thirty_dates_of_a_hundred_stocks_are_proven(tmp_path, figure):
    settings = market_of(100)
    command(tmp_path, settings, "run", timeout=7200)
    dates = [part for key in tables(tmp_path).keys("trades")[-30:] for part in ("--date", key)]
    printed = command(tmp_path, settings, "prove", *dates, timeout=7200)
    assert "30 dates, 1530 artifacts, 0 differ" in printed
    figure("100 synthetic stocks: 30 dates, 1530 artifacts, 0 differ")


@pytest.mark.skipif(not reliability.FULL, reason="a backfill of a year: make prove runs it")
@pytest.mark.skipif(not PANEL.is_dir(), reason="the panel is data for development, not shipped")
@pytest.mark.reliability("7 dates")
def test_the_real_panel_runs_through_the_files_source_and_is_proven(tmp_path, figure):
    source = tmp_path / "panel"
    source.mkdir()
    bars = pd.read_parquet(PANEL / "sp500_2015_2017" / "bars.parquet")
    chosen = {*bars["symbol"].drop_duplicates().sort_values().iloc[::11], "QQQ", "CF", "UA"}
    bars[bars["symbol"].isin(chosen)].to_parquet(source / "bars.parquet")
    facts = pd.read_parquet(PANEL / "sp500_2015_2017" / "fundamentals.parquet")
    facts[facts["symbol"].isin(chosen)].to_parquet(source / "fundamentals.parquet")
    pd.read_parquet(PANEL / "reference" / "sp500_membership.parquet").to_parquet(source / "membership.parquet")
    pd.read_csv(PANEL / "reference" / "sectors.csv").to_csv(source / "sectors.csv", index=False)
    (source / "actions.csv").write_text("session,symbol,split_ratio,dividend\n2015-06-18,CF,5,0\n2016-04-08,UA,2,0\n")
    few = [{"name": name, "algorithm": name} for name in ("elastic_net", "ridge_stack")]
    settings = SMALL | {
        "history": SMALL["history"] | {"start": "2015-03-23", "end": "2016-06-30"},
        "modeling": SMALL["modeling"] | {"candidates": few},
        "model_selection": SMALL["model_selection"] | {"optimizers": ["rank_decay", "equal_weight"]},
        "data": {
            "source": "files",
            "files": {"path": str(source), "stray_sessions": "drop", "index_legs": {"qqq": "QQQ", "spy": None}},
        },
    }
    assert "As of 2016-06-2" in command(tmp_path, settings, "run")
    universe, features = rows(tmp_path, "universe"), rows(tmp_path, "stock_features")
    assert universe["is_survivorship_free"].all()
    assert universe.loc[universe["is_member"], "sector"].notna().any()
    assert features["return_on_equity"].notna().any()
    assert rows(tmp_path, "portfolio_returns")["spy_return_frac"].isna().all()
    assert (rows(tmp_path, "trades")["action"] == "BUY").any()
    assert "1 dates, 51 artifacts, 0 differ" in command(
        tmp_path, settings, "prove", "--date", tables(tmp_path).keys("trades")[-1]
    )
    figure("real stocks of the S&P 500: 1 date, 51 artifacts, 0 differ")
