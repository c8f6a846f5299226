"""A person's own model against the champion: the same dates, constructions, costs and tests as every candidate."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from trade_assets import mandate, partitions
from trade_assets.assets import selection_policies
from trade_assets.domain import champion, evidence, folds, grid, grid_returns, prices
from trade_assets.domain.evidence import Earned
from trade_assets.domain.features import FEATURES
from trade_assets.domain.grid import BASELINE, Cell
from trade_assets.domain.models import MODELS, skill
from trade_assets.domain.overfitting import superiority
from trade_assets.resources import model_files, own_files
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings, load

YOURS = "yours"
FIGURES = ("sharpe", "cagr", "max_drawdown", "calmar", "turnover", "score")
MIN_REBALANCES = 10


@dataclass(frozen=True)
class Native:
    """A model file of a person: how it was fitted, the features it takes in order, and the sha256 it must have."""

    algorithm: str
    features: tuple[str, ...]
    sha256: str


def compare(baseline: Path, native: Native | None, console: Console) -> None:
    """Print how predictions of a file, or of a native model, would have done beside the champion's.

    Raises
    ------
    ValueError
        If nothing is stored, the file says nothing about the stored rebalances, or a model is not the one named.
    """
    settings = load()
    tables = TableStore(Files(settings.store.url))
    keys = tables.keys("champion_model")
    if not keys:
        raise ValueError("nothing is stored yet: run trade-assets run first")
    given = _predicted(baseline, native, tables, keys) if native else _from_file(baseline)
    universe = tables.read("universe", keys)[0]
    own = _known(given, universe, console)
    returns = _earned(own, universe, tables, keys, settings)
    rows = tables.read("champion_model", keys[-1:])[0]
    in_force = next((r.model, r.construction) for r in rows.itertuples() if r.role == "champion")
    stored = tables.read("candidate_returns", keys)[0]
    kept = grid.is_baseline(stored) | ((stored["model"] == in_force[0]) & (stored["construction"] == in_force[1]))
    found = evidence.earned(pd.concat([returns, stored[kept]], ignore_index=True))
    if found is None or len(found.dates) < MIN_REBALANCES:
        raise ValueError(
            f"{baseline}: fewer than {MIN_REBALANCES} rebalances are known of both; nothing can be compared"
        )
    told = skill.summary(skill.score_skill(own, tables.read("stock_outcomes", keys)[0], top_n=settings.portfolio.top_n))
    _show(found, in_force, told, tables.read("market_signals", keys)[0], settings, console)


def _from_file(path: Path) -> pd.DataFrame:
    rows = own_files.predictions(str(path)).table.dropna(subset="prediction")
    return rows.rename(columns={"date": "rebalance_date", "ticker": "symbol"})[
        ["rebalance_date", "symbol", "prediction"]
    ]


def _predicted(path: Path, native: Native, tables: TableStore, keys: list[str]) -> pd.DataFrame:
    """Scores of every stored cross-section by a model file, read only after its sha256 matches."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != native.sha256.lower():
        raise ValueError(
            f"{path}: sha256 must be {native.sha256}, was {found}; a model is not read unless it is the one meant"
        )
    if native.algorithm not in MODELS:
        raise ValueError(f"algorithm must be one of {', '.join(MODELS)}, was {native.algorithm}")
    unknown = sorted(set(native.features) - set(FEATURES))
    if unknown or not native.features:
        raise ValueError(f"features must be among those of stock_features, was {', '.join(unknown) or 'empty'}")
    text = content.decode(errors="replace")
    if not model_files.can_be_read(native.algorithm, text, len(native.features)):
        raise ValueError(f"{path}: no {native.algorithm} model of {len(native.features)} features can be read from it")
    score = MODELS[native.algorithm].read(text)
    parts = []
    for date, rows in tables.read("stock_features", keys)[0].groupby("rebalance_date"):
        ordered = rows.sort_values("symbol", ignore_index=True)
        ranks = folds.ranked(ordered, "rebalance_date", list(native.features)).to_numpy(dtype=float)
        parts.append(
            pd.DataFrame(
                {"rebalance_date": date, "symbol": ordered["symbol"], "prediction": score(np.ascontiguousarray(ranks))}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _known(given: pd.DataFrame, universe: pd.DataFrame, console: Console) -> pd.DataFrame:
    """The rows of members at rebalance dates; says how many were left out."""
    members = universe.loc[universe["is_member"], ["rebalance_date", "symbol"]]
    kept = given.merge(members, on=["rebalance_date", "symbol"], validate="one_to_one")
    if not len(kept):
        raise ValueError("no row is of a member at a stored rebalance date: see trade-assets where for the dates")
    if len(kept) < len(given):
        console.print(
            f"[dim]{len(given) - len(kept)} of {len(given)} rows left out: no rebalance date, or no member then[/]"
        )
    return kept.assign(model=YOURS)


def _earned(
    own: pd.DataFrame, universe: pd.DataFrame, tables: TableStore, keys: list[str], settings: Settings
) -> pd.DataFrame:
    """Returns of the predictions in every construction, as ``candidate_returns`` has them."""
    dates = partitions.GRID.between(pd.Timestamp(keys[0]), pd.Timestamp(keys[-1]))
    panel = prices.panel(tables.read("bars", keys)[0], through=dates.dates[-1])
    judged = skill.score_skill(own, tables.read("stock_outcomes", keys)[0], top_n=settings.portfolio.top_n)
    known = {
        date: partitions.GRID.dates[partitions.GRID.position(date) + 1] for date in judged["feature_date"].unique()
    }
    judged["rebalance_date"] = judged["feature_date"].map(known)
    last = settings.model_selection.ic_rebalances
    made = grid.portfolios(
        own,
        universe,
        tables.read("candidate_portfolios", [])[0],
        dates=dates.dates,
        cells=[(YOURS, construction) for construction in settings.model_selection.optimizers],
        limits=selection_policies.limits(settings),
        never_buy=set(settings.portfolio.never_buy),
        panel=panel,
        skill=grid.trailing_skill(judged, dates=dates.dates, grid=partitions.GRID, last=last),
    )
    made = grid.with_scores(made)
    return grid_returns.returns(
        made[~grid.is_baseline(made)],
        panel,
        dates=dates,
        rates=mandate.cost_rates(settings.portfolio),
        capital_usd=settings.portfolio.initial_capital_usd,
    )


def _show(
    found: Earned, in_force: Cell, told: pd.DataFrame, signals: pd.DataFrame, settings: Settings, console: Console
) -> None:
    own = settings.model_selection
    figures = champion.figures_of(
        evidence.table(
            found, signals, pd.DataFrame(), date=found.dates[-1], terms=selection_policies.evidence_terms(own)
        )
    )
    table = Table(
        title=f"Yours beside the champion, {len(found.dates)} rebalances known of both, net of costs",
        title_justify="left",
    )
    for heading in ("", "construction", *FIGURES, "p: champion earns more", "p: yours earns more"):
        table.add_column(heading, justify="left" if heading in ("", "construction") else "right")
    for cell in [in_force, *sorted(c for c in found.cells if c != in_force), BASELINE]:
        apart = found.of(in_force) - (found.baseline_periods if cell == BASELINE else found.of(cell))
        ps = ["", ""] if cell == in_force else [
            f"{superiority.better(side, seed=own.seed, block=evidence.BLOCK_REBALANCES, reps=own.bootstrap_reps):.3f}"
            for side in (apart, -apart)
        ]  # fmt: skip
        name = "champion: " + cell[0] if cell == in_force else cell[0]
        table.add_row(name, cell[1], *(_written(m, figures[cell].get(m, float("nan"))) for m in FIGURES), *ps)
    console.print(table)
    row = told.iloc[0]
    console.print(
        f"Yours ranks: mean rank IC {row['mean_rank_ic']:+.4f}, ICIR {row['icir']:.2f}, Newey-West t {row['newey_west_t']:.2f} "
        f"on {row['n_dates']} dates. What was fitted on these dates has seen them: only predictions made before each date count."
    )


def _written(metric: str, value: float) -> str:
    if np.isnan(value):
        return "not known"
    return f"{value:.2f}" if metric in ("sharpe", "calmar", "score") else f"{value:.1%}"
