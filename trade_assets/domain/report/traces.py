"""What the figures of every page are made of: palettes, lines, bars, axes.

Two kinds of strings are filled in by the page: ``--name`` is a colour of the palette in force, and
``@sessions`` the shared dates. Numbers travel as packed 32-bit floats, every session of them.
"""

import base64

import numpy as np
import pandas as pd

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
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def packed(values: np.ndarray) -> dict[str, str]:
    """Values as the typed array that Plotly decodes."""
    return {"dtype": "f4", "bdata": base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()}


def days(dates: pd.Series | pd.DatetimeIndex) -> list[str]:
    """Dates as YYYY-MM-DD."""
    return pd.DatetimeIndex(dates).strftime("%Y-%m-%d").tolist()


def line(name: str, label: str, values: np.ndarray, *, hover: str, yaxis: str = "y") -> dict:
    """A line over the shared dates."""
    return {
        "type": "scatter", "mode": "lines", "name": label, "x": SESSIONS, "y": packed(values), "yaxis": yaxis,
        "line": {"color": f"--{name}", "width": 2 if name == "portfolio" else 1.1},
        "hovertemplate": hover, "legendrank": RANK.get(name, 1000),
    }  # fmt: skip


def area(name: str, label: str, values: np.ndarray, *, hover: str) -> dict:
    """A stepped area over the shared dates, on top of those before it."""
    edge = {"color": f"--{name}", "width": 0.5, "shape": "hv"}
    return line(name, label, values, hover=hover) | {"line": edge, "stackgroup": "areas"}


def bars(
    name: str, label: str, dates: list[str], values: pd.Series | np.ndarray, *, hover: str, yaxis: str = "y"
) -> dict:
    """Bars at dates."""
    return {
        "type": "bar", "name": label, "x": dates, "y": packed(np.asarray(values)), "yaxis": yaxis,
        "marker": {"color": f"--{name}", "line": {"width": 0}}, "hovertemplate": hover,
    }  # fmt: skip


def axis(**more) -> dict:
    """An axis in the colours of the page."""
    base = {
        "gridcolor": "--rule",
        "linecolor": "--rule",
        "zerolinecolor": "--muted",
        "zeroline": False,
        "automargin": True,
    }
    return base | more


def rule(y: float) -> dict:
    """A dotted line across the chart."""
    line = {"color": "--muted", "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}


def hidden_axis() -> dict:
    """An axis from 0 to 1 that is not drawn."""
    return {"range": [0, 1], "visible": False, "fixedrange": True}


def layout(**axes: dict) -> dict:
    """Dates below, the axes given, the legend above."""
    return {
        "xaxis": axis(type="date", hoverformat="%a %d %b %Y", showgrid=False, ticks="outside", tickcolor="--rule"),
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
