"""Logistic regression: scikit-learn's coefficients, and a probability whatever the rows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from trade_assets.domain.models import logistic
from trade_assets.domain.models.rows import Rows
from trade_assets_tests.domain.models.test_least_squares import coefficients, intercept, rows, standardised
from trade_assets_tests.generators import SEEDS


@given(seed=SEEDS, n=st.integers(30, 300), c=st.sampled_from([1e-3, 0.1, 1.0, 30.0]))
def test_it_is_that_of_scikit_learn(seed, n, c):
    train = rows(seed, n, classes=True)
    text = logistic.fit_logistic(train, c=c)
    z = standardised(train.x, train.weight)
    peer = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(z, train.y, train.weight)
    np.testing.assert_allclose(coefficients(text), peer.coef_[0], rtol=1e-6, atol=1e-9)
    assert intercept(text) == pytest.approx(peer.intercept_[0], rel=1e-6, abs=1e-9)
    found = logistic.read_linear(text)(train.x)
    np.testing.assert_allclose(found, peer.predict_proba(z)[:, 1], rtol=1e-6)


@given(seed=SEEDS, n=st.integers(3, 60), c=st.sampled_from([1e-6, 1.0, 1e3, 1e9]))
def test_the_loss_has_no_slope_where_the_fit_stops_even_where_a_feature_separates(seed, n, c):
    train = rows(seed, n, classes=True)
    train = Rows(np.column_stack([train.x, train.y * 3 + 1]), train.y, train.weight)
    stored = logistic.fit_logistic(train, c=c)
    if len(np.unique(train.y)) < 2:
        return
    z, b = standardised(train.x, train.weight), coefficients(stored)
    missed = train.weight * (expit(intercept(stored) + z @ b) - train.y)
    np.testing.assert_allclose(z.T @ missed + b / c, 0, atol=1e-4 * train.weight.sum())
    assert missed.sum() == pytest.approx(0, abs=1e-4 * train.weight.sum())
    assert b[-1] > 0


def test_a_larger_c_says_more():
    lengths = [np.linalg.norm(coefficients(logistic.fit_logistic(rows(classes=True), c=c))) for c in (1e-4, 0.1, 10)]
    assert lengths == sorted(lengths)
    assert lengths[0] < 0.02


@pytest.mark.filterwarnings("error")
def test_rows_of_one_class_or_none_say_the_smoothed_base_rate():
    train = rows(classes=True)
    ones, nothing = train.y.sum(), Rows(np.empty((0, 5)), np.empty(0), np.empty(0))
    for case, expected in (
        (nothing, 1 / 2),
        (Rows(train.x, train.y, np.zeros(200)), 1 / 2),
        (Rows(train.x[:1], np.zeros(1), np.ones(1)), 1 / 3),
        (Rows(train.x, np.zeros(200), train.weight), 1 / 202),
        (Rows(train.x, np.ones(200), train.weight), 201 / 202),
        (Rows(train.x, train.y, train.weight * train.y), (ones + 1) / (ones + 2)),
        (Rows(np.full((200, 5), np.nan), train.y, train.weight), (ones + 1) / 202),
        (Rows(np.full((200, 5), 0.1), train.y, train.weight), (ones + 1) / 202),
    ):
        text = logistic.fit_logistic(case, c=1.0)
        assert not coefficients(text).any()
        np.testing.assert_allclose(logistic.read_linear(text)(train.x), expected, rtol=1e-12)


@pytest.mark.filterwarnings("error")
@given(seed=SEEDS, n=st.integers(1, 30), gaps=st.sampled_from([0.0, 0.5, 0.95]), c=st.sampled_from([1e-3, 1.0, 1e6]))
def test_every_probability_is_one(seed, n, gaps, c):
    text = logistic.fit_logistic(rows(seed, n, gaps=gaps, classes=True), c=c)
    found = logistic.read_linear(text)(rows(seed + 1, gaps=0.1).x)
    assert ((found >= 0) & (found <= 1)).all()
    assert "NaN" not in text
    assert json.loads(text)["kind"] == "logistic"


def test_newton_takes_fractions_as_rows_of_both_classes():
    rng = np.random.default_rng(0)
    x, target, weight = rng.normal(0, 1, (80, 2)), rng.uniform(0.05, 0.95, 80), rng.uniform(0.5, 2, 80)
    found = logistic.newton(x, target, weight, penalty=0.5)
    both = np.append(weight * target, weight * (1 - target))
    peer = LogisticRegression(C=2, solver="newton-cholesky", tol=1e-12)
    peer.fit(np.vstack([x, x]), np.repeat([1, 0], 80), both)
    np.testing.assert_allclose(found[1], peer.coef_[0], rtol=1e-9)
    assert found[0] == pytest.approx(peer.intercept_[0], rel=1e-9)


def test_what_is_no_class_or_no_c_is_refused():
    with pytest.raises(ValueError, match=r"y must be 0 or 1, was"):
        logistic.fit_logistic(rows(), c=1.0)
    with pytest.raises(ValueError, match=r"c must be above 0, was 0\.0"):
        logistic.fit_logistic(rows(classes=True), c=0.0)
