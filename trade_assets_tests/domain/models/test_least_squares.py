"""Ridge and elastic net: scikit-learn's coefficients, a penalty that means the same everywhere, rows that stand alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet, Ridge

from trade_assets.domain.models import least_squares
from trade_assets.domain.models.logistic import fit_logistic
from trade_assets.domain.models.rows import Rows
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS

FITS = {
    "ridge": lambda rows: least_squares.fit_ridge(rows, alpha_share=0.1),
    "elastic_net": lambda rows: least_squares.fit_elastic_net(rows, alpha_share=0.05, l1_ratio=0.5),
}
EVERY_FIT = FITS | {"logistic": lambda rows: fit_logistic(rows, c=0.5)}


def rows(seed=0, n=200, names=5, *, gaps=0.0, classes=False):
    """Features of any scale and place, of which the first two tell the target."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1, (n, names))
    x = rng.normal(0, 5, names) + z * 10.0 ** rng.integers(-4, 5, names)
    y = (z[:, :2] * [0.02, -0.01][: min(names, 2)]).sum(axis=1) + rng.normal(0, 0.03, n)
    y = (y > 0).astype(float) if classes else y
    return Rows(np.where(rng.random(x.shape) < gaps, np.nan, x), y, rng.uniform(0.1, 1.5, n))


def standardised(x, weight):
    mean = np.average(x, axis=0, weights=weight)
    return (x - mean) / np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))


def coefficients(text):
    return np.array(json.loads(text)["coefficients"])


def intercept(text):
    return json.loads(text)["intercept"]


@given(seed=SEEDS, n=st.integers(2, 200), alpha_share=st.sampled_from([1e-3, 0.1, 1.0, 30.0]))
def test_ridge_is_that_of_scikit_learn(seed, n, alpha_share):
    train = rows(seed, n)
    text = least_squares.fit_ridge(train, alpha_share=alpha_share)
    z = standardised(train.x, train.weight)
    peer = Ridge(alpha=alpha_share * train.weight.sum(), solver="svd").fit(z, train.y, train.weight)
    np.testing.assert_allclose(coefficients(text), peer.coef_, rtol=1e-8, atol=1e-12)
    assert intercept(text) == pytest.approx(peer.intercept_, rel=1e-8, abs=1e-12)
    np.testing.assert_allclose(least_squares.read_linear(text)(train.x), peer.predict(z), rtol=1e-7, atol=1e-11)


@given(
    seed=SEEDS, n=st.integers(20, 200), alpha_share=st.sampled_from([0.01, 0.1, 0.7]), l1=st.sampled_from([0.1, 1.0])
)
def test_the_elastic_net_is_that_of_scikit_learn(seed, n, alpha_share, l1):
    train = rows(seed, n)
    text = least_squares.fit_elastic_net(train, alpha_share=alpha_share, l1_ratio=l1)
    z, share = standardised(train.x, train.weight), train.weight / train.weight.sum()
    mean = share @ train.y
    spread = np.sqrt(share @ (train.y - mean) ** 2)
    y = (train.y - mean) / spread
    alpha = alpha_share * np.abs((z * share[:, None]).T @ y).max() / l1
    peer = ElasticNet(alpha=alpha, l1_ratio=l1, tol=1e-12, max_iter=100_000).fit(z, y, train.weight)
    np.testing.assert_allclose(coefficients(text), spread * peer.coef_, rtol=1e-5, atol=1e-8)
    assert intercept(text) == pytest.approx(mean, rel=1e-8, abs=1e-12)


def test_the_penalty_of_a_ridge_means_the_same_for_any_number_of_rows():
    once = rows()
    thrice = Rows(np.tile(once.x, (3, 1)), np.tile(once.y, 3), np.tile(once.weight, 3) * 7)
    for fit in FITS.values():
        np.testing.assert_allclose(coefficients(fit(once)), coefficients(fit(thrice)), rtol=1e-6, atol=1e-12)
    lone = Rows(once.x[:, :1], once.y, once.weight)
    half = coefficients(least_squares.fit_ridge(lone, alpha_share=1.0))
    np.testing.assert_allclose(half * 2, coefficients(least_squares.fit_ridge(lone, alpha_share=0.0)))


@given(seed=SEEDS)
def test_below_a_share_of_one_a_feature_enters_and_from_one_on_none_does(seed):
    for l1_ratio in (0.2, 1.0):
        below = least_squares.fit_elastic_net(rows(seed), alpha_share=0.98, l1_ratio=l1_ratio)
        assert coefficients(below).any()
        for share in (1.0, 5.0):
            at = least_squares.fit_elastic_net(rows(seed), alpha_share=share, l1_ratio=l1_ratio)
            assert not coefficients(at).any()


