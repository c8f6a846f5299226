"""Which charts of the book the page shows, and why one is missing."""

from collections.abc import Callable, Sequence

import numpy as np

from trade_assets.domain import metrics
from trade_assets.domain.allocator.performance import BOOKS, OWN
from trade_assets.domain.report import traces
from trade_assets.domain.report.allocator import fit_figures
from trade_assets.domain.report.allocator.findings import Findings
from trade_assets.domain.report.charts import Chart
from trade_assets.domain.report.writing import day

COLOURS = {
    OWN: "portfolio", "engine": "equal_weight", "half": "ink", "best_mix": "muted", "qqq": "qqq", "spy": "spy",
    "index_qqq": "qqq", "index_spy": "spy",
}  # fmt: skip
DASHES = {"half": "dot", "best_mix": "dash", "qqq": "dot", "spy": "dot"}
WAITING = "Fewer than two sessions have been stepped through."
WEIGHTS = {"w_qqq": ("QQQ sleeve", "qqq"), "w_spy": ("SPY sleeve", "spy"), "cash": ("Cash", "rule")}
SCALES = {
    "drawdown_guard": ("Drawdown guard", "equal_weight"),
    "volatility_scale": ("Volatility scale", "qqq"),
    "drift_throttle": ("Drift throttle", "spy"),
    "gross": ("Gross", "portfolio"),
}


def charts(found: Findings) -> list[Chart]:
    """All charts of the page, those that are missing too."""
    return [*(of_book(found) if len(found.book) > 1 else _waiting()), _rolling(found), *fit_figures.charts(found)]


def of_book(found: Findings) -> list[Chart]:
    """Charts over the sessions shown."""
    since, roles = _since(found), found.terms.roles
    indices = (*(f"index_{role}" for role in roles), "engine", OWN)
    return [
        Chart(
            "equity",
            TITLES["equity"],
            f"Value of one, net of costs, {since}. Each sleeve as if it had the whole book.",
            _figure(_lines(found, ("half", "best_mix", *roles, "engine", OWN), metrics.wealth, "%{y:.3f}"), ".2f"),
        ),
        Chart(
            "indices",
            TITLES["indices"],
            f"Value of one on a log scale, {since}.",
            _figure(_lines(found, indices, metrics.wealth, "%{y:.2f}"), ".3~g", type="log"),
        ),
        Chart(
            "underwater",
            TITLES["underwater"],
            f"Fall from the highest value so far, {since}.",
            _figure(_lines(found, (*roles, "engine", OWN), metrics.drawdowns, "%{y:.1%}"), ".0%", rangemode="tozero"),
        ),
        _weights(found, since),
        _gross(found, since),
    ]


TITLES = {
    "equity": "Equity: the allocated book and what it is made of",
    "indices": "Beside the indices held",
    "underwater": "Underwater",
    "weights": "What was held",
    "gross": "How much of the book works, and what cut it",
}


def _waiting() -> list[Chart]:
    return [Chart(name, title, "", None, WAITING) for name, title in TITLES.items()]


def _weights(found: Findings, since: str) -> Chart:
    lines = [
        traces.area(colour, label, found.book[name].to_numpy(), hover="%{y:.1%}")
        for name, (label, colour) in WEIGHTS.items()
        if name == "cash" or name.removeprefix("w_") in found.terms.roles
    ]
    figure = _figure(lines, ".0%", range=[0, 1])
    return Chart("weights", TITLES["weights"], f"Shares of the book after each close, {since}.", figure)


def _gross(found: Findings, since: str) -> Chart:
    lines = [
        traces.line(colour, label, found.allocation[name].to_numpy(), hover="%{y:.1%}")
        for name, (label, colour) in SCALES.items()
    ]
    for line in lines:
        line["line"]["shape"] = "hv"
    caption = f"As decided at each close, {since}. Gross is the product of the three, held to the cap on a rise and to the no-trade band."
    return Chart("gross", TITLES["gross"], caption, _figure(lines, ".0%", range=[0, 1.02]))


def _rolling(found: Findings) -> Chart:
    title, rows = "Calmar ratio of the year that ends at each rebalance", found.rolling.dropna(subset=[OWN])
    if not len(rows):
        return Chart("rolling", title, "", None, "There is no judged year yet.")
    labels = found.labels
    lines = [
        traces.line(COLOURS[name], labels[name], rows[name].to_numpy(), hover="%{y:.2f}")
        | {"x": traces.days(rows["rebalance_date"])}
        for name in ("engine", OWN)
    ]
    caption = "The drawdown counts as 1 % at least. Neighbouring points share most of their year."
    return Chart("rolling", title, caption, _figure(lines, ".1f", zeroline=True))


def _lines(found: Findings, names: Sequence[str], of: Callable, hover: str) -> list[dict]:
    labels, made = found.labels, []
    for name in (each for each in names if each in labels):
        values = of(np.nan_to_num(found.book[BOOKS[name]].to_numpy(dtype=float)))
        line = traces.line(COLOURS[name], labels[name], values, hover=hover)
        line["line"] |= {"dash": DASHES[name], "width": 1.3} if name in DASHES else {}
        made.append(line)
    return made


def _figure(lines: list[dict], tickformat: str, **axis) -> dict:
    return {"data": lines, "layout": traces.layout(yaxis=traces.axis(tickformat=tickformat, **axis))}


def _since(found: Findings) -> str:
    return f"since {'the first model, ' if found.is_judged else ''}{day(found.book['session'].iloc[0])}"
