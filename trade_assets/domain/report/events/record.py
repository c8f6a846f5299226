"""What the engine has done: key figures, folds, years, and the history beside ours."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.events import record
from trade_assets.domain.models import calibration
from trade_assets.domain.report.events import history
from trade_assets.domain.report.events.tables import KEYS, EventTables, Terms

BOOKS = ("engine", "mock")
WINDOWS = ("since_model", "year", "since_start")
FOLD = ("total_return", "max_drawdown", "n_trades", "net_bps_mean", "turnover", "n_events", "brier", "is_broken")


def daily(book: pd.DataFrame) -> pd.DataFrame:
    """One row a session of a book, in time order; see :func:`trade_assets.domain.events.record.sessions`."""
    return record.sessions(book.sort_values(["session", "symbol"], ignore_index=True))


def equity(tables: EventTables) -> pd.DataFrame:
    """``session, engine, mock`` and one column a leg: returns of each session, NaN where a book has none."""
    own = daily(tables.event_book)[["session", "book_return_frac"]].rename(columns={"book_return_frac": "engine"})
    mock = daily(tables.mock_event_book)[["session", "book_return_frac"]].rename(columns={"book_return_frac": "mock"})
    legs = tables.event_book.pivot(index="session", columns="symbol", values="return_frac").reset_index()
    table = own.merge(mock, on="session", how="left", validate="one_to_one")
    return table.merge(legs, on="session", how="left", validate="one_to_one").sort_values("session", ignore_index=True)


def first_decision(tables: EventTables) -> pd.Timestamp | None:
    """Session of the first event that had a model."""
    scored = tables.events["decision_utc"].isin(tables.event_scores["decision_utc"])
    return tables.events.loc[scored, "session"].min() if scored.any() else None


def key_figures(tables: EventTables, terms: Terms) -> pd.DataFrame:
    """``metric, window, book, value``: since the first event with a model, over the last year, since the start.

    The two last are those of ``event_performance``; the first leaves out the sessions without a model, which both
    books waited in cash.
    """
    newest = tables.event_performance["rebalance_date"].max()
    stored = tables.event_performance[tables.event_performance["rebalance_date"] == newest]
    table = stored.loc[stored["window"].isin(WINDOWS), ["metric", "window", "book", "value"]]
    begin = first_decision(tables)
    parts = [table]
    for name, book in (("engine", tables.event_book), ("mock", tables.mock_event_book)):
        rows = daily(book)
        inside = rows[rows["session"] >= begin] if begin is not None else rows.iloc[:0]
        if len(inside):
            told = dict(record.book_metrics(inside, is_long=True))
            parts.append(
                pd.DataFrame(
                    {"metric": list(told), "window": "since_model", "book": name, "value": list(told.values())}
                )
            )
    whole = pd.concat(parts, ignore_index=True)
    monthly = whole[whole["metric"] == "avg_monthly_return"]
    usd = monthly.assign(metric="avg_monthly_usd", value=monthly["value"] * terms.capital_usd)
    return pd.concat([whole, usd], ignore_index=True)


def legs(tables: EventTables, terms: Terms) -> pd.DataFrame:
    """Each leg's own sleeve since the first event with a model, as if it had the whole capital: ``symbol`` and its metrics."""
    begin = first_decision(tables)
    parts = []
    for symbol, rows in tables.event_book.groupby("symbol"):
        inside = rows[rows["session"] >= begin] if begin is not None else rows
        told = dict(record.book_metrics(daily(inside.assign(book_return_frac=inside["return_frac"])), is_long=True))
        usd = {
            "end_equity_usd": terms.capital_usd * told["end_equity"],
            "avg_monthly_usd": terms.capital_usd * told["avg_monthly_return"],
        }
        parts.append({"symbol": symbol} | told | usd)
    return pd.DataFrame(parts)


def costs(tables: EventTables) -> dict[str, float]:
    """Modelled round trip of an event and of an entered one, in basis points; what the fills have cost, of the legs' capital."""
    entered = tables.event_trades.loc[tables.event_trades["action"] == "enter", KEYS]
    of_entered = tables.events.merge(entered, on=KEYS, validate="one_to_one")["cost_rt"]
    return {
        "modelled_round_trip_bps": 1e4 * float(tables.events["cost_rt"].mean()),
        "entered_round_trip_bps": 1e4 * float(of_entered.mean()),
        "paid_frac": float(daily(tables.event_book)["cost_frac"].sum()),
    }


def figures_of(table: pd.DataFrame, *, window: str, book: str) -> dict[str, float]:
    """One column of :func:`key_figures`, metric to value."""
    own = table[(table["window"] == window) & (table["book"] == book)]
    return dict(zip(own["metric"], own["value"].astype(float), strict=True))


