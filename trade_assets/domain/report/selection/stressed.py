"""The champion's pair at other costs, with other capital, or filled later."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import grid, metrics, prices, stress
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.grid import BASELINE, Cell
from trade_assets.domain.report.selection import record
from trade_assets.domain.report.selection.tables import SelectionTables, Terms

KINDS = {"cost": "Costs", "capital": "Capital", "delay": "Filled later"}


@dataclass(frozen=True)
class Stress:
    """Figures of one pair under stress.

    Attributes
    ----------
    cell : (model, construction)
    table : DataFrame
        As :func:`stress.table`, with ``label`` (the case in words), ``is_own`` (it is how the pair is run) and
        ``excess`` (yearly return less the baseline's at its own costs).
    baseline_cagr : float
        Over the same sessions.
    first, last : Timestamp
    impact_known_frac : float
        Share of the positions whose market impact can be estimated.
    """

    cell: Cell
    table: pd.DataFrame
    baseline_cagr: float
    first: pd.Timestamp
    last: pd.Timestamp
    impact_known_frac: float

    @property
    def verdict(self) -> str:
        """Whether it beats the baseline as run, and what takes that away."""
        own = self.table[self.table["is_own"]]
        if not (own["excess"] > 0).all():
            return "It does not beat it even as run."
        lost = self.table[~(self.table["excess"] > 0)].drop_duplicates("kind")
        if not len(lost):
            return "It beats it in every case below."
        return f"It beats it as run, and no longer at: {', '.join(label[0].lower() + label[1:] for label in lost['label'])}."


def of(tables: SelectionTables, cell: Cell, terms: Terms) -> Stress | None:
    """The pair's stored weights run again over the last window; None where it has earned nothing, or without bars."""
    weights = own_weights(tables.candidate_portfolios, cell)
    dates = pd.DatetimeIndex(np.sort(tables.champion_model["rebalance_date"].unique()))
    shown = dates[-terms.window_rebalances :]
    earned = tables.candidate_returns[tables.candidate_returns["rebalance_date"].isin(shown)]
    if not len(weights) or not len(tables.bars) or not len(earned):
        return None
    panel = prices.panel(tables.bars, through=dates[-1])
    before = dates[-len(shown) - 1] if len(dates) > len(shown) else None
    spans = Rebalances(shown, np.arange(len(shown)), before)
    table = stress.table(weights, panel, dates=spans, rates=terms.rates, capital_usd=terms.capital_usd)
    if not len(table):
        return None
    sessions = pd.DatetimeIndex(np.sort(earned.loc[_is(earned, cell), "session"].unique()))[
        -int(table["n_sessions"].iloc[0]) :
    ]
    baseline = record.of_cell(earned, BASELINE, sessions)
    cagr = metrics.cagr(baseline, sessions) if np.isfinite(baseline).all() else np.nan
    return Stress(
        cell=cell,
        table=table.assign(
            label=[_label(kind, at) for kind, at in zip(table["kind"], table["at"], strict=True)],
            is_own=[at == {"cost": 1.0, "capital": terms.capital_usd, "delay": 0.0}[kind] for kind, at in zip(table["kind"], table["at"], strict=True)],
            excess=table["cagr"] - cagr,
        ),
        baseline_cagr=cagr,
        first=sessions[0],
        last=sessions[-1],
        impact_known_frac=stress.impact_known_frac(weights[weights["rebalance_date"] < dates[-1]], panel),
    )  # fmt: skip


def own_weights(portfolios: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    """Stored weights of one cell where its model had scores."""
    scored = grid.with_scores(portfolios)
    return scored[_is(scored, cell)].reset_index(drop=True)


def symbols_in_force(portfolios: pd.DataFrame, champion_model: pd.DataFrame) -> list[str]:
    """Names that the pair in force ever held: those whose bars its stress needs."""
    chosen = champion_model[champion_model["role"] == "champion"].sort_values("rebalance_date")[
        ["model", "construction"]
    ]
    if not len(chosen):
        return []
    held = own_weights(portfolios, tuple(chosen.iloc[-1]))["symbol"]
    return sorted(set(held) - {grid.CASH})


def _is(rows: pd.DataFrame, cell: Cell) -> pd.Series:
    return (rows["model"] == cell[0]) & (rows["construction"] == cell[1])


def _label(kind: str, at: float) -> str:
    if kind == "cost":
        return "No costs" if at == 0 else f"Costs × {at:g}"
    if kind == "capital":
        return f"${at:,.0f}"
    return "Next close" if at == 0 else f"{at:g} session{'s' if at > 1 else ''} later"
