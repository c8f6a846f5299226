"""The numbers of the page as Markdown: why what is in force is in force (R-165)."""

from collections.abc import Mapping

from trade_assets.domain import champion
from trade_assets.domain.report import writing
from trade_assets.domain.report.marked import inert, table
from trade_assets.domain.report.selection import glossary
from trade_assets.domain.report.selection.findings import Findings

SAYS_NOTHING = "No decision has been made yet."


def markdown(found: Findings, *, facts: Mapping[str, str]) -> str:
    """The page's numbers, for reading beside code; the same text for the same tables."""
    now = found.in_force
    parts = [
        f"# Model selection{f' as of {writing.day(now.date)}' if now else ''}",
        inert(now.sentence) if now else "Nothing has been selected yet.",
        inert(now.reason) if now else "",
        "## Gates of the highest score", _gates(found),
        "## What luck gives", _luck(found),
        "## Sharpe ratio of every candidate", _matrix(found),
        "## The five highest scores", _top(found),
        "## Forecasts", _skill(found),
        "## Under stress", _stress(found),
        "## Decisions", _history(found),
        "## Caveats", "\n".join(f"- {inert(note)}" for note in found.notes),
        "## How this was made", "\n".join(f"- {inert(label)}: {inert(text)}" for label, text in facts.items()),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _gates(found: Findings) -> str:
    if found.judged is None:
        return SAYS_NOTHING
    rows = [(gate.name, "pass" if gate.passed else "fail" if gate.severity == "error" else "warn", gate.sentence) for gate in found.gates]  # fmt: skip
    return f"{inert(champion.name_of(found.judged.best))}:\n\n" + table(("Gate", "Verdict", "In words"), rows)


def _luck(found: Findings) -> str:
    if found.luck is None:
        return SAYS_NOTHING
    told = found.luck
    rows = [
        ("Rebalances out of sample", writing.count(told.n_rebalances)),
        ("Cells, and groups that earn alike", f"{told.n_cells:.0f}, {told.n_groups:.0f}"),
        ("Trials of searches", writing.count(told.n_search_trials)),
        ("Looks", writing.count(found.n_looks)),
        ("Error probability spent, and in all", f"{found.spending['spent']:.2%}, {found.spending['total']:.2%}"),
        ("Information ratio that luck alone gives", writing.ratio(told.luck)),
        ("Highest information ratio found", writing.ratio(told.best)),
        ("Deflated Sharpe ratio of the highest score", writing.ratio(told.deflated)),
        ("Probability of backtest overfitting", writing.percent(told.pbo)),
        ("Probability that the one chosen loses", writing.percent(told.probability_of_loss)),
        *((f"Chance to find a true ratio of {each.ratio:.1f}", writing.percent(each.found)) for each in found.power),
    ]
    return table(("", ""), rows)


def _matrix(found: Findings) -> str:
    head = list(found.matrix.columns)
    rows = [[value if isinstance(value, str) else writing.ratio(value) for value in row] for row in found.matrix.itertuples(index=False)]  # fmt: skip
    return table(head, rows)


def _top(found: Findings) -> str:
    if found.judged is None:
        return SAYS_NOTHING
    head = ("Candidate", *(glossary.METRICS[name].label for name in glossary.TABLE))
    rows = [
        (champion.name_of((str(row["model"]), str(row["construction"]))), *(writing.in_unit(row[name], glossary.METRICS[name].unit) for name in glossary.TABLE))
        for row in found.top.to_dict("records")
    ]  # fmt: skip
    return table(head, rows)


def _skill(found: Findings) -> str:
    if not len(found.skill):
        return "No outcome of a score is known yet."
    rows = [
        (row.model, writing.count(row.n_dates), writing.bps(row.mean_rank_ic, 3), writing.bps(row.mean_ic, 3), writing.ratio(row.icir), writing.ratio(row.newey_west_t), writing.ratio(row.sharpe_ratio))
        for row in found.skill.itertuples()
    ]  # fmt: skip
    return table(("Model", "Dates", "Rank IC", "IC", "ICIR", "t", "Sharpe of the top set"), rows)


def _stress(found: Findings) -> str:
    if found.stress is None:
        return "What is in force has earned nothing yet."
    rows = [
        (row.label, writing.percent(row.cagr), writing.ratio(row.sharpe), writing.percent(row.max_drawdown), writing.percent(row.cost_a_year, 2), writing.signed_percent(row.excess))
        for row in found.stress.table.itertuples()
    ]  # fmt: skip
    return table((champion.name_of(found.stress.cell), "CAGR", "Sharpe", "Drawdown", "Costs a year", "Less the baseline"), rows)  # fmt: skip


def _history(found: Findings) -> str:
    rows = [
        (writing.day(row.date), writing.count(row.n_rebalances), writing.percent(row.level, 2), champion.name_of((row.model, row.construction)), row.status, "yes" if row.is_change else "", row.reason)
        for row in found.history.itertuples()
    ]  # fmt: skip
    return table(("Decided", "Rebalances", "Level", "In force after it", "Status", "Change", "Why"), rows) if rows else SAYS_NOTHING  # fmt: skip
