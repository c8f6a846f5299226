"""The figures of the tear sheet, as plain Plotly dictionaries.

They are put together from :mod:`~trade_assets.domain.report.traces`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.report import traces

DOUBLINGS = {
    "tickmode": "array",
    "tickprefix": "",
    "tickvals": [2.0**n for n in range(-6, 13)],
    "ticktext": [f"${2.0**n:g}" for n in range(-6, 13)],
}


@dataclass(frozen=True)
class Chart:
    """One figure with its title and caption, or the reason why it is missing."""

    id: str
    title: str
    caption: str
    figure: dict | None
    missing: str = ""


def growth(series: Mapping[str, np.ndarray], labels: Mapping[str, str], bands: list[dict]) -> dict:
    """Value of one dollar put in before the first session, over bands of the market regime."""
    values = {name: _gapped(metrics.wealth, returns) for name, returns in _own_last(series)}
    lines = [traces.line(name, labels[name], v, yaxis="y2", hover="$%{y:.2f}") for name, v in values.items()]
    span = max(np.nanmax(v) for v in values.values()) / min(np.nanmin(v) for v in values.values())
    ticks = DOUBLINGS if span > 6 else {"tickmode": "auto", "tickprefix": "$"}
    axis = traces.axis(type="log", overlaying="y", side="left") | ticks
    return {"data": bands + lines, "layout": traces.layout(yaxis=traces.hidden_axis(), yaxis2=axis)}


def drawdown(series: Mapping[str, np.ndarray], labels: Mapping[str, str]) -> dict:
    """Fall from the highest value so far."""
    lines = [
        traces.line(name, labels[name], _gapped(metrics.drawdowns, returns), hover="%{y:.1%}")
        for name, returns in _own_last(series)
    ]
    lines[-1] |= {"fill": "tozeroy", "fillcolor": "--loss"}
    return {"data": lines, "layout": traces.layout(yaxis=traces.axis(tickformat=".0%", rangemode="tozero"))}


def rolling_sharpe(
    series: Mapping[str, np.ndarray], labels: Mapping[str, str], *, window: int, risk_free_frac: float
) -> dict:
    """Sharpe ratio of the ``window`` sessions that end at each."""
    lines = [
        traces.line(
            name,
            labels[name],
            metrics.rolling_sharpe(returns, window=window, risk_free_frac=risk_free_frac),
            hover="%{y:.2f}",
        )
        for name, returns in _own_last(series)
    ]
    return {"data": lines, "layout": traces.layout(yaxis=traces.axis(zeroline=True))}


def exposure(exposure_frac: np.ndarray, bands: list[dict]) -> dict:
    """Share of the book in stocks, over bands of the market regime."""
    line = traces.line("portfolio", "Invested", exposure_frac, yaxis="y2", hover="%{y:.0%}")
    line["line"] |= {"shape": "hv", "width": 1.2}
    top = max(1.02, float(np.max(exposure_frac)))
    axis = traces.axis(tickformat=".0%", overlaying="y", side="left", range=[0, top], tickmode="linear", dtick=0.25)
    return {"data": [*bands, line], "layout": traces.layout(yaxis=traces.hidden_axis(), yaxis2=axis)}


def trading(rebalances: pd.DataFrame) -> dict:
    """Turnover and costs of each rebalance: ``rebalance_date, turnover_frac, cost_bps``."""
    dates = traces.days(rebalances["rebalance_date"])
    turnover = traces.bars("portfolio", "Turnover", dates, rebalances["turnover_frac"], hover="%{y:.1%}")
    cost = traces.bars(
        "equal_weight", "Cost, bp of equity", dates, rebalances["cost_bps"], hover="%{y:.1f} bp", yaxis="y2"
    )
    layout = traces.layout(
        yaxis=traces.axis(tickformat=".0%", domain=[0.56, 1], title={"text": "Turnover"}),
        yaxis2=traces.axis(domain=[0, 0.44], title={"text": "Cost, bp"}),
    )
    layout["xaxis"] |= {"anchor": "y2"}
    return {"data": [turnover, cost], "layout": layout | {"showlegend": False}}


def skill(ics: pd.DataFrame, *, window: int) -> dict:
    """Rank information coefficient of each date and the mean of the ``window`` that end there."""
    dates, values = traces.days(ics["rebalance_date"]), ics["rank_ic"].to_numpy()
    trailing = traces.line("ink", f"Mean of {window}", _trailing_mean(values, window), hover="%{y:.3f}")
    trailing["line"]["width"] = 2
    bars = traces.bars("portfolio", "Rank IC", dates, values, hover="%{y:.3f}") | {"opacity": 0.5}
    return {"data": [bars, trailing | {"x": dates}], "layout": traces.layout(yaxis=traces.axis(zeroline=True))}


def regime_bands(sessions: pd.DatetimeIndex, regimes: np.ndarray) -> list[dict]:
    """Filled steps behind a chart wherever the market was favorable or unfavorable."""
    change = np.flatnonzero(np.append(True, regimes[1:] != regimes[:-1])) if len(regimes) else np.zeros(0, dtype=int)
    ends = np.append(change, len(sessions) - 1) if len(change) else change
    return [
        {
            "type": "scatter", "mode": "lines", "name": name.capitalize(), "hoverinfo": "skip",
            "x": traces.days(sessions[ends]), "y": (regimes[ends] == name).astype(int).tolist(),
            "line": {"width": 0, "shape": "hv", "color": f"--{name}"}, "legendrank": 2000,
            "fill": "tozeroy", "fillcolor": f"--{name}",
        }
        for name in ("favorable", "unfavorable")
    ]  # fmt: skip


def _own_last(series: Mapping[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    return sorted(series.items(), key=lambda item: item[0] == "portfolio")


def _gapped(function, returns: np.ndarray) -> np.ndarray:
    known = np.isfinite(returns)
    return np.where(known, function(np.where(known, returns, 0.0)), np.nan)


def _trailing_mean(values: np.ndarray, window: int) -> np.ndarray:
    if len(values) < window:
        return np.full(len(values), np.nan)
    ends = np.lib.stride_tricks.sliding_window_view(values, window)
    return np.concatenate([np.full(window - 1, np.nan), ends.mean(axis=1)])
