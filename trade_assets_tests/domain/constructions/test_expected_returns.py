"""What a score is worth: in the order of the scores, nothing without skill, no outlier ruling."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.constructions import Candidates
from trade_assets.domain.constructions.expected_returns import MU_MAPPINGS
from trade_assets_tests.generators import SEEDS


def offered(scores, coefficient=0.05):
    own = pd.Series(sorted(scores, reverse=True), index=[f"S{i:03d}" for i in range(len(scores))], dtype=float)
    return Candidates(own, pd.Series(None, index=own.index, dtype="str"), None, coefficient)


@pytest.mark.parametrize("name", MU_MAPPINGS)
@given(seed=SEEDS, n=st.integers(2, 40))
def test_at_one_volatility_a_better_score_is_never_worth_less(name, seed, n):
    found = offered(np.random.default_rng(seed).normal(0, 0.05, n).round(2))
    mu = MU_MAPPINGS[name](found, np.full(n, 0.06))
    same = np.diff(found.scores.to_numpy()) == 0
    assert (np.diff(mu)[same] == 0).all()
    assert (np.diff(mu)[~same] < 0).all()


def test_ranks_are_worth_skill_times_volatility_times_their_z():
    volatility = np.array([0.1, 0.2, 0.1])
    z = np.array([2.0, 1.0, 0.0]) / np.sqrt(2)
    found = MU_MAPPINGS["rank_to_mu"](offered([9, 8, 7, 6, 5]), volatility)
    np.testing.assert_allclose(found, 0.05 * volatility * z)
    ties = MU_MAPPINGS["rank_to_mu"](offered([9, 9, 7, 6, 5]), volatility)
    np.testing.assert_allclose(ties, 0.05 * volatility * np.array([1.5, 1.5, 0.0]) / np.sqrt(2))


@pytest.mark.parametrize("coefficient", [0.0, -0.2])
def test_without_skill_ranks_are_worth_nothing(coefficient):
    assert (MU_MAPPINGS["rank_to_mu"](offered([3, 2, 1], coefficient), np.ones(3)) == 0).all()


def test_unknown_skill_and_a_single_name_are_refused():
    with pytest.raises(ValueError, match="not known yet"):
        MU_MAPPINGS["rank_to_mu"](offered([3, 2, 1], np.nan), np.ones(3))
    with pytest.raises(ValueError, match="a single name has no rank"):
        MU_MAPPINGS["rank_to_mu"](offered([3]), np.ones(1))


def test_a_small_score_is_its_own_return_and_a_large_one_is_bounded():
    scores = [1000.0, 0.01, 0.0, -0.01]
    assert MU_MAPPINGS["identity"](offered(scores), np.ones(4)).tolist() == scores
    assert MU_MAPPINGS["sigmoid"](offered(scores), np.ones(4)) == pytest.approx([2.0, 0.01, 0.0, -0.01], abs=1e-6)
