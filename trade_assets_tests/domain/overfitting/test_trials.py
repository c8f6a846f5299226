"""Counting trials: planted groups are found, copies count once, order and leverage do not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.overfitting import trials
from trade_assets_tests import reference


def grid(seed, *, groups=4, each=5, within=0.9, n=120):
    """Trials in groups: correlated ``within`` a group, independent between, in shuffled columns."""
    rng = np.random.default_rng(seed)
    of = rng.permutation(np.repeat(np.arange(groups), each))
    own = rng.normal(size=(n, groups * each))
    return 0.01 * (np.sqrt(within) * rng.normal(size=(n, groups))[:, of] + np.sqrt(1 - within) * own), of


def together(labels):
    return labels[:, None] == labels[None, :]


@pytest.mark.parametrize("groups", [2, 3, 5, 9])
def test_planted_groups_are_found(groups):
    returns, planted = grid(groups, groups=groups)
    assert np.array_equal(together(trials.clusters(returns)), together(planted))
    assert trials.effective_trials(returns) == groups


def test_independent_trials_are_as_many_as_there_are_and_near_copies_are_one():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(260, 30))
    assert trials.effective_trials(noise) == 30
    assert trials.effective_trials(noise[:, :1] * 3 + noise) == 1


@given(seed=st.integers(0, 2**32 - 1), within=st.floats(0, 0.99), data=st.data())
def test_order_leverage_and_copies_change_nothing(seed, within, data):
    returns, _ = grid(seed, groups=3, each=3, within=within, n=40)
    labels = trials.clusters(returns)
    order = np.array(data.draw(st.permutations(range(9))))
    assert np.array_equal(together(trials.clusters(returns[:, order])), together(labels[order]))
    leverage = np.array(data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=9, max_size=9)))
    assert np.array_equal(trials.clusters(returns * leverage), labels)
    copies = data.draw(st.lists(st.integers(0, 8), max_size=6))
    assert np.array_equal(trials.clusters(np.hstack([returns, returns[:, copies]]))[:9], labels)


@given(seed=st.integers(0, 2**32 - 1), labels=st.lists(st.integers(0, 3), min_size=5, max_size=9))
def test_the_silhouette_equals_the_slow_one(seed, labels):
    labels = np.unique([*labels, 0, 1], return_inverse=True)[1]
    points = np.random.default_rng(seed).normal(size=(len(labels), 2))
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert trials.silhouette(distance, labels) == pytest.approx(reference.mean_silhouette(distance, list(labels)))


def test_a_group_is_judged_by_its_inverse_variance_portfolio():
    returns, _ = grid(1, groups=2, each=2)
    labels = np.array([0, 1, 0, 1])
    weights = 1 / returns.var(axis=0, ddof=1)
    book = returns[:, [0, 2]] @ weights[[0, 2]]
    found = trials.cluster_sharpes(returns, labels)
    assert found.shape == (2,)
    assert found[0] == pytest.approx(book.mean() / book.std(ddof=1))


def test_a_trial_that_never_varies_is_in_no_group():
    returns, _ = grid(2, groups=2, each=2)
    returns[:, 1] = 0.003
    labels = trials.clusters(returns)
    assert labels[1] == trials.CONSTANT
    assert labels[[0, 2, 3]].min() == 0
    assert len(trials.cluster_sharpes(returns, labels)) == labels.max() + 1
    assert trials.effective_trials(np.zeros((5, 3))) == 1
    assert len(trials.cluster_sharpes(np.zeros((5, 3)), np.full(3, -1))) == 0


@pytest.mark.parametrize("bad", [np.zeros((5, 0)), np.zeros((1, 3)), np.full((5, 2), np.nan), np.zeros(5)])
def test_what_cannot_be_grouped_is_refused(bad):
    with pytest.raises(ValueError, match="returns must"):
        trials.clusters(bad)
