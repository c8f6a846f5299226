"""Views of the book: daily returns that compound to its equity, and the orders the next fill will make."""

import functools

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain import calendar, prices, views
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.test_book import DATES, FILLS, FIRST, LAST, POLICY, bars_of, run, targets_of
from trade_assets_tests.generators import SESSIONS

GRID = calendar.rebalances(SESSIONS[0], SESSIONS[0], DATES[-1], every=10)
SEEDS = range(4)


@functools.cache
def kept(seed):
    bars = bars_of(seed)
    targets = targets_of(seed, bars)
    return bars, targets, run(bars, targets)


def universe_of(bars):
    there = bars[bars["session"].isin(DATES)]
    return pd.DataFrame(
        {"rebalance_date": there["session"], "symbol": there["symbol"], "is_member": there["symbol"] != "AAA"}
    )


def returns_of(seed, first, last):
    """As an asset computes them: every table read through its window."""
    bars, _, rows = kept(seed)
    dates, members = GRID.between(DATES[first], DATES[last]), universe_of(bars)
    window = bars[(bars["session"] > DATES[first - 10]) & (bars["session"] <= DATES[last])]
    return views.daily_returns(
        rows[rows["rebalance_date"].isin(DATES[first - 1 : last + 1])],
        members[members["rebalance_date"].isin(DATES[first - 2 : last])],
        prices.panel(window, sessions=SESSIONS[(SESSIONS > DATES[first - 10]) & (SESSIONS <= DATES[last])]),
        dates=dates,
        legs={"qqq": "AAA", "spy": None},
        rates=POLICY.rates,
        capital_usd=100_000.0,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_daily_returns_compound_to_the_equity_of_the_book(seed):
    found, (_, _, rows) = returns_of(seed, FIRST + 1, LAST), kept(seed)
    equity = rows.groupby("session")["value_usd"].sum()
    np.testing.assert_allclose(found["equity_usd"], equity[found["session"]])
    compounded = equity[DATES[FIRST]] * (1 + found["return_frac"]).cumprod()
    np.testing.assert_allclose(compounded, found["equity_usd"])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_range_of_returns_is_its_dates_one_by_one(seed):
    apart = [returns_of(seed, place, place) for place in range(FIRST + 1, LAST + 1)]
    assert_same_bytes(returns_of(seed, FIRST + 1, LAST), pd.concat(apart, ignore_index=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_turnover_is_the_larger_of_what_was_bought_and_sold_over_the_equity_before(seed):
    found, (_, _, rows) = returns_of(seed, FIRST + 1, LAST).set_index("session"), kept(seed)
    before = rows.groupby("session")["value_usd"].sum().shift()
    for session, own in rows[rows["session"].isin(found.index)].groupby("session"):
        traded = own["traded_usd"]
        change = 0.5 * (traded.abs().sum() + abs(traded.sum()))
        assert found.loc[session, "turnover_frac"] == pytest.approx(change / before[session])
        assert found.loc[session, "cost_usd"] == pytest.approx(own["cost_usd"].sum())
        assert found.loc[session, "exposure_frac"] == pytest.approx(own.loc[own["symbol"] != "CASH", "weight"].sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_orders_of_a_date_are_what_the_next_fill_trades(seed):
    bars, targets, rows = kept(seed)
    dates = GRID.between(DATES[FIRST], DATES[LAST - 1])
    orders = views.orders(rows, targets, prices.panel(bars, sessions=SESSIONS[:161]), dates=dates, policy=POLICY)
    earlier = targets.set_index(["rebalance_date", "symbol"])["weight"]
    for row in orders.itertuples():
        place = list(DATES).index(row.rebalance_date)
        before = earlier.get((DATES[place - 1], row.symbol), 0.0)
        assert row.delta_vs_prev_target == pytest.approx(row.target_weight - before)
        fill = rows[(rows["session"] == FILLS[place - FIRST + 1]) & (rows["symbol"] == row.symbol)]
        traded = fill["traded_usd"].sum()
        assert np.sign(traded) in (0, np.sign(row.shares))
        assert traded == 0 or row.action != "HOLD"
    assert set(orders["rebalance_date"]) <= set(dates.dates)
