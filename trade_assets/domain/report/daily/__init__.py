"""The page of one session: what to do, what is held, why, what was checked; the same bytes for the same tables."""

from collections.abc import Mapping

from trade_assets.domain.report.daily.findings import DailyTables, Day, find
from trade_assets.domain.report.page import render

__all__ = ["DailyTables", "Day", "daily_report", "find"]


def daily_report(day: Day, *, facts: Mapping[str, str]) -> str:
    """One self-contained page.

    Parameters
    ----------
    day : Day
        See :func:`~trade_assets.domain.report.daily.findings.find`.
    facts : mapping
        What the day was made from, label to text, in order.

    Returns
    -------
    str
        HTML. Same tables, same bytes.
    """
    return render("daily/daily_report.html.j2", {"day": day, "facts": dict(facts)}, [], [])
