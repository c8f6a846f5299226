"""The report of the allocator: one HTML page that needs no network, the same bytes for the same tables."""

from collections.abc import Mapping

from trade_assets.domain.report import traces
from trade_assets.domain.report.allocator import figures, glossary
from trade_assets.domain.report.allocator.findings import Findings, find
from trade_assets.domain.report.allocator.markdown import markdown, verdict
from trade_assets.domain.report.allocator.tables import NEWEST, WHOLE, AllocatorTables, Terms
from trade_assets.domain.report.page import render

__all__ = ["NEWEST", "WHOLE", "AllocatorTables", "Findings", "Terms", "allocator_report", "find", "markdown"]

TILES = ("calmar", "cagr", "max_drawdown", "sharpe_ratio", "avg_monthly_return", "turnover_monthly")
LAST_FOLDS = 26
TOP = 12


def allocator_report(found: Findings, *, facts: Mapping[str, str]) -> str:
    """One self-contained page: what to hold and why, whether the allocator is accepted, and the evidence.

    Parameters
    ----------
    found : Findings
        See :func:`~trade_assets.domain.report.allocator.findings.find`.
    facts : mapping
        What was run, label to text, in order.

    Returns
    -------
    str
        HTML. Same tables, same bytes.
    """
    page = {
        "found": found,
        "verdict": verdict(found),
        "tiles": TILES,
        "last_folds": LAST_FOLDS,
        "top": TOP,
        "glossary": glossary,
        "facts": dict(facts),
    }
    sessions = traces.days(found.book["session"])
    return render("allocator/allocator_report.html.j2", page, figures.charts(found), sessions)
