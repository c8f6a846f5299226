"""Hierarchical risk parity, and cumulated returns, against numbers other libraries publish."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import prices
from trade_assets.domain.constructions import hierarchical
from trade_assets.domain.constructions.hierarchical import hierarchical_risk_parity
from trade_assets_tests.generators import SEEDS

ORACLES = Path(__file__).parents[4] / "shared" / "data" / "oracles"
needs_oracles = pytest.mark.skipif(not ORACLES.is_dir(), reason="the development data are not beside the checkout")


def covariances(seed, n, observations=60):
    return np.cov(np.random.default_rng(seed).normal(0, 0.02, (n, observations)) * np.linspace(1, 3, n)[:, None])


@needs_oracles
@pytest.mark.reliability("12")
def test_weights_and_what_they_earn_equal_those_published_by_pyportfolioopt():
    close = pd.read_csv(ORACLES / "pypfopt_stock_prices.csv.gz", parse_dates=["date"], index_col="date")
    returns = close.pct_change(fill_method=None).dropna(how="all")
    expected = pd.read_csv(ORACLES / "pypfopt_weights_hrp.csv", index_col=0).iloc[:, 0]
    covariance = returns.cov()
    # names begin at different times: their correlations are of the days two share, not of the covariance
    order = hierarchical.quasi_diagonal(returns.corr().to_numpy())
    found = pd.Series(hierarchical.bisection(covariance.to_numpy(), order), index=covariance.index)
    np.testing.assert_allclose(found.reindex(expected.index), expected, rtol=0, atol=1e-12)

    earned = float(found @ (returns.mean() * 252))
    risk = float(np.sqrt(found @ (covariance * 252) @ found))
    assert earned == pytest.approx(0.21353402380950973, rel=1e-10)
    assert risk == pytest.approx(0.17844159743748936, rel=1e-10)
    assert (earned - 0.02) / risk == pytest.approx(1.084579081272277, rel=1e-10)


@needs_oracles
def test_cumulated_gross_returns_equal_the_prices_rebased_by_ffn():
    close = pd.read_csv(ORACLES / "ffn_test_data.csv", parse_dates=["Date"], index_col="Date")
    long = close.rename_axis(index="session", columns="symbol").stack().rename("close").reset_index()
    bars = long.assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan, split_ratio=1.0, dividend=0.0)
    panel = prices.panel(
        bars.assign(adjustment_factor=np.nan, price_basis="raw"), sessions=pd.DatetimeIndex(close.index)
    )
    rebased = 100 * np.cumprod(np.where(np.isnan(panel.gross), 1.0, panel.gross), axis=0)
    of = dict(zip(panel.symbols, rebased[9], strict=True))
    assert [round(float(of[s]), 3) for s in ("AAPL", "MSFT", "C")] == [91.366, 95.191, 101.199]


@given(seed=SEEDS, n=st.integers(1, 15))
def test_weights_are_positive_and_sum_to_one(seed, n):
    found = hierarchical_risk_parity(covariances(seed, n) if n > 1 else np.array([[0.04]]))
    assert (found > 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-12)


@given(seed=SEEDS, n=st.integers(2, 15), scale=st.sampled_from([2.0**-20, 4.0, 2.0**30]))
def test_the_scale_of_the_covariance_does_not_matter(seed, n, scale):
    covariance = covariances(seed, n)
    np.testing.assert_allclose(
        hierarchical_risk_parity(scale * covariance), hierarchical_risk_parity(covariance), rtol=1e-9
    )


@given(seed=SEEDS)
def test_two_names_that_do_not_move_together_get_the_inverse_of_their_variances(seed):
    variance = np.random.default_rng(seed).uniform(0.01, 0.1, 2)
    found = hierarchical_risk_parity(np.diag(variance))
    np.testing.assert_allclose(found, variance[::-1] / variance.sum(), rtol=1e-12)


def test_names_that_move_as_one_are_no_reason_to_fail():
    found = hierarchical_risk_parity(np.full((4, 4), 0.04))
    assert found.tolist() == pytest.approx([0.25] * 4)
