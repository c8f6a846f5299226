"""The metrics against an independent library, against slow loops, and against numbers worked by hand."""

import math

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from trade_assets.domain import metrics
from trade_assets.domain.report import glossary

DAILY = st.floats(-0.2, 0.2, allow_subnormal=False).map(lambda r: round(r, 6))


@st.composite
def daily_returns(draw, min_size=2, max_size=400):
    size = draw(st.integers(min_size, max_size))
    drawn = draw(st.lists(DAILY, min_size=1, max_size=12))
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(0.0004, 0.012, size)
    return np.concatenate([drawn, np.clip(noise, -0.5, 0.5)])[:size]


def sessions(n, start="2001-01-02"):
    return pd.bdate_range(start, periods=n)


SHARED = {
    "total_return": (metrics.total_return, empyrical.cum_returns_final),
    "volatility": (metrics.volatility, empyrical.annual_volatility),
    "sharpe_ratio": (metrics.sharpe_ratio, empyrical.sharpe_ratio),
    "sortino_ratio": (metrics.sortino_ratio, empyrical.sortino_ratio),
    "max_drawdown": (metrics.max_drawdown, empyrical.max_drawdown),
    "value_at_risk": (metrics.value_at_risk, empyrical.value_at_risk),
    "expected_shortfall": (metrics.expected_shortfall, empyrical.conditional_value_at_risk),
    "tail_ratio": (metrics.tail_ratio, empyrical.tail_ratio),
}


@pytest.mark.parametrize("name", SHARED)
@given(returns=daily_returns())
@pytest.mark.reliability("12")
def test_equals_empyrical_where_the_definition_is_shared(name, returns):
    ours, theirs = SHARED[name]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = theirs(returns)
    if np.isfinite(expected):
        assert ours(returns) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    else:
        assert math.isnan(ours(returns))


@given(returns=daily_returns(), benchmark=daily_returns(), rf=st.floats(0, 0.0004))
@pytest.mark.reliability("12")
def test_equals_empyrical_against_a_benchmark_and_above_a_risk_free_rate(returns, benchmark, rf):
    n = min(len(returns), len(benchmark))
    returns, benchmark = returns[:n], benchmark[:n]
    if np.ptp(benchmark) < 1e-6 or np.ptp(returns) < 1e-6:
        return
    beta = empyrical.beta(returns, benchmark, rf)
    assert metrics.beta(returns, benchmark, risk_free_frac=rf) == pytest.approx(beta, rel=1e-9, abs=1e-12)
    alpha = empyrical.alpha(returns, benchmark, rf)
    assert metrics.alpha(returns, benchmark, risk_free_frac=rf) == pytest.approx(alpha, rel=1e-9, abs=1e-9)
    sharpe = empyrical.sharpe_ratio(returns, rf)
    assert metrics.sharpe_ratio(returns, risk_free_frac=rf) == pytest.approx(sharpe, rel=1e-12, abs=1e-12)


def test_cagr_counts_calendar_days_from_the_close_before_the_first_session():
    two_years = pd.DatetimeIndex(["2003-01-02", "2004-12-31"])  # from 2003-01-01, 730 days
    assert metrics.cagr(np.array([0.10, 0.10]), two_years) == pytest.approx(1.21 ** (365.25 / 730) - 1, rel=1e-14)


def test_cagr_of_a_monday_counts_the_weekend():
    assert metrics.cagr(np.array([0.01]), pd.DatetimeIndex(["2024-01-08"])) == pytest.approx(1.01 ** (365.25 / 3) - 1)


def test_cagr_of_a_book_that_lost_everything_is_minus_one():
    assert metrics.cagr(np.array([0.1, -1.0, 0.0]), sessions(3)) == -1.0


def test_calmar_is_cagr_over_the_deepest_fall():
    dates = pd.DatetimeIndex(["2003-01-02", "2003-07-01", "2004-12-31"])
    returns = np.array([0.50, -0.20, 0.25])
    assert metrics.calmar(returns, dates) == pytest.approx((1.5 ** (365.25 / 730) - 1) / 0.20, rel=1e-14)


