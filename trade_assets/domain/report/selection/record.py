"""What was earned: by whatever was in force, beside the baseline and the indices; by the best of the grid; by regime."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.gates import REGIMES
from trade_assets.domain.grid import BASELINE, Cell
from trade_assets.domain.report.selection.judged import Judged
from trade_assets.domain.report.selection.tables import SelectionTables, Terms

OWN, PAIR, EQUAL = "in_force", "pair", "baseline"
REGIME = ("avg_return", "sharpe", "win_rate", "n_days")
BOOK = ("total_return", "cagr", "volatility", "sharpe", "max_drawdown", "calmar", "information_ratio")


@dataclass(frozen=True)
class Record:
    """Daily returns on the sessions on which whatever was in force had some.

    Attributes
    ----------
    sessions : DatetimeIndex
    series : mapping of name to ndarray
        ``in_force`` (whatever pair was in force at each decision), ``baseline``, and an index by role.
    figures : mapping of name to metric to value
        Metrics of ``BOOK``; the information ratio is against the baseline.
    """

    sessions: pd.DatetimeIndex
    series: dict[str, np.ndarray]
    figures: dict[str, dict[str, float]]


def in_force(tables: SelectionTables, terms: Terms) -> Record | None:
    """The record of what was in force; None before it had returns.

    A pair put in force at a rebalance earns from the fill after it on; until the next rebalance the returns are those
    of the pair in force at the one before. What changing from one pair to another costs is not in them.
    """
    own = tables.champion_model[tables.champion_model["role"] == "champion"].sort_values("rebalance_date")
    earning = own[["rebalance_date"]].assign(model=own["model"].shift(1), construction=own["construction"].shift(1))
    keys = ["rebalance_date", "model", "construction"]
    rows = tables.candidate_returns.merge(earning.dropna(), on=keys, validate="many_to_one").sort_values("session")
    if len(rows) < 2:
        return None
    sessions = pd.DatetimeIndex(rows["session"])
    series = {
        OWN: rows["return_frac"].to_numpy(dtype=float),
        EQUAL: of_cell(tables.candidate_returns, BASELINE, sessions),
    }
    books = tables.portfolio_returns.set_index("session")
    for role, _ in terms.legs:
        column = f"{role}_return_frac"
        if column in books:
            series[role] = books[column].reindex(sessions).to_numpy(dtype=float)
    known = {name: values for name, values in series.items() if np.isfinite(values).any()}
    return Record(sessions, known, {name: _figures(values, series[EQUAL], sessions) for name, values in known.items()})


def of_cell(returns: pd.DataFrame, cell: Cell, sessions: pd.DatetimeIndex) -> np.ndarray:
    """Daily returns of one cell on sessions; NaN where it has none."""
    own = returns[(returns["model"] == cell[0]) & (returns["construction"] == cell[1])]
    return own.set_index("session")["return_frac"].reindex(sessions).to_numpy(dtype=float)


def regimes(judged: Judged | None) -> pd.DataFrame:
    """One row a candidate and regime, the baseline last: ``model, construction, regime`` and the metrics of ``REGIME``."""
    shown = [] if judged is None else [*judged.ranked, BASELINE]
    rows = [
        (*cell, regime, *(judged.figures[cell].get(f"{name}_{regime}", np.nan) for name in REGIME))
        for cell in shown
        for regime in REGIMES
        if judged is not None
    ]
    return pd.DataFrame(rows, columns=["model", "construction", "regime", *REGIME])


def _figures(values: np.ndarray, baseline: np.ndarray, sessions: pd.DatetimeIndex) -> dict[str, float]:
    known = np.isfinite(values)
    daily, dates = values[known], sessions[known]
    both = known & np.isfinite(baseline)
    active = values[both] - baseline[both]
    return {
        "total_return": metrics.total_return(daily),
        "cagr": metrics.cagr(daily, dates),
        "volatility": metrics.volatility(daily),
        "sharpe": metrics.sharpe_ratio(daily),
        "max_drawdown": metrics.max_drawdown(daily),
        "calmar": metrics.calmar(daily, dates),
        "information_ratio": metrics.sharpe_ratio(active) if (active != 0).any() else np.nan,
    }
