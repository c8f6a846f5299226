"""Leaving out names that will have no weight is a short cut, not another answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.constructions import solver
from trade_assets.domain.constructions.frontier import maximum_sharpe, minimum_volatility
from trade_assets_tests.domain.constructions.test_frontier import problem, within
from trade_assets_tests.generators import FEW, SEEDS


@FEW
@given(
    seed=SEEDS,
    n=st.integers(50, 110),
    max_weight=st.sampled_from([0.02, 0.05, 0.15, 1.0]),
    cap=st.sampled_from([0.22, 0.3, 1.0]),
)
def test_leaving_out_names_without_weight_changes_no_portfolio(seed, n, max_weight, cap):
    mu, covariance, sector = problem(seed, n)
    allowed = within(sector, (0.0, max_weight), cap)
    found = minimum_volatility(covariance, allowed), maximum_sharpe(mu, covariance, allowed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solver, "MANY", n + 1)
        expected = minimum_volatility(covariance, allowed), maximum_sharpe(mu, covariance, allowed)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_what_is_infeasible_is_so_for_many_names_too():
    _, covariance, sector = problem(0, 60)
    narrow = within(sector, (0.0, 0.5)).with_row(np.ones(60), 0.5)
    with pytest.raises(ValueError, match="no weights satisfy the limits"):
        minimum_volatility(covariance, narrow)