def test_a_first_loss_is_a_drawdown_from_the_starting_value():
    assert metrics.drawdowns(np.array([-0.1, 0.2, -0.5])) == pytest.approx([-0.1, 0.0, -0.5])


def test_win_rate_leaves_out_days_without_a_return():
    assert metrics.win_rate(np.array([0.0, 0.01, 0.0, -0.01, 0.02])) == pytest.approx(2 / 3)


def test_months_compound_and_may_be_partial():
    dates = pd.DatetimeIndex(["2010-12-30", "2010-12-31", "2011-01-03"])
    table = metrics.monthly_returns(np.array([0.1, 0.1, -0.05]), dates)
    assert table[["year", "month"]].to_numpy().tolist() == [[2010, 12], [2011, 1]]
    assert table["return_frac"].to_numpy() == pytest.approx([0.21, -0.05])


@given(returns=daily_returns())
def test_months_and_the_last_wealth_compound_to_the_total(returns):
    months = metrics.monthly_returns(returns, sessions(len(returns)))["return_frac"].to_numpy()
    assert np.prod(1 + months) - 1 == pytest.approx(metrics.total_return(returns), rel=1e-10, abs=1e-12)
    assert metrics.wealth(returns)[-1] - 1 == pytest.approx(metrics.total_return(returns), rel=1e-10, abs=1e-12)


@given(returns=daily_returns(min_size=30), window=st.integers(2, 29))
def test_a_rolling_sharpe_is_the_sharpe_of_the_window_that_ends_there(returns, window):
    rolling = metrics.rolling_sharpe(returns, window=window)
    slow = [metrics.sharpe_ratio(returns[i - window + 1 : i + 1]) for i in range(window - 1, len(returns))]
    assert np.isnan(rolling[: window - 1]).all()
    np.testing.assert_allclose(rolling[window - 1 :], slow, rtol=1e-9, atol=1e-12)


def test_a_summary_has_every_metric_of_the_glossary_in_its_order():
    summary = metrics.summary(np.array([0.01, -0.02, 0.03]), sessions(3), turnover=np.array([1.0, 0.2]))
    assert list(summary) == list(glossary.METRICS)
    assert list(metrics.relative(np.array([0.1, 0.2]), np.array([0.1, -0.2]))) == list(glossary.RELATIVE)
    assert summary["turnover"] == pytest.approx(0.6)
    assert summary["turnover_annual"] == pytest.approx(1.2 * 252 / 3)


@pytest.mark.parametrize("returns", [[], [0.0] * 5, [0.01] * 3, [np.nan, 0.01]], ids=str)
def test_what_is_undefined_is_nan_and_never_zero(returns):
    summary = metrics.summary(np.array(returns), sessions(len(returns)))
    for name in (
        "sharpe_ratio",
        "sortino_ratio",
        "calmar",
        "skew",
        "kurtosis",
        "turnover",
        "turnover_annual",
    ):
        assert math.isnan(summary[name]), name
    if not returns:
        assert all(math.isnan(value) for value in summary.values())


def test_a_return_below_minus_one_is_refused():
    with pytest.raises(ValueError, match=r"must be >= -1, the lowest was -1\.5"):
        metrics.total_return(np.array([0.1, -1.5]))


@pytest.mark.parametrize(
    ("dates", "message"),
    [(sessions(3), "as many as returns"), (sessions(2)[::-1], "ascend"), (sessions(1).repeat(2), "ascend")],
)
def test_sessions_must_match_and_ascend(dates, message):
    with pytest.raises(ValueError, match=message):
        metrics.cagr(np.array([0.1, 0.1]), dates)


def test_a_book_is_measured_from_its_first_trade():
    assert metrics.first_fill(np.array([0.0, 0.0, 0.6, 0.0])) == 2
    assert metrics.first_fill(np.zeros(4)) == 4