@pytest.mark.parametrize("name", FITS)
def test_the_scale_of_the_target_and_of_a_feature_do_not_matter(name):
    train = rows()
    larger = Rows(train.x * [1, 1e4, 1, 1e-5, 1], train.y * 1000, train.weight)
    one, other = FITS[name](train), FITS[name](larger)
    np.testing.assert_allclose(coefficients(one) * 1000, coefficients(other), rtol=1e-6)
    np.testing.assert_allclose(
        least_squares.read_linear(one)(train.x) * 1000, least_squares.read_linear(other)(larger.x), rtol=1e-6
    )


@pytest.mark.parametrize("name", EVERY_FIT)
def test_the_scores_of_a_slice_are_the_slice_of_the_scores_at_every_offset(name):
    text = EVERY_FIT[name](rows(classes=True, gaps=0.1, names=9))
    score, x = least_squares.read_linear(text), rows(1, 70, names=9, gaps=0.1).x
    together = score(x)
    for first in range(70):
        for length in (1, 2, 3, 7, 8, 9, 33):
            assert_same_bytes(together[first : first + length], score(x[first : first + length]))
    assert_same_bytes(together[::3], score(x[::3]))
    assert_same_bytes(together[::-1], score(x[::-1]))
    assert_same_bytes(together, score(np.asfortranarray(x)))


@given(seed=SEEDS, n=st.integers(1, 60), names=st.integers(1, 12), data=st.data())
def test_a_row_is_scored_the_same_in_any_company(seed, n, names, data):
    x = rows(seed, n, names, gaps=0.2).x
    chosen = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=30))
    for fit in EVERY_FIT.values():
        score = least_squares.read_linear(fit(rows(seed, 30, names, classes=True)))
        assert_same_bytes(score(x)[chosen], score(x[chosen]))


@pytest.mark.parametrize("name", EVERY_FIT)
def test_the_same_rows_give_the_same_text_in_any_layout_and_rows_without_weight_do_not_count(name):
    train = rows(classes=True, gaps=0.1)
    text = EVERY_FIT[name](train)
    assert text == EVERY_FIT[name](rows(classes=True, gaps=0.1))
    assert text == EVERY_FIT[name](Rows(np.asfortranarray(train.x), train.y, train.weight))
    more = rows(1, 30, classes=True)
    heavier = Rows(np.vstack([train.x, more.x]), np.append(train.y, more.y), np.append(train.weight, np.zeros(30)))
    assert text == EVERY_FIT[name](heavier)
    assert text == json.dumps(json.loads(text), sort_keys=True)
    assert json.loads(text)["kind"] == name
    assert set(json.loads(text)) == {"kind", "features_mean", "features_scale", "intercept", "coefficients"}


@pytest.mark.parametrize("name", EVERY_FIT)
def test_the_fit_does_not_change_its_rows(name):
    train, before = rows(classes=True, gaps=0.1), rows(classes=True, gaps=0.1)
    EVERY_FIT[name](train)
    for part in ("x", "y", "weight"):
        assert_same_bytes(getattr(train, part), getattr(before, part))


@pytest.mark.parametrize("name", EVERY_FIT)
def test_an_absent_feature_counts_as_its_mean(name):
    train = rows(classes=True)
    text = EVERY_FIT[name](train)
    score, mean = least_squares.read_linear(text), np.array(json.loads(text)["features_mean"])
    np.testing.assert_allclose(mean, np.average(train.x, axis=0, weights=train.weight), rtol=1e-12)
    for absent in (np.nan, np.inf, -np.inf):
        x = rows(1).x
        filled, x[::2, 1] = x.copy(), absent
        filled[::2, 1] = mean[1]
        assert_same_bytes(score(x), score(filled))


@pytest.mark.parametrize("name", EVERY_FIT)
def test_means_and_scales_are_those_of_what_is_present(name):
    train = rows(classes=True, gaps=0.3)
    stored = json.loads(EVERY_FIT[name](train))
    for j, column in enumerate(train.x.T):
        present = ~np.isnan(column)
        mean = np.average(column[present], weights=train.weight[present])
        variance = np.average((column[present] - mean) ** 2, weights=train.weight[present])
        assert stored["features_mean"][j] == pytest.approx(mean, rel=1e-10)
        assert stored["features_scale"][j] == pytest.approx(np.sqrt(variance), rel=1e-10)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("silent", [np.nan, 0.1, -1e9, np.inf, 1e300 * np.array([1.0, -1.0] * 100)])