def folds(tables: EventTables, terms: Terms) -> pd.DataFrame:
    """One row a rebalance window, oldest first (R-051).

    ``rebalance_date, end_equity``, the metrics of ``FOLD``, ``mock_return``, ``is_catastrophic`` and, where it is, by
    what: ``catastrophe``: drawdown, equal probabilities, or turnover.
    """
    rows = tables.event_performance
    stored = rows[(rows["window"] == "fold") & rows["metric"].isin(FOLD)]
    own = stored[stored["book"] == "engine"].pivot(index="rebalance_date", columns="metric", values="value")
    mock = stored[(stored["book"] == "mock") & (stored["metric"] == "total_return")].set_index("rebalance_date")[
        "value"
    ]
    table = own.reindex(columns=list(FOLD)).assign(mock_return=mock.reindex(own.index))
    table = table.reset_index().sort_values("rebalance_date", ignore_index=True)
    disaster = table["rebalance_date"].isin(_catastrophes(rows)).to_numpy()
    fell = table["max_drawdown"].to_numpy() < -2 * terms.drawdown_stop
    broken = (table["is_broken"] == 1).to_numpy()
    return table.assign(
        end_equity=np.cumprod(1.0 + table["total_return"].to_numpy()),
        is_catastrophic=disaster,
        catastrophe=np.select(
            [disaster & fell, disaster & broken, disaster], ["drawdown", "equal probabilities", "turnover"], default=""
        ),
    )


def _catastrophes(performance: pd.DataFrame) -> pd.Series:
    """Rebalances at which the engine's count of catastrophic folds grew."""
    own = performance[(performance["window"] == "since_start") & (performance["book"] == "engine")]
    counts = own[own["metric"] == "n_catastrophic_folds"].sort_values("rebalance_date")
    return counts.loc[counts["value"].diff().fillna(counts["value"]) > 0, "rebalance_date"]


def years(tables: EventTables, judged: pd.DataFrame, folds_: pd.DataFrame) -> pd.DataFrame:
    """One row a calendar year, newest first, by session; Brier score by when the outcome was known."""
    own, mock = daily(tables.event_book), daily(tables.mock_event_book)
    known = judged["label_end_utc"].dt.year
    parts = []
    for year, rows in own.groupby(own["session"].dt.year):
        base = mock[mock["session"].dt.year == year]
        of = judged[known == year]
        windows = folds_[folds_["rebalance_date"].dt.year == year]
        traded = windows[windows["total_return"] != 0]
        parts.append(
            {"year": int(year), "n_folds": len(windows), "n_sessions": len(rows)}
            | dict(record.book_metrics(rows, is_long=True))
            | {
                "n_events": len(of),
                "brier": calibration.brier_score(of["p"].to_numpy(), of["outcome"].to_numpy()),
                "n_moved": len(traded),
                "n_negative": int((traded["total_return"] < 0).sum()),
                "n_catastrophic": int(windows["is_catastrophic"].sum()),
                "mock_return": metrics.total_return(base["book_return_frac"].to_numpy()),
                "mock_calmar": record.calmar(base["book_return_frac"].to_numpy(), pd.DatetimeIndex(base["session"])),
            }
        )
    return pd.DataFrame(parts[::-1])


def rolling(tables: EventTables) -> pd.DataFrame:
    """``rebalance_date, engine, mock``: Calmar ratio of the rolling year that ends at each rebalance."""
    rows = tables.event_performance
    stored = rows[(rows["window"] == "year") & (rows["metric"] == "calmar")]
    table = stored.pivot(index="rebalance_date", columns="book", values="value").reindex(columns=list(BOOKS))
    return table.reset_index().sort_values("rebalance_date", ignore_index=True)


def beside_history(tables: EventTables, figures: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """:func:`~trade_assets.domain.report.events.history.beside` of the engine and the baseline since the first model."""
    window = "since_model" if (figures["window"] == "since_model").any() else "since_start"
    engine, mock = (_told(figures_of(figures, window=window, book=book), terms) for book in BOOKS)
    return history.beside(engine | _events(tables), mock)


def _told(figures: Mapping[str, float], terms: Terms) -> dict[str, float]:
    scale = history.TARGET_CAPITAL_USD / terms.capital_usd
    of = {name: figures[name] for name in ("cagr", "max_drawdown", "calmar", "trades_per_month") if name in figures}
    if "end_equity" in figures:
        of["end_equity_usd"] = history.TARGET_CAPITAL_USD * figures["end_equity"]
    if "avg_monthly_usd" in figures:
        of["avg_monthly_usd"] = scale * figures["avg_monthly_usd"]
    return of


def _events(tables: EventTables) -> dict[str, float]:
    events, net = tables.events, tables.event_outcomes["net_logret"].dropna()
    if not len(events):
        return {}
    days = (events["session"].max() - events["session"].min()).days
    return {
        "n_events": float(len(events)),
        "edge_bps": 1e4 * float(net.mean()) if len(net) else float("nan"),
        "cost_bps": 1e4 * float(events["cost_rt"].mean()),
        "events_per_week": len(events) / (days / 7) if days else float("nan"),
    }
