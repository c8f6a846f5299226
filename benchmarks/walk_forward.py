"""A walk-forward over years: what the system costs besides its model fits, bare and through Dagster.

``python -m benchmarks.walk_forward --size small|full``. Bare, every function of the groups market_data,
market_gate, stocks, selection and portfolio is called once for all dates, in one process. Then the same
history goes through Dagster as a range, with the fits handed out from the bare run, so that what remains
is the cost of orchestration, of the store and of MLflow.
"""

import tempfile
import time
from pathlib import Path

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, limited, peak_mb, seconds, show

SIZES = {"small": (100, 5), "full": (500, 10)}


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    symbols, years = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        found = synthetic.run_inside(
            "benchmarks.walk_forward", synthetic.config(Path(home), symbols=symbols, years=years)
        )
    work = f"walk-forward {symbols} x {years} y"
    total = found["functions"] + found["tables"]
    print_breakdown(found)
    return [
        limited(f"{work}, functions bare, over their fits", seconds(found["functions"]), found["functions"] / found["fits"], " x", at_most=1.15),
        Line(f"{work}, the same with schema checks and windows", "", seconds(total), f"{total / found['fits']:.3g} x"),
        limited(f"{work}, peak memory", "", found["peak_mb_bare"] / 1024, " GB", at_most=4),
        limited(f"{work}, Dagster, a materialisation", f"{found['count']} of them", found["orchestration_ms"], " ms", at_most=15),
        Line(f"{work}, of that MLflow", "", "", f"{found['tracking_ms']:.3g} ms"),
        Line(f"{work}, Dagster, a materialisation, wall time", "", seconds(found["dagster_wall"]), f"{1e3 * found['dagster_wall'] / found['count']:.3g} ms"),
        limited(f"{work}, peak memory through Dagster", "", found["peak_mb_dagster"] / 1024, " GB", at_most=4),
    ]  # fmt: skip


def print_breakdown(found: dict) -> None:
    """CPU seconds by asset."""
    print(f"{'asset':<24}{'function':>10}{'of it fits':>12}{'table':>10}")
    for name, used in sorted(found["by_asset"].items(), key=lambda item: -item[1][0] + item[1][1]):
        print(f"{name:<24}{used[0]:>10.2f}{used[1]:>12.2f}{used[2]:>10.2f}")
    print(f"{'sum':<24}{found['functions']:>10.2f}{found['fits']:>12.2f}{found['tables']:>10.2f}", flush=True)


def inside() -> dict:
    """Measure, in a process that has these settings."""
    from benchmarks import bare
    from trade_assets import partitions
    from trade_assets.automation import rebalance_job
    from trade_assets.definitions import build_definitions, build_resources
    from trade_assets.resources.tracking import Tracking, Untracked
    from trade_assets.running import RANGE_END, RANGE_START, prepared_instance
    from trade_assets.settings import load

    settings = load()
    grid = partitions.GRID
    resources = build_resources(settings)
    source = resources["market_data"]
    for table in (source.bars, source.index_bars, source.fundamentals):  # generated and sealed, once and for all
        table(grid.dates[0], grid.dates[-1])

    fits = bare.Fits()
    graph = bare.Graph(resources | {"artifacts": bare.Artifacts(), "workers": fits, "tracking": Untracked()})
    with bare.clocked_learners() as learners:
        graph.run(grid)
        of_learners = learners()
    of_fits = {"forecast_models": "quantiles", "meta_models": "meta_label", "base_models": "fitting"}
    found = {
        "functions": sum(graph.function_seconds.values()),
        "tables": sum(graph.table_seconds.values()),
        "fits": fits.cpu_seconds.get("quantiles", 0.0) + fits.cpu_seconds.get("meta_label", 0.0) + of_learners,
        "jobs": fits.total(),
        "by_asset": {
            name: (used, fits.cpu_seconds.get(of_fits.get(name, ""), 0.0), graph.table_seconds[name])
            for name, used in graph.function_seconds.items()
        },
        "peak_mb_bare": peak_mb(),
    }
    graph.tables.clear()

    class Timed(Tracking):
        cpu_seconds = 0.0

        def log(self, *args) -> None:
            started = time.process_time()
            super().log(*args)
            Timed.cpu_seconds += time.process_time() - started

    replayed = bare.Fits(recorded=fits.results)
    resources = build_resources(settings, workers=replayed, tracking=Timed(settings.store.mlflow_uri))
    job = build_definitions(resources).resolve_job_def(rebalance_job.name)
    keys = [partitions.key_of(date) for date in grid.dates]
    instance = prepared_instance(settings)
    started, wall = time.process_time(), time.perf_counter()
    job.execute_in_process(
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        instance=instance,
        tags={RANGE_START: keys[0], RANGE_END: keys[-1]},
    )
    used, wall = time.process_time() - started, time.perf_counter() - wall
    count = len(keys) * len(graph.function_seconds)
    extra = used - (found["functions"] - found["jobs"])
    return found | {
        "count": count,
        "orchestration_ms": 1e3 * extra / count,
        "tracking_ms": 1e3 * Timed.cpu_seconds / count,
        "dagster_cpu": used,
        "dagster_wall": wall,
        "peak_mb_dagster": peak_mb(),
    }


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    show(lines(given.size))
