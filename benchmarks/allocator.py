"""The allocator: its labels against the loop, its time over twenty years, and whether it finds a leg that leads.

``python -m benchmarks.allocator --size small|full``. The loop measures one candidate and one session at a time. Full is
twenty years of sessions with monthly refits and yearly searches, on as many processes as there are cores.
"""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, cpu_seconds, limited, show, versus
from trade_assets.domain.allocator import utility
from trade_assets.domain.allocator.utility import Terms
from trade_assets_tests import reference

SIZES = {"small": ("1999-01-04", "2006-12-31", 1_000), "full": ("1999-01-04", "2018-12-31", 5_000)}
HORIZONS = (10, 63)


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    first, last, sessions = SIZES[size]
    found = [line for horizon in HORIZONS for line in _labels(sessions, horizon)]
    led, alike = (_run(first, last, kind) for kind in ("led", "alike"))
    work = f"{first[:4]}-{last[:4]} by sessions"
    return [
        *found,
        limited(f"{work}: from sleeves to the report, searches included", "", led["wall"], " s", at_most=180),
        limited(f"{work}: peak memory, workers included", "", led["peak_mb"] / 1024, " GB", at_most=3),
        Line("a leg leads: mean weight of the NASDAQ leg where it leads", "", f"{led['qqq_leads']:.2f}", ""),
        Line("a leg leads: and where the other leads", "", f"{led['spy_leads']:.2f}", ""),
        Line("a leg leads: growth a year, and the engine's", "", f"{led['cagr']:.1%}, {led['engine_cagr']:.1%}", ""),
        Line("a leg leads: accepted", "", "yes" if led["is_accepted"] else "no", ""),
        limited("legs alike: turnover a month", "", alike["turnover_monthly"], "", at_most=0.02),
        Line("legs alike: accepted", "", "yes" if alike["is_accepted"] else "no", "", "no", "short" if alike["is_accepted"] else "ok"),
    ]  # fmt: skip


def _labels(sessions: int, horizon: int) -> list[Line]:
    rng = np.random.default_rng(42)
    gross, position = 1.0 + rng.normal(0.0003, 0.01, (sessions, 2)), rng.uniform(0.0, 1.0, (sessions, 2))
    terms, weights = Terms(horizon, 1.0, 1.0, 0.0003), utility.weights_of()
    used, (ours, _, _) = cpu_seconds(lambda: utility.labels(gross, position, weights, terms, before=0.5))
    theirs, (loop, _) = cpu_seconds(
        lambda: reference.utilities(
            gross.tolist(), position.tolist(), weights.tolist(), horizon=horizon, lambda_dd=1.0, lambda_tc=1.0,
            cost_frac=0.0003, before=0.5,
        ),
        repeats=1,
    )  # fmt: skip
    work = f"utilities, 21 weights, {sessions:,} sessions, {horizon} ahead"
    apart = float(np.abs(ours - np.array(loop)).max())
    return [
        versus(f"{work}, the loop", theirs, used, at_least=15),
        limited(f"{work}, largest difference", "", apart, "", at_most=1e-12),
    ]


def _run(first: str, last: str, kind: str) -> dict:
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        settings = synthetic.config(Path(home), symbols=1, years=1)
        settings["history"] = {"start": first, "end": last}
        settings["store"] |= {"optuna_uri": f"sqlite:///{Path(home) / 'optuna.db'}", "workers": 2}
        return synthetic.run_inside("benchmarks.allocator", settings, kind)


def inside(kind: str) -> dict[str, float]:
    """Wall seconds, peak memory, mean weights, and the book's performance since the first model."""
    import resource
    import time

    from benchmarks import bare, sleeve_market
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.resources.tracking import Untracked
    from trade_assets.settings import load

    resources = build_resources(load(), tracking=Untracked(), artifacts=bare.Artifacts())
    graph = bare.Graph(resources, only=("allocator",))
    given, regime = sleeve_market.tables(partitions.GRID, kind)
    graph.tables |= given
    started = time.perf_counter()
    graph.run(partitions.GRID)
    wall = time.perf_counter() - started
    resources["workers"].close()
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    report = graph.tables["allocator_report"]
    newest = report[(report["rebalance_date"] == report["rebalance_date"].max()) & (report["window"] == "since_model")]
    told = {book: rows.set_index("metric")["value"].to_dict() for book, rows in newest.groupby("book")}
    return (
        told["allocated"]
        | sleeve_market.mean_weights(graph.tables["allocation"], regime)
        | {"engine_cagr": told["engine"]["cagr"], "wall": wall}
        | {"peak_mb": (own.ru_maxrss + 2 * children.ru_maxrss) / 1024}
    )


if __name__ == "__main__":
    show(lines(arguments(__doc__ or "").size))
