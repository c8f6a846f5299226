"""Fits side by side give the results of fits in a row, in their order."""

import os
import signal
import subprocess
import sys
import time

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


OWNER = """
import threading, time
from trade_assets.resources import workers

workers.PRELOADED = []
pool = workers.Workers(2)
threading.Thread(target=lambda: list(pool.map(time.sleep, [300] * 20)), daemon=True).start()
while pool._pool is None or len(pool._pool._processes) < 2:
    time.sleep(0.05)
print(*pool._pool._processes, flush=True)
time.sleep(300)
"""


@pytest.mark.reliability("1")
def test_no_worker_outlives_a_killed_owner(figure):
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, start_new_session=True)
    workers = owner.stdout.readline().split()
    assert len(workers) == 2
    owner.kill()
    owner.wait()
    owner.stdout.close()
    killed, limit = time.monotonic(), 30
    try:
        while _is_there(owner.pid) and time.monotonic() - killed < limit:
            time.sleep(0.05)
        assert not _is_there(owner.pid), f"processes of the killed owner are there after {limit} s"
    finally:
        if _is_there(owner.pid):
            os.killpg(owner.pid, signal.SIGKILL)
    figure("no process outlives a killed owner")


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def process_of(job):
    return os.getpid()


def test_where_no_number_is_few_a_single_job_goes_to_another_process():
    workers = Workers(2, few=0)
    assert list(workers.map(process_of, [])) == []
    assert list(workers.map(process_of, [0])) != [os.getpid()]
    workers.close()
