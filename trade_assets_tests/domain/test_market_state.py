"""The state of the index, and what it did next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, market_state, prices
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS, Hazards, market_bars

LEGS = {"qqq": "AAA", "spy": "BBB"}
NEEDED = 253 + prices.MAX_GAP_SESSIONS


def bars(seed=0, first=0, last=300):
    frame = market_bars(seed, sessions=300, symbols=2, hazards=Hazards(gap=0.002, delisted=0))
    return frame[frame["session"].isin(SESSIONS[first:last])]


def state(frame, sessions=None, **legs):
    return market_state.index_state(prices.panel(frame, sessions=sessions), **(legs or LEGS))


@FEW
@given(seed=SEEDS, cut=st.integers(255, 299))
def test_later_bars_change_no_byte_of_the_state(seed, cut):
    assert_same_bytes(state(bars(seed, last=cut)), state(bars(seed)).iloc[:cut])


@FEW
@given(seed=SEEDS, first=st.integers(1, 40))
def test_bars_before_the_longest_window_change_no_byte_of_the_state(seed, first):
    short = state(bars(seed, first=first))
    assert_same_bytes(short.iloc[NEEDED:], state(bars(seed)).iloc[first + NEEDED :])


def test_the_state_is_what_loops_find():
    frame = market_bars(1, sessions=300, symbols=2, hazards=Hazards(0, 0, 0, 0, 0))
    panel = prices.panel(frame)
    last = state(frame).iloc[-1]
    own, other = (np.log(panel.gross[:, c]) for c in (0, 1))
    for n in (1, 5, 21, 63):
        assert last[f"return_{n}"] == pytest.approx(sum(own[-n:]), rel=1e-9)
    for n in (21, 63):
        assert last[f"volatility_{n}"] == pytest.approx(reference.std(list(own[-n:])), rel=1e-9)
        assert last[f"downside_{n}"] == pytest.approx(np.sqrt(np.mean(np.minimum(own[-n:], 0) ** 2)), rel=1e-9)
        assert last[f"spread_{n}"] == pytest.approx(sum(own[-n:]) - sum(other[-n:]), rel=1e-9, abs=1e-12)
    close = panel.close[:, 0]
    assert last["drawdown_252"] == pytest.approx(close[-1] / close[-252:].max() - 1, abs=1e-12)
    assert last["average_gap_200"] == pytest.approx(close[-1] / close[-200:].mean() - 1, abs=1e-12)


def test_without_a_leg_what_needs_it_is_null():
    assert state(bars(), qqq=None, spy="BBB")[list(market_state.STATE)].isna().all(axis=None)
    alone, both = state(bars(), qqq="AAA", spy="ZZZ"), state(bars())
    assert alone[["spread_21", "spread_63"]].isna().all(axis=None)
    assert_same_bytes(alone.drop(columns=["spread_21", "spread_63"]), both.drop(columns=["spread_21", "spread_63"]))


@FEW
@given(seed=SEEDS, horizon=st.integers(1, 30), last=st.integers(1, 60))
def test_an_outcome_is_known_only_at_its_end_and_is_the_return_in_between(seed, horizon, last):
    frame = bars(seed, last=last)
    found = market_state.forward_returns(prices.panel(frame), symbol="AAA", horizon_sessions=horizon)
    gross = reference.gross(frame, SESSIONS[:last], max_missing=prices.MAX_GAP_SESSIONS)
    assert len(found) == max(last - horizon, 0)
    for row in found.itertuples():
        assert row.label_end == SESSIONS[SESSIONS.get_loc(row.session) + horizon]
        expected = reference.label(gross, SESSIONS[:last], "AAA", row.session, row.label_end)
        assert row.forward_return_frac == pytest.approx(expected, abs=1e-12)


@FEW
@given(seed=SEEDS, cut=st.integers(2, 290))
def test_later_bars_change_no_byte_of_an_outcome_known_before(seed, cut):
    early = market_state.forward_returns(prices.panel(bars(seed, last=cut)), symbol="AAA", horizon_sessions=10)
    late = market_state.forward_returns(prices.panel(bars(seed)), symbol="AAA", horizon_sessions=10)
    assert_same_bytes(early, late[late["label_end"] <= SESSIONS[cut - 1]])


def test_a_leg_the_source_lacks_has_no_outcomes_and_no_returns():
    panel = prices.panel(bars())
    assert market_state.forward_returns(panel, symbol=None, horizon_sessions=10).empty
    assert np.isnan(market_state.leg_returns(panel, symbol="ZZZ")).all()
    np.testing.assert_array_equal(market_state.leg_returns(panel, symbol="AAA"), panel.gross[:, 0] - 1)
    assert calendar.is_session(panel.sessions).all()
