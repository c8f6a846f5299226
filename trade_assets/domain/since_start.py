"""Return and risk since a start as a state that grows by one window a date: a new date costs the same whatever lies behind.

The state is sums over sessions, and the equity with its peak and its deepest fall.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics

SESSIONS_PER_MONTH = 21
DRAWDOWN_FLOOR = 0.01  # a Calmar ratio is not measured against less


def grown(state: Mapping[str, float], sums: Mapping[str, float], returns: np.ndarray) -> dict[str, float]:
    """The state with one more window.

    Parameters
    ----------
    state : mapping
        As this function gave it; empty at the start.
    sums : mapping of name to float
        What adds up besides the returns' own sums.
    returns : ndarray of shape (sessions,)
        Of the window, in order.
    """
    equity, peak, fall = (state.get(name, start) for name, start in (("equity", 1.0), ("peak", 1.0), ("fall", 0.0)))
    for change in returns.tolist():
        equity *= 1.0 + change
        peak = max(peak, equity)
        fall = min(fall, equity / peak - 1.0)
    own = {"n_sessions": float(len(returns)), "sum": float(returns.sum()), "squares": float((returns * returns).sum())}
    added = {name: state.get(name, 0.0) + value for name, value in (own | dict(sums)).items()}
    return added | {"equity": equity, "peak": peak, "fall": fall}


def figures(state: Mapping[str, float], first: pd.Timestamp, last: pd.Timestamp) -> Iterator[tuple[str, float]]:
    """Return, drawdown and ratios from a state whose sessions lie between ``first`` and ``last``; NaN where undefined."""
    n, growth = state["n_sessions"], state["equity"]
    cagr = growth ** (1.0 / metrics.years_over(first, last)) - 1.0
    spread = np.sqrt(max(state["squares"] - state["sum"] ** 2 / n, 0.0) / (n - 1)) if n > 1 else np.nan
    year = np.sqrt(metrics.SESSIONS_PER_YEAR)
    yield "total_return", growth - 1.0
    yield "end_equity", growth
    yield "max_drawdown", state["fall"]
    yield "cagr", cagr
    yield "calmar", cagr / max(-state["fall"], DRAWDOWN_FLOOR)
    yield "sharpe_ratio", state["sum"] / n / spread * year if n > 1 and spread > 0 else np.nan
    yield "volatility", spread * year
    yield "avg_monthly_return", (growth - 1.0) / (n / SESSIONS_PER_MONTH) if n else np.nan


def of_rows(rows: pd.DataFrame) -> dict[str, float]:
    """A state from its stored rows, ``metric, value``."""
    return dict(zip(rows["metric"], rows["value"], strict=True))


def calmar(returns: np.ndarray, dates: pd.DatetimeIndex) -> float:
    """Compound yearly growth over the largest drawdown, the latter at least 1 %."""
    return metrics.cagr(returns, dates) / max(-metrics.max_drawdown(returns), DRAWDOWN_FLOOR)
