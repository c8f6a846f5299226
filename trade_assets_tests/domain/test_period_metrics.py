"""Metrics of periods, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain import calendar, metrics, overlap, period_metrics

SESSIONS = calendar.sessions_between(pd.Timestamp("2017-01-03"), pd.Timestamp("2019-12-31"))


def plan(n, *, every=10, horizon=10):
    return overlap.schedule(SESSIONS[: n * every : every], step=1, horizon_sessions=horizon, in_tranches=True)


def periods(schedule, returns, capital=100.0):
    value, rows = [capital / schedule.tranches] * schedule.tranches, []
    for i, r in enumerate(returns):
        own = i % schedule.tranches
        row = {"rebalance_date": schedule.dates[i], "end": schedule.ends[i], "tranche": own, "return_frac": r}
        rows.append(row | {"pnl_usd": value[own] * r, "turnover_frac": 0.5, "cost_frac": 0.001, "exposure_frac": 1.0})
        value[own] *= 1 + r if not np.isnan(r) else 1
    return pd.DataFrame(rows)


def test_equity_compounds_one_tranche_and_starts_with_the_capital():
    schedule = plan(3)
    known = {date: pd.Series([0.0, 0.1]) for date in schedule.dates}
    made = period_metrics.equity(periods(schedule, [0.1, -0.5, 0.2]), known, schedule, capital_usd=100.0)
    assert made["equity"].tolist() == pytest.approx([100, 110, 55, 66])
    assert made["date"].tolist() == [schedule.dates[0], *schedule.ends]
    assert made["equal_weight_return_frac"].tolist() == pytest.approx([0, 0.05, 0.05, 0.05])


def test_equity_of_tranches_adds_what_each_earns_on_its_own_share():
    schedule = plan(3, every=5)
    known = {date: pd.Series([0.0]) for date in schedule.dates}
    made = period_metrics.equity(periods(schedule, [0.1, 0.2, 0.1]), known, schedule, capital_usd=100.0)
    assert made["equity"].tolist() == pytest.approx([100, 105, 115, 120.5])


def test_growth_is_by_calendar_days_and_risk_by_holding_periods():
    schedule = plan(3)
    returns = np.array([0.1, -0.5, 0.2])
    dates = pd.DatetimeIndex([schedule.dates[0], *schedule.ends])
    found = period_metrics.performance(np.array([0.0, *returns]), dates, [returns], schedule)
    days = (schedule.ends[-1] - schedule.dates[0]).days
    assert found["cagr"] == pytest.approx(0.66 ** (365.25 / days) - 1)
    assert found["sharpe_ratio"] == pytest.approx(np.mean(returns) / np.std(returns, ddof=1) * np.sqrt(25.2))
    assert found["volatility"] == pytest.approx(np.std(returns, ddof=1) * np.sqrt(25.2))
    assert found["max_drawdown"] == pytest.approx(-0.5)
    assert found["calmar"] == pytest.approx(found["cagr"] / 0.5)
    assert found["win_rate"] == pytest.approx(2 / 3)


def test_the_risk_of_tranches_is_that_of_one_and_not_of_their_average():
    rng, n = np.random.default_rng(0), 1000
    daily = rng.normal(0.0, 0.01, n + 40)
    wealth = np.cumprod(1 + daily)
    sessions = calendar.sessions_between(pd.Timestamp("2010-01-04"), pd.Timestamp("2015-12-31"))[:n]
    schedule = overlap.schedule(sessions, step=1, horizon_sessions=10, in_tranches=True)
    overlapping = wealth[10 : n + 10] / wealth[:n] - 1
    rows = periods(schedule, overlapping)
    made = period_metrics.equity(rows, {d: pd.Series([0.0]) for d in sessions}, schedule, capital_usd=100.0)
    found = period_metrics.performance(
        made["return"].to_numpy(), pd.DatetimeIndex(made["date"]), period_metrics.of_tranches(rows), schedule
    )
    assert found["volatility"] == pytest.approx(0.01 * np.sqrt(252), rel=0.1)
    assert metrics.volatility(made["return"].to_numpy()[1:]) < 0.5 * found["volatility"]


def test_rebalances_further_apart_than_the_horizon_are_annualised_by_their_own_distance():
    schedule = plan(4, every=21)
    returns = np.array([0.1, -0.1, 0.2, 0.0])
    dates = pd.DatetimeIndex([schedule.dates[0], *schedule.ends])
    found = period_metrics.performance(np.array([0.0, *returns]), dates, [returns], schedule)
    assert found["volatility"] == pytest.approx(np.std(returns, ddof=1) * np.sqrt(12))


def test_what_cannot_be_known_is_null_and_never_zero():
    schedule = plan(1)
    dates = pd.DatetimeIndex([schedule.dates[0], *schedule.ends])
    found = period_metrics.performance(np.array([0.0, 0.1]), dates, [np.array([0.1])], schedule)
    assert np.isnan([found["volatility"], found["sharpe_ratio"], found["calmar"]]).all()


def test_turnover_and_costs_are_scaled_to_a_year():
    found = period_metrics.turnover(periods(plan(3), [0.1, np.nan, np.nan]), plan(3))
    assert found == pytest.approx({"turnover": 0.5, "turnover_annual": 12.6, "cost_annual": 0.0252})


def test_regimes_share_the_known_periods():
    schedule = plan(3)
    regimes = pd.Series(["neutral", "favorable", "favorable"], schedule.dates)
    found = period_metrics.by_regime(periods(schedule, [0.1, 0.2, np.nan]), regimes, schedule).set_index("regime")
    assert found["n_periods"].to_dict() == {"favorable": 1, "neutral": 1}
    assert found.loc["neutral", "mean_return_annual"] == pytest.approx(2.52)


def test_every_metric_has_a_definition_that_names_its_numbers():
    schedule = plan(30, every=1)
    meant = period_metrics.definitions(schedule, horizon_sessions=10, commission_bps=1.0, half_spread_bps=2.0)
    returns = np.array([0.0, 0.1])
    dates = pd.DatetimeIndex([schedule.dates[0], schedule.ends[0]])
    assert set(period_metrics.performance(returns, dates, [returns], schedule)) <= set(meant)
    assert set(period_metrics.turnover(periods(schedule, [0.0]), schedule)) <= set(meant)
    assert "25.20" in meant["sharpe_ratio"]
    assert "10 tranches" in meant["sharpe_ratio"]
    assert (
        "tranches"
        not in period_metrics.definitions(plan(3), horizon_sessions=10, commission_bps=1.0, half_spread_bps=2.0)[
            "sharpe_ratio"
        ]
    )
