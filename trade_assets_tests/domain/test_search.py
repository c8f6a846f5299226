"""A search: the same trials every time, however often it was interrupted and however many are asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import search
from trade_assets.domain.events import policy
from trade_assets.domain.search import RANDOM_TRIALS, Range, Trial
from trade_assets_tests.generators import FEW

SPACE = {
    "x": Range(-2.0, 2.0),
    "rate": Range(1e-3, 1.0, is_log=True),
    "leaves": Range(3, 31, is_whole=True, is_log=True),
    "depth": Range(2, 6, is_whole=True),
}
FIRST = {"x": 9.0, "rate": 0.5, "leaves": 4.0, "depth": 2.0}  # x outside its range
N = RANDOM_TRIALS + 5  # the sampler has begun to model


def bowl(at):
    return -((at["x"] - 1.0) ** 2) - (np.log10(at["rate"]) + 2.0) ** 2 - abs(at["leaves"] - 7), {"x": at["x"]}


def run(n=N, *, objective=bowl, space=SPACE, study="study", seed=1, **how):
    return search.run(objective, space, FIRST, n_trials=n, seed=seed, study=study, **how)


WHOLE = run()


def test_a_search_repeated_has_the_same_trials():
    assert run() == WHOLE


@pytest.mark.parametrize("n", range(N + 1))
def test_a_search_that_stopped_goes_on_with_the_same_trials(n):
    told = []
    assert run(done=WHOLE[:n], on_trial=told.append) == WHOLE
    assert told == WHOLE[n:]


@pytest.mark.parametrize("n", [0, 1, 5, N - 1])
def test_more_trials_keep_the_first_ones_and_fewer_are_cut(n):
    assert run(n) == WHOLE[:n]
    assert run(n, done=WHOLE) == WHOLE[:n]


def test_an_objective_that_fails_leaves_the_trials_before_it_to_go_on_from():
    kept, calls = [], []

    def fails(at):
        calls.append(at)
        if len(calls) == 7:
            raise RuntimeError
        return bowl(at)

    with pytest.raises(RuntimeError):
        run(objective=fails, on_trial=kept.append)
    assert kept == WHOLE[:6]
    assert run(done=kept) == WHOLE


def test_the_first_trial_is_what_is_in_force_even_outside_the_ranges():
    assert WHOLE[0] == Trial(0, FIRST, *bowl(FIRST))


@pytest.mark.parametrize("changed", [{"study": "another"}, {"seed": 2}])
def test_another_study_or_seed_is_another_sequence_after_the_first(changed):
    other = run(**changed)
    assert other[0] == WHOLE[0]
    assert all(a.parameters != b.parameters for a, b in zip(other[1:], WHOLE[1:], strict=True))


@FEW
@given(st.integers(0, 2**31), st.sampled_from([SPACE, policy.SPACE]))
def test_every_trial_but_the_first_lies_within_its_ranges(seed, space):
    def flat(at):
        return 0.0, {}

    for trial in run(12, objective=flat, space=space, seed=seed)[1:]:
        for name, of in space.items():
            assert of.low <= trial.parameters[name] <= of.high
            assert isinstance(trial.parameters[name], int) == of.is_whole


def test_trials_are_numbered_and_no_two_are_alike():
    assert [t.number for t in WHOLE] == list(range(N))
    assert len({tuple(t.parameters.items()) for t in WHOLE}) == N


def test_the_sampler_learns():
    late = run(40)
    worst, best = np.mean([t.value for t in late[1:9]]), np.mean([t.value for t in late[-15:]])
    assert best > worst


def test_of_equal_trials_the_earliest_is_the_best():
    trials = [Trial(n, {}, v, {}) for n, v in enumerate([0.0, 2.0, 1.0, 2.0])]
    for order in (trials, trials[::-1]):
        assert search.best(order).number == 1


def test_the_identity_of_a_study_is_that_of_all_its_parts():
    same = search.identity("a", 1, 2.0)
    assert search.identity("a", 1, 2.0) == same
    assert len({same, search.identity("a", 1, 3.0), search.identity("a", 1), search.identity("a1", 2.0), search.identity(1, "a", 2.0)}) == 5  # fmt: skip
