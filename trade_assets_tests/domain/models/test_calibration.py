"""Calibrators: what scikit-learn finds, one score at a time, never turned around, never 0 or 1."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from trade_assets.domain.models import calibration
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS

LIMITS = {"none": (10**6, 10**6), "platt": (10**6, 2), "isotonic": (2, 2)}


def block(seed=0, n=500, *, too_sure=3.0, decimals=None, upside_down=False):
    """Scores whose log odds are ``too_sure`` times those of the truth."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1, n)
    y = (rng.random(n) < expit(-odds if upside_down else odds)).astype(float)
    score = expit(too_sure * odds)
    return (score if decimals is None else np.round(score, decimals)), y


def fit(method, score, y):
    isotonic_from_rows, min_rows = LIMITS[method]
    return calibration.fit_calibrator(score, y, isotonic_from_rows=isotonic_from_rows, min_rows=min_rows)


def calibrate(method, score, y, asked):
    return calibration.read_calibrator(fit(method, score, y))(asked)


@pytest.mark.parametrize(
    ("n", "method"), [(0, "none"), (99, "none"), (100, "platt"), (399, "platt"), (400, "isotonic"), (900, "isotonic")]
)
def test_the_method_is_as_flexible_as_the_block_can_bear(n, method):
    text = calibration.fit_calibrator(*block(n=n), isotonic_from_rows=400, min_rows=100)
    assert json.loads(text)["method"] == method
    assert text == json.dumps(json.loads(text), sort_keys=True)


@given(seed=SEEDS, n=st.integers(10, 400), too_sure=st.sampled_from([0.3, 1.0, 3.0]))
def test_platt_is_the_logistic_regression_on_his_targets(seed, n, too_sure):
    score, y = block(seed, n, too_sure=too_sure)
    ones, odds = y.sum(), logit(np.clip(score, 1e-6, 1 - 1e-6))
    found = json.loads(fit("platt", score, y))
    if not 0 < ones < n:
        assert found == {"method": "none"}
        return
    target = np.where(y == 1, (ones + 1) / (ones + 2), 1 / (n - ones + 2))
    peer = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    peer.fit(np.append(odds, odds)[:, None], np.repeat([1, 0], n), np.append(target, 1 - target))
    if peer.coef_[0, 0] > 1e-9:
        assert found["slope"] == pytest.approx(peer.coef_[0, 0], rel=1e-6, abs=1e-9)
        assert found["intercept"] == pytest.approx(peer.intercept_[0], rel=1e-6, abs=1e-7)
    elif peer.coef_[0, 0] < -1e-9:
        assert found["slope"] == 0


def test_a_score_that_is_upside_down_or_never_changes_is_forgotten():
    score, y = block(upside_down=True)
    for silent in (score, np.full(500, 0.3), np.zeros(500)):
        text = fit("platt", silent, y)
        assert json.loads(text)["slope"] == 0
        assert json.loads(text)["method"] == "platt"
        found = calibration.read_calibrator(text)(np.linspace(0, 1, 50))
        np.testing.assert_allclose(found, (y.sum() + 1) / 502, rtol=1e-12)


@given(seed=SEEDS, n=st.integers(2, 400), decimals=st.sampled_from([None, 1, 2]))
def test_isotonic_is_that_of_scikit_learn_kept_off_zero_and_one(seed, n, decimals):
    score, y = block(seed, n, decimals=decimals)
    asked = np.sort(np.append(np.random.default_rng(seed).random(100), score))
    found = calibrate("isotonic", score, y, asked)
    if len(np.unique(y)) < 2:
        return
    peer = IsotonicRegression(out_of_bounds="clip").fit(score, y).predict(asked)
    np.testing.assert_allclose(found, np.clip(peer, 1 / (2 * n), 1 - 1 / (2 * n)), rtol=1e-10, atol=1e-12)


