"""The proof that only settings and data matter: rebuild a short range in other ways, and compare.

Each variation has a process of its own, begun with the seed of hashes and the number of threads it asks for. It
computes the dates again in a scratch store, on the stored partitions before them, and every artifact must have the
sha256 of the store.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from trade_assets import partitions
from trade_assets.proof import Verdict, compared, order_of_the_graph
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets.settings import load
from trade_assets.variations import EACH, VARIATIONS

FEWEST_DATES = 3


def dates_up_to(key: str, provable: Sequence[str]) -> list[str]:
    """The range that is rebuilt for a date: three dates that end with it, more where that takes it to a retrain."""
    place = provable.index(key)
    ordinals = dict(zip(map(partitions.key_of, partitions.GRID.dates), partitions.GRID.ordinals, strict=True))
    every = load().history.retrain_every
    retrains = [i for i in range(place + 1) if ordinals[provable[i]] % every == 0]
    first = min(place - FEWEST_DATES + 1, retrains[-1] if retrains else place)
    return list(provable[max(0, first) : place + 1])


def prove(
    keys: Sequence[str],
    *,
    variations: Sequence[str] = EACH,
    processes: int = 2,
    assets: Sequence[str] = (),
    fault: str | None = None,
) -> Iterator[Verdict]:
    """Verdicts of one range of dates, a date and variation each.

    With ``fault`` the system has that fault of the order, and what it gives in one run takes the place of the store.
    """
    names = order_of_the_graph(assets)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(processes))
        stored = load().store.url
        if fault is not None:
            stored = stack.enter_context(tempfile.TemporaryDirectory())
            if failure := _rebuilt("one run", stored, keys, assets, fault):
                raise RuntimeError(failure)
        scratch = {name: stack.enter_context(tempfile.TemporaryDirectory()) for name in variations}
        failures = pool.map(lambda name: _rebuilt(name, scratch[name], keys, assets, fault), variations)
        for name, failure in zip(variations, failures, strict=True):
            found, expected = TableStore(Files(scratch[name])), TableStore(Files(stored))
            for key in keys:
                if failure is not None:
                    asset = failure.partition(":")[0]
                    first = asset if asset in names else names[0]
                    yield Verdict(key, (first,), tuple(names), failure, variation=name)
                else:
                    yield compared(key, names, found, expected, variation=name)


def _rebuilt(name: str, directory: str, keys: Sequence[str], assets: Sequence[str], fault: str | None) -> str | None:
    """Why the rebuild failed, None where it did not."""
    asked = json.dumps([name, directory, list(keys), list(assets), fault])
    done = subprocess.run(
        [sys.executable, "-m", "trade_assets.varied", asked],
        env=os.environ | {"PYTHONHASHSEED": str(VARIATIONS[name].hash_seed)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
