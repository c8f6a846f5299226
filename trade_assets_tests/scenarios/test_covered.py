"""No asset without a proof: each is rebuilt from what was knowable, or replayed byte for byte, or has a reason and a test."""

from importlib import import_module
from pathlib import Path

import pytest

from trade_assets import partitions, proof
from trade_assets.definitions import ASSETS
from trade_assets_tests.scenarios import test_live_day

OF_THE_NEWEST_KEY = {  # what a person opens: no partition, nothing reads it; the test holds it to its tables
    "exports": "test_commands",
    "event_exports": "test_event_exports",
    "allocator_exports": "test_allocator_exports",
    "selection_exports": "test_selection_exports",
    "production_model": "test_production",
}


def assets_with(definition):
    return {a.key.to_user_string() for a in ASSETS if a.partitions_def == definition}


@pytest.mark.reliability("7 covered")
def test_every_asset_of_every_group_is_covered(figure):
    rebuilt, replayed = set(proof.order_of_the_graph()), set(test_live_day.LIVE)
    assert rebuilt == assets_with(partitions.rebalance_dates)
    assert replayed == assets_with(partitions.sessions)
    every = {key.to_user_string() for asset in ASSETS for key in asset.keys}
    assert every == rebuilt | replayed | set(OF_THE_NEWEST_KEY)
    figure(
        f"{len(rebuilt)} rebuilt, {len(replayed)} sessions replayed, {len(OF_THE_NEWEST_KEY)} exports by their own tests"
    )


@pytest.mark.parametrize(("asset", "test"), OF_THE_NEWEST_KEY.items())
def test_an_export_is_held_to_its_tables_by_the_test_named(asset, test):
    assert asset in Path(import_module(f"trade_assets_tests.scenarios.{test}").__file__).read_text()
