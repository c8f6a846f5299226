"""The synthetic market: one seed, one market, and the signal it was asked for."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trade_assets.domain import calendar, synthetic_market
from trade_assets.domain.synthetic_market import HORIZON_SESSIONS, LEGS, Market

SESSIONS = calendar.sessions_between(pd.Timestamp("1999-01-04"), pd.Timestamp("2008-12-31"))
USUAL = {"symbols": 60, "seed": 3, "information_coefficient": 0.05, "delisting_rate_per_year": 0.05}


def market(count, **changes) -> Market:
    return synthetic_market.generate(SESSIONS[:count], **(USUAL | changes))


def gross(of: Market) -> np.ndarray:
    """Total return plus one of every session after the first, from raw closes and actions."""
    bars = of.bars
    return ((bars["close"] + bars["dividend"]) * bars["split_ratio"])[1:] / bars["close"][:-1]


def rank_correlations(of: Market, scores: np.ndarray) -> np.ndarray:
    """Spearman correlation of the scores with the next ten sessions' return, every ten sessions."""
    wealth = np.nancumprod(np.vstack([np.ones(scores.shape[1]), gross(of)[:, : scores.shape[1]]]), axis=0)
    found = []
    for t in range(130, len(scores) - HORIZON_SESSIONS, HORIZON_SESSIONS):
        after = wealth[t + HORIZON_SESSIONS] / wealth[t]
        traded = ~np.isnan(of.bars["close"][t, : scores.shape[1]]) & (scores[t] != 0) & ~np.isnan(scores[t])
        found.append(stats.spearmanr(scores[t][traded], after[traded]).statistic)
    return np.array(found)


def quality_as_known(of: Market) -> np.ndarray:
    """The filed characteristic of every stock at every close: the latest period among those known."""
    panel = np.full(of.expected_return_frac.shape, np.nan)
    closes = calendar.close_utc(of.sessions)
    filed = of.facts[of.facts["fact"] == "quality"].sort_values(["period_end", "available_utc"])
    for row in filed.itertuples():
        panel[closes.searchsorted(row.available_utc) :, int(row.symbol[1:])] = row.value
    return panel


@pytest.mark.parametrize("count", [1, 62, 63, 64, 400])
def test_a_longer_market_begins_with_the_shorter_one(count):
    short, long = market(count), market(630)
    for name, panel in short.bars.items():
        np.testing.assert_array_equal(panel, long.bars[name][:count])
    np.testing.assert_array_equal(short.expected_return_frac, long.expected_return_frac[:count])
    last = calendar.close_utc(short.sessions[-1:])[0]
    key = ["available_utc", "symbol", "fact", "period_end"]
    known = long.facts[long.facts["available_utc"] <= last].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(short.facts.sort_values(key, ignore_index=True), known)
    members = long.membership[long.membership["first_session"] <= short.sessions[-1]].reset_index(drop=True)
    members["last_session"] = members["last_session"].where(members["last_session"] <= short.sessions[-1])
    pd.testing.assert_frame_equal(short.membership, members)


def test_a_wider_market_holds_the_narrower_one():
    narrow, wide = market(200, symbols=7), market(200)
    for name, panel in narrow.bars.items():
        np.testing.assert_array_equal(panel[:, :7], wide.bars[name][:, :7])
        np.testing.assert_array_equal(panel[:, 7:], wide.bars[name][:, 60:])


def test_the_same_seed_is_the_same_market_and_another_is_not():
    assert all(np.array_equal(market(70).bars[n], p, equal_nan=True) for n, p in market(70).bars.items())
    assert not np.array_equal(market(70).bars["close"], market(70, seed=4).bars["close"], equal_nan=True)


@pytest.mark.parametrize("target", [0.03, 0.10])
def test_the_planted_correlation_is_the_one_asked_for(target):
    of = market(2500, symbols=400, information_coefficient=target)
    found = rank_correlations(of, quality_as_known(of))
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert error < 0.005
    assert abs(found.mean() - target) < 3 * error + 0.03 * target


def test_the_oracle_is_at_least_as_good_as_the_characteristic():
    of = market(2500, symbols=400, information_coefficient=0.10)
    oracle, known = (
        rank_correlations(of, of.expected_return_frac),
        rank_correlations(of, quality_as_known(of)),
    )
    assert oracle.mean() > known.mean() - 0.005


def test_nothing_is_planted_where_nothing_is_asked_for():
    of = market(2500, symbols=400, information_coefficient=0.0)
    assert np.nanmax(np.abs(of.expected_return_frac)) == 0
    found = rank_correlations(of, quality_as_known(of))
    assert abs(found.mean()) < 3 * found.std(ddof=1) / np.sqrt(len(found))


def test_every_bar_is_possible():
    of = market(630)
    low, high, opens, close = (of.bars[name] for name in ("low", "high", "open", "close"))
    there = ~np.isnan(close)
    assert (low[there] > 0).all()
    assert ((low <= opens) & (low <= close) & (high >= opens) & (high >= close))[there].all()
    assert (of.bars["volume"][there] >= 1).all()


def test_splits_move_the_price_and_not_the_value():
    of = market(2500, symbols=100)
    split = of.bars["split_ratio"][1:]
    acted = (split != 1) & ~np.isnan(split)
    assert acted.sum() > 5
    assert {2.0, 4.0, 0.1} >= set(split[acted])
    assert np.abs(gross(of)[acted] - 1).max() < 0.3
    raw = of.bars["close"][1:] / of.bars["close"][:-1]
    assert np.abs(raw[acted] * split[acted] - 1).max() < 0.3


def test_a_delisted_stock_has_no_bar_after_its_last_and_some_fall_deep_on_it():
    of = market(2500, symbols=200)
    close = of.bars["close"][:, : -len(LEGS)]
    gone = np.flatnonzero(np.isnan(close[-1]) & ~np.isnan(close).all(axis=0))
    last = [np.flatnonzero(~np.isnan(close[:, i]))[-1] for i in gone]
    final = np.array([gross(of)[t - 1, i] for t, i in zip(last, gone, strict=True)])
    assert 0.2 < len(gone) / 200 < 0.6
    assert 0.2 < (final < 0.7).mean() < 0.6
    assert all(np.isnan(close[t + 1 :, i]).all() for t, i in zip(last, gone, strict=True))


def test_volatility_clusters_and_dividends_are_paid():
    of = market(2500)
    size = np.abs(gross(of)[:, -1] - 1)
    assert stats.spearmanr(size[1:], size[:-1]).statistic > 0.1
    paid = of.bars["dividend"][:, : -len(LEGS)]
    assert 0.3 < (np.nansum(paid, axis=0) > 0).mean() < 0.9


def test_facts_come_after_their_period_and_members_are_listed():
    of = market(630)
    lag = (of.facts["available_utc"].dt.tz_localize(None) - of.facts["period_end"]).dt.days
    assert lag.between(20, 200).all()
    assert not of.facts.duplicated(["symbol", "fact", "period_end", "available_utc"]).any()
    assert (
        of.membership["last_session"].isna() | (of.membership["last_session"] >= of.membership["first_session"])
    ).all()
    assert of.membership["sector"].nunique() > 5


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": 0},
        {"information_coefficient": 1.0},
        {"information_coefficient": -0.1},
        {"delisting_rate_per_year": 1.0},
    ],
)
def test_impossible_markets_are_refused(changes):
    with pytest.raises(ValueError, match="was"):
        market(10, **changes)
