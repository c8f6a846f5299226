"""Portfolios of the frontier are those of independent solvers, and no step inside the region improves them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trade_assets.domain.constructions.covariance import ledoit_wolf
from trade_assets.domain.constructions.frontier import (
    RISK_AVERSIONS,
    maximum_sharpe,
    maximum_sharpe_l2,
    minimum_volatility,
)
from trade_assets.domain.constructions.region import Region, memberships, region
from trade_assets_tests import reference
from trade_assets_tests.domain.constructions.offers import daily
from trade_assets_tests.generators import FEW, SEEDS

SECTORS = np.array(["Energy", "Health", "Tech", "Banks", "Autos"])
BOUNDS = st.sampled_from([(0.0, 1.0), (0.0, 0.15), (0.01, 0.15), (0.02, 0.3)])


def problem(seed, n):
    """Expected returns of either sign, a covariance, and sectors."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.005, 0.02, n), ledoit_wolf(daily(seed, 252, n)), pd.Series(SECTORS[np.arange(n) % 5])


def within(sector, bounds, max_sector_weight=1.0) -> Region:
    own = {"min_weight": bounds[0], "max_weight": bounds[1], "max_sector_weight": max_sector_weight}
    return region(memberships(sector), **own)


def sharpe(w, mu, covariance):
    return float(mu @ w) / float(np.sqrt(w @ covariance @ w))


def peers(mu, covariance, sector, bounds, cap):
    pypfopt = pytest.importorskip("pypfopt")
    names = [f"S{i:02d}" for i in range(len(mu))]
    strict = {"tol_gap_abs": 1e-13, "tol_gap_rel": 1e-13, "tol_feas": 1e-13}
    # in units in which the peer's tolerances are small; the weights do not depend on them
    made = pypfopt.EfficientFrontier(
        100 * mu, pd.DataFrame(1e4 * covariance, names, names), bounds, solver="CLARABEL", solver_options=strict
    )
    if cap < 1:
        made.add_sector_constraints(dict(zip(names, sector, strict=True)), {}, dict.fromkeys(sector, cap * (1 - 1e-9)))
    return made


@given(seed=SEEDS, n=st.integers(15, 40), bounds=BOUNDS, cap=st.sampled_from([0.25, 0.3, 1.0]))
@pytest.mark.reliability("12")
def test_least_volatility_is_that_of_pyportfolioopt(seed, n, bounds, cap):
    mu, covariance, sector = problem(seed, n)
    found = minimum_volatility(covariance, within(sector, bounds, cap))
    expected = peers(mu, covariance, sector, bounds, cap)
    np.testing.assert_allclose(found, list(expected.min_volatility().values()), rtol=0, atol=1e-6)


@given(seed=SEEDS, n=st.integers(15, 40), bounds=BOUNDS, cap=st.sampled_from([0.25, 0.3, 1.0]))
@pytest.mark.reliability("12")
def test_the_best_sharpe_ratio_is_that_of_pyportfolioopt(seed, n, bounds, cap):
    mu, covariance, sector = problem(seed, n)
    found = maximum_sharpe(mu, covariance, within(sector, bounds, cap))
    expected = peers(mu, covariance, sector, bounds, cap)
    np.testing.assert_allclose(found, list(expected.max_sharpe(risk_free_rate=0.0).values()), rtol=0, atol=1e-6)


@FEW
@given(seed=SEEDS)
@pytest.mark.reliability("12")
def test_the_frontier_is_that_of_skfolio(seed):
    optimization = pytest.importorskip("skfolio.optimization")
    from skfolio import RiskMeasure
    from skfolio.moments import EmpiricalCovariance
    from skfolio.prior import EmpiricalPrior

    returns = daily(seed, 300, 20)
    covariance = np.cov(returns.T)
    model = optimization.MeanRisk(
        risk_measure=RiskMeasure.VARIANCE,
        max_weights=0.15,
        prior_estimator=EmpiricalPrior(covariance_estimator=EmpiricalCovariance(nearest=False)),
        scale_objective=1e4,
        solver_params={"tol_gap_abs": 1e-13, "tol_gap_rel": 1e-13},
    ).fit(returns)
    found = minimum_volatility(covariance, within(pd.Series([None] * 20), (0.0, 0.15)))
    np.testing.assert_allclose(found, model.weights_, rtol=0, atol=1e-6)


