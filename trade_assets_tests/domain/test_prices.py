"""Panels of daily bars: gross returns, missing bars, and price scales that must not matter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import features, prices
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS, bars, market_bars

MONEY = ["open", "high", "low", "close", "dividend"]
FIELDS = ["open", "high", "low", "close", "volume", "split", "dividend", "factor", "gross", "carried"]


def rescaled(frame, symbol, factor):
    """One symbol's prices times a power of two, its volume divided by it: as if it had split long ago."""
    own = frame["symbol"] == symbol
    out = frame.copy()
    out.loc[own, MONEY] *= factor
    out.loc[own, "volume"] /= factor
    return out


def with_factors(frame, seed):
    """Some bars with an adjustment factor in place of actions."""
    factor = np.cumprod(np.random.default_rng(seed).choice([1.0, 1.0, 1.0, 1.01, 2.0], len(frame)))
    return frame.assign(
        adjustment_factor=np.where(np.random.default_rng(seed).random(len(frame)) < 0.8, factor, np.nan)
    )


@given(frame=bars(), seed=SEEDS, by_factor=st.booleans())
def test_gross_is_what_a_share_became_dividends_kept(frame, seed, by_factor):
    frame = with_factors(frame, seed) if by_factor else frame
    made = prices.panel(frame)
    expected = reference.gross(frame, made.sessions, max_missing=prices.MAX_GAP_SESSIONS)
    table = [[expected[session, symbol] for symbol in made.symbols] for session in made.sessions]
    np.testing.assert_allclose(made.gross, table, rtol=1e-14)


@given(frame=bars(), seed=SEEDS)
def test_the_order_of_the_rows_changes_no_byte(frame, seed):
    shuffled = frame.sample(frac=1, random_state=seed)
    for field in FIELDS:
        assert_same_bytes(getattr(prices.panel(frame), field), getattr(prices.panel(shuffled), field))


@given(frame=bars(min_sessions=2), data=st.data())
def test_later_bars_change_no_byte(frame, data):
    whole = prices.panel(frame)
    cut = data.draw(st.integers(1, len(whole.sessions)))
    part = prices.panel(frame[frame["session"].isin(whole.sessions[:cut])])
    columns = whole.columns(part.symbols)
    for field in FIELDS:
        assert_same_bytes(getattr(part, field), getattr(whole, field)[:cut, columns])


@given(frame=bars(min_sessions=12), data=st.data())
def test_bars_further_back_than_the_gap_allowed_change_no_byte(frame, data):
    whole = prices.panel(frame)
    k = data.draw(st.integers(1, len(whole.sessions) - 1))
    part = prices.panel(frame[frame["session"].isin(whole.sessions[k:])])
    reach = prices.MAX_GAP_SESSIONS + 1
    for field in ("gross", "carried"):
        assert_same_bytes(getattr(whole, field)[k + reach :, whole.columns(part.symbols)], getattr(part, field)[reach:])


@pytest.mark.parametrize("missing", range(1, 9))
def test_a_short_gap_moves_nothing_and_the_next_bar_makes_up_for_it(missing):
    frame = pd.DataFrame({"session": SESSIONS[[0, missing + 1]], "symbol": "AAA", "close": [100.0, 110.0]})
    frame = frame.assign(
        open=np.nan,
        high=np.nan,
        low=np.nan,
        volume=np.nan,
        split_ratio=1.0,
        dividend=0.0,
        adjustment_factor=np.nan,
        price_basis="raw",
    )
    gross = prices.panel(frame, sessions=SESSIONS[: missing + 2]).gross[:, 0]
    if missing <= prices.MAX_GAP_SESSIONS:
        np.testing.assert_allclose(gross[1:], [*[1.0] * missing, 1.1])
    else:
        assert np.isnan(gross[-1])


@given(seed=SEEDS, data=st.data())
def test_a_session_on_which_nobody_traded_is_a_session_all_the_same(seed, data):
    frame = market_bars(seed, sessions=20, symbols=3)
    nobody = data.draw(st.sets(st.integers(1, 18), max_size=4))
    panel = prices.panel(frame[~frame["session"].isin(SESSIONS[list(nobody)])])
    assert_same_bytes(panel.sessions.to_numpy(), SESSIONS[:20].to_numpy())
    assert np.isnan(panel.close[list(nobody)]).all()


def test_no_bar_at_all_is_an_empty_panel():
    panel = prices.panel(market_bars(1, sessions=3, symbols=1).iloc[:0])
    assert panel.gross.shape == (0, 0)


@given(frame=bars(), power=st.integers(-6, 6), data=st.data())
def test_the_price_scale_of_a_symbol_changes_no_byte_of_gross(frame, power, data):
    symbol = data.draw(st.sampled_from(sorted(frame["symbol"].unique())))
    assert_same_bytes(prices.panel(rescaled(frame, symbol, 2.0**power)).gross, prices.panel(frame).gross)


@pytest.mark.parametrize("name", features.PRICE_FEATURES)
@FEW
@given(seed=st.integers(0, 5), power=st.sampled_from([-5, -1, 3]), symbol=st.sampled_from(["AAA", "BBB", "CCC"]))
def test_the_price_scale_of_a_symbol_changes_no_byte_of_a_feature(name, seed, power, symbol):
    frame = market_bars(seed, sessions=270, symbols=3)
    feature = features.PRICE_FEATURES[name]
    plain, scaled = (
        features.market(prices.panel(f), index_symbol="AAA") for f in (frame, rescaled(frame, symbol, 2.0**power))
    )
    assert_same_bytes(feature(scaled), feature(plain))


def test_a_session_or_symbol_that_is_not_there_is_named():
    panel = prices.panel(market_bars(1, sessions=3, symbols=1))
    with pytest.raises(ValueError, match="no session 2018-01-02"):
        panel.rows(pd.DatetimeIndex(["2018-01-02"]))
    with pytest.raises(ValueError, match="no symbol ZZZ"):
        panel.columns(pd.Index(["ZZZ"]))


@given(seed=SEEDS, sessions=st.integers(1, 90))
def test_daily_volatility_reads_the_last_63_returns_and_no_more(seed, sessions):
    gross = np.exp(np.random.default_rng(seed).normal(0, 0.02, (sessions, 2)))
    found = prices.daily_volatility(gross)
    expected = (
        [reference.std([float(np.log(g)) for g in gross[-63:, c]]) for c in range(2)]
        if sessions >= 63
        else [np.nan] * 2
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert_same_bytes(
        found,
        prices.daily_volatility(np.vstack([np.full((7, 2), np.nan), gross])) if sessions >= 63 else found,
    )
