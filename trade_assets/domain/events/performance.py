"""Performance of the event books as of each rebalance date: of the fold, of the last year, and since the start.

Since the start is a state: sums that grow by one fold a date, so a new date costs the same whatever lies
behind it. A Calmar ratio of one fold is noise and is not measured (F-17).
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics, since_start
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import record

COLUMNS = ["rebalance_date", "window", "book", "metric", "value"]


def table(
    books: Mapping[str, pd.DataFrame],
    known: pd.DataFrame,
    previous: pd.DataFrame,
    *,
    dates: Rebalances,
    grid_dates: Rebalances,
    year: int,
    drawdown_cap: float,
) -> pd.DataFrame:
    """Rows of ``event_performance``.

    Parameters
    ----------
    books : mapping of name to rows of an event book
        ``engine`` and the baseline, of a year before the first date on.
    known : DataFrame
        See :func:`~trade_assets.domain.events.record.judged`; of a year, too.
    previous : DataFrame
        The table's rows at the rebalance before ``dates``.
    dates, grid_dates : Rebalances
        Those asked for, and all.
    year : int
        Rebalances of the rolling year; its metrics are not there before.
    drawdown_cap : float
        Twice this in one fold is a catastrophe.
    """
    daily = {name: record.sessions(book) for name, book in books.items()}
    states = {name: _state(previous, name) for name in books}
    rows: list[tuple] = []
    for date in dates.dates:
        last = grid_dates.window(date, last=year)
        for name, book in daily.items():
            inside = book[book["rebalance_date"].isin(last)]
            fold = inside[inside["rebalance_date"] == date]
            sums = _book_sums(fold, inside, drawdown_cap)
            told = {"fold": dict(record.book_metrics(fold, is_long=False))}
            if len(last) == year:
                told["year"] = dict(record.book_metrics(inside, is_long=True))
            if name == "engine":
                ended = known[known["known_at"] == date]
                sums |= record.forecast_sums(ended)
                sums["n_catastrophic_folds"] = max(sums["n_catastrophic_folds"], float(record.is_broken(ended)))
                told["fold"] |= dict(record.forecast_metrics(sums)) | {"is_broken": float(record.is_broken(ended))}
                if "year" in told:
                    told["year"] |= dict(
                        record.forecast_metrics(record.forecast_sums(known[known["known_at"].isin(last)]))
                    )
            states[name] = since_start.grown(states[name], sums, fold["book_return_frac"].to_numpy())
            told["since_start"] = dict(_since_start(states[name], grid_dates.dates[0], date))
            told["state"] = states[name]
            rows += [(date, w, name, metric, value) for w, of in told.items() for metric, value in of.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _book_sums(fold: pd.DataFrame, year: pd.DataFrame, drawdown_cap: float) -> dict[str, float]:
    returns, turnover = fold["book_return_frac"].to_numpy(), year.groupby("rebalance_date")["turnover_frac"].sum()
    broken = len(fold) and record.is_catastrophic(
        turnover.to_numpy(), metrics.max_drawdown(returns), drawdown_cap=drawdown_cap
    )
    return {
        "turnover": float(fold["turnover_frac"].sum()),
        "cost": float(fold["cost_frac"].sum()),
        "n_catastrophic_folds": float(broken),
        **{name: float(fold[name].sum()) for name in ("n_entries", "n_exits", "net_logret")},
    }


def _since_start(state: Mapping[str, float], first: pd.Timestamp, last: pd.Timestamp) -> Iterator[tuple[str, float]]:
    months = state["n_sessions"] / since_start.SESSIONS_PER_MONTH
    yield from since_start.figures(state, first, last)
    yield "n_trades", state["n_entries"]
    yield "trades_per_month", state["n_entries"] / months if months else np.nan
    yield "net_bps_mean", 1e4 * state["net_logret"] / state["n_exits"] if state["n_exits"] else np.nan
    yield "turnover", state["turnover"]
    yield "cost", state["cost"]
    yield "n_catastrophic_folds", state["n_catastrophic_folds"]
    if "n_events" in state:
        yield from record.forecast_metrics(state)


def _state(previous: pd.DataFrame, book: str) -> dict[str, float]:
    return since_start.of_rows(previous[(previous["window"] == "state") & (previous["book"] == book)])
