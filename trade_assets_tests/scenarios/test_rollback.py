"""A person's decision goes through the graph: obeyed from the next rebalance on, the same one by one as in a range."""

import io

import pandas as pd
import pytest
from rich.console import Console

from trade_assets import rolling_back
from trade_assets.domain.champion import ROLLBACKS
from trade_assets.resources.files import Files
from trade_assets.resources.overlay import Overlay, partitions_from
from trade_assets.resources.records import Records
from trade_assets_tests.scenarios import system

CELL = {"model": "lightgbm", "construction": "hrp"}


def taken_back(store, key: str) -> None:
    """Record a decision on the day before a rebalance."""
    recorded = pd.Timestamp(key, tz="UTC") - pd.Timedelta(days=1)
    Records(store).append(ROLLBACKS, recorded_utc=recorded, actor="a person", reason="it broke", **CELL)


def test_a_rollback_is_obeyed_from_the_next_rebalance_on_and_one_by_one_as_in_a_range(history, tmp_path):
    wanted, only = history[-4:], ["champion_model", "target_weights"]
    later = partitions_from(wanted[0])

    def hidden(name: str) -> bool:  # what comes before the two is what is stored
        return later(name) and name.split("/")[1] in only

    whole, single = (Overlay(Files(str(tmp_path / name)), system.base(), hidden) for name in ("whole", "single"))
    for store in (whole, single):
        taken_back(store, wanted[2])
    system.materialise(wanted, files=whole, only=only)
    for key in wanted:
        system.materialise([key], files=single, only=only)
    tables = [system.TableStore(store) for store in (whole, single, system.base())]
    for asset in only:
        of_range, one_by_one, without = ([t.record(asset, key).sha256 for key in wanted] for t in tables)
        assert of_range == one_by_one
        assert of_range[:2] == without[:2]
        assert of_range[2] != without[2]
    rows = tables[0].read("champion_model", wanted)[0]
    now = rows[rows["role"] == "champion"].set_index("rebalance_date")
    assert now["status"].tolist()[2:] == ["rolled_back", "rolled_back"]
    assert now["model"].tolist()[2:] == [CELL["model"]] * 2


def test_only_what_was_in_force_can_be_taken_back(history):
    with pytest.raises(
        ValueError, match=r"only a pair that was in force .* ridge_stack with rank_decay; was mlp with hrp"
    ):
        rolling_back.roll_back("mlp", "hrp", "a person", "why", Console(file=io.StringIO()))
    with pytest.raises(ValueError, match="ridge_stack with rank_decay is in force already"):
        rolling_back.roll_back("ridge_stack", "rank_decay", "a person", "why", Console(file=io.StringIO()))
    assert Records(system.base()).read(ROLLBACKS).empty
