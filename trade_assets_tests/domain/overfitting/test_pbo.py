"""The probability of backtest overfitting against loops over every split, and on planted cases."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.overfitting import pbo
from trade_assets_tests import reference
from trade_assets_tests.generators import FEW


@FEW
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(12, 40), k=st.integers(2, 6), skill=st.floats(-0.5, 0.5))
@pytest.mark.reliability("12")
def test_equals_the_loop_over_every_split(seed, n, k, skill):
    returns = np.random.default_rng(seed).normal(skill, 1.0, (n, k)) * 0.01
    slow = reference.chosen_out_of_sample(returns, 6)
    fast = pbo.overfitting(returns, n_blocks=6)
    ratio = np.array([rank / (trials + 1) for _, _, rank, trials in slow])
    inside, outside = np.array([s[0] for s in slow]), np.array([s[1] for s in slow])
    assert fast.logits == pytest.approx(np.log(ratio / (1 - ratio)))
    assert fast.pbo == pytest.approx(np.mean(ratio <= 0.5))
    assert fast.degradation_slope == pytest.approx(np.polyfit(inside, outside, 1)[0], rel=1e-6)
    assert fast.probability_of_loss == pytest.approx(np.mean(outside < 0))


def test_noise_overfits_by_half_and_one_good_trial_does_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, (240, 40))
    found = [pbo.overfitting(rng.normal(0, 0.01, (240, 20)), n_blocks=10).pbo for _ in range(30)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)
    noise[:, 7] += 0.005
    skilled = pbo.overfitting(noise)
    assert len(skilled.logits) == comb(16, 8)
    assert skilled.pbo < 0.01
    assert skilled.probability_of_loss < 0.01


@FEW
@given(seed=st.integers(0, 2**32 - 1), leverage=st.sampled_from([0.25, 2.0, 8.0]), data=st.data())
def test_order_and_leverage_change_nothing(seed, leverage, data):
    returns = np.random.default_rng(seed).normal(0, 0.01, (40, 5))
    order = data.draw(st.permutations(range(5)))
    one, other = pbo.overfitting(returns, n_blocks=6), pbo.overfitting(returns[:, order] * leverage, n_blocks=6)
    assert np.array_equal(one.logits, other.logits)
    assert one.degradation_slope == pytest.approx(other.degradation_slope)


def test_ties_share_their_rank():
    returns = np.random.default_rng(1).normal(0, 0.01, (64, 1)).repeat(4, axis=1)
    assert np.array_equal(pbo.overfitting(returns, n_blocks=8).logits, np.zeros(comb(8, 4)))


def test_waiting_counts_as_a_sharpe_ratio_of_zero():
    returns = np.column_stack([np.zeros(32), np.full(32, -0.01) + np.tile([0.001, -0.001], 16)])
    found = pbo.overfitting(returns, n_blocks=4)
    assert found.pbo == 0.0
    assert found.probability_of_loss == 0.0


def test_too_little_is_nan_and_what_is_wrong_is_refused():
    short = pbo.overfitting(np.random.default_rng(2).normal(size=(31, 3)))
    assert np.isnan([short.pbo, short.degradation_slope, short.probability_of_loss]).all()
    assert len(short.logits) == 0
    assert np.isnan(pbo.overfitting(np.zeros((100, 1))).pbo)
    with pytest.raises(ValueError, match="n_blocks must be even"):
        pbo.overfitting(np.zeros((100, 2)), n_blocks=5)
    with pytest.raises(ValueError, match="finite"):
        pbo.overfitting(np.full((100, 2), np.nan))
