"""The live day through the graph: a range is its sessions, a replay is the same again, and it holds what the backtest does."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from trade_assets import partitions, proof, schemas
from trade_assets.assets.between import CHAIN, Between
from trade_assets.automation import session_job
from trade_assets.definitions import build_definitions, build_resources
from trade_assets.desk import paper
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.files import Files
from trade_assets.resources.market_data.cut import Cut
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.settings import load
from trade_assets_tests import reliability
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.scenarios.system import QUIET, RANGE_END, RANGE_START

LIVE = sorted(name for name, table in schemas.TABLES.items() if table.partition == "session")


def played(directory, ranges, first=None, settings=None, **replaced):
    """A replay of the sessions, run by run; gives its resources."""
    resources = paper.resources(settings or load(), directory, pd.Timestamp(first or ranges[0][0]), **replaced)
    for first_key, last_key in ranges:
        result = build_definitions(resources).resolve_job_def(session_job.name).execute_in_process(
            run_config=QUIET, instance=unlogged_instance(), tags={RANGE_START: first_key, RANGE_END: last_key}
        )  # fmt: skip
        assert result.success
    resources["workers"].close()
    return resources


@pytest.fixture(scope="module")
def keys(history):
    """Sessions around a rebalance, fourteen around two of them in ``make prove``."""
    start = partitions.GRID.dates[-5] - pd.Timedelta(days=1)
    later = [k for k in partitions.sessions.get_partition_keys() if k >= partitions.key_of(start)]
    return later[: reliability.count(4, 14)]


@pytest.fixture(scope="module")
def whole(keys, tmp_path_factory):
    directory = tmp_path_factory.mktemp("whole")
    return played(directory, [(keys[0], keys[-1])]), directory


def hashes(resources, keys):
    return {(name, key): resources["tables"].record(name, key).sha256 for name in LIVE for key in keys}


@pytest.mark.reliability("8")
def test_sessions_one_by_one_and_a_range_and_the_same_range_again_are_the_same_bytes(whole, keys, tmp_path):
    resources, directory = whole
    single = played(tmp_path / "single", [(key, key) for key in keys])
    assert hashes(single, keys) == hashes(resources, keys)
    entries = [entry.id for entry in resources["ledger"].entries()]
    last = keys[-reliability.count(2, len(keys)) :]
    again = played(directory, [(last[0], last[-1])], keys[0])
    assert hashes(again, last) == hashes(single, last)
    assert [entry.id for entry in again["ledger"].entries()] == entries
    for file in sorted(p.relative_to(directory) for p in directory.glob("20*/*")):
        assert (directory / file).read_bytes() == (tmp_path / "single" / file).read_bytes(), file


def world_that_ends_at(key, directory):
    """Settings of a store in which no later partition is, and the source cut at that close."""

    def later(place, names):
        return [n for n in names if Path(place).parent.name in ("tables", "records") and Path(n).stem > key]

    own, source = load(), Cut(proof.stored_source(load()), pd.Timestamp(key))
    shutil.copytree(own.store.url, directory / "store", ignore=later)
    store = own.store.model_copy(update={"url": str(directory / "store")})
    return own.model_copy(update={"store": store}), Vintages(source, Files(str(directory / "sealed")))


@pytest.mark.reliability("7 covered")
def test_a_session_computed_in_a_world_that_ends_at_its_close_is_the_same_bytes(whole, keys, tmp_path, figure):
    decided = next(i for i, key in enumerate(keys) if key in set(partitions.rebalance_dates.get_partition_keys()))
    directory, cut = (
        tmp_path / "played",
        keys[decided : decided + reliability.count(1, 2)],
    )  # a rebalance, and a session between two
    if decided:
        played(directory, [(keys[0], keys[decided - 1])])
    for key in cut:
        settings, source = world_that_ends_at(key, tmp_path / key)
        found = played(directory, [(key, key)], keys[0], settings, market_data=source)
        assert hashes(found, [key]) == hashes(whole[0], [key])
    figure(f"{len(LIVE)} session assets rebuilt at {len(cut)} sessions")


def test_on_a_rebalance_session_what_is_wanted_is_the_backfilled_partition(whole, keys):
    tables = whole[0]["tables"]
    rebalances = [key for key in keys if key in set(partitions.rebalance_dates.get_partition_keys())]
    assert len(rebalances) == reliability.count(1, 2)
    for key in rebalances:
        live = tables.read("live_signals", [key])[0]
        own = live[(live["strategy"] == "stocks") & (live["target_weight"] > 0)].set_index("symbol")["target_weight"]
        stored = tables.read("target_weights", [key])[0].set_index("symbol")["weight"].drop("CASH")
        assert own.to_dict() == stored[stored > 0].to_dict()


def test_orders_go_out_at_a_rebalance_are_filled_at_the_next_close_and_nothing_is_lost(whole, keys):
    resources = whole[0]
    tables, entries = resources["tables"], resources["ledger"].entries()
    book = tables.read("live_book", keys)[0]
    placed = [e for e in entries if e.kind == "order"]
    assert {f"{e.session:%Y-%m-%d}" for e in placed if e.strategy == "stocks"} <= set(
        partitions.rebalance_dates.get_partition_keys()
    )
    answered = [e.detail["order"] for e in entries if e.kind == "execution"]
    assert answered
    assert sorted(answered) == sorted(e.id for e in placed if e.session < pd.Timestamp(keys[-1]))
    of = book.groupby(["strategy", "session"])
    equity, gain, flow = (of[f"{name}_usd"].sum() for name in ("value", "pnl", "flow"))
    moved = equity.groupby("strategy").diff().fillna(equity)
    assert (moved - gain - flow).abs().max() < 1e-6


def test_between_two_rebalances_the_chain_says_what_the_whole_partition_will_say(history):
    resources = build_resources(load())
    dates, names = partitions.GRID.dates, [asset.key.to_user_string() for asset in CHAIN]
    between = Between(resources)
    for session in partitions.LIVE_SESSIONS[
        (partitions.LIVE_SESSIONS > dates[-4]) & (partitions.LIVE_SESSIONS < dates[-3])
    ][::4]:
        found = between.at(session)
        for name in (n for n in names if "session" in schemas.TABLES[n].columns):
            later = resources["tables"].read(name, [partitions.key_of(dates[-3])])[0]
            expected = later[later["session"] <= session].drop(columns="rebalance_date")
            assert_same_bytes(found.table(name).drop(columns="rebalance_date"), expected.reset_index(drop=True))


def test_at_a_rebalance_the_chain_is_the_stored_partition(history):
    resources, date = build_resources(load()), partitions.GRID.dates[-2]
    for name in ("event_book", "stock_predictions", "market_signals"):
        stored = resources["tables"].read(name, [partitions.key_of(date)])[0]
        assert_same_bytes(Between(resources).at(date).table(name), stored)


def test_the_legs_are_bought_only_while_their_engine_is_accepted(whole, keys, tmp_path):
    def legs(resources):
        orders = resources["tables"].read("live_orders", keys[:2])[0]
        return orders[(orders["strategy"] != "stocks") & (orders["shares"] > 0)]

    own = load()
    safety = own.live.safety.model_copy(update={"require_acceptance": False})
    capital = own.live.initial_capital_usd.model_copy(update={"allocator": 50_000.0})
    live = own.live.model_copy(update={"safety": safety, "initial_capital_usd": capital})
    assert not len(legs(whole[0]))
    free = played(tmp_path, [(keys[0], keys[1])], settings=own.model_copy(update={"live": live}))
    assert set(legs(free)["strategy"]) == {"allocator"}  # an index costs more than 10,000 USD buy
