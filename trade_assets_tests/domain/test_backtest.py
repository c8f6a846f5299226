"""The vectorised backtest against a loop that counts units and cash."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import backtest, costs
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import gross_panels, weights

RATES = st.sampled_from([costs.Rates(0, 0, 0), costs.Rates(1, 2, 0), costs.Rates(1, 2, 1.0), costs.Rates(30, 50, 2.0)])
CAPITAL = 1e6


@st.composite
def runs(draw):
    """Arguments of a backtest: gross returns with gaps, fills on some rows, weights, volumes partly unknown."""
    gross = draw(gross_panels())
    sessions, symbols = gross.shape
    fills = sorted(draw(st.sets(st.integers(0, sessions - 1), max_size=6)))
    shape = (len(fills), symbols)
    target = np.array([draw(weights(symbols)) for _ in fills]).reshape(shape)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    unknown = rng.random(shape) < 0.2
    return {
        "gross": gross,
        "weights": target,
        "fill_rows": np.array(fills, dtype=int),
        "rates": draw(RATES),
        "start": draw(st.none() | weights(symbols)),
        "volatility": rng.uniform(0.005, 0.05, shape),
        "dollar_volume_usd": np.where(unknown, np.nan, rng.uniform(1e6, 1e9, shape)),
        "capital_usd": CAPITAL,
    }


def by_loop(run):
    def cost_of(fill, symbol, usd):
        volume, rates = run["dollar_volume_usd"][fill][symbol], run["rates"]
        impact = 0.0 if math.isnan(volume) else run["volatility"][fill][symbol] * math.sqrt(usd / volume)
        return usd * (rates.floor_frac + rates.impact_coefficient * impact)

    args = {"cost_of": cost_of, "start": run["start"], "capital_usd": run["capital_usd"]}
    return np.array(reference.backtest(run["gross"], run["weights"], list(run["fill_rows"]), **args))


@given(run=runs())
def test_equity_equals_that_of_the_loop(run):
    np.testing.assert_allclose(backtest.run(**run).equity(CAPITAL), by_loop(run), rtol=1e-10)


@given(run=runs(), data=st.data())
def test_later_sessions_and_fills_change_no_byte(run, data):
    cut = data.draw(st.integers(1, len(run["gross"])))
    kept = run["fill_rows"] < cut
    early = {**run, "gross": run["gross"][:cut], "fill_rows": run["fill_rows"][kept]}
    early |= {name: run[name][kept] for name in ("weights", "volatility", "dollar_volume_usd")}
    for field in ("cost_frac", "turnover_frac"):
        assert_same_bytes(getattr(backtest.run(**early), field), getattr(backtest.run(**run), field)[:cut])
    np.testing.assert_allclose(
        backtest.run(**early).return_frac, backtest.run(**run).return_frac[:cut], rtol=0, atol=1e-14
    )


@given(run=runs())
def test_costs_and_turnover_are_there_on_fills_only_and_lower_the_return(run):
    found, free = backtest.run(**run), backtest.run(**{**run, "rates": costs.Rates(0, 0, 0)})
    others = np.setdiff1d(np.arange(len(run["gross"])), run["fill_rows"])
    assert (found.cost_frac >= 0).all()
    assert not found.cost_frac[others].any()
    assert not found.turnover_frac[others].any()
    assert (found.turnover_frac <= 1 + 1e-9).all()
    assert (found.equity() <= free.equity() * (1 + 1e-12)).all()


@given(run=runs())
def test_turnover_is_half_the_weight_changes_cash_included(run):
    free = {**run, "rates": costs.Rates(0, 0, 0)}
    found = backtest.run(**free)
    held = np.zeros(run["gross"].shape[1]) if run["start"] is None else np.array(run["start"])
    fills = {int(row): target for row, target in zip(run["fill_rows"], run["weights"], strict=True)}
    for t, moves in enumerate(run["gross"]):
        grown = held * np.where(np.isnan(moves), 1.0, moves)
        held = grown / (grown.sum() + 1 - held.sum())
        if t in fills:
            change = fills[t] - held
            expected = 0.5 * (np.abs(change).sum() + abs(change.sum()))
            assert found.turnover_frac[t] == pytest.approx(expected, abs=1e-12)
            held = fills[t]


@given(run=runs())
def test_names_nobody_holds_change_nothing(run):
    extra = np.full((len(run["gross"]), 1), 1.5)
    wider = {**run, "gross": np.hstack([run["gross"], extra])}
    for name, value in (("weights", 0.0), ("volatility", 0.1), ("dollar_volume_usd", 1e6)):
        wider[name] = np.hstack([run[name], np.full((len(run[name]), 1), value)])
    wider["start"] = None if run["start"] is None else np.append(run["start"], 0.0)
    assert_same_bytes(backtest.run(**wider).return_frac, backtest.run(**run).return_frac)


def test_the_return_of_a_fill_row_belongs_to_what_was_held_before():
    gross = np.array([[1.1], [1.2], [1.3]])
    found = backtest.run(gross, np.array([[1.0]]), np.array([1]), rates=costs.Rates(0, 0, 0))
    assert found.return_frac.tolist() == pytest.approx([0.0, 0.0, 0.3])
    assert found.turnover_frac.tolist() == [0.0, 1.0, 0.0]


def test_without_volumes_every_fill_costs_the_floor():
    found = backtest.run(np.ones((2, 2)), np.array([[0.5, 0.25]]), np.array([0]), rates=costs.Rates(1, 2, 9.0))
    assert found.cost_frac.tolist() == pytest.approx([0.75 * 3e-4, 0.0])
