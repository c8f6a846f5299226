"""Processes that fit models side by side: one fit a process, one thread each."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import TypeVar

J = TypeVar("J")
R = TypeVar("R")

PRELOADED = [
    "trade_assets.domain.models.fitting",
    "trade_assets.domain.models.tuning",
    "trade_assets.domain.models.quantiles",
    "trade_assets.domain.learned_gate.tuning",
    "trade_assets.domain.events.models",
    "trade_assets.domain.events.tuning",
    "trade_assets.domain.allocator.tuning",
    "lightgbm",
    "xgboost",
    "sklearn.linear_model",
]
SERIAL_JOBS = 6


def end_with_the_owner() -> None:
    """Let this process end as soon as the one it works for is gone: killed, that one closes no pool."""
    owner = multiprocessing.parent_process()
    assert owner is not None

    def watch() -> None:
        owner.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class Workers:
    """A pool that starts when there are more than ``few`` jobs, and gives results in the order of the jobs."""

    def __init__(self, count: int = 0, *, few: int = SERIAL_JOBS) -> None:
        self.count, self._few = count or len(os.sched_getaffinity(0)), few
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[J], R], jobs: Iterable[J], *, few: int = SERIAL_JOBS) -> Iterator[R]:
        """Results in order. A few jobs run here; more than that side by side, with two a worker under way at once."""
        jobs, few = iter(jobs), min(few, self._few)
        first = list(islice(jobs, few + 1))
        if self.count == 1 or len(first) <= few:
            yield from map(function, first)
            yield from map(function, jobs)
            return
        yield from self._side_by_side(function, first, jobs)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _side_by_side(self, function: Callable[[J], R], first: list[J], rest: Iterator[J]) -> Iterator[R]:
        pool = self._started()
        under_way: dict[int, Future[R]] = {}
        done_to = 0

        def all_jobs() -> Iterator[J]:
            yield from first
            yield from rest

        for number, job in enumerate(all_jobs()):
            under_way[number] = pool.submit(function, job)
            while sum(not f.done() for f in under_way.values()) >= 2 * self.count:
                wait([f for f in under_way.values() if not f.done()], return_when=FIRST_COMPLETED)
            while done_to in under_way and under_way[done_to].done():
                yield under_way.pop(done_to).result()
                done_to += 1
        for number in sorted(under_way):
            yield under_way[number].result()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(PRELOADED)
            self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=end_with_the_owner)
        return self._pool
