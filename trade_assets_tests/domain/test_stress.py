"""A stress run under the circumstances of the stored returns is the stored returns; each stress does what it says."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import grid, prices, stress
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.costs import Rates
from trade_assets.domain.stress import Case
from trade_assets_tests.selection_tables import CAPITAL, RATES, made

CELL = ("lightgbm", "rank_decay")
OWN = Case(1.0, CAPITAL, 0)


@pytest.fixture(scope="module")
def tables():
    return made(24)


@pytest.fixture(scope="module")
def told(tables):
    dates = pd.DatetimeIndex(np.sort(tables.champion_model["rebalance_date"].unique()))
    rows = grid.with_scores(tables.candidate_portfolios)
    weights = rows[(rows["model"] == CELL[0]) & (rows["construction"] == CELL[1])].reset_index(drop=True)
    return weights, prices.panel(tables.bars, through=dates[-1]), Rebalances(dates, np.arange(len(dates)))


def run(told, case=OWN, rates=RATES, dates=None):
    weights, panel, whole = told
    return stress.returns(weights, panel, dates=dates or whole, rates=rates, case=case)


def stored(tables, dates):
    rows = tables.candidate_returns
    own = rows[(rows["model"] == CELL[0]) & (rows["construction"] == CELL[1])]
    return own[own["rebalance_date"].isin(dates)].sort_values("session", ignore_index=True)


def total(rows):
    return float(np.prod(1 + rows["return_frac"]))


@pytest.mark.parametrize("first", [0, 8])
def test_unstressed_it_is_what_was_stored(tables, told, first):
    whole = told[2]
    dates = Rebalances(whole.dates[first:], whole.ordinals[first:], whole.dates[first - 1] if first else None)
    made_again, kept = run(told, dates=dates).sort_values("session", ignore_index=True), stored(tables, dates.dates)
    assert made_again["session"].tolist() == kept["session"].tolist()
    for name in ("return_frac", "cost_frac", "turnover_frac"):
        assert np.abs(made_again[name] - kept[name]).max() < 1e-12


def test_without_costs_nothing_is_charged_and_four_times_the_rates_charge_four_times_at_first(told):
    free, own, dear = (run(told, dataclasses.replace(OWN, cost_multiple=k)) for k in (0.0, 1.0, 4.0))
    assert (free["cost_frac"] == 0).all()
    first = own["cost_frac"].to_numpy().nonzero()[0][0]
    assert dear["cost_frac"].iloc[first] == pytest.approx(4 * own["cost_frac"].iloc[first])
    assert total(free) > total(own) > total(dear)


@given(data=st.data())
def test_more_of_any_cost_or_capital_never_earns_more(told, data):
    low, high = sorted(data.draw(st.lists(st.floats(0, 5), min_size=2, max_size=2)))
    small, large = sorted(data.draw(st.lists(st.floats(1e3, 1e9), min_size=2, max_size=2)))
    cheap, dear = run(told, Case(low, small, 0)), run(told, Case(high, large, 0))
    assert total(cheap) >= total(dear) - 1e-12
    assert (cheap["cost_frac"] <= dear["cost_frac"] + 1e-12).all()


def test_capital_makes_no_difference_without_impact(told):
    rates = Rates(1.0, 4.0, 0.0)
    small, large = (run(told, Case(1.0, capital, 0), rates=rates) for capital in (1e4, 1e8))
    assert np.abs(small["return_frac"] - large["return_frac"]).max() < 1e-12


@pytest.mark.parametrize("delay", [1, 2])
def test_a_delay_moves_every_fill_and_nothing_else(told, delay):
    _, panel, _ = told
    at_once, late = run(told), run(told, dataclasses.replace(OWN, delay_sessions=delay))
    fills, later = (rows.loc[rows["turnover_frac"] > 0, "session"] for rows in (at_once, late))
    assert (panel.rows(pd.DatetimeIndex(later)) - panel.rows(pd.DatetimeIndex(fills)) == delay).all()
    assert late["session"].is_unique
    assert late["session"].max() == at_once["session"].max()


def test_weights_that_never_change_earn_the_same_later(told):
    weights, panel, dates = told
    everything = weights.assign(weight=np.where(weights["symbol"] == "AAA", 1.0, 0.0))
    free = Case(0.0, CAPITAL, 0)
    at_once, late = (
        stress.returns(
            everything, panel, dates=dates, rates=RATES, case=dataclasses.replace(free, delay_sessions=delay)
        )
        for delay in (0, 2)
    )
    both = at_once.merge(late, on="session", suffixes=("", "_late"), validate="one_to_one").iloc[1:]
    assert np.abs(both["return_frac"] - both["return_frac_late"]).max() < 1e-12


def test_the_table_measures_every_case_over_the_same_sessions(told):
    weights, panel, dates = told
    table = stress.table(weights, panel, dates=dates, rates=RATES, capital_usd=CAPITAL)
    assert table["n_sessions"].nunique() == 1
    assert table.groupby("kind", sort=False).size().to_dict() == {"cost": 5, "capital": 5, "delay": 3}
    own = table[((table["kind"] == "cost") & (table["at"] == 1)) | ((table["kind"] == "capital") & (table["at"] == CAPITAL)) | ((table["kind"] == "delay") & (table["at"] == 0))]  # fmt: skip
    assert own[["cagr", "sharpe", "max_drawdown", "cost_a_year"]].nunique().tolist() == [1, 1, 1, 1]
    assert table.loc[table["kind"] == "cost", "cagr"].is_monotonic_decreasing
    assert table.loc[table["kind"] == "capital", "cagr"].is_monotonic_decreasing


def test_a_cell_without_returns_has_an_empty_table(told):
    weights, panel, dates = told
    assert not len(stress.table(weights.iloc[:0], panel, dates=dates, rates=RATES, capital_usd=CAPITAL))


def test_impact_is_known_only_where_there_are_volumes(tables, told):
    weights, panel, dates = told
    assert stress.impact_known_frac(weights, panel) == 1.0
    silent = prices.panel(tables.bars.assign(volume=np.nan), through=dates.dates[-1])
    assert stress.impact_known_frac(weights, silent) == 0.0
    assert np.isnan(stress.impact_known_frac(weights.iloc[:0], panel))


@pytest.mark.parametrize("case", [Case(-1.0, 1e5, 0), Case(1.0, 0.0, 0), Case(1.0, 1e5, -1)])
def test_impossible_circumstances_are_refused(told, case):
    with pytest.raises(ValueError, match=r"must be >= 0 and capital_usd > 0, was"):
        run(told, case)


def test_a_delay_as_long_as_the_time_between_two_dates_is_refused(told):
    with pytest.raises(ValueError, match="delay_sessions must be less than"):
        run(told, dataclasses.replace(OWN, delay_sessions=10))
