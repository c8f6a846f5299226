"""The perceptron: a gradient that is the slope of its loss, a text that is the net, what no line can tell is learnt."""

import json

import numpy as np
import pytest

from trade_assets.domain.models import net as nets
from trade_assets.domain.models import perceptron
from trade_assets.domain.models.rows import Rows
from trade_assets_tests.assertions import assert_same_bytes

OWN = perceptron.DEFAULTS | {"learning_rate": 0.01, "batch_rows": 100}


def rows(seed=0, n=1000, told=lambda x: 2 * x[:, 0] * x[:, 1], noise=0.1):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.5, 0.5, (n, 4))
    return Rows(x, told(x) + rng.normal(0, noise, n), rng.uniform(0.2, 1.8, n))


def loss(net, train, l2):
    total = 0.0
    for seed in range(len(net.layers[0][0])):
        for x, y, weight in zip(train.x, train.y, train.weight, strict=True):
            for at, (w, b) in enumerate(net.layers):
                x = (x if at == 0 else np.maximum(x, 0.0)) @ w[seed] + b[seed, 0]
            total += weight * (x[0] - y) ** 2 / len(train)
    return (total + l2 * sum((w**2).sum() for w, _ in net.layers)) / 2


@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
def test_the_gradient_is_the_slope_of_the_loss(hidden):
    train = rows(n=20)
    net = nets.begun(np.random.default_rng(1), (4, *hidden, 1), n_seeds=2)
    for _, bias in net.layers:
        bias += np.random.default_rng(2).normal(0, 0.1, bias.shape)
    slopes = net.gradient(train.x, train.y, train.weight, 0.3)
    for values, found in zip(net.layers, slopes, strict=True):
        for value, slope in zip(values, found, strict=True):
            for place in np.ndindex(value.shape):
                before = value[place]
                value[place] = before + 1e-6
                above = loss(net, train, 0.3)
                value[place] = before - 1e-6
                below = loss(net, train, 0.3)
                value[place] = before
                assert slope[place] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("hidden", [(16,), (8, 4)])
def test_what_no_line_can_tell_is_learnt(hidden):
    own = OWN | {"hidden": hidden}
    found = perceptron.read(perceptron.fit(rows(), own, 60))(rows(1).x)
    assert np.corrcoef(found, rows(1, noise=0).y)[0, 1] > 0.8


def test_a_row_counts_as_much_as_it_weighs():
    train, test = rows(), rows(1)
    turned = Rows(np.vstack([train.x, train.x]), np.append(train.y, -train.y), np.append(train.weight, train.weight))
    for share, sign in ((0.05, 1), (20.0, -1)):
        weighed = Rows(turned.x, turned.y, np.append(train.weight, train.weight * share))
        found = perceptron.read(perceptron.fit(weighed, OWN, 40))(test.x)
        assert sign * np.corrcoef(found, test.y)[0, 1] > 0.5


def test_a_row_without_weight_changes_no_byte():
    train = rows()
    more = Rows(np.vstack([train.x, train.x[:7] + 1]), np.append(train.y, [9.0] * 7), np.append(train.weight, [0] * 7))
    assert perceptron.fit(train, OWN, 3) == perceptron.fit(more, OWN, 3)


def test_only_the_relative_size_of_the_weights_matters():
    train = rows()
    halved = Rows(train.x, train.y, train.weight / 2)
    assert perceptron.fit(train, OWN, 3) == perceptron.fit(halved, OWN, 3)


def test_the_text_is_sorted_json_and_an_absent_feature_is_the_middle_rank():
    text = perceptron.fit(rows(), OWN, 3)
    assert text == json.dumps(json.loads(text), sort_keys=True)
    x = rows(1).x
    gaps = np.where(np.arange(4) == 2, np.nan, x)
    assert_same_bytes(perceptron.read(text)(gaps), perceptron.read(text)(np.where(np.isnan(gaps), 0.0, gaps)))


def test_the_score_is_the_mean_of_the_seeds():
    text, x = perceptron.fit(rows(), OWN, 3), rows(1).x
    stored = json.loads(text)
    alone = [
        perceptron.read(json.dumps({k: [[a[s]] for a in stored[k]] for k in ("weights", "biases")}))(x)
        for s in range(OWN["n_seeds"])
    ]
    np.testing.assert_allclose(perceptron.read(text)(x), np.mean(alone, axis=0), rtol=1e-12)
    assert not np.allclose(alone[0], alone[1])


def test_the_search_stops_where_the_error_on_the_test_rows_was_least():
    train, test = rows(n=150, noise=0.3), rows(1)
    size, predictions = perceptron.search(train, test, OWN | {"epochs": 25, "patience": 25})
    errors = [
        np.average((perceptron.read(perceptron.fit(train, OWN, n))(test.x) - test.y) ** 2, weights=test.weight)
        for n in range(1, 26)
    ]
    assert size == 1 + int(np.argmin(errors))
    np.testing.assert_allclose(predictions, perceptron.read(perceptron.fit(train, OWN, size))(test.x), atol=1e-9)
    least = next(n for n in range(1, 26) if all(errors[n - 1] < e for e in errors[n : n + 3]) and min(errors[:n]) == errors[n - 1])  # fmt: skip
    assert perceptron.search(train, test, OWN | {"patience": 3})[0] == least
    assert perceptron.search(train, test, OWN | {"epochs": 1})[0] == 1


def test_the_size_of_the_final_fit_is_the_mean_of_the_folds():
    assert perceptron.combine([4, 9, 9], OWN) == 7
    assert perceptron.combine([], OWN) == 4
