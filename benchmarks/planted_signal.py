"""Does the stack find a planted signal, and none where there is none?

``python -m benchmarks.planted_signal --size small|full``. On a synthetic market with a known information
coefficient, the mean rank IC of every model's out-of-sample scores stands beside the oracle's, the best score there
can be, each with its 95 % interval (Newey-West). On a market with nothing planted the stack must not differ from 0.
"""

import tempfile
from pathlib import Path

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, show

SIZES = {"small": (60, 4), "full": (300, 8)}
PLANTED = 0.05
ORACLE = "oracle"


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    symbols, years = SIZES[size]
    found = []
    for coefficient in (PLANTED, 0.0):
        with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
            settings = synthetic.config(Path(home), symbols=symbols, years=years, information_coefficient=coefficient)
            ics = synthetic.run_inside("benchmarks.planted_signal", settings)
        work = f"rank IC, {symbols} x {years} y, planted {coefficient:g}"
        oracle = shown(ics[ORACLE])
        for model, own in ics.items():
            is_clear = abs(own["mean"]) > own["half_width"]
            verdict = ("found" if is_clear else "not found") if coefficient else ("a false alarm" if is_clear else "ok")
            found.append(Line(f"{work}, {model}", oracle, shown(own), f"{own['dates']} dates", "", verdict))
    return found


def shown(ic: dict) -> str:
    """Mean and half width of the 95 % interval."""
    return f"{ic['mean']:+.4f} ± {ic['half_width']:.4f}"


def inside() -> dict[str, dict[str, float]]:
    """Compute the market's history and give the ICs of its models."""
    from benchmarks import bare
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.resources.tracking import Untracked
    from trade_assets.settings import load

    resources = build_resources(load())
    graph = bare.Graph(resources | {"artifacts": bare.Artifacts(), "workers": bare.Fits(), "tracking": Untracked()})
    graph.run(partitions.GRID)
    return coefficients(graph.tables["stock_predictions"], graph.tables["stock_outcomes"])


def coefficients(predictions, outcomes) -> dict[str, dict[str, float]]:
    """Mean rank IC, half width of its interval and dates, by model and for the oracle on the same dates."""
    import numpy as np
    import pandas as pd

    from trade_assets.domain import exported, metrics
    from trade_assets.resources.market_data import build_source
    from trade_assets.settings import load

    source = build_source(load())
    dates = predictions["rebalance_date"].unique()
    known = [
        source.oracle_scores(date).rename("prediction").rename_axis("symbol").reset_index().assign(rebalance_date=date)
        for date in dates
    ]
    oracle = pd.concat(known, ignore_index=True).assign(model=ORACLE)
    scored = predictions.loc[predictions["model"] == predictions["model"].iloc[0], ["rebalance_date", "symbol"]]
    oracle = oracle.merge(scored, on=["rebalance_date", "symbol"])
    ics = exported.rank_ics(pd.concat([predictions, oracle], ignore_index=True), outcomes)
    found = {}
    for model, rows in ics.groupby("model"):
        values = rows.sort_values("rebalance_date")["rank_ic"].dropna().to_numpy()
        mean = metrics.mean_ic(values)
        t = metrics.newey_west_t(values, lags=metrics.newey_west_lags(len(values)))
        half_width = 1.96 * abs(mean / t) if t and np.isfinite(t) else float("nan")
        found[str(model)] = {"mean": mean, "half_width": half_width, "dates": len(values)}
    return found


if __name__ == "__main__":
    show(lines(arguments(__doc__ or "").size))