@given(
    seed=SEEDS,
    n=st.integers(0, 300),
    decimals=st.sampled_from([None, 1, 2]),
    asked=st.lists(st.floats(0, 1), min_size=1, max_size=60),
)
@pytest.mark.parametrize("method", LIMITS)
def test_a_higher_score_is_never_a_lower_probability_and_none_is_0_or_1(method, seed, n, decimals, asked):
    score, y = block(seed, n, decimals=decimals)
    found = calibrate(method, score, y, np.sort(np.append(asked, score)))
    rounding = 1e-12 if method == "platt" else 0.0
    assert (np.diff(found) >= -rounding).all()
    assert ((found > 0) & (found < 1)).all()
    if method == "isotonic" and len(np.unique(y)) == 2:
        assert ((found >= 1 / (2 * n)) & (found <= 1 - 1 / (2 * n))).all()


def test_interpolating_never_passes_the_next_threshold():
    thresholds = {"method": "isotonic", "n_rows": 1000, "probabilities": [2 / 7, 11 / 17], "scores": [0.18, 0.82]}
    just_below = np.nextafter(0.82, 0)
    assert np.interp(just_below, [0.18, 0.82], [2 / 7, 11 / 17]) > 11 / 17  # it rounds up
    found = calibration.read_calibrator(json.dumps(thresholds))(np.array([just_below, 0.82, 0.9]))
    np.testing.assert_array_equal(found, 11 / 17)


@pytest.mark.parametrize("few", [3, 500])
@pytest.mark.parametrize("method", LIMITS)
def test_the_probabilities_of_a_slice_are_the_slice_of_the_probabilities_at_every_offset(method, few):
    calibrator = calibration.read_calibrator(fit(method, *block(n=few, seed=2)))
    score = np.append(block(1, 70)[0], [0.0, 1.0, np.nan])
    together = calibrator(score)
    for first in range(len(score)):
        for length in (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33):
            assert_same_bytes(together[first : first + length], calibrator(score[first : first + length]))
    for asked in (slice(None, None, 3), slice(None, None, -1)):
        assert_same_bytes(together[asked], calibrator(score[asked]))
    wide = np.full((len(score), 7), 0.5)
    wide[:, 3] = score
    assert_same_bytes(together, calibrator(wide[:, 3]))


@given(seed=SEEDS, n=st.integers(2, 300), data=st.data())
@pytest.mark.parametrize("method", LIMITS)
def test_a_score_is_calibrated_the_same_in_any_company(method, seed, n, data):
    calibrator = calibration.read_calibrator(fit(method, *block(seed, n)))
    score = block(seed + 1, 400)[0]
    chosen = data.draw(st.lists(st.integers(0, 399), min_size=1, max_size=40))
    assert_same_bytes(calibrator(score)[chosen], calibrator(score[chosen]))


@pytest.mark.parametrize("method", LIMITS)
def test_the_same_rows_give_the_same_text(method):
    assert fit(method, *block(decimals=2)) == fit(method, *block(decimals=2))


@pytest.mark.parametrize("method", LIMITS)
def test_neither_one_class_nor_no_rows_nor_one_row_break_a_block(method):
    score, _ = block(n=40)
    for s, y in ((score, np.zeros(40)), (score, np.ones(40)), (score[:0], np.empty(0)), (score[:1], np.ones(1))):
        found = calibrate(method, s, y, np.array([0.0, 0.3, 1.0]))
        np.testing.assert_array_equal(found, [1e-6, 0.3, 1 - 1e-6])


def test_an_unknown_score_has_an_unknown_probability():
    for method in LIMITS:
        found = calibrate(method, *block(), np.array([np.nan, 0.5]))
        np.testing.assert_array_equal(np.isnan(found), [True, False])


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_calibration_brings_a_score_that_is_too_sure_close_to_its_frequencies(method):
    fitted_on, (score, y) = block(n=20_000), block(1, n=20_000)
    found = calibrate(method, *fitted_on, score)
    assert calibration.expected_calibration_error(score, y) > 0.1
    assert calibration.expected_calibration_error(found, y) <= 0.03
    assert calibration.brier_score(found, y) < calibration.brier_score(score, y) - 0.01


