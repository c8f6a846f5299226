"""The report of the selection: one HTML page that needs no network, the same bytes for the same tables."""

from collections.abc import Mapping

from trade_assets.domain.report.charts import Chart
from trade_assets.domain.report.page import render
from trade_assets.domain.report.selection import figures, glossary
from trade_assets.domain.report.selection.findings import Findings, find
from trade_assets.domain.report.selection.markdown import markdown
from trade_assets.domain.report.selection.stressed import symbols_in_force
from trade_assets.domain.report.selection.tables import WHOLE, SelectionTables, Terms

__all__ = [
    "WHOLE", "Findings", "SelectionTables", "Terms", "champion_page", "equity_page", "find", "markdown", "selection_report", "symbols_in_force",
]  # fmt: skip


def selection_report(found: Findings, *, facts: Mapping[str, str]) -> str:
    """One self-contained page: who is in force and why, what the evidence is worth, and how it came about.

    Parameters
    ----------
    found : Findings
        See :func:`~trade_assets.domain.report.selection.findings.find`.
    facts : mapping
        What was run, label to text, in order.

    Returns
    -------
    str
        HTML. Same tables, same bytes.
    """
    page = {"found": found, "glossary": glossary, "labels": figures.labels(found), "facts": dict(facts)}
    return render("selection/selection_report.html.j2", page, figures.charts(found), [])


def equity_page(found: Findings) -> str:
    """The equity curves of the best by score as a page of their own."""
    return _alone(figures.top(found))


def champion_page(found: Findings) -> str:
    """What was in force beside the baseline and the indices as a page of its own."""
    return _alone(figures.champion(found))


def _alone(chart: Chart) -> str:
    return render("selection/chart_page.html.j2", {"own": chart}, [chart], [])
