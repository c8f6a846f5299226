"""The files of the allocator, under the names and the columns their readers know."""

import pandas as pd

from trade_assets.domain.allocator.performance import BOOKS
from trade_assets.domain.plain import day, plain
from trade_assets.domain.report.allocator.decision import Decision, Shares
from trade_assets.domain.report.allocator.findings import Findings

WINDOWS = {"since_model": "since_first_model", "year": "last_year"}
WEIGHTS = [
    "rebalance_date", "session", "has_model", "held_qqq", "held_spy", "held_mix", "raw_mix", "expected_utility", "smoothed_mix", "capped_mix",
    "clipped_mix", "mix_qqq", "drawdown_guard", "volatility_scale", "drift_throttle", "gross", "w_qqq", "w_spy", "cash", "is_traded",
]  # fmt: skip


def summary(found: Findings) -> dict[str, object]:
    """What is in force, whether the allocator is accepted and by which gates, its figures and its newest decision."""
    newest = found.decision
    return {
        "as_of": day(None if newest is None else newest.session),
        "is_accepted": found.is_accepted,
        "in_force": {"by": "allocator" if found.is_accepted else "event engine, equal parts"}
        | ({} if found.in_force is None else _shares(found.in_force)),
        "gates": [plain(vars(gate)) for gate in found.gates],
        "failed_gates": [gate.name for gate in found.failed],
        "books": {
            name: {label: found.figures[window].get(name, {}) for window, label in WINDOWS.items()}
            for name in found.labels
        },
        "decision": None if newest is None else _decision(newest),
        "models": [plain(row) for row in found.classifiers.to_dict("records")],
        "says_little_more_than_the_base_rate": found.knows_little,
    }


def weights(allocation: pd.DataFrame) -> pd.DataFrame:
    """``date`` and every step of the decision made at its close; what is held is that before the fill."""
    return allocation[WEIGHTS].drop(columns="rebalance_date").rename(columns={"session": "date"})


def equity(book: pd.DataFrame) -> pd.DataFrame:
    """``date``, whether it is judged, and return and equity (1 at the start) of every book."""
    table = pd.DataFrame({"date": book["session"], "is_judged": book["is_judged"]})
    for name, column in BOOKS.items():
        table[f"{name}_return"] = book[column]
        table[f"{name}_equity"] = (1.0 + book[column].fillna(0.0)).cumprod()
    return table


def folds(report: pd.DataFrame) -> pd.DataFrame:
    """Every metric of every judged window, one row a rebalance and book; those of the year that ends there as ``year_…``."""
    rows = report[report["window"].isin(("fold", "year"))]
    named = rows["metric"].where(rows["window"] == "fold", "year_" + rows["metric"])
    wide = rows.assign(metric=named).pivot(index=["rebalance_date", "book"], columns="metric", values="value")
    return wide.reset_index().rename(columns={"rebalance_date": "date"}).rename_axis(columns=None)


def _decision(newest: Decision) -> dict[str, object]:
    return {
        "decided_at_close_of": day(newest.session),
        "filled_at_close_of": day(newest.filled_on),
        "has_model": newest.has_model,
        "is_traded": newest.is_traded,
        "held": _shares(newest.held),
        "wanted": _shares(newest.wanted),
        "steps": {step.column: step.value for step in (*newest.split, *newest.scale)},
    }


def _shares(of: Shares) -> dict[str, object]:
    return {"w_qqq": of.qqq, "w_spy": of.spy, "cash": of.cash}
