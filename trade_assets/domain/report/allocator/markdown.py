"""The numbers of the page as Markdown."""

from collections.abc import Mapping

from trade_assets.domain.report import writing
from trade_assets.domain.report.allocator import glossary
from trade_assets.domain.report.allocator.decision import Shares
from trade_assets.domain.report.allocator.findings import Findings
from trade_assets.domain.report.marked import inert, table


def markdown(found: Findings, *, facts: Mapping[str, str]) -> str:
    """The page's numbers, for reading beside code; the same text for the same tables."""
    parts = [
        f"# Allocator{f' at the close of {writing.day(found.decision.session)}' if found.decision else ''}",
        verdict(found), _now(found), "## What moved the weight", _steps(found), "## Acceptance", _gates(found),
        "## Performance", _figures(found), "## Models", _models(found), "## Years", _years(found),
        "## Caveats", "\n".join(f"- {inert(note)}" for note in found.notes),
        "## How this was made", "\n".join(f"- {inert(label)}: {inert(text)}" for label, text in facts.items()),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def verdict(found: Findings) -> str:
    """Whether the allocator is accepted, and what is therefore in force, in one sentence."""
    if found.is_accepted:
        return "The allocator is accepted: its weights are in force."
    failed = len(found.failed)
    engine = "the event engine's equal parts stay" if len(found.terms.roles) > 1 else "what the event engine does stays"
    return f"The allocator is not accepted ({failed} gate{'s' if failed != 1 else ''} failed): {engine} in force."


def _now(found: Findings) -> str:
    if found.decision is None or found.in_force is None:
        return "The allocator has not been run yet."
    told = {"In force": found.in_force, "Allocator": found.decision.wanted, "Allocator, held now": found.decision.held}
    return table(("", "QQQ sleeve", "SPY sleeve", "Cash"), [(name, *_shares(of)) for name, of in told.items()])


def _shares(of: Shares) -> tuple[str, str, str]:
    return writing.percent(of.qqq, 2), writing.percent(of.spy, 2), writing.percent(of.cash, 2)


def _steps(found: Findings) -> str:
    if found.decision is None:
        return "There is no decision yet."
    rows = [
        (step.label, writing.percent(step.value, 2), writing.signed_percent(step.change, 2), step.sentence)
        for step in (*found.decision.split, *found.decision.scale)
    ]
    return table(("Step", "Share", "Change", "In words"), rows)


def _gates(found: Findings) -> str:
    rows = [(gate.requirement, gate.name, "pass" if gate.passed else "fail" if gate.severity == "error" else "warn", gate.sentence) for gate in found.gates]  # fmt: skip
    return table(("Requirement", "Gate", "Verdict", "In words"), rows)


def _figures(found: Findings) -> str:
    told = {name: of for name, of in found.figures["since_model"].items() if of}
    if not told:
        return "No session has been decided by a model yet."
    rows = [
        (glossary.METRICS[name].label, *(writing.in_unit(of.get(name), glossary.METRICS[name].unit) for of in told.values()))
        for name in glossary.SINCE
    ]  # fmt: skip
    return table(("Since the first model", *(found.labels[name] for name in told)), rows)


def _models(found: Findings) -> str:
    rows = [
        (row.model, writing.percent(row.weight), writing.percent(row.mean_weight), writing.ratio(row.inner_loss, 3), writing.bps(row.excess, 3), writing.bps(row.mean_excess, 3))
        for row in found.classifiers.itertuples()
    ]  # fmt: skip
    head = ("Model", "Weight", "Mean weight", "Loss", "Against the base rate", "Mean over all fits")
    return table(head, rows) if rows else "No model has been fitted yet."


def _years(found: Findings) -> str:
    rows = [
        (str(row.year), writing.percent(row.total_return, 2), writing.percent(row.max_drawdown, 2), writing.ratio(row.calmar), writing.percent(row.turnover_monthly), writing.percent(row.hit_rate, 0), writing.percent(row.engine_return, 2), writing.ratio(row.engine_calmar))
        for row in found.years.itertuples()
    ]  # fmt: skip
    head = ("Year", "Return", "Drawdown", "Calmar", "Turnover a month", "Hit rate", "Engine return", "Engine Calmar")
    return table(head, rows) if rows else "No session has been decided by a model yet."
