"""Actions read out of adjusted closes, and splits without one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import corporate_actions

SPLITS = [2.0, 3.0, 1.5, 7.0, 0.1, 0.5]


def rows(close, adjusted=None, symbol="AAA"):
    days = pd.bdate_range("2024-01-02", periods=len(close))
    table = pd.DataFrame({"session": days, "symbol": symbol, "close": close})
    return table if adjusted is None else table.assign(adj_close=adjusted)


def adjusted_close(close, split, dividend):
    """What a vendor publishes after the last row: the slow, obvious way."""
    adjusted = list(close)
    for day in range(1, len(close)):
        factor = (1 - dividend[day] / (close[day - 1] / split[day])) / split[day]
        adjusted[:day] = [value * factor for value in adjusted[:day]]
    return adjusted


@given(
    moves=st.lists(st.floats(-0.04, 0.04), min_size=20, max_size=20),
    split=st.tuples(st.integers(1, 8), st.sampled_from(SPLITS)),
    dividend=st.tuples(st.integers(10, 19), st.floats(0.05, 3.0)),
)
def test_the_actions_come_back_out_of_the_adjusted_closes(moves, split, dividend):
    ratio, cash = np.ones(20), np.zeros(20)
    ratio[split[0]], cash[dividend[0]] = split[1], round(dividend[1], 2)
    close = 100 * np.cumprod(1 + np.array(moves)) / np.cumprod(ratio)
    cash *= close / 100  # a dividend of the size of the price
    found = corporate_actions.from_adjusted_close(rows(close, adjusted_close(close, ratio, cash)))
    np.testing.assert_allclose(found["split_ratio"], ratio)
    np.testing.assert_allclose(found["dividend"], cash, atol=1e-4)


def test_two_symbols_do_not_touch():
    a, b = rows([10.0] * 5, [10.0] * 5), rows([90.0] * 5, [30.0] * 5, symbol="BBB")
    found = corporate_actions.from_adjusted_close(pd.concat([a, b], ignore_index=True))
    assert (found["split_ratio"] == 1).all()
    assert (found["dividend"] == 0).all()


def test_a_delivery_that_begins_is_no_action():
    close = [100.0] * 4 + [50.0] * 4
    found = corporate_actions.from_adjusted_close(rows(close, [100.0, 100.0, 50.0, 50.0, *close[4:]]))
    assert found["split_ratio"].tolist() == [1, 1, 1, 1, 2, 1, 1, 1]
    assert found["dividend"].tolist() == [0.0] * 8


def test_a_fall_of_the_ratio_alone_is_no_action():
    found = corporate_actions.from_adjusted_close(rows([100.0] * 10, [100.0] * 5 + [50.0] * 5))
    assert (found["split_ratio"] == 1).all()


def test_no_adjusted_close_says_nothing():
    found = corporate_actions.from_adjusted_close(rows([100.0, 50.0, 50.0], [np.nan, 50.0, np.nan]))
    assert found.to_numpy().tolist() == [[1.0, 0.0]] * 3


@pytest.mark.parametrize(
    ("close", "marked"),
    [
        ([100.0, 101.0, 50.0, 50.5], [2]),
        ([100.0, 101.0, 10.2, 10.0], [2]),
        ([100.0, 101.0, 507.0, 500.0], [2]),
        ([100.0, 101.0, 60.0, 61.0], []),
        ([100.0, 101.0, 68.0, 68.0], []),
        ([100.0, 101.0, 43.0, 43.0], []),
        ([100.0], []),
    ],
)
def test_jumps_by_a_split_ratio_are_marked(close, marked):
    table = rows(close).assign(split_ratio=1.0, dividend=0.0)
    found = corporate_actions.suspected_splits(table, tolerance=0.02, spare_reverted=False)
    assert np.flatnonzero(found).tolist() == marked


def test_a_jump_that_is_explained_or_long_ago_or_taken_back_is_not_marked():
    table = rows([100.0, 50.0, 50.0]).assign(split_ratio=[1.0, 2.0, 1.0], dividend=0.0)
    assert not corporate_actions.suspected_splits(table, tolerance=0.02, spare_reverted=False).any()
    table = rows([100.0, 50.0]).assign(split_ratio=1.0, dividend=0.0)
    table["session"] = pd.to_datetime(["2024-01-02", "2024-06-03"])
    assert not corporate_actions.suspected_splits(table, tolerance=0.02, spare_reverted=False).any()
    table = rows([100.0, 25.0, 25.0, 100.5]).assign(split_ratio=1.0, dividend=0.0)
    assert corporate_actions.suspected_splits(table, tolerance=0.02, spare_reverted=False).sum() == 2
    assert not corporate_actions.suspected_splits(table, tolerance=0.02, spare_reverted=True).any()
