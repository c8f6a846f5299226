"""The 14 factors by Qlib: uncached, from its expression cache, from its dataset cache.

Run as ``python qlib_features.py DIRECTORY REPEATS``, in an environment that has pyqlib 0.9 and tables. One process, no
parallel jobs. Qlib's disk caches insist on a Redis server for their locks; the locks are left out, which
can only make it faster.
"""

import contextlib
import json
import logging
import resource
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

STARTED = time.process_time()
FACTORS = {
    **{f"ROC{n}": f"Ref($close, {n})/$close" for n in (5, 20, 60)},
    **{f"MA{n}": f"Mean($close, {n})/$close" for n in (5, 20, 60)},
    **{f"STD{n}": f"Std($close, {n})/$close" for n in (20, 60)},
    "MAX20": "Max($high, 20)/$close",
    "MIN20": "Min($low, 20)/$close",
    "VMA20": "Mean($volume, 20)/($volume+1e-12)",
    "VSTD20": "Std($volume, 20)/($volume+1e-12)",
    "KMID": "($close-$open)/$open",
    "CORR20": "Corr($close, Log($volume+1), 20)",
}


def write_store(directory: Path) -> list[str]:
    """Qlib's own binary layout, from arrays of shape (session, symbol)."""
    store = directory / "qlib"
    dates = pd.bdate_range("2000-01-03", periods=len(np.load(directory / "close.npy", mmap_mode="r")))
    (store / "calendars").mkdir(parents=True)
    (store / "instruments").mkdir()
    (store / "calendars" / "day.txt").write_text("\n".join(f"{d:%Y-%m-%d}" for d in dates) + "\n")
    fields = {name: np.load(directory / f"{name}.npy") for name in ("open", "high", "low", "close", "volume")}
    symbols = [f"S{i:04d}" for i in range(fields["close"].shape[1])]
    span = f"{dates[0]:%Y-%m-%d}\t{dates[-1]:%Y-%m-%d}"
    (store / "instruments" / "all.txt").write_text("\n".join(f"{s}\t{span}" for s in symbols) + "\n")
    for column, symbol in enumerate(symbols):
        folder = store / "features" / symbol.lower()
        folder.mkdir(parents=True)
        for name, values in fields.items():
            np.append(np.float32(0), values[:, column].astype("<f4")).astype("<f4").tofile(folder / f"{name}.day.bin")
    return symbols


def without_locks() -> None:
    """Let the disk caches work without a Redis server."""
    import qlib.utils
    from qlib.data import cache

    qlib.utils.can_use_cache = lambda: True
    nothing = staticmethod(lambda *_: contextlib.nullcontext())
    cache.CacheUtils.reader_lock = cache.CacheUtils.writer_lock = nothing


def run(directory: Path, repeats: int) -> dict:
    """CPU seconds by kind of cache, of the whole process up to the first result, and its peak memory."""
    before_writing = time.process_time()
    symbols = write_store(directory)
    writing = time.process_time() - before_writing
    import qlib
    from qlib.data import D
    from qlib.data.cache import H

    without_locks()
    found: dict = {}
    for kind, caches in {
        "uncached": (None, None),
        "expression": ("DiskExpressionCache", None),
        "dataset": ("DiskExpressionCache", "DiskDatasetCache"),
    }.items():
        qlib.init(
            provider_uri=str(directory / "qlib"),
            kernels=1,
            expression_cache=caches[0],
            dataset_cache=caches[1],
            logging_level=logging.ERROR,
            skip_if_reg=False,
        )
        if caches[0]:  # fills the cache
            D.features(symbols, list(FACTORS.values()), freq="day", disk_cache=1)
        seconds = []
        for _ in range(repeats):
            H.clear()
            started = time.process_time()
            frame = D.features(symbols, list(FACTORS.values()), freq="day", disk_cache=1)
            seconds.append(time.process_time() - started)
            if "whole" not in found:
                found["whole"] = time.process_time() - writing
                found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                wide = [frame[c].unstack(level="instrument").to_numpy() for c in frame.columns]
                np.save(directory / "qlib_values.npy", np.array(wide))
        found[kind] = median(seconds)
    return found | {"names": list(FACTORS)}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))))
