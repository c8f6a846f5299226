"""What every registered price feature must keep, whoever wrote it."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import features, prices
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SESSIONS, Hazards, market_bars

SESSIONS_NEEDED = 253 + prices.MAX_GAP_SESSIONS + 1  # a year of returns, and the bar before the first of them
LENGTH = SESSIONS_NEEDED + 30
HISTORIES = st.integers(0, 7)


@functools.cache
def history(seed):
    """Bars of four symbols; every other history is full of gaps."""
    hazards = Hazards(gap=0.001, split=0.005, dividend=0.01) if seed % 2 else Hazards()
    return market_bars(seed, sessions=LENGTH, symbols=4, hazards=hazards)


@functools.cache
def market(seed, first=0, last=LENGTH, without=()):
    frame = history(seed)
    frame = frame[frame["session"].isin(SESSIONS[first:last]) & ~frame["symbol"].isin(without)].copy()
    panel = prices.panel(frame, sessions=SESSIONS[first:last])
    return features.market(panel, index_symbol="AAA")


def kept_columns(seed, part):
    return market(seed).panel.columns(part.panel.symbols)


def test_the_registry_holds_at_least_twenty_five_features_and_no_name_twice():
    assert len(features.FEATURES) >= 25
    assert len(set(features.FEATURES)) == len(features.FEATURES)


@pytest.mark.parametrize("name", features.PRICE_FEATURES)
@FEW
@given(seed=HISTORIES, cut=st.integers(200, LENGTH))
def test_no_feature_changes_when_the_future_is_removed(name, seed, cut):
    feature, part = features.PRICE_FEATURES[name], market(seed, last=cut)
    assert_same_bytes(feature(part), feature(market(seed))[:cut, kept_columns(seed, part)])


@pytest.mark.parametrize("name", features.PRICE_FEATURES)
@FEW
@given(seed=HISTORIES, first=st.integers(1, 30))
def test_no_feature_of_a_full_window_changes_with_the_first_row(name, seed, first):
    feature, part = features.PRICE_FEATURES[name], market(seed, first=first)
    whole = feature(market(seed))[first:, kept_columns(seed, part)]
    assert_same_bytes(feature(part)[SESSIONS_NEEDED - 1 :], whole[SESSIONS_NEEDED - 1 :])


@pytest.mark.parametrize("name", features.PRICE_FEATURES)
@FEW
@given(seed=HISTORIES, without=st.sampled_from([("BBB",), ("BBB", "CCC", "DDD"), ("DDD",)]))
def test_no_feature_changes_with_the_symbols_beside_it(name, seed, without):
    feature, part = features.PRICE_FEATURES[name], market(seed, without=without)
    assert_same_bytes(feature(part), feature(market(seed))[:, kept_columns(seed, part)])


@pytest.mark.parametrize("name", features.PRICE_FEATURES)
def test_every_feature_is_there_once_its_window_is_full_and_finite_wherever_it_is(name):
    values = features.PRICE_FEATURES[name](calm_market())
    assert values.shape == (LENGTH, 2)
    assert np.isfinite(values[SESSIONS_NEEDED:]).all()
    assert np.isnan(values[0]).all()


@functools.cache
def calm_market(absent=()):
    frame = market_bars(3, sessions=LENGTH, symbols=2, hazards=Hazards(0, 0, 0, 0, 0))
    frame = frame.assign(volume=np.maximum(frame["volume"].fillna(1e5), 1.0))
    return features.market(prices.panel(frame.assign(**dict.fromkeys(absent, np.nan))), index_symbol="AAA")


ABSENT = {
    "volume": features.volume.VOLUME.keys() - {"intraday_21"},
    "open": {"intraday_21"},
    "high": {"range_21"},
    "low": {"range_21"},
}


@pytest.mark.parametrize("column", ABSENT)
def test_without_an_input_its_features_are_null_and_no_other_changes(column):
    for name, feature in features.PRICE_FEATURES.items():
        values = feature(calm_market((column,)))
        if name in ABSENT[column]:
            assert np.isnan(values).all(), name
        else:
            assert_same_bytes(values, feature(calm_market()))


def test_without_an_index_only_what_compares_with_it_is_null():
    alone = features.market(calm_market().panel, index_symbol=None)
    for name, feature in features.PRICE_FEATURES.items():
        if name in ("beta_252", "idiosyncratic_63"):
            assert np.isnan(feature(alone)).all(), name
        else:
            assert_same_bytes(feature(alone), feature(calm_market()))


def test_a_day_without_trading_leaves_no_infinity():
    frame = market_bars(3, sessions=LENGTH, symbols=2, hazards=Hazards(0, 0, 0, 0, 0))
    frame = frame.assign(
        volume=np.where(frame["symbol"] == "BBB", 0.0, frame["volume"]),
        close=10.0,
        open=10.0,
        low=10.0,
        high=10.0,
    )
    still = features.market(prices.panel(frame), index_symbol="AAA")
    for name, feature in features.PRICE_FEATURES.items():
        assert not np.isinf(feature(still)).any(), name


def test_a_price_that_never_moves_has_no_trend_and_no_risk():
    frame = market_bars(3, sessions=LENGTH, symbols=2, hazards=Hazards(0, 0, 0, 0, 0))
    still = features.market(prices.panel(frame.assign(close=10.0, open=10.0, low=10.0, high=10.0)), index_symbol="AAA")
    last = {name: feature(still)[-1, 1] for name, feature in features.PRICE_FEATURES.items()}
    assert last["rsi_14"] == 50
    assert {
        last[n]
        for n in (
            "momentum_63",
            "volatility_63",
            "average_gap_20",
            "high_gap_252",
            "efficiency_126",
            "range_21",
        )
    } == {0}
