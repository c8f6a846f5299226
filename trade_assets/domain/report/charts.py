"""The figures of the tear sheet, as plain Plotly dictionaries.

Two kinds of strings are filled in by the page: ``--name`` is a colour of the palette in force, and
``@sessions`` the shared dates. Numbers travel as packed 32-bit floats, every session of them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import metrics

LIGHT = {
    "paper": "#ffffff", "ink": "#1b2129", "muted": "#5a6472", "rule": "#dde1e6", "panel": "#f5f6f8",
    "portfolio": "#0b5fa5", "equal_weight": "#c75000", "qqq": "#00876a", "spy": "#6f7785",
    "favorable": "rgba(0,135,106,0.13)", "unfavorable": "rgba(190,80,150,0.17)",
    "loss": "rgba(11,95,165,0.16)",
}  # fmt: skip
DARK = {
    "paper": "#12161c", "ink": "#e6e9ed", "muted": "#9aa5b1", "rule": "#2c343d", "panel": "#1a2028",
    "portfolio": "#5cb3ec", "equal_weight": "#e8a33d", "qqq": "#38c9a3", "spy": "#98a2b0",
    "favorable": "rgba(56,201,163,0.13)", "unfavorable": "rgba(214,120,180,0.20)",
    "loss": "rgba(92,179,236,0.20)",
}  # fmt: skip
RANK = {name: place for place, name in enumerate(("portfolio", "equal_weight", "qqq", "spy"), start=1)}
SESSIONS = "@sessions"
DOUBLINGS = {
    "tickmode": "array",
    "tickprefix": "",
    "tickvals": [2.0**n for n in range(-6, 13)],
    "ticktext": [f"${2.0**n:g}" for n in range(-6, 13)],
}
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


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
    lines = [_line(name, labels[name], v, yaxis="y2", hover="$%{y:.2f}") for name, v in values.items()]
    span = max(np.nanmax(v) for v in values.values()) / min(np.nanmin(v) for v in values.values())
    ticks = DOUBLINGS if span > 6 else {"tickmode": "auto", "tickprefix": "$"}
    axis = _axis(type="log", overlaying="y", side="left") | ticks
    return {"data": bands + lines, "layout": _layout(yaxis=_hidden_axis(), yaxis2=axis)}


def drawdown(series: Mapping[str, np.ndarray], labels: Mapping[str, str]) -> dict:
    """Fall from the highest value so far."""
    lines = [
        _line(name, labels[name], _gapped(metrics.drawdowns, returns), hover="%{y:.1%}")
        for name, returns in _own_last(series)
    ]
    lines[-1] |= {"fill": "tozeroy", "fillcolor": "--loss"}
    return {"data": lines, "layout": _layout(yaxis=_axis(tickformat=".0%", rangemode="tozero"))}


def rolling_sharpe(
    series: Mapping[str, np.ndarray], labels: Mapping[str, str], *, window: int, risk_free_frac: float
) -> dict:
    """Sharpe ratio of the ``window`` sessions that end at each."""
    lines = [
        _line(
            name,
            labels[name],
            metrics.rolling_sharpe(returns, window=window, risk_free_frac=risk_free_frac),
            hover="%{y:.2f}",
        )
        for name, returns in _own_last(series)
    ]
    return {"data": lines, "layout": _layout(yaxis=_axis(zeroline=True))}


def exposure(exposure_frac: np.ndarray, bands: list[dict]) -> dict:
    """Share of the book in stocks, over bands of the market regime."""
    line = _line("portfolio", "Invested", exposure_frac, yaxis="y2", hover="%{y:.0%}")
    line["line"] |= {"shape": "hv", "width": 1.2}
    top = max(1.02, float(np.max(exposure_frac)))
    axis = _axis(tickformat=".0%", overlaying="y", side="left", range=[0, top], tickmode="linear", dtick=0.25)
    return {"data": [*bands, line], "layout": _layout(yaxis=_hidden_axis(), yaxis2=axis)}


def trading(rebalances: pd.DataFrame) -> dict:
    """Turnover and costs of each rebalance: ``rebalance_date, turnover_frac, cost_bps``."""
    dates = _days(rebalances["rebalance_date"])
    turnover = _bars("portfolio", "Turnover", dates, rebalances["turnover_frac"], hover="%{y:.1%}")
    cost = _bars("equal_weight", "Cost, bp of equity", dates, rebalances["cost_bps"], hover="%{y:.1f} bp", yaxis="y2")
    layout = _layout(
        yaxis=_axis(tickformat=".0%", domain=[0.56, 1], title={"text": "Turnover"}),
        yaxis2=_axis(domain=[0, 0.44], title={"text": "Cost, bp"}),
    )
    layout["xaxis"] |= {"anchor": "y2"}
    return {"data": [turnover, cost], "layout": layout | {"showlegend": False}}


def skill(ics: pd.DataFrame, *, window: int) -> dict:
    """Rank information coefficient of each date and the mean of the ``window`` that end there."""
    dates, values = _days(ics["rebalance_date"]), ics["rank_ic"].to_numpy()
    trailing = _line("ink", f"Mean of {window}", _trailing_mean(values, window), hover="%{y:.3f}")
    trailing["line"]["width"] = 2
    bars = _bars("portfolio", "Rank IC", dates, values, hover="%{y:.3f}") | {"opacity": 0.5}
    return {"data": [bars, trailing | {"x": dates}], "layout": _layout(yaxis=_axis(zeroline=True))}


def regime_bands(sessions: pd.DatetimeIndex, regimes: np.ndarray) -> list[dict]:
    """Filled steps behind a chart wherever the market was favorable or unfavorable."""
    change = np.flatnonzero(np.append(True, regimes[1:] != regimes[:-1])) if len(regimes) else np.zeros(0, dtype=int)
    ends = np.append(change, len(sessions) - 1) if len(change) else change
    return [
        {
            "type": "scatter", "mode": "lines", "name": name.capitalize(), "hoverinfo": "skip",
            "x": _days(sessions[ends]), "y": (regimes[ends] == name).astype(int).tolist(),
            "line": {"width": 0, "shape": "hv", "color": f"--{name}"}, "legendrank": 2000,
            "fill": "tozeroy", "fillcolor": f"--{name}",
        }
        for name in ("favorable", "unfavorable")
    ]  # fmt: skip


def packed(values: np.ndarray) -> dict[str, str]:
    """Values as the typed array that Plotly decodes."""
    return {"dtype": "f4", "bdata": base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()}


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


def _days(dates: pd.Series | pd.DatetimeIndex) -> list[str]:
    return pd.DatetimeIndex(dates).strftime("%Y-%m-%d").tolist()


def _line(name: str, label: str, values: np.ndarray, *, hover: str, yaxis: str = "y") -> dict:
    return {
        "type": "scatter", "mode": "lines", "name": label, "x": SESSIONS, "y": packed(values), "yaxis": yaxis,
        "line": {"color": f"--{name}", "width": 2 if name == "portfolio" else 1.1},
        "hovertemplate": hover, "legendrank": RANK.get(name, 1000),
    }  # fmt: skip


def _bars(name: str, label: str, dates: list[str], values: pd.Series | np.ndarray, *, hover: str, yaxis: str = "y"):
    return {
        "type": "bar", "name": label, "x": dates, "y": packed(np.asarray(values)), "yaxis": yaxis,
        "marker": {"color": f"--{name}", "line": {"width": 0}}, "hovertemplate": hover,
    }  # fmt: skip


def _axis(**more) -> dict:
    base = {
        "gridcolor": "--rule",
        "linecolor": "--rule",
        "zerolinecolor": "--muted",
        "zeroline": False,
        "automargin": True,
    }
    return base | more


def _hidden_axis() -> dict:
    return {"range": [0, 1], "visible": False, "fixedrange": True}


def _layout(**axes: dict) -> dict:
    return {
        "xaxis": _axis(type="date", hoverformat="%a %d %b %Y", showgrid=False, ticks="outside", tickcolor="--rule"),
        **axes,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": "--muted"},
        "hoverlabel": {"bgcolor": "--panel", "bordercolor": "--rule", "font": {"color": "--ink"}},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "bargap": 0.2,
    }