@given(seed=SEEDS, n=st.integers(1, 300), bins=st.integers(1, 20), decimals=st.sampled_from([None, 1, 2]))
def test_the_bins_are_those_of_scikit_learn_and_of_an_obvious_loop(seed, n, bins, decimals):
    p, y = block(seed, n, decimals=decimals)
    table = calibration.reliability_bins(p, y, bins=bins)
    assert list(table.columns) == ["bin", "lower", "upper", "n", "mean_p", "mean_y"]
    error = 0.0
    for row in table.itertuples():
        inside = ((p > row.lower) | ((row.bin == 0) & (p == 0))) & (p <= row.upper)
        assert row.n == inside.sum()
        if row.n:
            assert row.mean_p == pytest.approx(p[inside].mean(), rel=1e-12)
            assert row.mean_y == pytest.approx(y[inside].mean(), rel=1e-12)
            error += inside.mean() * abs(p[inside].mean() - y[inside].mean())
    assert table["n"].sum() == n
    assert calibration.expected_calibration_error(p, y, bins=bins) == pytest.approx(error, abs=1e-12)
    mean_y, mean_p = calibration_curve(y, p, n_bins=bins)  # scikit-learn closes its bins on the same side
    filled = table[table["n"] > 0]
    np.testing.assert_allclose(filled["mean_p"], mean_p, rtol=1e-12)
    np.testing.assert_allclose(filled["mean_y"], mean_y, rtol=1e-12)


def test_the_error_of_a_known_case_by_hand():
    p, y = np.array([0.1, 0.15, 0.9, 1.0, 0.0]), np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    # bins (0, .1], (.1, .2], (.8, .9], (.9, 1]: distances .05 of two rows, .85, .1 and 0
    assert calibration.expected_calibration_error(p, y) == pytest.approx((2 * 0.05 + 0.85 + 0.1) / 5)
    assert calibration.brier_score(p, y) == pytest.approx(brier_score_loss(y, p))


def test_without_rows_there_is_no_error():
    for p, y in (([], []), ([np.nan], [1.0]), ([0.5], [np.nan])):
        p, y = np.array(p), np.array(y)
        assert np.isnan(calibration.brier_score(p, y))
        assert np.isnan(calibration.expected_calibration_error(p, y))
        table = calibration.reliability_bins(p, y, bins=4)
        assert table["n"].tolist() == [0, 0, 0, 0]
        assert table[["mean_p", "mean_y"]].isna().all(axis=None)


def test_rows_that_are_not_known_are_left_out():
    p, y = block(n=100)
    gaps_p, gaps_y = np.append(p, [np.nan, 0.2]), np.append(y, [1.0, np.nan])
    assert calibration.brier_score(gaps_p, gaps_y) == calibration.brier_score(p, y)
    pd.testing.assert_frame_equal(calibration.reliability_bins(gaps_p, gaps_y), calibration.reliability_bins(p, y))


def test_what_is_no_score_no_label_or_no_method_is_refused():
    score, y = block(n=10)
    for wrong in (-0.1, 1.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"scores must be in \[0, 1\], was"):
            fit("platt", np.append(score[1:], wrong), y)
    for wrong in (0.5, np.nan):
        with pytest.raises(ValueError, match="y must be 0 or 1, was"):
            fit("platt", score, np.append(y[1:], wrong))
    with pytest.raises(ValueError, match=r"scores must be in \[0, 1\], was 2\.0"):
        calibration.brier_score(np.array([2.0]), np.array([1.0]))
    with pytest.raises(ValueError, match="bins must be at least 1, was 0"):
        calibration.reliability_bins(score, y, bins=0)
    with pytest.raises(ValueError, match="method must be none, platt or isotonic, was beta"):
        calibration.read_calibrator('{"method": "beta"}')
