"""What splits, dividends, absent bars and delistings do to the book."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import book, costs, prices, trades
from trade_assets_tests.domain.test_book import (
    DATES,
    EVERY,
    FILLS,
    FIRST,
    FREE,
    INSIDE,
    LAST,
    POLICY,
    SPANS,
    bars_of,
    made,
    run,
    targets_of,
)
from trade_assets_tests.generators import CALM, FEW, SEEDS, SESSIONS

PLACES = st.integers(EVERY * (FIRST - 1) + 1, EVERY * LAST)
NO_COST = trades.Policy(**{**vars(POLICY), "rates": FREE})


def after(bars, symbol, session):
    return (bars["symbol"] == symbol) & (bars["session"] >= session)


def split(bars, symbol, session, ratio):
    """The same market with a split: prices from the session on over the ratio, volume times it."""
    out, later = bars.copy(), after(bars, symbol, session)
    out.loc[later, ["open", "high", "low", "close", "dividend"]] /= ratio
    out.loc[later, "volume"] *= ratio
    out.loc[later & (bars["session"] == session), "split_ratio"] = ratio
    return out


def equity(rows):
    return rows.groupby("session")["value_usd"].sum()


def held(rows, symbol="BBB"):
    return rows[rows["symbol"] == symbol].set_index("session")


@FEW
@given(seed=SEEDS, place=PLACES, ratio=st.sampled_from([2.0, 3.0, 1.5, 0.25]))
def test_a_split_leaves_the_value_of_the_book_as_it_was(seed, place, ratio):
    bars = bars_of(seed, CALM)
    targets = targets_of(seed, bars)
    plain, parted = run(bars, targets), run(split(bars, "BBB", SESSIONS[place], ratio), targets)
    np.testing.assert_allclose(equity(parted), equity(plain), rtol=1e-9)
    np.testing.assert_allclose(parted["value_usd"], plain["value_usd"], rtol=1e-8, atol=1e-4)


@FEW
@given(seed=SEEDS, place=PLACES, ratio=st.sampled_from([2.0, 0.5]))
def test_a_split_told_by_a_factor_leaves_it_as_it_was_too(seed, place, ratio):
    bars = bars_of(seed, CALM)
    targets = targets_of(seed, bars)
    told = split(bars, "BBB", SESSIONS[place], ratio).assign(split_ratio=1.0)
    factor = np.where(told["symbol"] == "BBB", np.where(after(told, "BBB", SESSIONS[place]), ratio, 1.0), np.nan)
    plain, parted = run(bars, targets), run(told.assign(adjustment_factor=factor), targets)
    np.testing.assert_allclose(equity(parted), equity(plain), rtol=1e-9)


@FEW
@given(seed=SEEDS, place=PLACES)
def test_a_dividend_goes_to_cash_for_the_shares_held_the_evening_before(seed, place):
    bars = bars_of(seed, CALM)
    targets = targets_of(seed, bars)
    paid = bars.assign(dividend=np.where((bars["symbol"] == "BBB") & (bars["session"] == SESSIONS[place]), 0.5, 0.0))
    plain, richer = run(bars, targets, policy=NO_COST), run(paid, targets, policy=NO_COST)
    owned = held(plain)["shares"].get(SESSIONS[place - 1], 0.0)
    gain = equity(richer) - equity(plain)
    assert gain[SESSIONS[place]] == pytest.approx(0.5 * owned, abs=1e-6)
    assert (gain[gain.index < SESSIONS[place]] == 0).all()


@FEW
@given(seed=SEEDS, place=st.integers(EVERY * (FIRST - 1) + 3, EVERY * LAST - 8))
def test_a_name_that_leaves_is_kept_at_its_last_price_flagged_and_then_turned_to_cash(seed, place):
    bars = bars_of(seed, CALM)
    gone = bars[~after(bars, "BBB", SESSIONS[place])]
    rows = run(gone, targets_of(seed, gone), policy=NO_COST)
    own = held(rows[(rows["shares"] > 0)])
    last = own[own.index < SESSIONS[place]]
    if not len(last) or last.index[-1] != SESSIONS[place - 1]:
        return
    kept = own[own.index >= SESSIONS[place]]
    assert list(kept.index) == list(SESSIONS[place : place + prices.MAX_GAP_SESSIONS])
    assert kept["is_price_stale"].all()
    assert kept["shares"].eq(last["shares"].iloc[-1]).all()
    assert kept["price_usd"].eq(last["price_usd"].iloc[-1]).all()
    left = held(rows).loc[SESSIONS[place + prices.MAX_GAP_SESSIONS]]
    assert left["traded_usd"] == pytest.approx(-last["value_usd"].iloc[-1])
    assert left["cost_usd"] == 0
    assert left["shares"] == 0


@FEW
@given(seed=SEEDS, missing=st.integers(1, 5), place=PLACES)
def test_a_missing_price_is_the_last_one_flagged_and_nothing_trades_in_that_name(seed, missing, place):
    bars = bars_of(seed, CALM)
    absent = SESSIONS[place : place + missing]
    rows = run(bars[~((bars["symbol"] == "BBB") & bars["session"].isin(absent))], targets_of(seed, bars))
    own = held(rows)
    stale = own[own.index.isin(absent)]
    assert stale["is_price_stale"].all()
    assert stale["traded_usd"].eq(0).all()
    assert not own[~own.index.isin(absent)]["is_price_stale"].any()
    assert not rows.loc[rows["symbol"] != "BBB", "is_price_stale"].any()


@FEW
@given(seed=SEEDS)
def test_without_splits_a_book_of_whole_shares_holds_whole_shares(seed):
    rows = made(seed, CALM, policy=trades.Policy(**{**vars(POLICY), "whole_shares": True}))
    shares = rows.loc[rows["symbol"] != "CASH", "shares"]
    assert (shares == np.round(shares)).all()


def test_the_open_is_the_price_of_a_fill_at_the_open_and_without_one_nothing_trades():
    bars = bars_of(3, CALM).assign(open=lambda b: np.where(b["symbol"] == "BBB", np.nan, b["open"]))
    targets = targets_of(3, bars)
    rows = run(bars, targets, fill="next_open", policy=NO_COST, spans=SPANS[:1])
    assert "BBB" not in set(rows["symbol"])
    first = rows[rows["session"] == FILLS[0]].set_index("symbol").drop("CASH")
    opened = bars[bars["session"] == FILLS[0]].set_index("symbol")["open"].reindex(first.index)
    np.testing.assert_allclose(first["traded_usd"], first["shares"] * opened)
    assert set(first.index) == set(targets.loc[targets["rebalance_date"] == DATES[FIRST - 1], "symbol"]) - {
        "CASH",
        "BBB",
    }


def test_cash_earns_its_interest_every_session():
    nothing = pd.DataFrame(
        {"rebalance_date": [DATES[FIRST]], "symbol": ["CASH"], "weight": [1.0], "may_increase": [True]}
    )
    rows = run(bars_of(1, CALM), nothing, interest=0.0252)
    assert rows["value_usd"].tolist() == pytest.approx([100_000 * 1.0001**n for n in range(1, len(INSIDE) + 1)])


def test_quotes_need_a_full_window_and_read_nothing_after_the_close():
    panel = prices.panel(bars_of(1, CALM).assign(volume=1e6), sessions=SESSIONS[:161])
    early, late = book.quotes_at(panel, 62), book.quotes_at(panel, 80)
    assert early.dollar_volume_usd.notna().all()
    assert book.quotes_at(panel, 61).dollar_volume_usd.isna().all()
    assert book.quotes_at(panel, 62).volatility.isna().all()  # 62 returns
    np.testing.assert_allclose(late.dollar_volume_usd, 1e6 * panel.close[18:81].mean(axis=0))
    assert (late.price == panel.close[80]).all()
    assert isinstance(POLICY.rates, costs.Rates)
