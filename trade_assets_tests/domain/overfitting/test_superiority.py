"""The test of superior predictive ability against loops, against arch, and on families with nothing in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.overfitting import superiority
from trade_assets_tests import reference
from trade_assets_tests.generators import FEW


def family(seed, *, n=86, k=12, rho=0.7, mean=0.0):
    rng = np.random.default_rng(seed)
    return 0.01 * (mean + np.sqrt(rho) * rng.normal(size=(n, 1)) + np.sqrt(1 - rho) * rng.normal(size=(n, k)))


@FEW
@given(seed=st.integers(0, 2**32 - 1), mean=st.floats(-0.4, 0.4), block=st.floats(1, 6))
def test_equals_the_loop_over_resamples(seed, mean, block):
    active = family(seed, n=20, k=3, mean=mean)
    active[:, 2] -= 0.01
    rng = np.random.default_rng(seed)
    uniform, integer = rng.random((40, 20)), rng.integers(20, size=(40, 20))
    resamples = [reference.stationary_bootstrap(20, block, u, i) for u, i in zip(uniform, integer, strict=True)]
    drawn = superiority.counts(20, seed=seed, block=block, reps=40)
    assert np.array_equal(drawn, [np.bincount(r, minlength=20) for r in resamples])
    fast = superiority.superior(active, seed=seed, block=block, reps=40)
    assert fast == pytest.approx(reference.superior(active.tolist(), resamples))


@pytest.mark.parametrize("mean", [0.05, 0.15])
@pytest.mark.reliability("12")
def test_agrees_with_arch_where_candidates_vary_alike(mean):
    from arch.bootstrap import SPA

    active = family(5, n=260, k=20, mean=mean)
    alike = active / active.std(axis=0)
    oracle = SPA(np.zeros(260), -alike, block_size=3, reps=2000, seed=1)
    oracle.compute()
    ours = superiority.superior(active, seed=1, block=3, reps=2000)
    assert ours == pytest.approx(oracle.pvalues["consistent"], abs=0.03)


def test_same_seed_same_p_whatever_else_is_drawn():
    active = family(1, mean=0.2)
    one = superiority.adjusted(active, seed=3, block=3)
    np.random.default_rng(3).random(10)
    assert np.array_equal(one, superiority.adjusted(active, seed=3, block=3))
    assert not np.array_equal(one, superiority.adjusted(active, seed=4, block=3))


@FEW
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_copies_leverage_and_order_change_nothing(seed, data):
    active = family(seed, n=30, k=4, mean=0.2)
    p = superiority.adjusted(active, seed=1, block=2, reps=99)
    order = list(data.draw(st.permutations(range(4))))
    again = superiority.adjusted(np.hstack([active[:, order] * 4.0, active]), seed=1, block=2, reps=99)
    assert again == pytest.approx(np.concatenate([p[order], p]))


@pytest.mark.reliability("11")
def test_a_worthless_family_is_rarely_superior_and_a_good_one_mostly():
    rates = [
        np.mean([superiority.superior(family(s, mean=m), seed=s, block=1, reps=199) <= 0.05 for s in range(400)])
        for m in (0.0, 0.3)
    ]
    assert rates[0] == pytest.approx(0.05, abs=0.03)
    assert rates[1] > 0.6


def test_one_pair_against_its_own_t_test():
    from scipy import stats

    series = family(2, n=200, k=1, mean=0.12)[:, 0]
    expected = stats.ttest_1samp(series, 0, alternative="greater").pvalue
    assert superiority.better(series, seed=0, block=1, reps=4000) == pytest.approx(expected, abs=0.015)


def test_a_hopeless_candidate_costs_the_others_nothing():
    good = family(6, k=1, mean=0.2)
    hopeless = family(7, k=30) - 0.02
    alone = superiority.superior(good, seed=0, block=2)
    assert superiority.adjusted(np.hstack([good, hopeless]), seed=0, block=2)[0] == pytest.approx(alone, abs=0.01)


def test_what_cannot_be_tested_is_nan_and_what_is_wrong_is_refused():
    active = family(3, k=2, mean=0.3)
    active[:, 1] = 0.0
    p = superiority.adjusted(active, seed=0, block=2)
    assert 0 < p[0] <= 1
    assert np.isnan(p[1])
    assert superiority.better(-family(3, k=1, mean=0.5)[:, 0], seed=0, block=2) == 1.0
    assert np.isnan(superiority.superior(np.zeros((50, 3)), seed=0, block=2))
    assert np.isnan(superiority.superior(np.ones((2, 3)), seed=0, block=2))
    mostly_still = np.zeros((40, 1))
    mostly_still[3] = 0.01
    assert superiority.superior(mostly_still, seed=0, block=1) > 0.05
    with pytest.raises(ValueError, match="finite"):
        superiority.superior(np.full((50, 3), np.nan), seed=0, block=2)
    with pytest.raises(ValueError, match="block and reps"):
        superiority.superior(active, seed=0, block=0.5)
