"""The filter equals the loop, can be stopped and taken up again at any bar, and finds the published events."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events.cusum import cusum
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS

ORACLE = Path(__file__).parents[4] / "shared" / "data" / "oracles" / "mlfinlab_dollar_bar_sample.csv"


@st.composite
def moves(draw, max_bars=80):
    """Returns and thresholds, some missing; half of them rounded, so that sums meet thresholds and cancel."""
    rng, bars = np.random.default_rng(draw(SEEDS)), draw(st.integers(0, max_bars))
    missing, digits = draw(st.sampled_from([0.0, 0.1])), draw(st.sampled_from([2, 12]))
    r, h = np.round(rng.normal(0, 0.01, bars), digits), np.round(rng.uniform(0.005, 0.03, bars), digits)
    r[rng.random(bars) < missing], h[rng.random(bars) < missing] = np.nan, np.nan
    return r, h


def assert_same(found, expected):
    for name in ("direction", "up", "down"):
        assert_same_bytes(getattr(found, name), getattr(expected, name))


@given(moves())
def test_equals_the_loop(given_moves):
    r, h = given_moves
    found = cusum(r, h)
    directions, ups, downs = reference.cusum(r.tolist(), h.tolist())
    assert found.direction.dtype == np.int8
    assert found.direction.tolist() == directions
    assert found.up.tolist() == ups
    assert found.down.tolist() == downs


@given(moves(), st.data())
def test_stopped_at_a_bar_and_taken_up_again_it_is_the_same(given_moves, data):
    r, h = given_moves
    at = data.draw(st.integers(0, len(r)))
    whole, head = cusum(r, h), cusum(r[:at], h[:at])
    tail = cusum(r[at:], h[at:], up=head.up[-1], down=head.down[-1]) if at else cusum(r, h)
    for name in ("direction", "up", "down"):
        joined = np.concatenate([getattr(head, name), getattr(tail, name)])
        assert_same_bytes(joined, getattr(whole, name))


@given(moves())
def test_the_other_way_up_the_events_change_sign(given_moves):
    r, _ = given_moves
    h = np.full(len(r), 0.02)
    found, other = cusum(r, h), cusum(-r, h)
    assert_same_bytes(other.direction, -found.direction)
    assert other.up.tolist() == (-found.down).tolist()


@given(moves())
def test_sums_stay_within_the_threshold_and_an_event_resets_its_own(given_moves):
    r, _ = given_moves
    found = cusum(r, np.full(len(r), 0.02))
    assert ((found.up >= 0) & (found.up <= 0.02) & (found.down <= 0) & (found.down >= -0.02)).all()
    assert (found.up[found.direction == 1] == 0).all()
    assert (found.down[found.direction == -1] == 0).all()


@pytest.mark.parametrize("missing", ["return", "threshold"])
def test_a_bar_without_its_values_leaves_the_sums_as_they_are(missing):
    r, h = np.array([0.01, 0.5, 0.01]), np.array([0.015, 0.015, 0.015])
    (r if missing == "return" else h)[1] = np.nan
    found = cusum(r, h, down=-0.012)
    assert found.direction.tolist() == [0, 0, 1]
    assert (found.up[1], found.down[1]) == (found.up[0], found.down[0])


def test_where_both_sums_pass_the_downward_event_comes_first_and_the_other_waits():
    found = cusum(np.array([0.0, 0.0]), np.array([0.01, 0.01]), up=0.05, down=-0.05)
    assert found.direction.tolist() == [-1, 1]


def test_a_sum_equal_to_the_threshold_is_no_event():
    assert cusum(np.array([0.5, 0.5]), np.array([1.0, 1.0])).direction.tolist() == [0, 0]


def test_no_bars_and_zero_returns_give_no_events():
    assert len(cusum(np.array([]), np.array([])).direction) == 0
    assert not cusum(np.zeros(5), np.full(5, 0.01)).direction.any()


def test_refuses_what_is_out_of_range():
    r = np.zeros(2)
    with pytest.raises(ValueError, match=r"thresholds must be > 0, was 0\.0"):
        cusum(r, np.array([0.1, 0.0]))
    with pytest.raises(ValueError, match="shape of the returns"):
        cusum(r, np.ones(3))
    with pytest.raises(ValueError, match="up=-1"):
        cusum(r, np.ones(2), up=-1)


@pytest.mark.skipif(not ORACLE.is_file(), reason="the development data are not beside the checkout")
@pytest.mark.reliability("12")
def test_finds_the_nine_events_published_by_mlfinlab():
    close = pd.read_csv(ORACLE, parse_dates=["date_time"], index_col="date_time")["close"]
    r = np.diff(np.log(close.to_numpy()), prepend=np.nan)
    found = cusum(r, np.full(len(r), 0.02))
    assert np.count_nonzero(found.direction) == 9
    assert found.direction.tolist() == reference.cusum(r.tolist(), [0.02] * len(r))[0]
