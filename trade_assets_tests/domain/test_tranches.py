"""The book of tranches against the vectorised backtest, against plain books side by side, and against hand counts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import backtest, calendar, overlap, tranches
from trade_assets.domain.costs import Rates
from trade_assets.domain.trades import Policy
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW

SESSIONS = calendar.sessions_between(pd.Timestamp("2017-01-03"), pd.Timestamp("2019-12-31"))
SYMBOLS = ["AAA", "BBB", "CCC", "DDD", "EEE"]
RATES = Rates(1.0, 2.0, 1.0)
FREE = Policy(0.0, 0.0, 0.0, np.inf, whole_shares=False, rates=RATES)
USUAL = Policy(0.005, 0.2, 100.0, np.inf, whole_shares=False, rates=RATES)
CAPITAL = 100_000.0


def schedule(n, *, every=10, horizon=10):
    return overlap.schedule(SESSIONS[: n * every : every], step=1, horizon_sessions=horizon, in_tranches=True)


def targets(weights, dates, may_increase=True):
    out = {}
    for date, row in zip(dates, weights, strict=True):
        rows = [(s, w) for s, w in zip(SYMBOLS, row, strict=True) if w > 0] + [("CASH", 1 - row.sum())]
        out[date] = pd.DataFrame(rows, columns=["symbol", "weight"]).assign(may_increase=may_increase)
    return out


def outcomes(returns, dates):
    return {date: pd.Series(row, SYMBOLS) for date, row in zip(dates, returns, strict=True)}


def random_book(seed, n):
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 5, (n, len(SYMBOLS))).astype(float)
    weights = raw / np.maximum(raw.sum(axis=1, keepdims=True), 1) * rng.choice([0.2, 0.6, 1.0], (n, 1))
    return weights, rng.normal(0.002, 0.05, weights.shape)


def run(weights, returns, plan, *, policy=FREE, capital=CAPITAL, **more):
    known = outcomes(returns, plan.dates[: len(returns)])
    return tranches.run(
        targets(weights, plan.dates), known, plan, horizon_sessions=10, policy=policy, capital_usd=capital, **more
    )


@FEW
@given(seed=st.integers(0, 10**6), n=st.integers(1, 25))
def test_one_tranche_without_bands_is_the_vectorised_backtest(seed, n):
    weights, returns = random_book(seed, n)
    result = run(weights, returns, schedule(n))
    gross = np.vstack([np.ones(len(SYMBOLS)), 1 + returns])
    expected = backtest.run(gross, weights, np.arange(n), rates=RATES)
    equity = 1 + np.cumsum(result.periods["pnl_usd"]) / CAPITAL
    unpaid = 1 - np.append(expected.cost_frac[1:-1], 0.0)  # there a cost lowers the value on the day of the order
    np.testing.assert_allclose(equity * unpaid, expected.equity()[1:], rtol=1e-12)
    np.testing.assert_allclose(result.periods["turnover_frac"], expected.turnover_frac[:-1], atol=1e-12)


@FEW
@given(seed=st.integers(0, 10**6), n=st.integers(1, 30), count=st.integers(2, 5), policy=st.sampled_from([FREE, USUAL]))
def test_tranches_earn_what_plain_books_side_by_side_earn(seed, n, count, policy):
    weights, returns = random_book(seed, n)
    plan = schedule(n, horizon=10 * count)
    result = run(weights, returns, plan, policy=policy)
    alone = []
    for j in range(min(plan.tranches, n)):
        own = slice(j, None, plan.tranches)
        single = replace(plan, dates=plan.dates[own], ends=plan.ends[own], tranches=1)
        alone.append(run(weights[own], returns[own], single, policy=policy, capital=CAPITAL / plan.tranches))
    expected = sum(book.periods["pnl_usd"].sum() for book in alone)
    assert result.periods["pnl_usd"].sum() == pytest.approx(expected, rel=1e-9, abs=1e-6)
    for j, book in enumerate(alone):
        own = result.periods.loc[result.periods["tranche"] == j, "return_frac"]
        np.testing.assert_allclose(own, book.periods["return_frac"], rtol=1e-9, atol=1e-12)


@FEW
@given(seed=st.integers(0, 10**6), n=st.integers(1, 20), count=st.integers(1, 4), policy=st.sampled_from([FREE, USUAL]))
def test_weights_sum_to_one_and_orders_fit_in_the_book(seed, n, count, policy):
    weights, returns = random_book(seed, n)
    result = run(weights, returns, schedule(n, horizon=10 * count), policy=policy)
    assert (result.weights.groupby("rebalance_date")["weight"].sum() - 1).abs().max() <= 1e-9
    orders = result.trades.assign(after=result.trades["held_weight"] + result.trades["delta_weight"])
    assert (orders["after"] >= -1e-12).all()
    assert (orders.groupby("rebalance_date")["after"].sum() <= 1 + 1e-9).all()
    held_back = orders["action"] == "HOLD"
    assert (orders.loc[held_back, "delta_weight"] == 0).all()
    assert (orders.loc[orders["action"].isin(["BUY", "ADD"]), "delta_weight"] > 0).all()
    assert (orders.loc[orders["action"].isin(["SELL", "REDUCE"]), "delta_weight"] < 0).all()
    assert (orders.loc[orders["action"] == "SELL", "after"].abs() < 1e-12).all()
    assert (orders.loc[orders["action"] == "BUY", "held_weight"] == 0).all()


@FEW
@given(seed=st.integers(0, 10**6), count=st.integers(1, 4), cut=st.integers(1, 19))
def test_no_order_knows_an_outcome_that_is_not_out(seed, count, cut):
    weights, returns = random_book(seed, 20)
    plan = schedule(20, horizon=10 * count)
    whole = run(weights, returns, plan, policy=USUAL)
    today = plan.dates[cut]
    known = int((plan.ends <= today).sum())
    then = run(weights, returns[:known], plan, policy=USUAL)
    for table in ("weights", "trades"):
        past = [frame[frame["rebalance_date"] <= today] for frame in (getattr(then, table), getattr(whole, table))]
        assert_same_bytes(*past)


def test_the_next_orders_start_from_the_drifted_weights():
    plan = schedule(2)
    result = run(np.array([[0.5, 0.5, 0, 0, 0], [0.5, 0.5, 0, 0, 0]]), np.array([[0.5, -0.5, 0, 0, 0]] * 2), plan)
    second = result.trades[result.trades["rebalance_date"] == plan.dates[1]].set_index("symbol")
    assert second["held_weight"].to_dict() == {"AAA": 0.75, "BBB": 0.25}
    assert second["delta_weight"].to_dict() == {"AAA": -0.25, "BBB": 0.25}
    assert second["delta_vs_prev_target"].to_dict() == {"AAA": 0.0, "BBB": 0.0}


def test_a_small_drift_is_held():
    plan = schedule(2)
    result = run(np.array([[0.5, 0.4, 0, 0, 0]] * 2), np.array([[0.005, 0, 0, 0, 0]] * 2), plan, policy=USUAL)
    assert (result.trades.loc[result.trades["rebalance_date"] == plan.dates[1], "action"] == "HOLD").all()
    assert result.periods["cost_frac"].iloc[1] == 0


def test_a_tranche_trades_its_share_of_the_book():
    plan = schedule(2, every=5)
    assert plan.tranches == 2
    result = run(np.array([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0]]), np.zeros((2, 5)), plan)
    first, second = (rows.set_index("symbol") for _, rows in result.trades.groupby("rebalance_date"))
    assert first.loc["AAA", "delta_weight"] == 0.5
    assert second["action"].to_dict() == {"AAA": "HOLD", "BBB": "BUY"}
    assert second["target_weight"].to_dict() == pytest.approx({"AAA": 0.5, "BBB": 0.5}, abs=1e-3)


def test_a_name_another_tranche_still_holds_is_reduced_not_sold():
    plan = schedule(3, every=5)
    result = run(np.array([[1.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0]]), np.zeros((3, 5)), plan)
    third = result.trades[result.trades["rebalance_date"] == plan.dates[2]].set_index("symbol")
    assert third["action"].to_dict() == {"AAA": "REDUCE", "BBB": "BUY"}


def test_what_may_not_grow_is_not_bought_but_is_sold():
    plan = schedule(2)
    wanted = targets(np.array([[0.5, 0, 0, 0, 0], [0, 0.5, 0, 0, 0]]), plan.dates)
    wanted[plan.dates[1]]["may_increase"] = False
    result = tranches.run(wanted, {}, plan, horizon_sessions=10, policy=FREE, capital_usd=CAPITAL)
    second = result.trades[result.trades["rebalance_date"] == plan.dates[1]].set_index("symbol")
    assert second["action"].to_dict() == {"AAA": "SELL", "BBB": "HOLD"}


def test_the_turnover_limit_is_of_the_whole_book_and_spares_the_first_build():
    limited = replace(FREE, max_turnover=0.4)
    swap = np.array([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0]])
    one = run(swap, np.zeros((2, 5)), schedule(2), policy=limited)
    assert one.periods["is_limited"].tolist() == [False, True]
    assert one.periods["turnover_frac"].tolist() == pytest.approx([1.0, 1.0])
    assert one.trades.iloc[-1][["symbol", "delta_weight"]].tolist() == ["BBB", 0.4]
    four = run(np.repeat(swap, 4, axis=0), np.zeros((8, 5)), schedule(8, horizon=40), policy=limited)
    assert not four.periods["is_limited"].any()


def test_a_name_without_an_outcome_counts_as_unchanged_and_is_counted():
    plan = schedule(1)
    result = run(np.array([[0.5, 0.5, 0, 0, 0]]), np.array([[0.1, np.nan, 0, 0, 0]]), plan)
    assert result.periods["n_unknown"].tolist() == [1]
    assert result.periods["return_frac"].iloc[0] == pytest.approx((1 - 0.0003) * 1.05 - 1)


def test_cash_earns_its_rate_over_the_horizon():
    result = run(np.zeros((1, 5)), np.zeros((1, 5)), schedule(1), cash_return_frac=0.0252)
    assert result.periods["return_frac"].iloc[0] == pytest.approx(1.0001**10 - 1)


def test_without_outcomes_the_book_stays_as_it_was_traded():
    plan = schedule(3)
    result = tranches.run(targets(np.array([[0.5, 0, 0, 0, 0]] * 3), plan.dates), {}, plan,
                          horizon_sessions=10, policy=FREE, capital_usd=CAPITAL)  # fmt: skip
    assert result.trades["held_weight"].tolist() == pytest.approx([0.0, 0.5, 0.5])
    assert result.periods["return_frac"].isna().all()


def test_a_book_that_lost_everything_is_an_error():
    with pytest.raises(ValueError, match="lost everything"):
        run(np.array([[1.0, 0, 0, 0, 0]]), np.array([[-1.0, 0, 0, 0, 0]]), schedule(1))


def test_targets_above_the_whole_book_are_an_error():
    plan = schedule(1)
    wanted = {plan.dates[0]: pd.DataFrame({"symbol": ["AAA", "BBB"], "weight": [0.7, 0.7], "may_increase": True})}
    with pytest.raises(ValueError, match="must sum to at most 1"):
        tranches.run(wanted, {}, plan, horizon_sessions=10, policy=FREE, capital_usd=CAPITAL)
