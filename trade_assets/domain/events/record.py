"""How the engine has done: returns and trades of its books, and how good its probabilities and bands were.

Judged are only forecasts made before the event, on outcomes known since.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import conformal
from trade_assets.domain.models import calibration

KEYS = ["decision_utc", "symbol", "side"]
MIN_KNOWN = 20  # outcomes below which a band is left as the quantiles have it
DRAWDOWN_FLOOR = 0.01  # a Calmar ratio is not measured against less
SESSIONS_PER_MONTH = 21
BINS = 10
FEWEST_EVENTS = 5  # of fewer, equal probabilities are no sign of a broken model


def bands(
    scores: pd.DataFrame,
    outcomes: pd.DataFrame,
    dates: Rebalances,
    *,
    grid_dates: Rebalances,
    last: int,
    miss_rate: float,
    step: float,
    window: int,
) -> pd.DataFrame:
    """Rows of ``event_bands``: what the events known by each decision, of the last rebalances, say of the quantiles.

    Parameters
    ----------
    scores, outcomes : DataFrame
        Rows of ``event_scores`` and ``event_outcomes``.
    dates, grid_dates : Rebalances
        Those asked for, and all.
    last : int
        Rebalances an outcome may be old.
    miss_rate, step, window
        See :func:`~trade_assets.domain.events.conformal.bands`.
    """
    known = judged(scores, outcomes)
    parts = []
    for date in dates.dates:
        asked = scores[scores["rebalance_date"] == date]
        visible = grid_dates.window(date, last=last)
        inside = known[known["rebalance_date"].isin(visible) & known["known_at"].isin(visible)]
        made = conformal.bands(
            _named(inside.drop(columns="y")),
            _named(asked),
            alpha=miss_rate,
            gamma=step,
            window=window,
            min_known=MIN_KNOWN,
        )
        keys = asked[["rebalance_date", *KEYS]]
        parts.append(pd.concat([keys, made.rename(columns={"alpha_t": "miss_rate"})], axis=1))
    return pd.concat(parts, ignore_index=True)


def judged(scores: pd.DataFrame, outcomes: pd.DataFrame, bands: pd.DataFrame | None = None) -> pd.DataFrame:
    """Scored events whose outcome is known, with their bands where they are asked for."""
    columns = {"rebalance_date": "known_at"}
    known = outcomes[outcomes["net_logret"].notna()].rename(columns=columns)
    known = known[[*KEYS, "known_at", "label_end_utc", "barrier", "net_logret", "y"]]
    rows = scores.merge(known, on=KEYS, how="inner", validate="one_to_one")
    return rows if bands is None else rows.merge(bands[[*KEYS, "low", "high"]], on=KEYS, validate="one_to_one")


def performance(
    books: Mapping[str, pd.DataFrame],
    known: pd.DataFrame,
    *,
    dates: pd.DatetimeIndex,
    grid_dates: Rebalances,
    year: int,
    drawdown_cap: float,
) -> pd.DataFrame:
    """Rows of ``event_performance``.

    Parameters
    ----------
    books : mapping of name to rows of an event book
        ``engine`` and the baseline.
    known : DataFrame
        See :func:`judged`.
    dates : DatetimeIndex
        Rebalance dates asked for.
    grid_dates : Rebalances
        All of them.
    year : int
        Rebalances of the rolling year; its metrics are null before.
    drawdown_cap : float
        Twice this in one fold is a catastrophe.

    Notes
    -----
    A fold is one rebalance window. It reports return, drawdown and calibration; a Calmar ratio of so few sessions is
    noise and is measured over a year and since the start only.
    """
    daily = {name: sessions(book) for name, book in books.items()}
    folds = {name: fold_record(book) for name, book in daily.items()}
    rows: list[tuple] = []
    for date in dates:
        spans = {"fold": grid_dates.window(date), "year": grid_dates.window(date, last=year)}
        since = {"fold": spans["fold"][0], "year": spans["year"][0], "since_start": grid_dates.dates[0]}
        for window, first in since.items():
            if window == "year" and len(spans["year"]) < year:
                continue
            for name, book in daily.items():
                inside = book[(book["rebalance_date"] >= first) & (book["rebalance_date"] <= date)]
                told = dict(book_metrics(inside, is_long=window != "fold"))
                if name == "engine":
                    told |= dict(forecast_metrics(known[known["known_at"].between(first, date)]))
                if window == "since_start":
                    past = folds[name][folds[name]["rebalance_date"] <= date]
                    told["n_catastrophic_folds"] = float(is_catastrophic(past, drawdown_cap=drawdown_cap).sum())
                rows += [(date, window, name, metric, value) for metric, value in told.items()]
    return pd.DataFrame(rows, columns=["rebalance_date", "window", "book", "metric", "value"])


def sessions(book: pd.DataFrame) -> pd.DataFrame:
    """One row a session: the book's return, and the mean over the legs of what they traded and paid."""
    own = {"book_return_frac": "first", "turnover_frac": "mean", "cost_frac": "mean"}
    counted = {"n_entries": "sum", "n_exits": "sum", "net_logret": "sum", "is_killed": "first"}
    return book.groupby(["rebalance_date", "session"], as_index=False).agg(own | counted)


