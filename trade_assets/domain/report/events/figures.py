"""Which charts the page shows, and why one is missing."""

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.report import traces
from trade_assets.domain.report.charts import Chart
from trade_assets.domain.report.events.findings import Findings

COLOURS = {"engine": "portfolio", "mock": "equal_weight"}
LEG_COLOURS = ("qqq", "spy", "muted", "ink")
NAMES = {"engine": "Engine", "mock": "Baseline"}


def charts(found: Findings) -> list[Chart]:
    """All charts of the page, those that are missing too."""
    return [_equity(found), _drawdown(found), _rolling(found), _reliability(found), _coverage(found)]


def legs_of(found: Findings) -> list[str]:
    """The legs, sorted."""
    return [name for name in found.equity.columns if name not in ("session", *NAMES)]


def _equity(found: Findings) -> Chart:
    title, enough = "Equity", len(found.equity) > 1
    if not enough:
        return Chart("equity", title, "", None, "Fewer than two sessions have been stepped through.")
    legs = dict(zip(legs_of(found), LEG_COLOURS, strict=False))
    lines = [
        *(
            _line(colour, f"{name} sleeve", _worth(found, name), "$%{y:,.0f}") | {"opacity": 0.8}
            for name, colour in legs.items()
        ),
        *(_line(COLOURS[name], NAMES[name], _worth(found, name), "$%{y:,.0f}") for name in ("mock", "engine")),
    ]
    for line, _ in zip(lines, legs, strict=False):
        line["line"] |= {"dash": "dot", "width": 1.3}
    figure = {"data": lines, "layout": traces.layout(yaxis=traces.axis(tickprefix="$", tickformat=",.0f"))}
    capital = f"${found.terms.capital_usd:,.0f}"
    return Chart("equity", title, f"Value of {capital} after costs; each sleeve as if it had the whole of it.", figure)


def _drawdown(found: Findings) -> Chart:
    title = "Drawdown"
    if len(found.equity) < 2:
        return Chart("drawdown", title, "", None, "Fewer than two sessions have been stepped through.")
    lines = [
        _line(COLOURS[name], NAMES[name], metrics.drawdowns(found.equity[name].fillna(0.0).to_numpy()), "%{y:.1%}")
        for name in ("mock", "engine")
    ]
    lines[-1] |= {"fill": "tozeroy", "fillcolor": "--loss"}
    layout = traces.layout(yaxis=traces.axis(tickformat=".0%", rangemode="tozero"))
    stop = found.terms.drawdown_stop
    deepest = min(found.equity[name].fillna(0.0).pipe(lambda r: metrics.max_drawdown(r.to_numpy())) for name in NAMES)
    if deepest < -stop / 2:
        layout["shapes"] = [traces.rule(-limit) for limit in (found.terms.drawdown_warn, stop)]
    caption = f"Fall from the highest value so far. The gates: {found.terms.drawdown_warn:.0%} and {stop:.0%}."
    return Chart("drawdown", title, caption, {"data": lines, "layout": layout})


def _rolling(found: Findings) -> Chart:
    title = "Calmar ratio of the year that ends at each rebalance"
    rows = found.rolling.dropna(subset=["engine"])
    if not len(rows):
        return Chart("rolling", title, "", None, "There is no year of folds yet.")
    dates = traces.days(rows["rebalance_date"])
    lines = [
        _line(COLOURS[name], NAMES[name], rows[name].to_numpy(), "%{y:.2f}") | {"x": dates}
        for name in ("mock", "engine")
    ]
    layout = traces.layout(yaxis=traces.axis(zeroline=True))
    return Chart(
        "rolling",
        title,
        "The drawdown counts as 1 % at least. Neighbouring points share most of their year.",
        {"data": lines, "layout": layout},
    )


def _reliability(found: Findings) -> Chart:
    title, n = "Reliability out of sample", len(found.known)
    if not n:
        return Chart("reliability", title, "", None, "No event that had a model has an outcome yet.")
    filled = found.reliability[found.reliability["n"] > 0]
    most = float(filled["n"].max())
    diagonal = {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "name": "Perfect", "hoverinfo": "skip", "line": {"color": "--muted", "width": 1, "dash": "dot"}}  # fmt: skip
    dots = [
        _dots(filled[filled["kind"] == kind], most, name, colour, with_error=kind == "calibrated")
        for kind, name, colour in (
            ("raw", "Before calibration", "equal_weight"),
            ("calibrated", "Calibrated", "portfolio"),
        )
    ]
    layout = traces.layout(yaxis=traces.axis(range=[-0.02, 1.02], tickformat=".0%", title={"text": "Outcome"}))
    layout["xaxis"] = traces.axis(range=[-0.02, 1.02], tickformat=".0%", title={"text": "Probability"})
    layout["hovermode"] = "closest"
    caption = (
        f"{n:,} events in ten bins of the probability; the area of a dot is its number of events. Bars: 95 % as if events "
        "were independent, so too short."
    )
    return Chart("reliability", title, caption, {"data": [diagonal, *dots], "layout": layout})


def _coverage(found: Findings) -> Chart:
    title = "Outcomes inside the bands, by year"
    rows = found.coverage[found.coverage["span"] != "All"] if len(found.coverage) else found.coverage
    if not len(rows):
        return Chart("coverage", title, "", None, "No event that had a model has an outcome yet.")
    years = rows["span"].tolist()
    bars = [
        _plain_bars(colour, name, years, rows[column])
        for column, name, colour in (
            ("quantiles", "10 % to 90 % quantile", "equal_weight"),
            ("band", "Conformal band", "portfolio"),
        )
    ]
    layout = traces.layout(yaxis=traces.axis(tickformat=".0%", range=[0, 1]))
    layout["xaxis"] = traces.axis(type="category", showgrid=False)
    layout |= {"barmode": "group", "shapes": [traces.rule(1.0 - found.terms.band_miss_rate)]}
    caption = f"The line is the aim of {1 - found.terms.band_miss_rate:.0%}."
    return Chart("coverage", title, caption, {"data": bars, "layout": layout})


def _worth(found: Findings, name: str) -> np.ndarray:
    return found.terms.capital_usd * metrics.wealth(found.equity[name].fillna(0.0).to_numpy())


def _line(colour: str, label: str, values: np.ndarray, hover: str) -> dict:
    return traces.line(colour, label, values, hover=hover)


def _dots(rows: pd.DataFrame, most: float, name: str, colour: str, *, with_error: bool) -> dict:
    share, n = rows["mean_y"].to_numpy(), rows["n"].to_numpy(dtype=float)
    dots = {
        "type": "scatter", "mode": "markers", "name": name, "x": traces.packed(rows["mean_p"].to_numpy()), "y": traces.packed(share),
        "customdata": n.astype(int).tolist(), "hovertemplate": "said %{x:.0%}, came %{y:.0%}, %{customdata} events",
        "marker": {"color": f"--{colour}", "opacity": 0.8, "line": {"width": 0}, "size": (6 + 22 * np.sqrt(n / most)).round(1).tolist()},
    }  # fmt: skip
    if with_error:
        dots["error_y"] = {
            "type": "data", "symmetric": False, "color": f"--{colour}", "thickness": 1, "width": 0,
            "array": (rows["high"].to_numpy() - share).round(4).tolist(), "arrayminus": (share - rows["low"].to_numpy()).round(4).tolist(),
        }  # fmt: skip
    return dots


def _plain_bars(colour: str, name: str, x: list[str], values: pd.Series) -> dict:
    return traces.bars(colour, name, x, values, hover="%{y:.0%}")