@given(seed=SEEDS, n=st.integers(10, 30), gamma=st.sampled_from([0.5, 2.0, 32.0]), l2_reg=st.sampled_from([0.01, 1.0]))
def test_a_grid_of_one_utility_is_the_penalised_utility_of_pyportfolioopt(seed, n, gamma, l2_reg):
    pypfopt = pytest.importorskip("pypfopt")
    mu, covariance, sector = problem(seed, n)
    mu, covariance = np.abs(mu) * 25, covariance * 252
    expected = peers(mu / 100, covariance / 1e4, sector, (0.0, 0.15), 1.0)
    expected.add_objective(pypfopt.objective_functions.L2_reg, gamma=l2_reg)
    weights = list(expected.max_quadratic_utility(risk_aversion=gamma).values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trade_assets.domain.constructions.frontier.RISK_AVERSIONS", [gamma])
        found = maximum_sharpe_l2(mu, covariance, within(sector, (0.0, 0.15)), l2_reg=l2_reg)
    np.testing.assert_allclose(found, weights, rtol=0, atol=1e-6)


@given(seed=SEEDS, n=st.integers(2, 30), bounds=BOUNDS, cap=st.sampled_from([0.3, 1.0]))
def test_no_step_inside_the_region_improves_a_portfolio(seed, n, bounds, cap):
    mu, covariance, sector = problem(seed, n)
    allowed = within(sector, bounds, cap)
    others = np.array(reference.weights_in(allowed, np.random.default_rng(seed), many=40))
    least = minimum_volatility(covariance, allowed)
    assert min(w @ covariance @ w for w in others) >= least @ covariance @ least * (1 - 1e-8)
    try:
        best = maximum_sharpe(mu, covariance, allowed)
    except ValueError:
        assert max(mu @ w for w in others) <= 1e-8
        return
    for w in others:
        for step in (1e-3, 0.1, 1.0):  # the region is convex, so every point between is in it
            assert sharpe(best + step * (w - best), mu, covariance) <= sharpe(best, mu, covariance) + 1e-8


@given(seed=SEEDS, n=st.integers(2, 30), bounds=BOUNDS, cap=st.sampled_from([0.3, 1.0]))
def test_weights_are_in_the_region(seed, n, bounds, cap):
    mu, covariance, sector = problem(seed, n)
    allowed = within(sector, bounds, cap)
    assert reference.is_in(minimum_volatility(covariance, allowed), allowed)
    mu[0] = 1.0
    assume(float(mu @ minimum_volatility(covariance, allowed)) > 0)
    assert reference.is_in(maximum_sharpe(mu, covariance, allowed), allowed)
    assert reference.is_in(maximum_sharpe_l2(mu, covariance, allowed, l2_reg=0.01), allowed)


@given(seed=SEEDS, n=st.integers(5, 30), bounds=BOUNDS)
def test_the_penalty_never_beats_the_exact_ratio_and_nears_it_as_it_vanishes(seed, n, bounds):
    mu, covariance, sector = problem(seed, n)
    mu, covariance, allowed = np.abs(mu) * 25, covariance * 252, within(sector, bounds)
    exact = sharpe(maximum_sharpe(mu, covariance, allowed), mu, covariance)
    small, large = (sharpe(maximum_sharpe_l2(mu, covariance, allowed, l2_reg=l2), mu, covariance) for l2 in (1e-9, 1.0))
    assert small <= exact + 1e-9
    assert large <= exact + 1e-9
    assert small >= 0.97 * exact or exact * np.sqrt(np.linalg.eigvalsh(covariance)[0]) > RISK_AVERSIONS[-1]


@given(seed=SEEDS, n=st.integers(3, 30), power=st.integers(-30, 30))
def test_the_unit_of_returns_does_not_matter(seed, n, power):
    mu, covariance, sector = problem(seed, n)
    mu, unit, allowed = np.abs(mu), 2.0**power, within(sector, (0.01, 0.3))
    first, second = minimum_volatility(covariance, allowed), minimum_volatility(unit * covariance, allowed)
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-12)
    first, second = maximum_sharpe(mu, covariance, allowed), maximum_sharpe(unit * mu, covariance, allowed)
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-12)


def test_what_is_infeasible_is_named():
    covariance = np.eye(3)
    narrow = within(pd.Series([None] * 3), (0.0, 0.5)).with_row(np.ones(3), 0.5)
    with pytest.raises(ValueError, match="no weights satisfy the limits"):
        minimum_volatility(covariance, narrow)
    with pytest.raises(ValueError, match="no expected return is above 0"):
        maximum_sharpe(-np.ones(3), covariance, within(pd.Series([None] * 3), (0.0, 0.5)))
    with pytest.raises(ValueError, match="within the limits have an expected return above 0"):
        maximum_sharpe(np.array([0.1, -1, -1]), covariance, within(pd.Series([None] * 3), (0.0, 0.5)))
    with pytest.raises(ValueError, match=r"caps above 0, was 2 names, max_weight=0\.0"):
        region(np.zeros((0, 2)), min_weight=0.0, max_weight=0.0, max_sector_weight=1.0)


def test_a_least_weight_that_not_all_names_can_have_is_none():
    assert within(pd.Series([None] * 20), (0.05, 0.15)).lower == pytest.approx([0.05] * 20)
    assert (within(pd.Series([None] * 20), (0.06, 0.15)).lower == 0).all()
    assert (within(pd.Series(["Tech"] * 10 + ["Banks"] * 2), (0.04, 0.3), 0.3).lower == 0).all()
    assert (within(pd.Series([None] * 20), (0.02, 0.01)).lower == 0).all()
