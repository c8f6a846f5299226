"""Everything the report says, computed once for the page, the Markdown and the files."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.allocator import acceptance
from trade_assets.domain.allocator.members import BASE
from trade_assets.domain.allocator.performance import BOOKS
from trade_assets.domain.report.allocator import decision, fits, notes, record
from trade_assets.domain.report.allocator.decision import Decision, Shares
from trade_assets.domain.report.allocator.tables import AllocatorTables, Terms

WINDOWS = ("since_model", "year")
MOST = 0.5  # weight of the base rate from which the blend says little more than it


@dataclass(frozen=True)
class Findings:
    """The tables and verdicts of the report; each is described where it is computed."""

    terms: Terms
    decision: Decision | None
    gates: tuple[Gate, ...]
    figures: dict[str, dict[str, dict[str, float]]]
    working: record.Working
    book: pd.DataFrame
    allocation: pd.DataFrame
    folds: pd.DataFrame
    years: pd.DataFrame
    rolling: pd.DataFrame
    fits: pd.DataFrame
    classifiers: pd.DataFrame
    by_fit: pd.DataFrame
    importances: pd.DataFrame
    responses: pd.DataFrame
    calibration: str
    final_fold: pd.Series | None
    parameters: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def labels(self) -> dict[str, str]:
        """Names of the books."""
        return record.labels(self.terms)

    @property
    def is_accepted(self) -> bool:
        """Whether every gate that decides is passed."""
        return acceptance.is_accepted(self.gates)

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Gates that decide and are not passed."""
        return tuple(gate for gate in self.gates if gate.severity == "error" and not gate.passed)

    @property
    def is_judged(self) -> bool:
        """Whether any session was decided by a model."""
        return bool(self.book["is_judged"].any())

    @property
    def first(self) -> pd.Timestamp | None:
        """The first session shown."""
        return self.book["session"].iloc[0] if len(self.book) else None

    @property
    def in_force(self) -> Shares | None:
        """What the book is to hold: the allocator's weights if it is accepted, else the engine's equal parts."""
        if self.decision is None:
            return None
        return self.decision.wanted if self.is_accepted else self.decision.engine

    @property
    def base_weight(self) -> float:
        """Weight of the base rate in the newest blend; NaN without one."""
        own = self.classifiers[self.classifiers["model"] == BASE]
        return float(own["weight"].iloc[0]) if len(own) else np.nan

    @property
    def knows_little(self) -> bool:
        """Whether the newest blend says little more than the base rate."""
        return self.base_weight >= MOST or not (self.classifiers["excess"] < -fits.EPSILON).any()

    @property
    def has_learned(self) -> bool:
        """Whether any model of the newest blend had a lower mean loss than the base rate over all fits."""
        return bool((self.classifiers["mean_excess"] < -fits.EPSILON).any())

    @property
    def even_loss(self) -> float:
        """Loss of calling all weights equally likely."""
        return float(np.log(self.terms.buckets))


def find(tables: AllocatorTables, terms: Terms) -> Findings:
    """Compute all findings; every table may be empty, and the order of rows does not matter."""
    tables = tables.in_order()
    report, models, book = tables.allocator_report, tables.allocator_models, record.shown(tables.allocated_book)
    folds, fitted = record.folds(tables), fits.history(models)
    return Findings(
        terms=terms,
        decision=decision.newest(tables.allocation, tables.allocator_features, terms),
        gates=acceptance.gates_of(report, terms.limits),
        figures={
            window: {name: told for name in BOOKS if name in record.labels(terms) and (told := record.figures_of(report, window=window, book=name))}
            for window in WINDOWS
        },
        working=record.working(book),
        book=book,
        allocation=tables.allocation[tables.allocation["session"].isin(book["session"])].reset_index(drop=True),
        folds=folds,
        years=record.years(book, folds),
        rolling=record.rolling(tables),
        fits=fitted,
        classifiers=fits.classifiers(fitted),
        by_fit=fits.by_fit(fitted),
        importances=fits.importances(models),
        responses=fits.responses(models),
        calibration=fits.calibration(models),
        final_fold=_final(tables.allocator_fold_manifest),
        parameters=_newest(tables.allocator_parameters),
        notes=tuple(notes.of(tables, terms)),
    )  # fmt: skip


def _final(manifest: pd.DataFrame) -> pd.Series | None:
    rows = _newest(manifest)
    rows = rows[rows["fold"] == "final"]
    return rows.iloc[-1] if len(rows) and rows["n_train_rows"].iloc[-1] else None


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    if not len(rows):
        return rows
    return rows[rows["rebalance_date"] == rows["rebalance_date"].max()].reset_index(drop=True)
