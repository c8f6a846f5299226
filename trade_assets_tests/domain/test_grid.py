"""The grid of candidates: who may be held, and what each cell earned between two rebalances."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import backtest, calendar, costs, grid, grid_returns, prices
from trade_assets.domain.constructions import Limits
from trade_assets.domain.learned_gate import Policy
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS, SYMBOLS, Hazards, market_bars

GRID = calendar.rebalances(SESSIONS[0], SESSIONS[0], SESSIONS[160], every=10)
CELLS = (("ridge_stack", "rank_decay"), ("lightgbm", "rank_decay"))
LIMITS = Limits(4, 0.3, 0.6)
RATES = costs.Rates(1.0, 2.0, 1.0)
FIRST, LAST = 10, 16


def drawn(seed):
    """Predictions and universe of every date, with blackouts, for the first eight symbols."""
    rng = np.random.default_rng(seed)
    keys = [(d, s) for d in GRID.dates for s in SYMBOLS[:8]]
    listed = pd.DataFrame(keys, columns=["rebalance_date", "symbol"]).assign(
        is_member=True, in_blackout=rng.random(len(keys)) < 0.2
    )
    listed["sector"] = listed["symbol"].map(dict(zip(SYMBOLS, ["Tech", "Energy", "Health"] * 4, strict=True)))
    parts = [
        listed[["rebalance_date", "symbol"]].assign(model=m, prediction=rng.normal(0, 1, len(keys))) for m, _ in CELLS
    ]
    return pd.concat(parts, ignore_index=True), listed


def portfolios(predictions, universe, dates, previous=None, never_buy=()):
    previous = (
        pd.DataFrame({"model": [], "construction": [], "symbol": [], "weight": []}) if previous is None else previous
    )
    own = {"dates": dates, "cells": CELLS, "limits": LIMITS, "never_buy": set(never_buy)}
    return grid.portfolios(predictions, universe, previous, **own)


@FEW
@given(seed=SEEDS)
def test_a_name_in_blackout_is_held_only_by_a_cell_that_held_it_before(seed):
    predictions, universe = drawn(seed)
    made = portfolios(predictions, universe, GRID.dates[:6], never_buy={"AAA"})
    dark = universe[universe["in_blackout"]].groupby("rebalance_date")["symbol"].apply(set)
    for _, rows in made[~grid.is_baseline(made)].groupby(["model", "construction"]):
        before = set()
        for date, own in rows.groupby("rebalance_date"):
            held = set(own["symbol"]) - {"CASH"}
            assert not (held & (dark.get(date, set()) | {"AAA"})) - before
            assert own["weight"].sum() == pytest.approx(1, abs=1e-9)
            before = held


@FEW
@given(seed=SEEDS)
def test_a_range_of_portfolios_is_its_dates_one_by_one(seed):
    predictions, universe = drawn(seed)
    together = portfolios(predictions, universe, GRID.dates[:6])
    apart, previous = [], None
    for date in GRID.dates[:6]:
        today = predictions[predictions["rebalance_date"] == date], universe[universe["rebalance_date"] == date]
        previous = portfolios(*today, pd.DatetimeIndex([date]), previous)
        apart.append(previous)
    assert_same_bytes(together, pd.concat(apart, ignore_index=True))


def test_a_date_without_scores_is_all_cash():
    predictions, universe = drawn(0)
    made = portfolios(predictions.iloc[:0], universe.iloc[:0], GRID.dates[:2])
    assert set(made["symbol"]) == {"CASH"}
    assert set(made["status"]) == {"all cash: no scores", "all cash: no members"}
    assert made["weight"].eq(1).all()


def market(seed):
    return prices.panel(
        market_bars(seed, sessions=161, symbols=8, hazards=Hazards(gap=0.003, delisted=0, no_volume=0.3))
    )


def returns(weights, panel, first, last):
    dates = GRID.between(GRID.dates[first], GRID.dates[last])
    return grid_returns.returns(weights, panel, dates=dates, rates=RATES, capital_usd=1e6)


@FEW
@given(seed=SEEDS, nobody=st.sets(st.integers(FIRST - 2, LAST), max_size=3))
def test_a_range_of_returns_is_its_dates_one_by_one_read_through_their_windows(seed, nobody):
    predictions, universe = drawn(seed)
    bars = market_bars(seed, sessions=161, symbols=8, hazards=Hazards(0.003, delisted=0))
    made = portfolios(predictions, universe, GRID.dates)
    read = GRID.dates[FIRST - 2 :].delete([i - FIRST + 2 for i in nobody])  # no rows: as of a date without members
    made = made[made["rebalance_date"].isin(read)]
    together = returns(made, prices.panel(bars), FIRST, LAST)
    apart = []
    for place in range(FIRST, LAST + 1):
        weights = made[made["rebalance_date"].isin(GRID.window(GRID.dates[place], last=2, lag=1))]
        window = bars[(bars["session"] > GRID.dates[place - 10]) & (bars["session"] <= GRID.dates[place])]
        apart.append(returns(weights, prices.panel(window), place, place))
    assert_same_bytes(together, pd.concat([part for part in apart if len(part)], ignore_index=True))


@FEW
@given(seed=SEEDS)
def test_every_session_is_earned_once_and_the_fill_is_the_close_after_the_decision(seed):
    predictions, universe = drawn(seed)
    found = returns(portfolios(predictions, universe, GRID.dates), market(seed), FIRST, LAST)
    for _, rows in found[~grid.is_baseline(found)].groupby(["model", "construction"]):
        assert_same_bytes(rows["session"].to_numpy(), SESSIONS[FIRST * 10 - 9 : LAST * 10 + 1].to_numpy())
        assert rows.loc[rows["cost_frac"] > 0, "session"].isin(SESSIONS[1::10]).all()


@FEW
@given(seed=SEEDS)
def test_the_pieces_put_together_are_one_backtest_of_all_the_targets(seed):
    predictions, universe = drawn(seed)
    panel, made = market(seed), portfolios(predictions, universe, GRID.dates)
    cell = made[(made["model"] == "ridge_stack") & (made["symbol"] != "CASH")]
    wide = (
        cell.pivot(index="rebalance_date", columns="symbol", values="weight").reindex(columns=panel.symbols).fillna(0.0)
    )
    decided = [GRID.dates[i] for i in range(FIRST - 1, LAST)]
    rates = costs.Rates(1.0, 2.0, 0.0)  # impact depends on the size of the book, which every piece begins anew
    whole = backtest.run(
        panel.gross[FIRST * 10 - 9 : LAST * 10 + 1],
        wide.loc[decided].to_numpy(),
        np.arange(0, 10 * len(decided), 10),
        rates=rates,
        start=None,
    )
    dates = GRID.between(GRID.dates[FIRST], GRID.dates[LAST])
    first_unknown = made[made["rebalance_date"] >= GRID.dates[FIRST - 1]]
    pieces = grid_returns.returns(first_unknown, panel, dates=dates, rates=rates, capital_usd=1e6)
    own = pieces[pieces["model"] == "ridge_stack"]
    np.testing.assert_allclose(own["return_frac"], whole.return_frac, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(own["cost_frac"], whole.cost_frac, rtol=1e-9, atol=1e-16)


def test_the_first_date_of_the_history_has_earned_nothing():
    predictions, universe = drawn(0)
    made = portfolios(predictions, universe, GRID.dates[:2])
    assert grid_returns.returns(
        made, market(0), dates=GRID.between(GRID.dates[0], GRID.dates[0]), rates=RATES, capital_usd=1e6
    ).empty


def test_a_gated_cell_is_its_profile_times_the_exposure_of_its_policy():
    predictions, universe = drawn(0)
    policy, date = Policy(boost=1.0, cut=1.0, decay=0.0), GRID.dates[0]
    gates = {(date, "learned_gate"): grid.Gated(policy, 0.25), (date, "fixed_gate"): grid.Gated(Policy(), 0.25)}
    cells = [("ridge_stack", name) for name in ("rank_decay", "fixed_gate", "learned_gate")]
    made = grid.portfolios(
        predictions, universe, pd.DataFrame({"model": [], "construction": [], "symbol": [], "weight": []}),
        dates=GRID.dates[:1], cells=cells, limits=LIMITS, never_buy=set(), gated=gates,
    )  # fmt: skip
    wide = made.pivot_table(index="symbol", columns="construction", values="weight", fill_value=0.0).drop("CASH")
    np.testing.assert_allclose(wide["fixed_gate"], 0.25 * wide["rank_decay"], rtol=0, atol=1e-15)
    assert wide["learned_gate"].sum() <= 0.25 + 1e-12
    assert not np.allclose(wide["learned_gate"], wide["fixed_gate"])


def test_a_gated_cell_without_a_policy_is_refused():
    predictions, universe = drawn(0)
    with pytest.raises(ValueError, match="fixed_gate needs a policy"):
        grid.portfolios(
            predictions, universe, pd.DataFrame({"model": [], "construction": [], "symbol": [], "weight": []}),
            dates=GRID.dates[:1], cells=[("ridge_stack", "fixed_gate")], limits=LIMITS, never_buy=set(),
        )  # fmt: skip


def test_the_exposure_of_a_gated_cell_is_the_policys_at_the_close():
    signals = pd.DataFrame(
        {"session": GRID.dates[:2], "tft_p50": [0.01, -0.01], "meta_prob_success": [0.8, 0.8], "is_stale": False}
    )
    told = grid.gates_at({(date, "fixed_gate"): Policy() for date in GRID.dates[:2]}, signals)
    assert [gate.exposure for gate in told.values()] == [1.0, 0.2]
