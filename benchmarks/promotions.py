"""How often is anything ever promoted, on markets with and without something to find?

``python -m benchmarks.promotions --size small|full [--results DIRECTORY] [--processes 1|2] [--read-only]``. Every
market is played through the graph from prices to the champion, with cheap models and every gate as it is by default.
Counted are the markets in which, at some decision, the statistical gates alone would have promoted something, and those
in which all gates did. A market of ten years begins with one of five, so one run tells of both. Markets are appended to
a file in the directory as they are done, and an interrupted run goes on: keep a directory for one state of the code.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmarks import synthetic
from benchmarks.measure import Line, show

if TYPE_CHECKING:
    import pandas as pd

    from trade_assets.settings import Settings

ALPHA = 0.05  # stated for all time: model_selection.alpha
SETTINGS = {
    "universe": {"min_history_sessions": 63},  # with the usual year of history five years hold one decision
    "modeling": {
        "num_boost_round": 20,
        "early_stopping_rounds": 5,
        "min_train_rows": 100,
        "random_forest_params": {"n_estimators": 10},
        "perceptron_params": {"hidden": [4], "epochs": 5, "patience": 2, "n_seeds": 1},
        "tuning": {"optuna_trials": 2, "max_estimators": 100, "every_rebalances": 96},
    },
    "market_gate": {"num_boost_round": 1, "meta_trees": 1},
}
RETRAIN_EVERY = 24
CALM = {"REGIME_DRIFT": (0.0004, 0.0002), "REGIME_VOLATILITY": (0.003, 0.005)}  # of the synthetic market's factor
NEEDED = ("bars", "fundamentals", "universe", "stocks", "stock_trials", "stock_parameters", "market_gate", "selection")
BATCH = 5  # markets of one process: its imports take as long as a third of a market
FIRST_SEED = 1000
FIRST_YEARS = 5  # of longer markets these are told of too
RESULTS = "promotions.jsonl"
Record = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """Markets that differ in their seed alone.

    Attributes
    ----------
    planted : float, information coefficient of the planted signal
    symbols, years : int
    is_calm : bool, a market of 5 to 8 % volatility without bear markets, in which who holds stocks can keep a drawdown
        below 20 %
    """

    planted: float
    symbols: int
    years: int
    is_calm: bool = False


SIZES: dict[str, dict[Kind, int]] = {
    "small": {Kind(0.0, 20, 5): 1, Kind(0.3, 20, 5, is_calm=True): 1},
    "full": {
        Kind(0.0, 50, 5): 200,
        Kind(0.05, 50, 5): 40,
        Kind(0.05, 200, 10): 20,
        Kind(0.05, 200, 10, is_calm=True): 20,
        Kind(0.0, 50, 10, is_calm=True): 40,
    },
}


def lines(size: str, directory: Path) -> Iterator[Line]:
    """The lines of this script, of the markets played so far."""
    done = played(directory)
    for kind, count in SIZES[size].items():
        seeds = range(FIRST_SEED, FIRST_SEED + count)
        own = [done[kind, seed] for seed in seeds if (kind, seed) in done]
        if not own:
            continue
        for years in sorted({min(FIRST_YEARS, kind.years), kind.years}):
            yield from _told(kind, own, years)
        yield Line("  CPU a market", "", f"{fmean(record['cpu_seconds'] for record in own):.0f} s", "")


def _told(kind: Kind, records: Sequence[Record], years: int) -> Iterator[Line]:
    until = f"{1999 + years}"
    of = [[look for look in record["looks"] if look["date"] < until] for record in records]
    market = f"IC {kind.planted:g}, {kind.symbols} stocks{', calm' if kind.is_calm else ''}"
    work = f"{market}, {years} years ({fmean(map(len, of)):.1f} looks): ever promoted"
    yield _counted(f"{work}, statistical gates alone", kind, of, lambda look: look["n_proven"] > 0)
    yield _counted(f"{work}, all gates", kind, of, lambda look: look["is_qualified"])
    short = [looks for looks in of if any(look["n_proven"] for look in looks) and not looks[-1]["is_qualified"]]
    for name in sorted({name for looks in short for look in looks for name in look["failed_by_all"]}):
        held = sum(all(name in look["failed_by_all"] for look in looks if look["n_proven"]) for looks in short)
        yield Line(f"  of those that only statistics promoted, stopped by: {name}", "", f"{held} of {len(short)}", "")


def _counted(work: str, kind: Kind, of: Sequence[Sequence[Record]], is_one: Callable[[Record], bool]) -> Line:
    from scipy import stats

    k, n = sum(any(map(is_one, looks)) for looks in of), len(of)
    sure = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    share = f"{k / n:.1%} [{sure.low:.1%}, {sure.high:.1%}]"
    if kind.planted:
        return Line(work, "", f"{k} of {n}", share)
    most = int(stats.binom.ppf(0.975, n, ALPHA))
    return Line(work, "", f"{k} of {n}", share, f"<= {most} of {n}", "ok" if k <= most else "short")


def play(kinds: dict[Kind, int], directory: Path, *, processes: int) -> None:
    """Play the markets that are not yet in the directory, so many processes side by side."""
    done = played(directory)
    batches = []
    for kind, count in kinds.items():
        seeds = [seed for seed in range(FIRST_SEED, FIRST_SEED + count) if (kind, seed) not in done]
        batches += [(kind, seeds[at : at + BATCH]) for at in range(0, len(seeds), BATCH)]
    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(lambda batch: _batch(*batch, directory), batches))


def _batch(kind: Kind, seeds: Sequence[int], directory: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as home:
        settings = synthetic.config(
            Path(home), symbols=kind.symbols, years=kind.years, information_coefficient=kind.planted, more=SETTINGS
        )
        settings["history"] |= {"retrain_every": RETRAIN_EVERY}
        settings["store"] |= {"optuna_uri": f"sqlite:///{Path(home) / 'optuna.db'}"}
        given = (json.dumps(asdict(kind)), str(directory / RESULTS), *map(str, seeds))
        synthetic.run_inside("benchmarks.promotions", settings, *given)


def played(directory: Path) -> dict[tuple[Kind, int], Record]:
    """The records of a directory by kind and seed."""
    return {(Kind(**record["kind"]), record["seed"]): record for record in _read(directory)}


def _read(directory: Path) -> list[Record]:
    path = directory / RESULTS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def inside(kind: str, path: str, *seeds: str) -> dict[str, int]:
    """Play the markets of these seeds and append what was decided in each to the file."""
    import time

    from benchmarks import bare
    from trade_assets import partitions
    from trade_assets.definitions import build_resources
    from trade_assets.domain import synthetic_market
    from trade_assets.resources.tracking import Untracked
    from trade_assets.resources.workers import Workers
    from trade_assets.settings import load

    os.nice(19)
    for name, value in (CALM if json.loads(kind)["is_calm"] else {}).items():
        setattr(synthetic_market, name, value)
    loaded, resources = load(), {}
    graph = bare.Graph(resources, only=NEEDED)
    for seed in seeds:
        if (Kind(**json.loads(kind)), int(seed)) in played(Path(path).parent):
            continue  # by another run on the same directory
        started = time.process_time()
        # no setting that is read at import tells of the seed, so one process may play several markets
        market = loaded.data.synthetic.model_copy(update={"seed": int(seed)})
        settings = loaded.model_copy(update={"data": loaded.data.model_copy(update={"synthetic": market})})
        resources |= build_resources(settings, workers=Workers(1), tracking=Untracked(), artifacts=bare.Artifacts())
        graph.tables.clear()
        graph.run(partitions.GRID)
        looks = _looks(graph.tables["candidate_evidence"], graph.tables["champion_model"], settings)
        record = {
            "kind": json.loads(kind),
            "seed": int(seed),
            "cpu_seconds": time.process_time() - started,
            "looks": looks,
        }
        with open(path, "a") as file:
            file.write(json.dumps(record) + "\n")
    return {"markets": len(seeds)}


def _looks(evidence: "pd.DataFrame", champions: "pd.DataFrame", settings: "Settings") -> list[Record]:
    """What was known and decided at each decision.

    A cell is *proven* where the statistical gates let it pass: the test against the baseline at the level of this look,
    and the deflated Sharpe ratio. ``failed_by_all`` names the other gates no proven cell passes.
    """
    from trade_assets.assets import selection_policies
    from trade_assets.domain import champion, grid
    from trade_assets.domain.overfitting import sequential

    terms = selection_policies.champion_terms(settings)
    own = champions[champions["role"] == "champion"].set_index("rebalance_date")
    counts = json.loads(own["looks"].iloc[-1])
    levels = sequential.levels(counts, first=terms.first, alpha=terms.alpha, n_trials=terms.n_models)
    told = []
    for (date, rows), n, level in zip(evidence.groupby("rebalance_date"), counts, levels, strict=True):
        figures = champion.figures_of(rows)
        whole, baseline = figures.pop(champion.WHOLE), figures.pop(grid.BASELINE)
        proven = [
            {
                gate.name
                for gate in champion.gates(row, whole, level=level, terms=terms)
                if not gate.passed and gate.severity == "error"
            }
            for row in figures.values()
            if row["superiority_p"] <= level and row["deflated_sharpe"] >= terms.least_deflated
        ]
        best = min(figures.values(), key=lambda row: row["superiority_p"])
        told.append(
            {
                "date": f"{date:%Y-%m-%d}",
                "n_rebalances": n,
                "level": float(level),
                "n_below_level": sum(bool(row["superiority_p"] <= level) for row in figures.values()),
                "n_proven": len(proven),
                "failed_by_all": sorted(set.intersection(*proven)) if proven else [],
                "is_qualified": bool(own.at[date, "status"] == champion.QUALIFIED),
                "best": {
                    name: best[name]
                    for name in ("superiority_p", "deflated_sharpe", "information_ratio", "sharpe", "max_drawdown", "calmar", "turnover")
                },
                "baseline": {name: baseline[name] for name in ("sharpe", "max_drawdown")},
                "whole": {name: whole[name] for name in ("n_effective", "pbo", "probability_of_loss")},
            }
        )  # fmt: skip
    return told


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--peer-python", type=Path, help="not used: there is no peer")
    parser.add_argument("--results", type=Path, help="directory of the file of results; a temporary one if not given")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
    parser.add_argument("--read-only", action="store_true", help="tell of what is in the directory, play nothing")
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as temporary:
        directory = given.results or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        if not given.read_only:
            play(SIZES[given.size], directory, processes=given.processes)
        show(list(lines(given.size, directory)))
