"""Fits side by side give the results of fits in a row, in their order."""

import os

import pytest

from trade_assets.resources.workers import SERIAL_JOBS, Workers


def square(x: int) -> int:
    return x * x


def fail(x: int) -> int:
    raise ValueError(f"job {x}")


@pytest.mark.parametrize("jobs", [0, 1, SERIAL_JOBS, SERIAL_JOBS + 1, 40])
@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_the_order_of_the_jobs(jobs, count):
    workers = Workers(count)
    assert list(workers.map(square, range(jobs))) == [x * x for x in range(jobs)]
    workers.close()


def test_an_error_in_a_process_is_raised_here():
    workers = Workers(2)
    with pytest.raises(ValueError, match="job 0"):
        list(workers.map(fail, range(20)))
    workers.close()


def test_no_count_means_the_cores_of_this_process():
    assert Workers().count >= 1


def process_of(job):
    return os.getpid()


def test_where_no_number_is_few_a_single_job_goes_to_another_process():
    workers = Workers(2, few=0)
    assert list(workers.map(process_of, [])) == []
    assert list(workers.map(process_of, [0])) != [os.getpid()]
    workers.close()
