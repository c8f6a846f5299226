"""What the book has done: the tables of the tear sheet, computed by ``metrics`` and nothing else."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.report import glossary

COLUMNS = {
    "portfolio": "return_frac",
    "equal_weight": "equal_weight_return_frac",
    "qqq": "qqq_return_frac",
    "spy": "spy_return_frac",
}
YEARS = (1, 3, 5, 10)


def measured(returns: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``portfolio_returns`` in time order, from the first session with a trade."""
    ordered = returns.sort_values("session", ignore_index=True)
    return ordered.iloc[metrics.first_fill(ordered["turnover_frac"].to_numpy()) :].reset_index(drop=True)


def series(book: pd.DataFrame) -> dict[str, np.ndarray]:
    """Daily returns of the book and of each benchmark that has any; NaN where one is not known."""
    columns = {name: book[column].to_numpy(dtype=np.float64) for name, column in COLUMNS.items()}
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}


def rebalances(book: pd.DataFrame) -> pd.DataFrame:
    """Sums by rebalance: ``rebalance_date, turnover_frac, cost_usd, cost_bps`` (of equity after fills)."""
    costs = book.assign(cost_bps=1e4 * book["cost_usd"] / book["equity_usd"])
    return costs.groupby("rebalance_date", as_index=False)[["turnover_frac", "cost_usd", "cost_bps"]].sum()


def key_figures(book: pd.DataFrame, *, risk_free_frac: float) -> pd.DataFrame:
    """One row a metric, one column a series; every session of ``book`` on which the series is known."""
    turnover = rebalances(book)["turnover_frac"].to_numpy()
    columns = {
        name: metrics.summary(
            *_known(values, book),
            turnover=turnover if name == "portfolio" else None,
            risk_free_frac=risk_free_frac,
        )
        for name, values in series(book).items()
    }
    return _table(glossary.METRICS, columns)


def against(book: pd.DataFrame, *, risk_free_frac: float) -> pd.DataFrame:
    """One row a relative metric, one column a benchmark."""
    own, *benchmarks = series(book).items()
    columns = {}
    for name, values in benchmarks:
        known = np.isfinite(values)
        columns[name] = metrics.relative(own[1][known], values[known], risk_free_frac=risk_free_frac)
    return _table(glossary.RELATIVE, columns)


def windows(book: pd.DataFrame) -> pd.DataFrame:
    """CAGR of each series over the last years, as far as history reaches, and since the start."""
    spans = {f"{n} year{'s' * (n > 1)}": n * metrics.SESSIONS_PER_YEAR for n in YEARS}
    rows = {label: n for label, n in spans.items() if n < len(book)} | {"Since start": len(book)}
    return pd.DataFrame(
        [
            {"window": label}
            | {name: _over_last(metrics.cagr, values, book, n) for name, values in series(book).items()}
            for label, n in rows.items()
        ]
    )


def months(book: pd.DataFrame) -> pd.DataFrame:
    """One row a calendar year, newest first: ``year``, the months 1 to 12, and the year of each series."""
    sessions = pd.DatetimeIndex(book["session"])
    monthly = metrics.monthly_returns(book["return_frac"].to_numpy(), sessions)
    table = monthly.pivot(index="year", columns="month", values="return_frac").reindex(columns=range(1, 13))
    for name, values in series(book).items():
        known, dates = _known(values, book)
        years = pd.Series(known).groupby(dates.year.to_numpy()).agg(lambda r: metrics.total_return(r.to_numpy()))
        table[name] = years.reindex(table.index)
    return table.reset_index().sort_values("year", ascending=False, ignore_index=True)


def known_regimes(book: pd.DataFrame, signals: pd.DataFrame) -> np.ndarray:
    """Regime known at the close before each session; ``unknown`` where there was none."""
    ordered = signals.sort_values("session")
    at_close = pd.Series(ordered["market_regime"].to_numpy(dtype=object), pd.DatetimeIndex(ordered["session"]))
    place = at_close.index.searchsorted(pd.DatetimeIndex(book["session"]), side="left") - 1
    return np.array([at_close.iloc[i] if i >= 0 else "unknown" for i in place], dtype=object)


def regimes(book: pd.DataFrame, signals: pd.DataFrame) -> pd.DataFrame:
    """``metrics.regime_performance`` of the book, the best regime first, with the mean exposure held."""
    known = known_regimes(book, signals)
    table = metrics.regime_performance(book["return_frac"].to_numpy(), known)
    # A return is earned on what was held at the close before.
    held = book["exposure_frac"].shift(1, fill_value=0.0).groupby(known).mean()
    rank = {"favorable": 0, "neutral": 1, "unfavorable": 2, "unknown": 3}
    table = table.assign(exposure=table["regime"].map(held), rank=table["regime"].map(rank))
    return table.sort_values("rank", ignore_index=True).drop(columns="rank")


def skill(rank_ic: pd.DataFrame) -> pd.DataFrame:
    """One row a model, best mean first: ``model, n_dates, mean_ic, icir, newey_west_t, positive_frac``."""
    rows = []
    for model, dates in rank_ic.sort_values("rebalance_date").groupby("model"):
        ics = dates["rank_ic"].dropna().to_numpy(dtype=np.float64)
        rows.append(
            {
                "model": model,
                "n_dates": len(ics),
                "mean_ic": metrics.mean_ic(ics),
                "icir": metrics.icir(ics),
                "newey_west_t": metrics.newey_west_t(ics, lags=metrics.newey_west_lags(len(ics))),
                "positive_frac": float(np.mean(ics > 0)) if len(ics) else np.nan,
            }
        )
    table = pd.DataFrame(rows, columns=["model", "n_dates", *glossary.SKILL, "positive_frac"])
    return table.sort_values(["mean_ic", "model"], ascending=[False, True], ignore_index=True)


def gaps(book: pd.DataFrame) -> dict[str, int]:
    """Sessions on which each benchmark is not known, where there are any."""
    missing = {name: int((~np.isfinite(values)).sum()) for name, values in series(book).items()}
    return {name: n for name, n in missing.items() if n}


def _known(values: np.ndarray, book: pd.DataFrame) -> tuple[np.ndarray, pd.DatetimeIndex]:
    known = np.isfinite(values)
    return values[known], pd.DatetimeIndex(book["session"])[known]


def _over_last(metric: Callable[..., float], values: np.ndarray, book: pd.DataFrame, n: int) -> float:
    return metric(*_known(values[-n:], book.iloc[-n:]))


def _table(metrics_: Mapping[str, glossary.Metric], columns: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    table = pd.DataFrame({"metric": list(metrics_)})
    for name, values in columns.items():
        table[name] = [values[metric] for metric in metrics_]
    return table
