"""The event engine on hourly bars of two legs: its time, its memory, and whether it finds an edge that is there.

``python -m benchmarks.events --size small|full``. Full is twenty years with monthly refits, on as many processes as
there are cores. The edge is planted in the drift of the bars (``benchmarks/leg_market.py``); without one the gate must
trade almost nothing after costs.
"""

import tempfile
from pathlib import Path

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, limited, show

SIZES = {"small": ("1999-01-04", "2004-12-31"), "full": ("1999-01-04", "2018-12-31")}
EDGES = {"planted": 0.15, "none": 0.0}
PARTS = ("bars", "index_bars", "tuning", "events")


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    first, last = SIZES[size]
    found = {name: _run(first, last, edge) for name, edge in EDGES.items()}
    planted, none = found["planted"], found["none"]
    work = f"hourly bars of two legs, {first[:4]}-{last[:4]}"
    return [
        limited(f"{work}: from bars to the book", "", planted["wall"], " s", at_most=600),
        limited(f"{work}: peak memory, workers included", "", planted["peak_mb"] / 1024, " GB", at_most=3),
        *_told("planted", planted),
        limited("planted: expected calibration error out of sample", "", planted["ece"], "", at_most=0.03),
        *_told("none", none),
        limited("none: events entered, of those scored", "", none["n_trades"] / max(none["n_events"], 1), "", at_most=0.02),
    ]  # fmt: skip


def _told(name: str, found: dict) -> list[Line]:
    named = {
        "n_events": "events scored", "n_gated": "events past the gates", "n_trades": "trades",
        "edge_bps": "mean net edge of all, bps", "gated_edge_bps": "of those past the gates, bps",
        "net_bps_mean": "of the trades, bps", "brier": "Brier score", "base_rate": "base rate",
        "ece_uncalibrated": "calibration error before calibration", "band_coverage": "coverage of the 80 % band",
        "cagr": "growth a year", "max_drawdown": "largest drawdown",
    }  # fmt: skip
    return [Line(f"{name}: {words}", "", f"{found[metric]:.4g}", "") for metric, words in named.items()]


def _run(first: str, last: str, edge: float) -> dict:
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        settings = synthetic.config(Path(home), symbols=1, years=1)
        settings["history"] = {"start": first, "end": last}
        settings["events"] = {"bar_minutes": 60}
        settings["store"] |= {"optuna_uri": f"sqlite:///{Path(home) / 'optuna.db'}", "workers": 2}
        return synthetic.run_inside("benchmarks.events", settings, str(edge))


def inside(edge: str) -> dict[str, float]:
    """Wall seconds, peak memory, and the engine's performance since the start."""
    import resource
    import sys
    import time

    from benchmarks import bare
    from benchmarks.leg_market import LegMarket
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.resources.tracking import Untracked
    from trade_assets.settings import load

    settings = load()
    market = LegMarket(str(settings.history.start), str(settings.history.end), settings.events.bar_minutes, float(edge))
    assert len(market.bars(partitions.GRID.dates[0], partitions.GRID.dates[-1]))  # generated before the clock starts
    resources = build_resources(settings, market_data=market, tracking=Untracked(), artifacts=bare.Artifacts())
    graph = bare.Graph(resources, only=PARTS)
    started = time.perf_counter()
    graph.run(partitions.GRID)
    wall = time.perf_counter() - started
    resources["workers"].close()
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    told = graph.tables["event_performance"]
    newest = told[(told["rebalance_date"] == told["rebalance_date"].max()) & (told["window"] == "since_start")]
    engine = newest[newest["book"] == "engine"].set_index("metric")["value"].to_dict()
    for name, spent in sorted(graph.function_seconds.items(), key=lambda item: -item[1]):
        print(
            f"{name:<24}{spent:>8.1f} s CPU here, {graph.table_seconds[name]:>6.1f} s its tables",
            file=sys.stderr,
            flush=True,
        )
    return engine | {"wall": wall, "peak_mb": (own.ru_maxrss + 2 * children.ru_maxrss) / 1024}


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    show(lines(given.size))
