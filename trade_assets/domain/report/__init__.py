"""The tear sheet: one HTML page that needs no network, the same bytes for the same tables."""

from collections.abc import Mapping, Sequence

import pandas as pd

from trade_assets.domain.report import decision, figures, glossary, record, traces, writing
from trade_assets.domain.report.page import render
from trade_assets.domain.report.sparkline import sparkline_markdown, sparkline_svg

__all__ = ["LABELS", "sparkline_markdown", "sparkline_svg", "tear_sheet"]

LABELS = {"portfolio": "Portfolio", "equal_weight": "Equal weight", "qqq": "NASDAQ", "spy": "S&P 500"}
TILES = ("cagr", "volatility", "sharpe_ratio", "max_drawdown", "calmar", "turnover_annual")


def tear_sheet(
    *,
    returns: pd.DataFrame,
    signals: pd.DataFrame,
    rank_ic: pd.DataFrame,
    target: pd.DataFrame,
    trades: pd.DataFrame,
    champion: pd.DataFrame,
    notes: Sequence[str],
    facts: Mapping[str, str],
    labels: Mapping[str, str] = LABELS,
    risk_free_frac: float = 0.0,
) -> str:
    """One self-contained page: what to do now, how the book has done, and what to know before trusting it.

    Performance is measured from the first session with a trade; what the book waited in cash before is
    said, not averaged in. Where history is too short for a figure or a chart, the page says so.

    Parameters
    ----------
    returns : DataFrame
        Rows of ``portfolio_returns``, all sessions so far.
    signals : DataFrame
        Rows of ``market_signals``.
    rank_ic : DataFrame
        ``rebalance_date`` (when the outcome was known), ``model``, ``rank_ic`` (null where undefined).
    target, trades, champion : DataFrame
        Newest rows of ``target_weights``, ``trades`` and ``champion_model``.
    notes : sequence of str
        Caveats, as sentences.
    facts : mapping
        What was run, label to text, in order: source, history start, settings fingerprint, code version, …
    labels : mapping
        Names of the series ``portfolio``, ``equal_weight``, ``qqq``, ``spy``.
    risk_free_frac : float
        Risk-free return of one day, for Sharpe and Sortino ratios, alpha and beta.

    Returns
    -------
    str
        HTML. Same tables, same bytes.
    """
    book, in_force = record.measured(returns), _role(champion, "champion")
    shown = figures.of_book(book, signals, labels=labels, risk_free_frac=risk_free_frac)
    page = {
        "decision": decision.decide(target, trades),
        "signal": decision.latest_signal(signals),
        "champion": in_force,
        "challenger": _role(champion, "challenger"),
        "last": returns.sort_values("session").iloc[-1] if len(returns) else None,
        "book": book,
        "n_waiting": len(returns) - len(book),
        "skill": record.skill(rank_ic),
        "notes": list(notes),
        "facts": dict(facts),
        "labels": labels,
        "risk_free_frac": risk_free_frac,
        "has_record": bool(shown),
    }
    tables = _record(book, signals, risk_free_frac) if shown else {}
    words = {"glossary": glossary, "tiles": TILES, "months": [name[:3] for name in writing.MONTHS]}
    sheet = [*shown, figures.of_skill(rank_ic, in_force)]
    return render("tear_sheet.html.j2", page | tables | words, sheet, traces.days(book["session"]))


def _record(book: pd.DataFrame, signals: pd.DataFrame, risk_free_frac: float) -> dict:
    return {
        "key_figures": record.key_figures(book, risk_free_frac=risk_free_frac),
        "against": record.against(book, risk_free_frac=risk_free_frac),
        "windows": record.windows(book),
        "monthly": record.months(book),
        "regimes": record.regimes(book, signals),
        "gaps": record.gaps(book),
        "series": list(record.series(book)),
    }


def _role(champion: pd.DataFrame, role: str) -> pd.Series | None:
    rows = champion[champion["role"] == role].sort_values("rebalance_date")
    return rows.iloc[-1] if len(rows) else None
