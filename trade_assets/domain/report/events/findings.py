"""Everything the report says, computed once for the page, the Markdown and the files."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.events.acceptance import gates
from trade_assets.domain.report.events import evidence, forecasts, notes, now, record, trades
from trade_assets.domain.report.events.evidence import Estimate
from trade_assets.domain.report.events.tables import EventTables, Terms


@dataclass(frozen=True)
class Findings:
    """The tables and verdicts of the report; each is described where it is computed."""

    terms: Terms
    state: now.State | None
    gates: tuple[Gate, ...]
    equity: pd.DataFrame
    legs: pd.DataFrame
    costs: dict[str, float]
    key_figures: pd.DataFrame
    first_decision: pd.Timestamp | None
    known: pd.DataFrame
    funnel: pd.DataFrame
    gate_gain: Estimate
    closed: Estimate
    buckets: pd.DataFrame
    rank_correlation: float
    probabilities: pd.DataFrame
    reliability: pd.DataFrame
    coverage: pd.DataFrame
    refusals: pd.DataFrame
    exits: pd.DataFrame
    folds: pd.DataFrame
    years: pd.DataFrame
    rolling: pd.DataFrame
    contributions: pd.DataFrame
    models: pd.DataFrame
    parameters: pd.DataFrame
    beside_history: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def n_years(self) -> float:
        """Years between the first and the last session."""
        sessions = self.equity["session"]
        return (sessions.max() - sessions.min()).days / 365.25 if len(sessions) else float("nan")

    @property
    def rolling_quartiles(self) -> tuple[float, float]:
        """Lower quartile and median of the rolling years' Calmar ratios."""
        values = self.rolling["engine"].dropna().to_numpy(dtype=float)
        return (float(np.quantile(values, 0.25)), float(np.median(values))) if len(values) else (np.nan, np.nan)


def find(tables: EventTables, terms: Terms) -> Findings:
    """Compute all findings; every table may be empty, and the order of rows does not matter."""
    tables = tables.in_order()
    known, folds = forecasts.judged(tables, terms), record.folds(tables, terms)
    figures, closed = record.key_figures(tables, terms), _closed(tables)
    return Findings(
        terms=terms,
        state=now.state(tables.event_book, tables.index_bars, terms),
        gates=gates(
            tables.event_performance,
            drawdown_warn=terms.drawdown_warn,
            drawdown_fail=terms.drawdown_stop,
            min_trades_per_month=terms.min_trades_per_month,
        ),
        equity=record.equity(tables),
        legs=record.legs(tables, terms),
        costs=record.costs(tables),
        key_figures=figures,
        first_decision=record.first_decision(tables),
        known=known,
        funnel=forecasts.funnel(tables, known),
        gate_gain=forecasts.gate_gain(known),
        closed=closed,
        buckets=forecasts.buckets(known),
        rank_correlation=forecasts.rank_correlation(known),
        probabilities=forecasts.probabilities(known, terms),
        reliability=forecasts.reliability(known, terms),
        coverage=forecasts.coverage(known),
        refusals=trades.refusals(tables),
        exits=trades.exits(tables),
        folds=folds,
        years=record.years(tables, known, folds),
        rolling=record.rolling(tables),
        contributions=forecasts.contributions(tables),
        models=forecasts.models_in_force(tables),
        parameters=forecasts.parameters_in_force(tables),
        beside_history=record.beside_history(tables, figures, terms),
        notes=tuple(notes.of(tables, terms, known=known, exits=closed)),
    )


def _closed(tables: EventTables) -> evidence.Estimate:
    return forecasts.edge(tables.event_trades[tables.event_trades["action"] == "exit"])
