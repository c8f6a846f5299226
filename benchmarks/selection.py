"""What the contest of candidates costs: all trained, the grid played, a champion chosen.

``python -m benchmarks.selection --size small|full``. A synthetic market; training is wall time on as many processes as
there are cores, with the searches of the tuned candidate; the rest is CPU seconds of one process.
"""

import tempfile
from pathlib import Path

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, limited, peak_mb, show

SIZES = {"small": (100, 5), "full": (500, 10)}
PREPARED = (
    "bars",
    "fundamentals",
    "universe",
    "market_gate",
    "stock_features",
    "stock_outcomes",
    "stock_fold_manifest",
)
TRAINED = ("stock_trials", "stock_parameters", "base_models", "base_predictions", "stack_models", "stock_predictions")
GRID = ("candidate_portfolios", "candidate_returns")
CHOSEN = ("candidate_evidence", "champion_model")


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    symbols, years = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        settings = synthetic.config(Path(home), symbols=symbols, years=years)
        settings["store"] |= {"optuna_uri": f"sqlite:///{Path(home) / 'optuna.db'}", "workers": 2}
        settings["market_gate"] = {"num_boost_round": 1, "meta_trees": 1}  # regimes only
        found = synthetic.run_inside("benchmarks.selection", settings)
    work = f"{symbols} x {years} y"
    return [
        limited(f"{work}: all candidates trained and scored, {found['n_fits']} fits", "", found["trained"] / 60, " min", at_most=30),
        limited(f"{work}: weights and returns of {found['n_cells']} cells", "", found["grid"] / 60, " min", at_most=1),
        limited(f"{work}: a champion chosen, evidence included, slowest of {found['n_decisions']}", "", found["chosen"], " s", at_most=2),
        limited(f"{work}: peak memory, workers included", "", found["peak_mb"] / 1024, " GB", at_most=4),
    ]  # fmt: skip


def inside() -> dict[str, float]:
    """Seconds of each part, and the peak of memory."""
    import resource
    import time

    from benchmarks import bare
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.domain import champion, evidence
    from trade_assets.resources.tracking import Untracked
    from trade_assets.settings import load

    resources = build_resources(load(), tracking=Untracked(), artifacts=bare.Artifacts())
    grid, spent = partitions.GRID, {}
    slowest = _clock_decisions(evidence, champion)
    graph = bare.Graph(resources, only=(*PREPARED, *TRAINED, "selection"))
    started = time.perf_counter()
    graph.run(grid)
    spent["wall"] = time.perf_counter() - started
    resources["workers"].close()
    models = graph.tables["base_models"].drop_duplicates(["retrain_date", "model"])
    cells = graph.tables["candidate_returns"].drop_duplicates(["model", "construction"])
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "trained": sum(graph.wall_seconds[name] for name in TRAINED),
        "grid": sum(graph.function_seconds[name] for name in GRID),
        "chosen": max(slowest, default=0.0),
        "n_decisions": len(slowest),
        "n_fits": len(models),
        "n_cells": len(cells),
        "peak_mb": peak_mb() + 2 * workers.ru_maxrss / 1024,
    }


def _clock_decisions(evidence, champion) -> list[float]:
    """CPU seconds of each decision, from the matrix of returns to the reason, as they are made."""
    import time

    seconds: dict[object, float] = {}
    told: list[float] = []

    def clocked(module, name: str, is_last: bool) -> None:
        original = getattr(module, name)

        def timed(*args, **kwargs):
            started = time.process_time()
            result = original(*args, **kwargs)
            date = kwargs["date"]
            seconds[date] = seconds.get(date, 0.0) + time.process_time() - started
            if is_last:
                told.append(seconds[date])
            return result

        setattr(module, name, timed)

    clocked(evidence, "table", False)
    clocked(champion, "decided", True)
    return told


if __name__ == "__main__":
    show(lines(arguments(__doc__ or "").size))
