"""What the allocated book has done beside what it is judged by: figures, folds, years, rolling years."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.allocator.performance import BOOKS, OWN
from trade_assets.domain.report.allocator.tables import AllocatorTables, Terms
from trade_assets.domain.since_start import SESSIONS_PER_MONTH, calmar

FOLD = ("total_return", "max_drawdown", "turnover", "cost", "hit_rate", "worst_session", "mean_w_qqq", "mean_w_spy")
YEAR = ("cagr", "calmar", "expected_shortfall")


def labels(terms: Terms) -> dict[str, str]:
    """Names of the books that the legs there are can make."""
    told = {
        OWN: "Allocated",
        "engine": "Event engine",
        **{role: f"{role.upper()} sleeve" for role in terms.roles},
        **({"half": "Half and half", "best_mix": "Best mix known"} if len(terms.roles) > 1 else {}),
        **{f"index_{role}": f"{symbol} held" for role, symbol in terms.legs},
    }
    return {name: told[name] for name in BOOKS if name in told}


def shown(book: pd.DataFrame) -> pd.DataFrame:
    """The judged sessions; all of them while there is none."""
    judged = book[book["is_judged"]]
    return (judged if len(judged) else book).reset_index(drop=True)


def figures_of(report: pd.DataFrame, *, window: str, book: str) -> dict[str, float]:
    """Metric to value of one book as of the newest date."""
    own = report[(report["rebalance_date"] == report["rebalance_date"].max()) & (report["window"] == window)]
    own = own[own["book"] == book]
    return dict(zip(own["metric"], own["value"].astype(float), strict=True))


def folds(tables: AllocatorTables) -> pd.DataFrame:
    """One row a judged rebalance window, oldest first (R-052).

    ``rebalance_date``, the metrics of ``FOLD`` of the allocated book, those of ``YEAR`` of the rolling year that
    ends there, ``engine_return`` and ``engine_calmar``.
    """
    rows = tables.allocator_report
    parts = [
        _pivoted(rows, "fold", OWN, {name: name for name in FOLD}),
        _pivoted(rows, "year", OWN, {name: name for name in YEAR}),
        _pivoted(rows, "fold", "engine", {"total_return": "engine_return"}),
        _pivoted(rows, "year", "engine", {"calmar": "engine_calmar"}),
    ]
    return pd.concat(parts, axis=1).sort_index().rename_axis("rebalance_date").reset_index()


def _pivoted(rows: pd.DataFrame, window: str, book: str, names: dict[str, str]) -> pd.DataFrame:
    own = rows[(rows["window"] == window) & (rows["book"] == book) & rows["metric"].isin(names)]
    wide = own.pivot(index="rebalance_date", columns="metric", values="value").astype(float)
    return wide.reindex(columns=list(names)).rename(columns=names).rename_axis(columns=None)


def years(book: pd.DataFrame, folds_: pd.DataFrame) -> pd.DataFrame:
    """One row a calendar year of judged sessions, newest first (R-052)."""
    judged, parts = book[book["is_judged"]], []
    for year, rows in judged.groupby(judged["session"].dt.year):
        returns, dates = rows["return_frac"].to_numpy(), pd.DatetimeIndex(rows["session"])
        engine, half = rows["engine_return_frac"].to_numpy(), rows["half_return_frac"].to_numpy()
        inside = folds_[folds_["rebalance_date"].dt.year == year]
        moved = inside[inside["total_return"] != 0]
        parts.append(
            {
                "year": int(year), "n_sessions": len(rows), "total_return": metrics.total_return(returns),
                "cagr": metrics.cagr(returns, dates), "max_drawdown": metrics.max_drawdown(returns), "calmar": calmar(returns, dates),
                "turnover_monthly": float(rows["turnover"].sum()) / (len(rows) / SESSIONS_PER_MONTH), "cost": float(rows["cost_frac"].sum()),
                "hit_rate": _share(returns > 0, returns != 0), "worst_session": float(returns.min()),
                "expected_shortfall": metrics.expected_shortfall(returns), "n_folds": len(moved),
                "n_lost": int((moved["total_return"] < 0).sum()), "mean_w_qqq": float(rows["w_qqq"].mean()), "mean_cash": float(rows["cash"].mean()),
                "engine_return": metrics.total_return(engine), "engine_calmar": calmar(engine, dates), "half_return": metrics.total_return(half),
            }
        )  # fmt: skip
    return pd.DataFrame(parts[::-1])


def rolling(tables: AllocatorTables) -> pd.DataFrame:
    """``rebalance_date, allocated, engine``: Calmar ratio of the rolling year that ends at each rebalance."""
    rows = tables.allocator_report
    own = rows[(rows["window"] == "year") & (rows["metric"] == "calmar")]
    wide = own.pivot(index="rebalance_date", columns="book", values="value").reindex(columns=[OWN, "engine"])
    return wide.astype(float).rename_axis(columns=None).reset_index()


@dataclass(frozen=True)
class Working:
    """Mean share of the book in the sleeves over the judged sessions, and what the engine would have returned at it.

    That share is known in hindsight only; it tells what the split and its timing added to holding less.
    """

    share: float
    engine_return: float


def working(book: pd.DataFrame) -> Working:
    """See :class:`Working`; NaN without a judged session."""
    judged = book[book["is_judged"]]
    share = float((judged["w_qqq"] + judged["w_spy"]).mean())
    return Working(
        share, metrics.total_return(share * judged["engine_return_frac"].to_numpy()) if len(judged) else np.nan
    )


def idle_share(book: pd.DataFrame) -> float:
    """Share of the judged sessions on which neither sleeve earned or lost anything; NaN without one."""
    judged = book[book["is_judged"]]
    still = (judged["qqq_return_frac"] == 0) & (judged["spy_return_frac"] == 0)
    return float(still.mean()) if len(judged) else np.nan


def _share(hits: np.ndarray, of: np.ndarray) -> float:
    return float(hits.sum() / of.sum()) if of.any() else np.nan
