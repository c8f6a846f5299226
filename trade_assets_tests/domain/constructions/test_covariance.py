"""The shrunk covariance is scikit-learn's, written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import covariance as sklearn_covariance

from trade_assets.domain.constructions.covariance import ledoit_wolf
from trade_assets_tests.domain.constructions.offers import daily
from trade_assets_tests.generators import FEW, SEEDS


@given(seed=SEEDS, sessions=st.integers(20, 260), names=st.integers(1, 40))
def test_it_equals_that_of_scikit_learn(seed, sessions, names):
    returns = daily(seed, sessions, names)
    expected = sklearn_covariance.ledoit_wolf(returns)[0]
    np.testing.assert_allclose(ledoit_wolf(returns), expected, rtol=1e-9, atol=1e-18)


@FEW
@given(seed=SEEDS, names=st.integers(2, 40))
def test_it_is_symmetric_and_positive_definite_even_for_names_that_move_as_one(seed, names):
    returns = daily(seed, 60, names)
    returns[:, 1] = returns[:, 0]
    found = ledoit_wolf(returns)
    np.testing.assert_array_equal(found, found.T)
    assert np.linalg.eigvalsh(found).min() > 0


def test_one_name_is_its_variance():
    returns = daily(0, 100, 1)
    assert ledoit_wolf(returns).item() == pytest.approx(returns.var())
