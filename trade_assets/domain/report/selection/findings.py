"""Everything the page says, computed once for the page, the Markdown and the files."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.grid import BASELINE, Cell
from trade_assets.domain.models import skill
from trade_assets.domain.report.selection import decision, judged, luck, notes, record, stressed
from trade_assets.domain.report.selection.decision import InForce
from trade_assets.domain.report.selection.judged import TOP, Judged
from trade_assets.domain.report.selection.luck import Luck, Power
from trade_assets.domain.report.selection.record import Record
from trade_assets.domain.report.selection.stressed import Stress
from trade_assets.domain.report.selection.tables import SelectionTables, Terms

CLEAR = 2.0  # standard errors from which a mean is called clear of zero
HEAT = (0.1, 0.3, 0.6)  # Sharpe ratio above or below the baseline's from which a cell is darker


@dataclass(frozen=True)
class Findings:
    """The tables and verdicts of the page; each is described where it is computed."""

    terms: Terms
    in_force: InForce | None
    judged: Judged | None
    cells: pd.DataFrame
    matrix: pd.DataFrame
    history: pd.DataFrame
    skill: pd.DataFrame
    regimes: pd.DataFrame
    luck: Luck | None
    spending: Mapping[str, float]
    power: tuple[Power, ...]
    years_needed: float
    record: Record | None
    stress: Stress | None
    notes: tuple[str, ...]

    @property
    def top(self) -> pd.DataFrame:
        """The five cells of the highest score."""
        return self.cells[self.cells["rank"] <= TOP].sort_values("rank", ignore_index=True)

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Gates of the best candidate by score."""
        return () if self.judged is None else self.judged.gates[self.judged.best]

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Gates that decide and that the best candidate does not pass."""
        return tuple(gate for gate in self.gates if gate.severity == "error" and not gate.passed)

    @property
    def n_looks(self) -> int:
        """Decisions so far."""
        return int(self.history["is_look"].sum())

    @property
    def n_changes(self) -> int:
        """How often what is in force changed."""
        return int(self.history["is_change"].sum())

    @property
    def constructions(self) -> list[str]:
        """Columns of the matrix."""
        return [name for name in self.matrix.columns if name != "model"]

    @property
    def gate_names(self) -> tuple[Gate, ...]:
        """Every gate any candidate shown was asked, once each, in their order."""
        asked = () if self.judged is None else (gate for gates in self.judged.gates.values() for gate in gates)
        return tuple({gate.name: gate for gate in asked}.values())

    def gate(self, cell: Cell, name: str) -> Gate | None:
        """One gate of one candidate; None where it was not asked."""
        own = () if self.judged is None else self.judged.gates[cell]
        return next((gate for gate in own if gate.name == name), None)

    @property
    def luck_verdict(self) -> str:
        """Whether the highest information ratio is more than luck gives, in words."""
        if self.judged is None or self.luck is None or self.in_force is None:
            return ""
        if self.luck.best > self.luck.luck:
            return "That is more than luck, which by itself proves nothing: the test against the baseline decides."
        if not self.judged.figures[self.judged.best]["superiority_p"] <= self.in_force.level:
            return "That is no more than luck."
        return (
            "That is no more than this estimate of luck, yet the test against the baseline is passed. The estimate is taken "
            "from how far candidates differ, so one good model among poor ones makes it large."
        )

    @property
    def regime_days(self) -> dict[str, float]:
        """Sessions of each regime, of the baseline's."""
        own = self.regimes[self.regimes["model"] == BASELINE[0]]
        return dict(zip(own["regime"], own["n_days"], strict=True))

    @property
    def regime_rows(self) -> list[tuple[str, list[dict]]]:
        """Rows of the five highest scores, of what is in force and of the baseline, regime by regime."""
        if self.judged is None:
            return []
        of = {cell: own.to_dict("records") for cell, own in self.regimes.groupby(["model", "construction"], sort=False)}
        shown = {cell: " · ".join(cell) for cell in self.judged.gates} | {BASELINE: "Baseline"}
        return [(label, of[cell]) for cell, label in shown.items()]

    @property
    def skill_verdict(self) -> str:
        """Whether any model's scores tell anything, in one sentence."""
        told = self.skill.loc[self.skill["newey_west_t"] >= CLEAR, "model"].tolist()
        if not told:
            return f"No model's mean rank IC is {CLEAR:g} standard errors above 0: that the scores tell anything is not shown."
        return f"{', '.join(told)}: {CLEAR:g} standard errors above 0 or more."

    @property
    def heat(self) -> dict[tuple[str, str], str]:
        """CSS class of a cell of the matrix: its Sharpe ratio against the baseline's."""
        base = np.nan if self.judged is None else self.judged.baseline["sharpe"]
        cells = self.cells[["model", "construction"]].itertuples(index=False, name=None)
        return {(str(m), str(c)): _heat(by) for (m, c), by in zip(cells, self.cells["sharpe"] - base, strict=True)}


def find(tables: SelectionTables, terms: Terms) -> Findings:
    """Compute all findings; every table may be empty, and the order of rows does not matter."""
    tables = tables.in_order()
    newest = decision.newest(tables.champion_model, terms.champion)
    last = judged.last(tables, newest, terms)
    cells = judged.cells(tables, last, terms)
    lucky = None if last is None else luck.of(last)
    level = np.nan if newest is None else newest.level
    stress = None if newest is None else stressed.of(tables, newest.cell, terms)
    return Findings(
        terms=terms,
        in_force=newest,
        judged=last,
        cells=cells,
        matrix=judged.matrix(cells),
        history=decision.history(tables.champion_model, terms.champion),
        skill=skill.summary(tables.candidate_skill),
        regimes=record.regimes(last),
        luck=lucky,
        spending={} if newest is None else luck.spending(newest, terms.champion),
        power=() if lucky is None else luck.power(lucky.n_rebalances, level),
        years_needed=np.nan if lucky is None else luck.record_needed(lucky, level),
        record=record.in_force(tables, terms),
        stress=stress,
        notes=tuple(notes.of(cells, newest, stress, terms)),
    )


def _heat(difference: float) -> str:
    if not np.isfinite(difference) or difference == 0:
        return ""
    step = int(np.searchsorted(HEAT, abs(difference), side="right"))
    return f"{'gain' if difference > 0 else 'loss'}{step}"
