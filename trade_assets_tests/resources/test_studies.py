"""Trials in storage: an interrupted search goes on, raised ones keep their trials, and studies do not meet."""

import multiprocessing

import pytest

from trade_assets.domain import search
from trade_assets.resources import studies
from trade_assets.resources.studies import Job, Studies, Unstored
from trade_assets_tests.domain.test_search import FIRST, SPACE, WHOLE, N, bowl


class Interrupted(Exception):
    """Somebody pulled the plug."""


class Counting:
    """An objective that counts its calls, and may be interrupted before one of them."""

    def __init__(self, stops_before=None):
        self.calls, self.stops_before = 0, stops_before

    def __call__(self, at):
        if self.calls == self.stops_before:
            raise Interrupted
        self.calls += 1
        return bowl(at)


def storage(directory):
    store = Studies(f"sqlite:///{directory}/deep/optuna.db")
    store.prepare()
    return store


def job(store, objective=bowl, *, n=N, study="study", version="1"):
    return Job(study, version, objective, SPACE, FIRST, n, 1, store)


def test_other_code_begins_anew_and_draws_the_same_trials(tmp_path):
    studies.run(job(storage(tmp_path)))
    anew = Counting()
    assert studies.run(job(storage(tmp_path), anew, version="2")) == WHOLE
    assert anew.calls == N


@pytest.mark.parametrize("n", [0, 1, 6, N - 1])  # every n: test_search
def test_a_search_interrupted_after_any_trial_goes_on_with_the_same_trials(tmp_path, n):
    store = storage(tmp_path)
    with pytest.raises(Interrupted):
        studies.run(job(store, Counting(stops_before=n)))
    rest = Counting()
    assert studies.run(job(Studies(store.uri), rest)) == WHOLE
    assert rest.calls == N - n


def test_interrupted_again_and_again_it_comes_to_the_same_end(tmp_path):
    for _ in range(4):
        with pytest.raises(Interrupted):
            studies.run(job(storage(tmp_path), Counting(stops_before=3)))
    last = Counting()
    assert studies.run(job(storage(tmp_path), last)) == WHOLE
    assert last.calls == N - 4 * 3


def test_two_runs_of_one_study_that_store_the_same_trials_count_them_once(tmp_path):
    store = storage(tmp_path)
    done, keep = store.opened("study")
    assert done == []
    for trial in [
        WHOLE[0],
        WHOLE[0],
        WHOLE[1],
        WHOLE[2],
        WHOLE[1],
        WHOLE[4],
    ]:  # a gap, too: the last cannot be gone on from
        keep(trial)
    assert store.opened("study")[0] == WHOLE[:3]
    assert studies.run(job(store)) == WHOLE


def test_a_search_that_is_done_computes_nothing_again(tmp_path):
    store, again = storage(tmp_path), Counting(stops_before=0)
    assert studies.run(job(store)) == studies.run(job(store, again)) == WHOLE


def test_more_trials_keep_those_there_and_fewer_take_the_first(tmp_path):
    store, more = storage(tmp_path), Counting()
    assert studies.run(job(store, n=4)) == WHOLE[:4]
    assert studies.run(job(store, more)) == WHOLE
    assert more.calls == N - 4
    assert studies.run(job(store, Counting(stops_before=0), n=3)) == WHOLE[:3]


def test_another_name_is_another_study_with_its_own_trials(tmp_path):
    store = storage(tmp_path)
    mine, other = studies.run(job(store)), studies.run(job(store, study="another"))
    assert mine == WHOLE
    assert other == search.run(bowl, SPACE, FIRST, n_trials=N, seed=1, study="another")
    assert [t.parameters for t in other[1:]] != [t.parameters for t in mine[1:]]


def test_what_an_objective_keeps_comes_back_as_it_was(tmp_path):
    kept = {"dates": ["2020-01-02"], "returns": [0.1 + 0.2, -1e-300], "entries": [3]}
    store = storage(tmp_path)
    first = studies.run(job(store, lambda at: (1 / 3, kept), n=2))
    assert studies.run(job(store, n=2)) == first
    assert first[1].kept == kept


def test_studies_side_by_side_in_two_processes_find_what_they_find_alone(tmp_path):
    store = storage(tmp_path)
    names = ["study", "another"]
    context = multiprocessing.get_context("forkserver")
    with context.Pool(2) as pool:
        found = pool.map(studies.run, [job(store, study=name) for name in names])
    alone = [search.run(bowl, SPACE, FIRST, n_trials=N, seed=1, study=name) for name in names]
    assert found == alone
    assert [studies.run(job(store, Counting(stops_before=0), study=name)) for name in names] == alone


def test_an_unstored_search_begins_anew_every_time():
    store = Unstored()
    store.prepare()
    first, again = Counting(), Counting()
    assert studies.run(job(store, first)) == studies.run(job(store, again)) == WHOLE
    assert first.calls == again.calls == N
