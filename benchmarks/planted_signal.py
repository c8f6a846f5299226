"""Is a planted signal found, and is nothing found where none is planted?

``python -m benchmarks.planted_signal --size small|full``. The mean out-of-sample rank information coefficient
of every model against the ten sessions that followed, with its 95 % interval (Newey and West), beside that of
the oracle, which knows every stock's expected return. Markets of several seeds are pooled.
"""

import math
import tempfile
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, show

# symbols, years, seeds, planted; the small one plants a signal so strong that cheap models find it
SIZES = {"small": (100, 6, (42,), 0.2), "full": (300, 8, (42, 43, 44), 0.05)}
ORACLE, STACK = "oracle", "ridge_stack"
Z = 1.959964  # 97.5 % quantile of the normal


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    symbols, years, seeds, strength = SIZES[size]
    more = synthetic.CHEAP_MODELS if size == "small" else {}
    found: list[Line] = []
    for planted in (strength, 0.0):
        runs = [_run(symbols, years, planted, seed, more) for seed in seeds]
        pooled = {model: _pooled([run[model] for run in runs]) for model in runs[0]}
        oracle = pooled[ORACLE]
        for model, (mean, error) in sorted(pooled.items(), key=lambda item: item[0] not in (STACK, ORACLE)):
            verdict = ""
            if model == STACK:
                seen = abs(mean) > Z * error
                verdict = "ok" if seen == (planted > 0) else "short"
            share = f"{mean / oracle[0]:.0%} of it" if planted and model != ORACLE else ""
            found.append(
                Line(
                    f"rank IC, {symbols} x {years} y, {len(seeds)} seeds, planted {planted:g}: {model}",
                    f"{oracle[0]:+.4f}" if planted and model != ORACLE else "",
                    f"{mean:+.4f} +- {Z * error:.4f}",
                    share,
                    ("> 0" if planted else "= 0") if model == STACK else "",
                    verdict,
                )
            )
    return found


def _run(symbols: int, years: int, planted: float, seed: int, more: dict) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        settings = synthetic.config(
            Path(home), symbols=symbols, years=years, information_coefficient=planted, seed=seed, more=more
        )
        return synthetic.run_inside("benchmarks.planted_signal", settings)


def _pooled(runs: list[list[float]]) -> tuple[float, float]:
    """Mean over the seeds, and its standard error."""
    return fmean(mean for mean, _ in runs), math.sqrt(sum(error**2 for _, error in runs)) / len(runs)


def inside() -> dict[str, tuple[float, float]]:
    """Mean rank IC of every model and its standard error, on the dates on which all of them had a score."""
    import pandas as pd

    from benchmarks import bare
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.domain import exported, metrics
    from trade_assets.resources.market_data import build_source
    from trade_assets.resources.tracking import Untracked
    from trade_assets.resources.workers import Workers
    from trade_assets.settings import load

    settings = load()
    resources = build_resources(settings, workers=Workers(1), tracking=Untracked(), artifacts=bare.Artifacts())
    graph = bare.Graph(resources)
    graph.run(partitions.GRID)
    predictions, outcomes = graph.tables["stock_predictions"], graph.tables["stock_outcomes"]
    made, source = predictions[predictions["model"] == STACK], build_source(settings)
    best = [
        rows.assign(model=ORACLE, prediction=rows["symbol"].map(source.oracle_scores(date)).astype(float))
        for date, rows in made.groupby("rebalance_date")
    ]
    every = [predictions, *(part for part in best if part["prediction"].nunique() > 1)]
    ics = exported.rank_ics(pd.concat(every, ignore_index=True), outcomes).pivot(
        index="rebalance_date", columns="model", values="rank_ic"
    )
    ics = ics[ics[STACK].notna()]
    found = {}
    for model in ics:
        values = ics[model].dropna().to_numpy()
        t = metrics.newey_west_t(values, lags=metrics.newey_west_lags(len(values)))
        found[model] = (float(np.mean(values)), float(np.mean(values)) / t)
    return {ORACLE: (0.0, 0.0)} | found


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    show(lines(given.size))