def test_regimes_split_the_sessions_and_nothing_is_lost():
    returns = np.array([0.01, -0.02, 0.03, 0.0, 0.01])
    table = metrics.regime_performance(returns, np.array(["up", "down", "up", "down", "up"]))
    assert table["regime"].tolist() == ["down", "up"]
    assert table["n_sessions"].tolist() == [2, 3]
    up = np.array([0.01, 0.03, 0.01])
    assert table["sharpe_ratio"][1] == metrics.sharpe_ratio(up)
    assert table["mean_return_annual"].to_numpy() == pytest.approx([-0.01 * 252, 0.05 / 3 * 252])
    assert table["max_drawdown"].to_numpy() == pytest.approx([-0.02, 0.0])
    assert table["win_rate"].tolist() == [0.0, 1.0]


def test_regimes_of_no_session_are_an_empty_table():
    assert metrics.regime_performance(np.zeros(0), np.zeros(0, dtype=object)).empty


RANKED = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=3, max_size=60)


@given(pairs=RANKED)
def test_rank_ic_is_spearman_with_average_ranks(pairs):
    predictions, outcomes = np.array(pairs, dtype=float).T
    if np.ptp(predictions) == 0 or np.ptp(outcomes) == 0:
        assert math.isnan(metrics.rank_ic(predictions, outcomes))
    else:
        expected = spearmanr(predictions, outcomes).statistic
        assert metrics.rank_ic(predictions, outcomes) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(rows=st.lists(st.tuples(*4 * [st.integers(-4, 4)]), min_size=3, max_size=60))
def test_rank_ics_are_the_rank_ic_of_each_model(rows):
    *predictions, outcomes = np.array(rows, dtype=float).T
    expected = [metrics.rank_ic(own, outcomes) for own in predictions]
    assert metrics.rank_ics(np.column_stack(predictions), outcomes) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_rank_ic_leaves_out_names_without_an_outcome():
    predictions, outcomes = np.array([1.0, 2.0, 3.0, 9.0]), np.array([1.0, 3.0, 2.0, np.nan])
    assert metrics.rank_ic(predictions, outcomes) == pytest.approx(0.5)


@pytest.mark.parametrize("n", [0, 1])
def test_rank_ic_needs_two_names(n):
    assert math.isnan(metrics.rank_ic(np.ones(n), np.ones(n)))


def test_ic_of_many_dates_leaves_out_the_dates_without_one():
    ics = np.array([0.1, np.nan, 0.3])
    assert metrics.mean_ic(ics) == pytest.approx(0.2)
    assert metrics.icir(ics) == pytest.approx(0.2 / np.std([0.1, 0.3], ddof=1))
    assert math.isnan(metrics.mean_ic(np.array([np.nan])))
    assert math.isnan(metrics.icir(np.array([0.1])))


def slow_newey_west(x, lags):
    n, mean = len(x), sum(x) / len(x)
    spectrum = 0.0
    for s in range(n):
        for t in range(n):
            if abs(s - t) <= lags:
                spectrum += (1 - abs(s - t) / (lags + 1)) * (x[s] - mean) * (x[t] - mean) / n
    return mean / math.sqrt(spectrum / n)


@given(seed=st.integers(0, 10**6), n=st.integers(12, 40), lags=st.integers(0, 8))
def test_newey_west_equals_the_double_sum(seed, n, lags):
    values = np.random.default_rng(seed).normal(0.02, 0.1, n).cumsum() / 4
    assert metrics.newey_west_t(values, lags=lags) == pytest.approx(slow_newey_west(values.tolist(), lags), rel=1e-7)


@pytest.mark.parametrize(("values", "lags"), [([], 0), ([0.1], 0), ([0.1, 0.1, 0.1], 1), ([0.1, 0.2], 2)])
def test_newey_west_is_nan_where_it_is_undefined(values, lags):
    assert math.isnan(metrics.newey_west_t(np.array(values), lags=lags))


def test_newey_west_refuses_negative_lags():
    with pytest.raises(ValueError, match="lags must be >= 0, was -1"):
        metrics.newey_west_t(np.ones(3), lags=-1)


@pytest.mark.parametrize(("n", "lags"), [(10, 2), (100, 4), (500, 5)])
def test_newey_west_lags_follow_the_rule(n, lags):
    assert metrics.newey_west_lags(n) == lags
