"""Which charts the page shows, and why one is missing."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.report import traces
from trade_assets.domain.report.charts import Chart
from trade_assets.domain.report.selection.findings import Findings
from trade_assets.domain.report.selection.record import EQUAL, OWN

SHADES = (("portfolio", "solid"), ("qqq", "solid"), ("ink", "solid"), ("spy", "solid"), ("qqq", "dot"))
COLOURS = {OWN: "portfolio", EQUAL: "equal_weight", "qqq": "qqq", "spy": "spy"}
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down")
TITLES = {
    "top": "The five highest scores",
    "champion": "What was in force, beside the baseline and the indices",
    "scatter": "Turnover and information ratio of every cell",
}
WAITING = "No decision has been made yet."


def charts(found: Findings) -> list[Chart]:
    """All charts of the page, those that are missing too."""
    return [top(found), champion(found), scatter(found)]


def top(found: Findings) -> Chart:
    """Equity of the best by score over the window they were judged on."""
    if found.judged is None:
        return Chart("top", TITLES["top"], "", None, WAITING)
    earned, lines = found.judged.earned, []
    for (colour, dash), cell in zip(SHADES, found.judged.ranked, strict=False):
        daily = earned.daily[:, earned.cells.index(cell)]
        lines.append(_line(colour, " · ".join(cell), metrics.wealth(daily), dash=dash))
    lines.append(_line("equal_weight", "Baseline", metrics.wealth(earned.baseline_daily), dash="dash"))
    caption = "Value of one over the sessions they were judged on, net of costs. Chosen for what they did here: what they do next is another matter."
    return Chart("top", TITLES["top"], caption, _figure(lines[::-1], earned.sessions))


def champion(found: Findings) -> Chart:
    """Equity of what was in force at each time."""
    if found.record is None:
        return Chart("champion", TITLES["champion"], "", None, "Nothing in force has earned a return yet.")
    names = labels(found)
    lines = [_line(COLOURS[name], names[name], _wealth(values)) for name, values in found.record.series.items()]
    caption = "Value of one, net of costs; the pair of each time as its portfolio stood, without the market gate."
    return Chart("champion", TITLES["champion"], caption, _figure(lines[::-1], found.record.sessions))


def scatter(found: Findings) -> Chart:
    """A point a cell; the line is what luck gives."""
    rows = found.cells[found.cells["information_ratio"].notna()]
    if found.judged is None or found.luck is None or not len(rows):
        return Chart("scatter", TITLES["scatter"], "", None, WAITING)
    dots = [
        _dots(name, own, symbol)
        for symbol, (name, own) in zip(SYMBOLS, rows.groupby("construction", sort=False), strict=False)
    ]
    dots += [_ring(rows, cell, label, colour) for cell, label, colour in _marked(found)]
    cap = found.terms.champion.thresholds.turnover_cap
    widest = max(float(rows["turnover"].max()), cap)
    low, high = float(rows["information_ratio"].min()), max(float(rows["information_ratio"].max()), found.luck.luck)
    reach, titled = 0.1 * (high - low), {"title": {"text": "Information ratio a year"}, "tickformat": ".1f"}
    layout = traces.layout(yaxis=traces.axis(zeroline=True, range=[low - reach, high + reach], **titled))
    layout |= {
        "xaxis": traces.axis(tickformat=".0%", title={"text": "Turnover a rebalance"}, range=[0, 1.06 * widest]),
        "hovermode": "closest",
        "shapes": [traces.rule(found.luck.luck), _upright(cap)],
    }
    caption = f"In excess of the baseline. Dotted: {found.luck.luck:.2f}, what luck alone gives the best of {found.luck.n_effective:.0f} trials, and the cap on turnover."
    return Chart("scatter", TITLES["scatter"], caption, {"data": dots, "layout": layout})  # fmt: skip


def labels(found: Findings) -> dict[str, str]:
    """Names of the books of the record."""
    return {OWN: "In force", EQUAL: "Baseline", **{role: f"{symbol} held" for role, symbol in found.terms.legs}}


def _marked(found: Findings) -> Sequence[tuple[tuple[str, str], str, str]]:
    if found.judged is None or found.in_force is None:
        return ()
    best = (found.judged.best, "Highest score", "equal_weight")
    return (best, (found.in_force.cell, "In force", "portfolio"))


def _dots(name: object, rows: pd.DataFrame, symbol: str) -> dict:
    return {
        "type": "scatter", "mode": "markers", "name": str(name), "x": rows["turnover"].tolist(), "y": rows["information_ratio"].tolist(),
        "text": rows["model"].tolist(), "hovertemplate": "%{text}<br>turnover %{x:.1%}, ratio %{y:.2f}",
        "marker": {"symbol": symbol, "size": 8, "color": "--muted", "opacity": 0.75},
    }  # fmt: skip


def _ring(rows: pd.DataFrame, cell: tuple[str, str], label: str, colour: str) -> dict:
    own = rows[(rows["model"] == cell[0]) & (rows["construction"] == cell[1])]
    return {
        "type": "scatter", "mode": "markers", "name": label, "x": own["turnover"].tolist(), "y": own["information_ratio"].tolist(),
        "hoverinfo": "skip", "marker": {"symbol": "circle-open", "size": 17, "color": f"--{colour}", "line": {"width": 3}},
    }  # fmt: skip


def _upright(x: float) -> dict:
    line = {"color": "--muted", "width": 1, "dash": "dot"}
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line}


def _line(colour: str, label: str, values: np.ndarray, *, dash: str = "solid") -> dict:
    made = traces.line(colour, label, values, hover="%{y:.3f}")
    made["line"] |= {"dash": dash, "width": 2 if colour in ("portfolio", "equal_weight") else 1.2}
    return made


def _wealth(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, metrics.wealth(np.where(known, values, 0.0)), np.nan)


def _figure(lines: list[dict], sessions: pd.DatetimeIndex) -> dict:
    dates = traces.days(sessions)
    layout: Mapping = traces.layout(yaxis=traces.axis(tickformat=".2f"))
    return {"data": [line | {"x": dates} for line in lines], "layout": layout}
