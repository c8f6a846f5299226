"""How cost is measured here: CPU seconds of one thread, the median of a few warm repeats.

CPU time repeats where wall time doubles with a busy neighbour; even so, compare only figures of one run.
"""

import argparse
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")
NOT_INSTALLED = "peer not installed"
# Set for every process that is started to be measured, ours and the peers'.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
os.environ.update(ONE_THREAD)


@dataclass(frozen=True)
class Line:
    """One line of the report: what was done, what the peer and ours took, and what was aimed at.

    Attributes
    ----------
    ratio : str
        Peer over ours, or whatever the target limits.
    verdict : str
        ``ok``, ``short`` where the target is missed, empty where there is none.
    """

    work: str
    peer: str
    ours: str
    ratio: str
    target: str = ""
    verdict: str = ""


def cpu_seconds(function: Callable[[], T], *, repeats: int = 3) -> tuple[float, T]:
    """Median CPU seconds of ``function``, and what it returned; one call before the first is not counted."""
    result = function() if repeats > 1 else None
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        result = function()
        seconds.append(time.process_time() - started)
    return median(seconds), result  # type: ignore[return-value]


def peak_mb() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def versus(work: str, peer: float | None, ours: float, *, at_least: float | None = None) -> Line:
    """A line whose ratio is the peer's seconds over ours; ``peer`` is None where it is not installed."""
    target = "" if at_least is None else f">= {at_least:g} x"
    if peer is None:
        return Line(work, NOT_INSTALLED, seconds(ours), "", target)
    verdict = "" if at_least is None else "ok" if peer / ours >= at_least else "short"
    return Line(work, seconds(peer), seconds(ours), f"{peer / ours:.1f} x", target, verdict)


def limited(work: str, ours: str, value: float, unit: str, *, at_most: float) -> Line:
    """A line whose value must not exceed a limit."""
    return Line(work, "", ours, f"{value:.3g}{unit}", f"<= {at_most:g}{unit}", "ok" if value <= at_most else "short")


def seconds(value: float) -> str:
    """Seconds as a person reads them."""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def show(lines: Sequence[Line]) -> None:
    """Print the lines as a table."""
    rows = [("work", "peer", "ours", "ratio", "target", ""), *((
        line.work, line.peer, line.ours, line.ratio, line.target, line.verdict) for line in lines)]  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip(), flush=True)


def peer(python: Path | None, script: str, *arguments: str) -> dict[str, Any] | None:
    """What a script of ``benchmarks/peers`` gave in the interpreter that has the peers; None where they are absent."""
    if python is None:
        return None
    command = [str(python), str(Path(__file__).parent / "peers" / script), *arguments]
    done = subprocess.run(command, env=os.environ | {"MPLBACKEND": "Agg"}, capture_output=True, text=True)
    if "No module named" in done.stderr and done.returncode:
        return None
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def arguments(description: str) -> argparse.Namespace:
    """``--size`` and ``--peer-python`` of a script."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument(
        "--peer-python", type=Path, help="interpreter of an environment that has the peers: pyqlib, vectorbt, bt"
    )
    return parser.parse_args()
