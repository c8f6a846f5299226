"""Uniqueness equals the loop, counts labels nobody asks about, and does not see where the data begin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events.uniqueness import average_uniqueness
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS

STILL_OPEN = np.iinfo(np.int64).max


@st.composite
def spans(draw, min_events=0, max_events=25):
    """First and last bars of labels, in no order."""
    rng, events = np.random.default_rng(draw(SEEDS)), draw(st.integers(min_events, max_events))
    first = rng.integers(0, 60, events)
    return first, first + rng.integers(0, draw(st.sampled_from([1, 5, 40])), events)


@given(spans())
def test_equals_the_loop(given_spans):
    first, last = given_spans
    assert average_uniqueness(first, last).tolist() == reference.average_uniqueness(first.tolist(), last.tolist())


@given(spans(), st.data())
def test_labels_nobody_asks_about_count_beside_the_others(given_spans, data):
    first, last = given_spans
    wanted = np.array(data.draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first))), dtype=bool)
    whole = average_uniqueness(first, last)
    assert_same_bytes(average_uniqueness(first, last, wanted=wanted), np.where(wanted, whole, np.nan))


@given(spans(min_events=1), st.data())
def test_a_label_still_open_may_end_anywhere_after_the_last_one_wanted(given_spans, data):
    first, last = given_spans
    is_open = np.array(data.draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first))), dtype=bool)
    end = max(last[~is_open].max(initial=0), first.max())
    found = average_uniqueness(first, np.where(is_open, STILL_OPEN, last), wanted=~is_open)
    ended = average_uniqueness(first, np.where(is_open, end, last))
    assert_same_bytes(found, np.where(is_open, np.nan, ended))


@given(spans(min_events=1), st.integers(0, 10**12), spans())
def test_moving_all_bars_or_adding_labels_far_away_changes_no_bit(given_spans, moved, others):
    first, last = given_spans
    before, after = -100 - others[1], 200 + others[0]
    with_others = average_uniqueness(
        np.concatenate([first, before, after]) + moved,
        np.concatenate([last, -100 - others[0], 200 + others[1]]) + moved,
        wanted=np.arange(len(first) + 2 * len(others[0])) < len(first),
    )
    assert_same_bytes(with_others[: len(first)], average_uniqueness(first, last))


@given(spans(min_events=1), st.data())
def test_the_order_of_the_labels_does_not_matter(given_spans, data):
    first, last = given_spans
    order = np.array(data.draw(st.permutations(range(len(first)))))
    assert_same_bytes(average_uniqueness(first[order], last[order]), average_uniqueness(first, last)[order])


@given(st.integers(1, 20), st.integers(1, 10))
def test_n_labels_over_the_same_bars_hold_one_nth_each(n, bars):
    found = average_uniqueness(np.zeros(n, dtype=int), np.full(n, bars - 1))
    np.testing.assert_allclose(found, 1 / n, rtol=1e-15)


def test_labels_apart_are_unique_and_a_shared_bar_is_shared():
    assert average_uniqueness(np.array([0, 3]), np.array([2, 3])).tolist() == [1.0, 1.0]
    assert average_uniqueness(np.array([0, 1]), np.array([1, 2])).tolist() == [0.75, 0.75]


def test_no_labels_and_none_wanted():
    assert average_uniqueness(np.array([]), np.array([])).tolist() == []
    assert np.isnan(average_uniqueness(np.array([1]), np.array([STILL_OPEN]), wanted=np.array([False]))).all()


@pytest.mark.parametrize(
    ("first", "last", "wanted", "message"),
    [
        ([3], [2], None, "last_bar must be >= first_bar, was 2 after 3"),
        ([1.0], [2.0], None, "whole numbers"),
        ([1], [2, 3], None, "one shape"),
        ([1], [2], [1], "wanted must be bool"),
    ],
)
def test_refuses_what_is_out_of_range(first, last, wanted, message):
    with pytest.raises(ValueError, match=message):
        average_uniqueness(np.array(first), np.array(last), wanted=None if wanted is None else np.array(wanted))
