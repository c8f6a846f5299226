"""Which charts of the models the page shows, and why one is missing."""

import numpy as np
import pandas as pd

from trade_assets.domain.allocator.members import BASE
from trade_assets.domain.report import traces
from trade_assets.domain.report.allocator.findings import Findings
from trade_assets.domain.report.charts import Chart

COLOURS = {BASE: "spy", "ridge": "portfolio", "elastic_net": "qqq", "lightgbm": "equal_weight", "catboost": "ink"}
FAR = 4.0  # times the usual loss from which a peak would flatten the rest of a chart
NONE = "No model has been fitted yet."
TITLES = {
    "blend": "Weights in the blend",
    "skill": "Loss on the inner tests, less the base rate's",
    "calibration": "Loss on the block that calibrates",
    "corners": "How often the best weight was a corner",
}


def charts(found: Findings) -> list[Chart]:
    """Weights and losses of the models, fit by fit."""
    if not len(found.by_fit):
        return [Chart(name, title, "", None, NONE) for name, title in TITLES.items()]
    return [_blend(found), _skill(found), _calibration(found), _corners(found)]


def _blend(found: Findings) -> Chart:
    wide = _wide(found, "blend_weight").fillna(0.0)
    dates = traces.days(pd.DatetimeIndex(wide.index))
    lines = [
        traces.area(_colour(name), _words(name), wide[name].to_numpy(), hover="%{y:.0%}") | {"x": dates}
        for name in wide
    ]
    layout = traces.layout(yaxis=traces.axis(tickformat=".0%", range=[0, 1]))
    caption = "At each fit. Grey is the base rate, which looks at nothing."
    return Chart("blend", TITLES["blend"], caption, {"data": lines, "layout": layout})


def _skill(found: Findings) -> Chart:
    wide = _wide(found, "excess").drop(columns=BASE, errors="ignore")
    if not wide.notna().any().any():
        return Chart("skill", TITLES["skill"], "", None, "No fit had inner tests yet.")
    lines = [_line(_colour(name), _words(name), wide.index, wide[name], "%{y:+.3f}") for name in wide]
    axis, caption = {}, "Below 0 a model knew more than the base rate; above, less."
    values = wide.to_numpy()[np.isfinite(wide.to_numpy())]
    low, usual, high = min(values.min(), 0.0), float(np.quantile(values, 0.95)), values.max()
    if high > FAR * max(usual, -low):
        axis = {"range": [1.2 * low - 0.005, 2 * max(usual, -low) + 0.005]}
        caption += f" Peaks of up to {high:+.2f} leave the chart."
    layout = traces.layout(yaxis=traces.axis(zeroline=True, tickformat="+.2f", **axis))
    return Chart("skill", TITLES["skill"], caption, {"data": lines, "layout": layout})


def _calibration(found: Findings) -> Chart:
    rows, even = found.by_fit, found.even_loss
    lines = [
        _line(colour, label, rows["retrain_date"], rows[column], "%{y:.3f}")
        for column, label, colour in (("loss_before", "Before", "equal_weight"), ("loss_after", "After", "portfolio"))
    ]
    layout = traces.layout(yaxis=traces.axis(tickformat=".2f")) | {"shapes": [traces.rule(even)]}
    caption = f"Of the blend, before and after calibration; after is in sample. The line is {even:.2f}: all {found.terms.buckets} weights equally likely."
    return Chart("calibration", TITLES["calibration"], caption, {"data": lines, "layout": layout})


def _corners(found: Findings) -> Chart:
    rows = found.by_fit
    line = _line("portfolio", "Corners", rows["retrain_date"], rows["corner_share"], "%{y:.0%}")
    layout = traces.layout(yaxis=traces.axis(tickformat=".0%", range=[0, 1.02])) | {"showlegend": False}
    caption = "Share of the training sessions whose best weight was all or nothing."
    return Chart("corners", TITLES["corners"], caption, {"data": [line], "layout": layout})


def _wide(found: Findings, column: str) -> pd.DataFrame:
    wide = found.fits.pivot(index="retrain_date", columns="model", values=column).astype(float)
    return wide[sorted(wide.columns, key=lambda name: (name != BASE, name))]


def _line(colour: str, label: str, dates, values: pd.Series, hover: str) -> dict:
    return traces.line(colour, label, values.to_numpy(), hover=hover) | {"x": traces.days(pd.DatetimeIndex(dates))}


def _colour(model: str) -> str:
    return COLOURS.get(model, "muted")


def _words(model: str) -> str:
    return model.replace("_", " ")
