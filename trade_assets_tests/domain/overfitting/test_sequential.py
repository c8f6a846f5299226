"""Levels of repeated tests against published boundaries and against simulated histories."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trade_assets.domain.overfitting import alpha, sequential

LOOKS = st.lists(st.integers(1, 400), min_size=1, max_size=12).map(sorted)


def test_two_looks_equal_the_bivariate_normal():
    looks = [80, 120]
    found = sequential.levels(looks, first=78, alpha=0.05)
    below = stats.norm.isf(found)
    both = stats.multivariate_normal(cov=[[1, (80 / 120) ** 0.5], [(80 / 120) ** 0.5, 1]])
    assert 1 - both.cdf(below) == pytest.approx(alpha.spent(120, first=78, alpha=0.05), abs=1e-6)


@pytest.mark.reliability("11")
def test_simulated_worthless_histories_err_as_often_as_was_spent():
    looks = np.arange(86, 261, 6)
    levels = sequential.levels(looks.tolist(), first=78, alpha=0.05)
    sums = np.random.default_rng(1).normal(size=(20_000, 260)).cumsum(axis=1)[:, looks - 1]
    rate = np.mean((sums / np.sqrt(looks) >= stats.norm.isf(levels)).any(axis=1))
    assert rate == pytest.approx(alpha.spent(int(looks[-1]), first=78, alpha=0.05), abs=0.005)


@given(looks=LOOKS, first=st.integers(1, 100), total=st.floats(0.01, 0.2))
def test_never_below_the_union_bound_nor_above_what_was_spent(looks, first, total):
    found = sequential.levels(looks, first=first, alpha=total)
    least = [
        alpha.at_look(n, before, first=first, alpha=total) for before, n in zip([None, *looks], looks, strict=False)
    ]
    assert (found >= np.array(least) - 1e-9).all()
    assert (found <= alpha.spent(looks[-1], first=first, alpha=total) + 1e-9).all()


@given(looks=LOOKS, data=st.data())
def test_a_level_depends_on_earlier_looks_alone(looks, data):
    known = data.draw(st.integers(1, len(looks)))
    whole = sequential.levels(looks, first=20, alpha=0.05)
    assert np.array_equal(sequential.levels(looks[:known], first=20, alpha=0.05), whole[:known])


def test_nothing_before_the_first_nor_for_the_same_data_and_order_is_asked_for():
    found = sequential.levels([10, 77, 86, 86], first=78, alpha=0.05)
    assert found[2] == pytest.approx(alpha.at_look(86, None, first=78, alpha=0.05))
    assert list(found[[0, 1, 3]]) == [0, 0, 0]
    assert len(sequential.levels([], first=78, alpha=0.05)) == 0
    with pytest.raises(ValueError, match="looks must ascend"):
        sequential.levels([90, 80], first=78, alpha=0.05)


@pytest.mark.parametrize(("n_trials", "rho"), [(15, 0.0), (5, 0.5)])
def test_the_best_of_a_family_errs_no_more_than_the_total(n_trials, rho):
    rng, looks = np.random.default_rng(2), np.arange(86, 261, 12)
    levels = sequential.levels(looks.tolist(), first=78, alpha=0.05, n_trials=n_trials)
    wrong = 0
    for _ in range(10):
        x = np.sqrt(rho) * rng.normal(size=(400, 260, 1)) + np.sqrt(1 - rho) * rng.normal(size=(400, 260, n_trials))
        z = x.cumsum(axis=1)[:, looks - 1].max(axis=2) / np.sqrt(looks)
        wrong += np.sum((-np.expm1(n_trials * np.log1p(-stats.norm.sf(z))) <= levels).any(axis=1))
    assert wrong / 4000 <= 0.05
    assert levels[0] == pytest.approx(alpha.spent(86, first=78, alpha=0.05), rel=0.02)
