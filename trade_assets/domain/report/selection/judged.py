"""What was known of every candidate at the last decision: figures, gates, and the status of those that have none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import champion, evidence, grid
from trade_assets.domain.acceptance import Gate
from trade_assets.domain.evidence import WHOLE, Earned
from trade_assets.domain.grid import BASELINE, Cell
from trade_assets.domain.report.selection import decision
from trade_assets.domain.report.selection.tables import SelectionTables, Terms

TOP = 5
NOT_JUDGED, NOT_IN_GRID = "not judged yet", "not in the grid"
NO_PORTFOLIO = "no portfolio"
FIGURES = (
    "score", "sharpe", "cagr", "volatility", "max_drawdown", "calmar", "turnover", "regime_consistency", "active_return",
    "information_ratio", "deflated_sharpe", "superiority_p", "n_failed_thresholds",
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """The evidence of the last decision.

    Attributes
    ----------
    date : Timestamp
    earned : Earned
        What the candidates earned over the window.
    figures : mapping of cell to metric to value
        Those of the baseline and of the grid as a whole too.
    ranked : tuple of cells, the highest score first
    gates : mapping of cell to its gates
        Of the best by score and of the one in force.
    """

    date: pd.Timestamp
    earned: Earned
    figures: Mapping[Cell, Mapping[str, float]]
    ranked: tuple[Cell, ...]
    gates: Mapping[Cell, tuple[Gate, ...]]

    @property
    def best(self) -> Cell:
        """The candidate of the highest score."""
        return self.ranked[0]

    @property
    def whole(self) -> Mapping[str, float]:
        """What is said of the grid as a whole."""
        return self.figures[WHOLE]

    @property
    def baseline(self) -> Mapping[str, float]:
        """Figures of the baseline."""
        return self.figures[BASELINE]


def last(tables: SelectionTables, in_force: decision.InForce | None, terms: Terms) -> Judged | None:
    """The evidence of the last decision; None before any."""
    if in_force is None or in_force.decision_date is None:
        return None
    date = in_force.decision_date
    rows = tables.candidate_evidence[tables.candidate_evidence["rebalance_date"] == date]
    found = evidence.earned(
        tables.candidate_returns[tables.candidate_returns["rebalance_date"].isin(window(tables, date, terms))]
    )
    if not len(rows) or found is None:
        return None
    figures = champion.figures_of(rows)
    ranked = tuple(sorted(found.cells, key=lambda cell: (-figures[cell]["score"], cell)))
    shown = dict.fromkeys([*ranked[:TOP], *(cell for cell in (in_force.cell,) if cell in found.cells)])
    paired = _paired(found, decision.before(tables.champion_model, date), terms.champion)
    gates = {
        cell: champion.gates(figures[cell], figures[WHOLE], level=in_force.level, terms=terms.champion)
        + ((paired[cell],) if cell in paired else ())
        for cell in shown
    }
    return Judged(date, found, figures, ranked, gates)


def window(tables: SelectionTables, date: pd.Timestamp, terms: Terms) -> pd.DatetimeIndex:
    """The rebalances a decision at ``date`` looks at."""
    dates = pd.DatetimeIndex(np.sort(tables.champion_model["rebalance_date"].unique()))
    return dates[dates <= date][-terms.window_rebalances :]


def cells(tables: SelectionTables, judged: Judged | None, terms: Terms) -> pd.DataFrame:
    """One row a cell of the grid, in its order: status in words, rank by score, and its figures; NaN where there are none.

    A status other than "judged" says why there is no figure. ``fallback_frac`` is the share of the window's portfolios
    that did not come about as their construction is meant to.
    """
    portfolios = tables.candidate_portfolios
    if judged is not None:
        portfolios = portfolios[portfolios["rebalance_date"].isin(window(tables, judged.date, terms))]
    once = portfolios.drop_duplicates(["rebalance_date", "model", "construction"])
    newest = once[once["rebalance_date"] == once["rebalance_date"].max()]
    status = {(row.model, row.construction): row.status for row in newest.itertuples()}
    scored = grid.with_scores(once)
    fell = (~scored["status"].str.startswith("ok")).groupby([scored["model"], scored["construction"]]).mean()
    figures = {} if judged is None else judged.figures
    rank = {} if judged is None else {cell: place for place, cell in enumerate(judged.ranked, start=1)}
    rows = [
        {
            "model": cell[0], "construction": cell[1],
            "status": "judged" if cell in rank else _status(status.get(cell, NO_PORTFOLIO)),
            "rank": rank.get(cell, math.nan),
            **{name: figures.get(cell, {}).get(name, math.nan) for name in FIGURES},
            "fallback_frac": float(fell.get(cell, math.nan)),
        }
        for cell in terms.cells
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "construction", "status", "rank", *FIGURES, "fallback_frac"])


def matrix(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows models, columns constructions, values the Sharpe ratio, or in words why there is none (R-157)."""
    told = (
        rows["sharpe"]
        .astype(object)
        .where(rows["sharpe"].notna(), rows["status"].replace("judged", "undefined: no variation"))
    )
    wide = rows.assign(told=told).pivot(index="model", columns="construction", values="told")
    return (
        wide.reindex(index=rows["model"].unique(), columns=rows["construction"].unique())
        .fillna(NOT_IN_GRID)
        .rename_axis(columns=None)
        .reset_index()
    )


def _status(status: str) -> str:
    return status if status in (grid.NO_SCORES, NO_PORTFOLIO) or status.startswith(grid.SKIPPED) else NOT_JUDGED


def _paired(found: Earned, held: tuple[Cell, str] | None, terms: champion.Terms) -> dict[Cell, Gate]:
    """The test against the pair in force where it qualified or a person put it there; never of itself."""
    if held is None or held[1] == champion.UNQUALIFIED or held[0] not in found.cells:
        return {}
    return champion.paired_gates(found, held[0], terms)
