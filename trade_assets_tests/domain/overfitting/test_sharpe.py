"""Sharpe ratios and their certainty, against the numbers of the papers and against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.overfitting import length, sharpe

RATIO = st.floats(-0.5, 0.5)


@pytest.mark.reliability("12")
def test_a_hedge_fund_with_fat_left_tails_is_less_sure_as_published():
    assert sharpe.probabilistic_sharpe(0.458, 24) == pytest.approx(0.982, abs=5e-4)
    assert sharpe.probabilistic_sharpe(0.458, 24, skew=-2.448, kurtosis=10.164) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("n_trials", "published"), [(100, 0.9004), (46, 0.9505)])
@pytest.mark.reliability("12")
def test_the_deflated_sharpe_ratio_of_the_paper(n_trials, published):
    luck = sharpe.expected_maximum_sharpe(0.5 / 250, n_trials)
    found = sharpe.probabilistic_sharpe(2.5 / 250**0.5, 1250, skew=-3, kurtosis=10, benchmark=luck)
    assert found == pytest.approx(published, abs=5e-4)
    if n_trials == 100:
        assert luck == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(
    ("per_year", "skew", "kurtosis", "years"),
    [(252, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
)
@pytest.mark.reliability("12")
def test_the_minimum_track_record_of_the_paper(per_year, skew, kurtosis, years):
    own, other = 2 / per_year**0.5, 1 / per_year**0.5
    n = length.minimum_track_record_length(own, skew=skew, kurtosis=kurtosis, benchmark=other)
    assert n / per_year == pytest.approx(years, abs=5e-3)
    assert sharpe.probabilistic_sharpe(own, n, skew=skew, kurtosis=kurtosis, benchmark=other) == pytest.approx(0.95)


@pytest.mark.parametrize("n_trials", [2, 5, 20, 100])
def test_the_expected_maximum_is_what_the_best_of_many_normals_is_on_average(n_trials):
    best = np.random.default_rng(1).normal(size=(20_000, n_trials)).max(axis=1)
    assert sharpe.expected_maximum_sharpe(1.0, n_trials) == pytest.approx(best.mean(), abs=0.06)


@given(few=st.floats(1, 500), more=st.floats(1, 500), variance=st.floats(1e-6, 1))
def test_more_trials_never_lower_the_luck(few, more, variance):
    few, more = sorted((few, more))
    low, high = (sharpe.expected_maximum_sharpe(variance, n) for n in (few, more))
    assert 0 <= low <= high


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-4, 1e4), few=st.floats(1, 50), more=st.floats(1, 50))
def test_deflation_grows_with_the_trials_and_leverage_changes_nothing(seed, scale, few, more):
    rng = np.random.default_rng(seed)
    returns, others = rng.normal(0.002, 0.01, 60), rng.normal(0, 0.1, 8)
    few, more = sorted((few, more))
    deflated = [sharpe.deflated_sharpe(returns, sharpes_of_trials=others, n_trials=n) for n in (1, few, more)]
    assert deflated == sorted(deflated, reverse=True)
    scaled = sharpe.deflated_sharpe(scale * returns, sharpes_of_trials=others, n_trials=more)
    assert scaled == pytest.approx(deflated[2], rel=1e-9)
    assert deflated[0] == sharpe.above(returns, 0.0)


def test_under_the_null_the_probability_is_uniform():
    rng = np.random.default_rng(2)
    p = np.array([sharpe.above(rng.normal(0, 0.01, 86), 0.0) for _ in range(1500)])
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert np.mean(p <= share) == pytest.approx(share, abs=0.035)


@pytest.mark.reliability("11")
def test_the_best_of_many_worthless_correlated_trials_rarely_passes_once_deflated():
    rng, raw, deflated = np.random.default_rng(3), 0, 0
    for _ in range(400):
        x = np.sqrt(0.3) * rng.normal(size=(86, 1)) + np.sqrt(0.7) * rng.normal(size=(86, 20))
        sharpes = x.mean(axis=0) / x.std(axis=0, ddof=1)
        best = x[:, np.argmax(sharpes)]
        raw += sharpe.above(best, 0.0) >= 0.95
        deflated += sharpe.deflated_sharpe(best, sharpes_of_trials=sharpes, n_trials=20) >= 0.95
    assert raw > 0.25 * 400
    assert deflated <= 0.05 * 400


@pytest.mark.parametrize(
    ("true", "n", "benchmark"), [(0.0, 40, 0.0), (0.26, 86, 0.0), (0.26, 86, 0.1), (0.1, 250, 0.0)]
)
def test_power_is_how_often_simulated_strategies_pass(true, n, benchmark):
    x = np.random.default_rng(4).normal(true, 1.0, (20_000, n))
    found = x.mean(axis=1) / x.std(axis=1, ddof=1)
    passed = (found - benchmark) / np.sqrt((1 + found**2 / 2) / (n - 1)) >= 1.6448536
    assert length.power(true, n, benchmark=benchmark, alpha=0.05) == pytest.approx(passed.mean(), abs=0.012)


@given(low=RATIO, high=RATIO, n=st.integers(5, 300), alpha=st.floats(0.001, 0.4))
def test_power_grows_with_skill_and_with_alpha(low, high, n, alpha):
    low, high = sorted((low, high))
    assert length.power(low, n, alpha=alpha) <= length.power(high, n, alpha=alpha) + 1e-9
    assert length.power(high, n, alpha=alpha / 2) <= length.power(high, n, alpha=alpha) + 1e-9


def test_what_is_not_known_is_nan_and_what_is_out_of_range_is_refused():
    few = np.array([0.1])
    assert np.isnan(sharpe.above(np.zeros(10), 0.0))
    assert np.isnan(sharpe.deflated_sharpe(np.array([0.1, 0.2, 0.4]), sharpes_of_trials=few, n_trials=3))
    assert np.isnan(sharpe.standard_error(0.1, 1))
    assert length.minimum_track_record_length(0.1, benchmark=0.1) == np.inf
    assert length.power(3.0, 2, alpha=0.05) == 0.0
    with pytest.raises(ValueError, match="n_trials must be >= 1, was 0"):
        sharpe.expected_maximum_sharpe(1.0, 0)
    with pytest.raises(ValueError, match="variance_of_sharpes"):
        sharpe.expected_maximum_sharpe(-1.0, 2)
    with pytest.raises(ValueError, match="n must be >= 2"):
        length.power(0.1, 1)
    with pytest.raises(ValueError, match="alpha must lie"):
        length.power(0.1, 10, alpha=0.6)