@pytest.mark.parametrize("name", EVERY_FIT)
def test_a_feature_that_tells_nothing_gets_no_coefficient(name, silent):
    train = rows(classes=True)
    x = train.x.copy()
    x[:, 2] = silent
    text = EVERY_FIT[name](Rows(x, train.y, train.weight))
    assert coefficients(text)[2] == 0
    others = EVERY_FIT[name](Rows(np.delete(x, 2, axis=1), train.y, train.weight))
    assert_same_bytes(np.delete(coefficients(text), 2), coefficients(others))
    for value in (np.nan, 0.0, 7.0, np.inf):
        x[:, 2] = value
        assert np.isfinite(least_squares.read_linear(text)(x)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FITS)
def test_without_a_target_or_a_feature_that_changes_the_mean_target_is_forecast(name):
    train, one = rows(), rows(n=1)
    nothing = Rows(np.empty((0, 5)), np.empty(0), np.empty(0))
    weightless = Rows(train.x, train.y, np.zeros(200))
    mean = np.average(train.y, weights=train.weight)
    for case, expected in (
        (nothing, 0.0),
        (weightless, 0.0),
        (one, one.y[0]),
        (Rows(train.x, np.full(200, 0.1), train.weight), 0.1),
        (Rows(np.full((200, 5), np.nan), train.y, train.weight), mean),
        (Rows(np.full((200, 5), 0.1), train.y, train.weight), mean),
    ):
        text = FITS[name](case)
        assert not coefficients(text).any()
        np.testing.assert_allclose(least_squares.read_linear(text)(train.x), expected, rtol=1e-12)


@pytest.mark.filterwarnings("error")
def test_an_outlier_of_a_feature_that_does_not_count_changes_nothing():
    train = rows()
    x = train.x * [1, 1, 1, 1, 1e-140]
    text = least_squares.fit_elastic_net(Rows(x, train.y, train.weight), alpha_share=0.5, l1_ratio=1.0)
    assert coefficients(text)[4] == 0
    assert json.loads(text)["features_scale"][4] < 1e-130
    before, x[:, 4] = least_squares.read_linear(text)(x), 1e300
    assert_same_bytes(before, least_squares.read_linear(text)(x))


def test_features_that_repeat_each_other_share_a_coefficient_even_without_a_penalty():
    train = rows()
    twice = Rows(train.x[:, [0, 0]], train.y, train.weight)
    found = coefficients(least_squares.fit_ridge(twice, alpha_share=0.0))
    alone = coefficients(least_squares.fit_ridge(Rows(train.x[:, :1], train.y, train.weight), alpha_share=0.0))
    np.testing.assert_allclose(found, np.repeat(alone, 2) / 2, rtol=1e-9)


@pytest.mark.parametrize("name", EVERY_FIT)
def test_what_cannot_be_fitted_is_refused(name):
    train = rows(classes=True)
    for weight in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="weights must be"):
            EVERY_FIT[name](Rows(train.x, train.y, np.append(train.weight[1:], weight)))
    with pytest.raises(ValueError, match="must be"):
        EVERY_FIT[name](Rows(train.x, np.append(train.y[1:], np.nan), train.weight))
    with pytest.raises(ValueError, match=r"x must have shape \(rows, 5\), was \(3, 4\)"):
        least_squares.read_linear(EVERY_FIT[name](train))(np.zeros((3, 4)))


def test_parameters_out_of_range_are_named():
    with pytest.raises(ValueError, match=r"alpha_share must be at least 0, was -0\.1"):
        least_squares.fit_ridge(rows(), alpha_share=-0.1)
    with pytest.raises(ValueError, match=r"alpha_share must be above 0, was 0\.0"):
        least_squares.fit_elastic_net(rows(), alpha_share=0.0, l1_ratio=0.5)
    for l1_ratio in (0.0, 1.1):
        with pytest.raises(ValueError, match=rf"l1_ratio must be in \(0, 1\], was {l1_ratio}"):
            least_squares.fit_elastic_net(rows(), alpha_share=0.1, l1_ratio=l1_ratio)


@given(seed=SEEDS)
def test_models_of_the_same_features_score_side_by_side_as_each_alone(seed):
    scaled = least_squares.scaled(rows(seed, gaps=0.1))
    targets = np.random.default_rng(seed).normal(0, 1, (4, len(scaled.y)))
    texts = [least_squares.elastic_net_of(replace(scaled, y=y), alpha_share=0.3, l1_ratio=0.5) for y in targets]
    x = rows(seed + 1, gaps=0.1).x
    alone = np.column_stack([least_squares.read_linear(text)(x) for text in texts])
    assert_same_bytes(least_squares.read_side_by_side([json.loads(text) for text in texts])(x), alone)
