"""What a trading day costs: `trade-assets daily` from process start to its page, and whether many days grow a process.

``python -m benchmarks.trading_day --size small|full``. A synthetic market is played once through the graph with cheap models;
then the day after it, as a person would ask for it, and fifty sessions one after the other in one process.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, limited, show

SIZES = {"small": (100, 2), "full": (500, 3)}
DAYS = 50
WARM = 5  # days before memory is taken: caches fill
LAST = 55  # sessions before the end of the market at which the live history begins


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    symbols, years = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as directory:
        home = Path(directory)
        settings = synthetic.config(home, symbols=symbols, years=years, more=synthetic.CHEAP_MODELS)
        settings["store"] |= {"optuna_uri": f"sqlite:///{home / 'optuna.db'}"}
        settings["universe"] = {"min_history_sessions": 126}
        settings["modeling"] |= {"tuning": {"optuna_trials": 2, "max_estimators": 100, "every_rebalances": 96}}
        settings["live"] = {
            "start": synthetic.last_session(synthetic.SESSIONS_PER_YEAR * years - LAST),
            "ledger_uri": f"sqlite:///{home / 'ledger.db'}",
            "output_dir": str(home / "live"),
        }
        found = synthetic.run_inside("benchmarks.trading_day", settings)
    work = f"{symbols} stocks"
    return [
        limited(f"{work}: `daily` from process start to its page, a session", f"{found['cpu']:.1f} s CPU", found["wall"], " s", at_most=60),
        limited(f"{work}: peak memory of it", "", found["peak_mb"] / 1024, " GB", at_most=1.5),
        limited(f"{work}: `daily` on a rebalance session, models fitted", f"{found['cpu_rebalance']:.1f} s CPU", found["wall_rebalance"], " s", at_most=60),
        limited(f"{work}: memory after {DAYS} days in one process, over day {WARM}", "", 100 * (found["grown"] - 1), " %", at_most=5),
    ]  # fmt: skip


def inside() -> dict[str, float]:
    """Seconds, memory of one day, and growth over many."""
    import dagster as dg
    import pandas as pd

    from trade_assets import partitions, running
    from trade_assets.automation import rebalance_job, session_job
    from trade_assets.definitions import build_definitions, build_resources
    from trade_assets.desk import paper
    from trade_assets.resources.book_ledger import BookLedger
    from trade_assets.settings import load

    settings = load()
    instance, sessions = running.prepared_instance(settings), partitions.LIVE_SESSIONS
    keys = [partitions.key_of(date) for date in partitions.GRID.dates if date < sessions[-1]]
    last = keys[-1]
    resources = build_resources(settings)
    running.execute(build_definitions(resources).resolve_job_def(rebalance_job.name), instance, keys[:-1])
    resources["workers"].close()
    ledger = BookLedger(settings.live.ledger_uri)
    ledger.create()
    day = sessions[sessions.searchsorted(pd.Timestamp(last))]
    ledger.append(paper.opening(settings, day))
    rebalance = _daily(partitions.key_of(day))
    session = _daily(partitions.key_of(sessions[sessions.searchsorted(day) + 1]))

    with tempfile.TemporaryDirectory() as directory:
        played = paper.resources(settings, Path(directory), sessions[0])
        job, memory = build_definitions(played).resolve_job_def(session_job.name), []
        for each in sessions[:DAYS]:
            key = partitions.key_of(each)
            running.execute(job, dg.DagsterInstance.ephemeral(), [key])
            memory.append(_resident_mb())
    return {
        "wall": session[0], "cpu": session[1], "peak_mb": max(session[2], rebalance[2]), "wall_rebalance": rebalance[0],
        "cpu_rebalance": rebalance[1], "grown": memory[-1] / memory[WARM - 1],
    }  # fmt: skip


def _daily(key: str) -> tuple[float, float, float]:
    """Wall and CPU seconds and peak memory (MB) of the command for one session."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "trade_assets.cli", "daily", "--date", key], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"daily --date {key} left with status {status}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    show(lines(arguments(__doc__ or "").size))
