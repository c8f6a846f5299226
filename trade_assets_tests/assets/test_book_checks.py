"""The checks of the book know splits, dividends and holdings that leave the market: no false alarm, no missing dollar."""

import numpy as np
import pandas as pd
import pytest

from trade_assets import mandate, settings
from trade_assets.assets import book_checks
from trade_assets.domain import book, calendar, prices
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.settings import load

RULES = load().model_copy(update={"portfolio": load().portfolio.model_copy(update={"cash_return_frac": 0.02})})
CASH_CHECK = book_checks.cash_is_accounted_for.node_def.compute_fn.decorated_fn
COST_CHECK = book_checks.fills_cost_at_least_commission_and_spread.node_def.compute_fn.decorated_fn


@pytest.fixture(scope="module")
def market():
    """Bars of a market with actions and exits, each with the rebalance date it belongs to."""
    source = Synthetic(settings.Synthetic(symbols=30, sessions=400, delisting_rate_per_year=0.4))
    grid = calendar.rebalances(pd.Timestamp("1999-01-04"), pd.Timestamp("1999-01-04"), source.complete_through, every=10)  # fmt: skip
    sessions = grid.sessions()
    rows = source.bars(grid.dates[0], grid.dates[-1])
    return rows.merge(sessions.drop(columns="decided_at"), on="session"), grid


@pytest.fixture(scope="module", params=["next_close", "next_open"])
def held(market, request):
    """A book of ten stocks drawn anew at every rebalance."""
    bars, grid = market
    rng, parts = np.random.default_rng(5), []
    for date, listed in bars[bars["session"].isin(grid.dates)].groupby("session"):
        names = rng.choice(np.sort(listed["symbol"].unique()), 10, replace=False)
        parts.append(pd.DataFrame({"rebalance_date": date, "symbol": names, "weight": 0.09, "may_increase": True}))
    return book.run(
        book.opening(1e5), pd.concat(parts), prices.panel(bars, through=grid.dates[-1]), spans=grid.spans(),
        policy=mandate.trade_policy(RULES.portfolio), fill=request.param, cash_return_frac=0.02,
    )  # fmt: skip


def test_a_book_with_actions_and_exits_raises_no_alarm(market, held):
    bars, _ = market
    owned = held.merge(bars, on=["session", "symbol"])
    assert (owned["dividend"] > 0).sum() > 20
    assert (owned["split_ratio"] != 1).any()
    assert (held["is_price_stale"]).any()
    assert CASH_CHECK(held, bars, settings=RULES).passed
    assert COST_CHECK(held, settings=RULES).passed


def test_a_dividend_that_is_not_paid_and_one_paid_twice_are_found(market, held):
    bars, _ = market
    for times in (0.0, 2.0):
        assert not CASH_CHECK(held, bars.assign(dividend=bars["dividend"] * times), settings=RULES).passed


def test_a_fill_for_nothing_is_found(held):
    fills = held.index[(held["cost_usd"] > 0)]
    for place in (fills[0], fills[len(fills) // 2], fills[-1]):
        free = held.assign(cost_usd=held["cost_usd"].where(held.index != place, 0.0))
        assert not COST_CHECK(free, settings=RULES).passed
