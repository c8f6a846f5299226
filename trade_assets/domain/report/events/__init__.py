"""The report of the event engine: one HTML page that needs no network, the same bytes for the same tables."""

from collections.abc import Mapping

from trade_assets.domain.report import traces
from trade_assets.domain.report.events import figures, forecasts, glossary, history, record
from trade_assets.domain.report.events.findings import Findings, find
from trade_assets.domain.report.events.markdown import markdown
from trade_assets.domain.report.events.tables import WHOLE, EventTables, Terms
from trade_assets.domain.report.page import render

__all__ = ["WHOLE", "EventTables", "Findings", "Terms", "event_report", "find", "markdown"]

TILES = ("calmar", "cagr", "max_drawdown", "trades_per_month", "net_bps_mean", "avg_monthly_usd")
COLUMNS = {
    ("since_model", "engine"): "Engine",
    ("since_model", "mock"): "Baseline",
    ("year", "engine"): "Engine, last year",
    ("year", "mock"): "Baseline, last year",
    ("since_start", "engine"): "Engine, since the start",
    ("since_start", "mock"): "Baseline, since the start",
}


def event_report(found: Findings, *, facts: Mapping[str, str]) -> str:
    """One self-contained page: what the engine holds and has ordered, whether it is accepted, and the evidence.

    Parameters
    ----------
    found : Findings
        See :func:`~trade_assets.domain.report.events.findings.find`.
    facts : mapping
        What was run, label to text, in order.

    Returns
    -------
    str
        HTML. Same tables, same bytes.
    """
    told = {key: record.figures_of(found.key_figures, window=key[0], book=key[1]) for key in COLUMNS}
    shown = {key: label for key, label in COLUMNS.items() if told[key]}
    page = {
        "found": found,
        "figures_by": told,
        "columns": shown,
        "headline": told["since_model", "engine"] or told["since_start", "engine"],
        "versus": told["since_model", "mock"] or told["since_start", "mock"],
        "tiles": TILES,
        "fitted_with": list(forecasts.fitted_with(found.models)),
        "history": history,
        "glossary": glossary,
        "facts": dict(facts),
    }
    return render("events/event_report.html.j2", page, figures.charts(found), traces.days(found.equity["session"]))
