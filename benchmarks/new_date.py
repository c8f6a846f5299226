"""What one more rebalance date costs in year 2, in year 10 and in year 20 of a history.

``python -m benchmarks.new_date --size small|full``. The whole history is computed once into a store; then single
dates are computed again on it, windows read and tables written as in a run, six dates in a row so that one is a
retrain. The models are cheap, so that what is seen is what surrounds them. Apart stands the meta forest, which
learns from the whole past by definition, with its reads.
"""

import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import synthetic
from benchmarks.measure import Line, arguments, limited, seconds, show

SIZES = {"small": (20, 20), "full": (100, 20)}
YEARS = (2, 10, 20)
REBALANCES_PER_YEAR = 25.2
DATES = 6  # a retrain and the five after it
# Windows that are full by the end of year 2, so that what is compared is the same work.
SETTINGS = {
    "universe": {"min_history_sessions": 126, "min_dollar_volume_usd": None},
    "history": {"train_rebalances": 20},
    "market_gate": {"train_sessions": 100, "min_train_rows": 60},
}
META = "meta_models"


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    symbols, years = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        settings = synthetic.config(Path(home), symbols=symbols, years=years, more=synthetic.CHEAP_MODELS)
        for section, values in SETTINGS.items():
            settings[section] = settings.get(section, {}) | values
        found = synthetic.run_inside("benchmarks.new_date", settings)
    costs = {year: Counter(found[str(year)]) for year in YEARS}
    print_growth(costs)
    total = {year: sum(used for name, used in cost.items() if name != META) for year, cost in costs.items()}
    work = f"a new date, {symbols} symbols"
    return [
        limited(f"{work}, year {YEARS[-1]} over year {YEARS[0]}", seconds(total[YEARS[-1]]), total[YEARS[-1]] / total[YEARS[0]], " x", at_most=1.2),
        limited(f"{work}, year {YEARS[-1]} over year {YEARS[1]}", seconds(total[YEARS[-1]]), total[YEARS[-1]] / total[YEARS[1]], " x", at_most=1.2),
        *(Line(f"{work}, the meta forest and its reads, year {year}", "", seconds(costs[year][META]), "") for year in YEARS),
    ]  # fmt: skip


def print_growth(costs: dict[int, Counter]) -> None:
    """Milliseconds of CPU a date, by asset and year."""
    print(f"{'ms a date':<24}" + "".join(f"{f'year {year}':>10}" for year in YEARS))
    for name, _ in sorted(costs[YEARS[-1]].items(), key=lambda item: -item[1]):
        print(f"{name:<24}" + "".join(f"{1e3 * costs[year][name]:>10.1f}" for year in YEARS), flush=True)


def inside() -> dict[str, dict[str, float]]:
    """CPU seconds a date by asset, for each of the years."""
    from benchmarks import bare
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.resources.tracking import Untracked
    from trade_assets.resources.workers import Workers
    from trade_assets.settings import load

    grid, resources = partitions.GRID, build_resources(load(), workers=Workers(1), tracking=Untracked())
    everything = bare.Graph(resources)
    everything.run(grid)
    for name, table in everything.tables.items():
        bare.StoredGraph(resources, resources["tables"])._keep(name, table, grid)
    found = {}
    for year in YEARS:
        last = min(round(year * REBALANCES_PER_YEAR), len(grid)) - 1
        for attempt in ("warm", "measured"):
            graph = bare.StoredGraph(resources, resources["tables"])
            for place in range(last - DATES + 1, last + 1):
                graph.run(grid.between(grid.dates[place], grid.dates[place]))
            if attempt == "measured":
                spent = Counter(graph.function_seconds) + Counter(graph.table_seconds)
                found[str(year)] = {name: used / DATES for name, used in spent.items()}
    return found


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    show(lines(given.size))