def book_metrics(daily: pd.DataFrame, *, is_long: bool) -> Iterator[tuple[str, float]]:
    """Return, risk and trades of a book's sessions; ratios only where ``is_long``."""
    returns, dates = daily["book_return_frac"].to_numpy(), pd.DatetimeIndex(daily["session"])
    exits, months = float(daily["n_exits"].sum()), len(daily) / SESSIONS_PER_MONTH
    yield "total_return", metrics.total_return(returns)
    yield "end_equity", 1.0 + metrics.total_return(returns)
    yield "max_drawdown", metrics.max_drawdown(returns)
    yield "n_trades", float(daily["n_entries"].sum())
    yield "trades_per_month", float(daily["n_entries"].sum()) / months if months else np.nan
    yield "net_bps_mean", 1e4 * float(daily["net_logret"].sum()) / exits if exits else np.nan
    yield "turnover", float(daily["turnover_frac"].sum())
    yield "cost", float(daily["cost_frac"].sum())
    if is_long:
        yield "cagr", metrics.cagr(returns, dates)
        yield "calmar", calmar(returns, dates)
        yield "sharpe_ratio", metrics.sharpe_ratio(returns)
        yield "volatility", metrics.volatility(returns)
        yield "avg_monthly_return", metrics.total_return(returns) / months if months else np.nan


def calmar(returns: np.ndarray, dates: pd.DatetimeIndex) -> float:
    """Compound yearly growth over the largest drawdown, the latter at least 1 %."""
    return metrics.cagr(returns, dates) / max(-metrics.max_drawdown(returns), DRAWDOWN_FLOOR)


def forecast_metrics(known: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """How good probabilities, gates and bands were, on events with a known outcome."""
    p, y, net = (known[name].to_numpy(dtype=float) for name in ("p", "y", "net_logret"))
    gated = (known["passes_ev"] & known["passes_tp_to_cost"]).to_numpy(dtype=bool)
    yield "n_events", float(len(known))
    yield "n_gated", float(gated.sum())
    yield "edge_bps", _mean_bps(net)
    yield "gated_edge_bps", _mean_bps(net[gated])
    yield "base_rate", float(y.mean()) if len(y) else np.nan
    yield "p_spread", float(p.max() - p.min()) if len(p) else np.nan
    yield "brier", calibration.brier_score(p, y)
    bins = calibration.reliability_bins(p, y, bins=BINS)
    yield "ece", calibration.calibration_error(bins)
    raw = known["raw_p_lightgbm"].to_numpy(dtype=float)
    yield "brier_uncalibrated", calibration.brier_score(raw, y)
    yield "ece_uncalibrated", calibration.expected_calibration_error(raw, y, bins=BINS)
    inside = known["net_logret"].between(known["low"], known["high"])
    between = known["net_logret"].between(known["q10"], known["q90"])
    yield "band_coverage", float(inside.mean()) if len(known) else np.nan
    yield "quantile_coverage", float(between.mean()) if len(known) else np.nan
    for row in bins.itertuples():
        yield f"bin_{row.bin}_n", float(row.n)
        yield f"bin_{row.bin}_mean_p", row.mean_p
        yield f"bin_{row.bin}_mean_y", row.mean_y


def fold_record(daily: pd.DataFrame) -> pd.DataFrame:
    """Return, drawdown and turnover of each fold: ``rebalance_date, total_return, max_drawdown, turnover``."""
    folds = daily.groupby("rebalance_date")
    table = folds["book_return_frac"].agg(
        total_return=lambda r: metrics.total_return(r.to_numpy()),
        max_drawdown=lambda r: metrics.max_drawdown(r.to_numpy()),
    )
    return table.assign(turnover=folds["turnover_frac"].sum()).reset_index()


def is_catastrophic(folds: pd.DataFrame, *, drawdown_cap: float) -> np.ndarray:
    """True where a fold fell by twice the capped drawdown, or traded more than its capital and three times the usual (F-24)."""
    traded = folds["turnover"].to_numpy()
    usual = np.median(traded[traded > 0]) if (traded > 0).any() else np.inf
    return (folds["max_drawdown"].to_numpy() < -2 * drawdown_cap) | ((traded > 3 * usual) & (traded > 1.0))


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    names = {
        "decision_utc": "decided_utc",
        "label_end_utc": "known_utc",
        "net_logret": "y",
        "q10": "q_low",
        "q90": "q_high",
    }
    return rows.rename(columns=names)


def _mean_bps(net: np.ndarray) -> float:
    return 1e4 * float(net.mean()) if len(net) else np.nan
