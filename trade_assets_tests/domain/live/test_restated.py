"""A restatement changes a decision or it does not: what differs is named, what is too small to trade is not."""

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain.live import restated
from trade_assets.domain.live.monitoring import restated as watched

REBALANCE, SESSION = pd.Timestamp("2016-01-04"), pd.Timestamp("2016-01-05")


def decided(weights, *, exposure=1.0, model="ridge", orders=(), legs=()):
    """Decisions of one rebalance and one session; orders are (strategy, symbol, side, shares, status)."""
    champion = pd.DataFrame([(REBALANCE, "champion", model, "rank_decay"), (REBALANCE, "challenger", "net", "hrp")], columns=["rebalance_date", "role", "model", "construction"])  # fmt: skip
    rows = [(REBALANCE, symbol, weight, exposure) for symbol, weight in (weights | {"CASH": 1 - sum(weights.values())}).items()]  # fmt: skip
    targets = pd.DataFrame(rows, columns=["rebalance_date", "symbol", "weight", "exposure_scalar"])
    made = pd.DataFrame([(SESSION, *order) for order in orders], columns=["session", "strategy", "symbol", "side", "shares", "status"])  # fmt: skip
    wanted = pd.DataFrame([(SESSION, *leg) for leg in legs], columns=["session", "strategy", "symbol", "target_weight"])
    return restated.Decided(champion, targets, wanted, made)


def told(old, new):
    rows = restated.changes(old, new)
    assert list(rows.columns) == restated.COLUMNS
    return [tuple(row) for row in rows.drop(columns="session").itertuples(index=False)]


def test_the_same_decisions_are_no_change():
    same = decided({"AAA": 0.15, "BBB": 0.1}, orders=[("stocks", "AAA", "BUY", 12.0, "proposed")])
    assert told(same, same) == []


@pytest.mark.parametrize(("moved", "is_named"), [(0.00009, False), (0.00011, True)])
def test_a_weight_that_moves_by_less_than_a_basis_point_is_no_other_decision(moved, is_named):
    found = told(decided({"AAA": 0.15}), decided({"AAA": 0.15 + moved}))
    assert found == ([("stocks", "weight", "AAA", "15.00%", "15.01%")] if is_named else [])


def test_a_symbol_that_comes_and_one_that_goes_are_both_named():
    found = told(decided({"AAA": 0.15}), decided({"BBB": 0.15}))
    assert found == [("stocks", "weight", "AAA", "15.00%", "0.00%"), ("stocks", "weight", "BBB", "0.00%", "15.00%")]


def test_another_champion_and_another_exposure_are_named_before_the_weights():
    found = told(decided({"AAA": 0.1}), decided({"AAA": 0.06}, exposure=0.6, model="net"))
    assert [row[1] for row in found] == ["champion", "exposure", "weight"]
    assert found[0][3:] == ("ridge with rank_decay", "net with rank_decay")
    assert found[1][3:] == ("100%", "60%")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("BUY", 12.0, "proposed"), ("BUY", 11.0, "shown"), ("BUY 12", "BUY 11")),
        (("BUY", 12.0, "placed"), ("SELL", -3.0, "shown"), ("BUY 12", "SELL 3")),
        (("BUY", 12.0, "placed"), ("HOLD", 0.0, "held"), ("BUY 12", "no order")),
        (("BUY", 12.0, "placed"), ("BUY", 12.0, "blocked"), ("BUY 12", "BUY 12, blocked")),
        (("BUY", 12.0, "placed"), ("BUY", 12.0, "shown"), None),
    ],
)
def test_an_order_is_another_by_side_shares_or_a_check_that_blocks_it(old, new, expected):
    before, after = (decided({}, orders=[("stocks", "AAA", *order)]) for order in (old, new))
    assert told(before, after) == ([("stocks", "order", "AAA", *expected)] if expected else [])


def test_legs_are_compared_by_session_and_stocks_by_rebalance():
    before, after = (decided({}, legs=[("events", "QQQ", size), ("stocks", "AAA", size)]) for size in (0.5, 0.25))
    assert told(before, after) == [("events", "weight", "QQQ", "50.00%", "25.00%")]
    assert restated.changes(before, after)["session"].tolist() == [SESSION]


def test_the_columns_compared_are_those_of_the_tables():
    for name, columns in {
        "champion_model": ("role", "model", "construction"),
        "target_weights": ("symbol", "weight", "exposure_scalar"),
        "live_signals": ("session", "strategy", "symbol", "target_weight"),
        "live_orders": ("session", "strategy", "symbol", "side", "shares", "status"),
    }.items():
        assert set(columns) <= set(schemas.TABLES[name].columns)


@pytest.mark.parametrize(
    ("values", "decisions", "severity", "sentence"),
    [
        (0, None, "ok", "No value of a sealed session was seen to be restated."),
        (1, 0, "warn", "The vendor has restated 1 value of sealed sessions; no decision would change."),
        (3, 1, "warn", "The vendor has restated 3 values of sealed sessions; 1 decision would change."),
        (3, 2, "warn", "The vendor has restated 3 values of sealed sessions; 2 decisions would change."),
        (2, None, "warn", "The vendor has restated 2 values of sealed sessions. trade-assets restated says which decisions would change."),
    ],
)  # fmt: skip
def test_the_page_is_told_of_restatements_and_of_the_decisions_they_would_change(values, decisions, severity, sentence):
    (reading,) = watched.readings(values, decisions)
    assert (reading.severity, reading.sentence, reading.n) == (severity, sentence, values)
