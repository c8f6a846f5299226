"""The proof of parity: the same bytes however the system is run, and an alarm where a fault of the order is planted."""

import pytest

from trade_assets import parity
from trade_assets.leaks import FAULTS
from trade_assets.variations import VARIATIONS
from trade_assets_tests import reliability

CAUGHT_BY = {
    "order_of_a_set": "another hash seed",
    "order_of_arrival": "shuffled rows",
    "running_sum": "one by one",
    "number_of_threads": "three threads",
}


@pytest.mark.skipif(not reliability.FULL, reason="eight ranges: make prove runs them; here the planted fault is run")
@pytest.mark.reliability("8")
def test_other_runs_processes_threads_rows_and_hash_seeds_give_identical_bytes(history, figure):
    ranges = [parity.dates_up_to(history[place], history) for place in (-1, -7)]
    verdicts = [v for keys in ranges for v in parity.prove(keys, variations=list(VARIATIONS), processes=1)]
    assert {(v.variation, v.key): (v.differing, v.failure) for v in verdicts if v.first} == {}
    assert len(verdicts) == len(VARIATIONS) * sum(map(len, ranges))
    figure(f"{len(VARIATIONS)} variations of {sum(map(len, ranges))} dates, {sum(len(v.compared) for v in verdicts)} artifacts, 0 differ")  # fmt: skip


@pytest.mark.reliability("8")
@pytest.mark.parametrize("fault", list(CAUGHT_BY)[: reliability.count(1, len(CAUGHT_BY))])
def test_a_fault_of_the_order_is_caught(history, fault):
    verdicts = list(
        parity.prove(history[-reliability.count(1, 2) :], variations=[CAUGHT_BY[fault]], fault=fault, assets=["bars"])
    )
    assert {v.first for v in verdicts} >= {"bars"}
    assert not any(v.failure for v in verdicts)


def test_every_fault_has_a_variation_that_catches_it():
    assert set(CAUGHT_BY) == set(FAULTS)


def test_the_range_of_a_date_ends_with_it_and_holds_a_retrain(history):
    keys = parity.dates_up_to(history[-1], history)
    assert keys == history[-len(keys) :]
    assert len(keys) >= parity.FEWEST_DATES
    assert parity.dates_up_to(history[0], history) == history[:1]
