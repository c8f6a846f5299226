"""A limit on turnover: exact where it binds, the least reachable where it cannot be met, absent at the start."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.constructions import CONSTRUCTIONS
from trade_assets.domain.constructions.frontier import maximum_sharpe, minimum_volatility
from trade_assets.domain.constructions.turnover import limit_turnover
from trade_assets_tests import reference
from trade_assets_tests.domain.constructions.offers import limits
from trade_assets_tests.domain.constructions.test_constructions import build, market
from trade_assets_tests.domain.constructions.test_frontier import problem, within
from trade_assets_tests.generators import SEEDS

STRICT = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12}


def holdings(seed, n, share):
    rng = np.random.default_rng(seed)
    held = rng.dirichlet(np.ones(n)) * (rng.random(n) < 0.6)
    return share * held / max(held.sum(), 1e-9)


def solved(cp, covariance, region, returns=None):
    """Weights by cvxpy; with expected returns, those of the best ratio."""
    y, scale = cp.Variable(len(covariance)), 1.0
    rules = []
    if returns is not None:
        scale = cp.sum(y) / region.invested
        rules.append(returns / np.abs(returns).max() @ y == 1)
    rules += [y >= region.lower * scale, y <= region.upper * scale, cp.sum(y) == region.invested * scale]
    if len(region.rows):
        rules.append(region.rows @ y <= region.row_upper * scale)
    if region.held is not None:
        rules.append(cp.norm1(y - scale * region.held) <= region.distance * scale)
    risk = cp.sum_squares(np.linalg.cholesky(1e4 * covariance).T @ y)
    cp.Problem(cp.Minimize(risk), rules).solve("CLARABEL", **STRICT)
    return y.value * region.invested / y.value.sum()


@given(seed=SEEDS, n=st.integers(5, 25), most=st.sampled_from([0.1, 0.2, 0.4]), cap=st.sampled_from([0.3, 1.0]))
def test_the_limit_binds_as_in_cvxpy(seed, n, most, cap):
    cp = pytest.importorskip("cvxpy")
    mu, covariance, sector = problem(seed, n)
    mu, whole = np.abs(mu), within(sector, (0.0, 0.3), cap)
    held = minimum_volatility(np.diag(np.random.default_rng(seed).uniform(1, 9, n)), whole)
    part, allowed = limit_turnover(whole, held, elsewhere=0.0, max_turnover=most)
    assert allowed == most
    np.testing.assert_allclose(minimum_volatility(covariance, part), solved(cp, covariance, part), rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        maximum_sharpe(mu, covariance, part), solved(cp, covariance, part, mu), rtol=0, atol=1e-6
    )


@given(
    seed=SEEDS,
    n=st.integers(3, 25),
    share=st.floats(0.1, 1.0),
    elsewhere=st.floats(0, 0.9),
    cap=st.sampled_from([0.3, 1.0]),
)
def test_out_of_reach_it_is_the_least_that_a_linear_program_finds(seed, n, share, elsewhere, cap):
    cp = pytest.importorskip("cvxpy")
    _, covariance, sector = problem(seed, n)
    whole, held = within(sector, (0.01, 0.15), cap), holdings(seed, n, share * (1 - elsewhere))
    part, allowed = limit_turnover(whole, held, elsewhere=elsewhere, max_turnover=0.0)
    w = cp.Variable(n)
    rules = [w >= whole.lower, w <= whole.upper, cp.sum(w) == whole.invested, whole.rows @ w <= whole.row_upper]
    cash = abs((1 - whole.invested) - (1 - held.sum() - elsewhere))
    least = cp.Problem(cp.Minimize((cp.norm1(w - held) + elsewhere + cash) / 2), rules).solve("CLARABEL", **STRICT)
    assert allowed == pytest.approx(least, abs=1e-7)
    found = minimum_volatility(covariance, part)
    assert reference.is_in(found, whole)
    assert (np.abs(found - held).sum() + elsewhere + cash) / 2 == pytest.approx(allowed, abs=1e-7)
    near = replace(whole, held=held, distance=2 * allowed - elsewhere - cash + 1e-6)
    best = solved(cp, covariance, near)
    assert found @ covariance @ found <= best @ covariance @ best * (1 + 1e-3)


@given(seed=SEEDS, share=st.floats(0.3, 1.0), name=st.sampled_from(["max_sharpe", "min_volatility"]))
def test_no_more_is_traded_than_the_limit_or_the_status_says_so(seed, share, name):
    held = pd.Series(holdings(seed, 40, share), index=[f"S{i:03d}" for i in range(40)])
    held = held[held > 0]
    offer = market(seed, 40) | {"held": held}
    rows = build(name, offer)
    target = rows.set_index("symbol")["weight"]
    before = pd.concat([held, pd.Series({"CASH": 1 - held.sum()})])
    traded = 0.5 * target.sub(before, fill_value=0.0).abs().sum()
    said = rows["status"].iloc[0]
    if "least reachable" in said:
        assert f"turnover {traded:.1%} is the least reachable" in said
    else:
        assert traded <= 0.40 + 1e-8


@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_the_first_portfolio_is_free(name):
    offer = market(0, 40) | {"limits": limits(max_turnover=0.0)}
    for held in (None, pd.Series(dtype=float)):
        rows = build(name, offer | {"held": held})
        assert "least reachable" not in rows["status"].iloc[0]
        assert rows["weight"].iloc[-1] < 0.01


def test_holdings_that_are_best_already_are_kept():
    offer = market(0, 40)
    first = build("min_volatility", offer).set_index("symbol")["weight"].drop("CASH")
    again = build("min_volatility", offer | {"held": first, "limits": limits(max_turnover=0.0)})
    np.testing.assert_allclose(again["weight"][:-1], first, rtol=0, atol=1e-8)
