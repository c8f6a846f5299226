"""How the engine has done: returns and trades of its books, and how good its probabilities and bands were.

Judged are only forecasts made before the event, on outcomes known since.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import conformal
from trade_assets.domain.events.models import label_of
from trade_assets.domain.models import calibration
from trade_assets.domain.since_start import SESSIONS_PER_MONTH, calmar

KEYS = ["decision_utc", "symbol", "side"]
MIN_KNOWN = 20  # outcomes below which a band is left as the quantiles have it
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


def judged(
    scores: pd.DataFrame,
    outcomes: pd.DataFrame,
    bands: pd.DataFrame | None = None,
    *,
    label: str = "net",
    classifier: str = "lightgbm",
) -> pd.DataFrame:
    """Scored events whose outcome is known, with their bands where they are asked for.

    ``y`` is what the classifier in use predicts (see :class:`~trade_assets.domain.events.models.Parameters`), ``raw_p`` its
    probability before calibration.
    """
    filled = outcomes[outcomes["net_logret"].notna()].rename(columns={"rebalance_date": "known_at"})
    known = filled[[*KEYS, "known_at", "label_end_utc", "barrier", "net_logret"]]
    known = known.assign(y=label_of(filled, label))
    rows = scores.merge(known, on=KEYS, how="inner", validate="one_to_one")
    rows = rows.assign(raw_p=rows[f"raw_p_{classifier}"])
    return rows if bands is None else rows.merge(bands[[*KEYS, "low", "high"]], on=KEYS, validate="one_to_one")


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


def forecast_sums(known: pd.DataFrame) -> dict[str, float]:
    """What :func:`forecast_metrics` is made of: sums over events with a known outcome, which add up over folds."""
    p, raw, y, net = (known[name].to_numpy(dtype=float) for name in ("p", "raw_p", "y", "net_logret"))
    gated = (known["passes_ev"] & known["passes_tp_to_cost"]).to_numpy(dtype=bool)
    sums = {
        "n_events": len(known),
        "n_gated": gated.sum(),
        "net": net.sum(),
        "gated_net": net[gated].sum(),
        "positive": y.sum(),
        "squared_error": ((p - y) ** 2).sum(),
        "squared_error_uncalibrated": ((raw - y) ** 2).sum(),
        "in_band": known["net_logret"].between(known["low"], known["high"]).sum(),
        "in_quantiles": known["net_logret"].between(known["q10"], known["q90"]).sum(),
    }
    for name, scores in (("bin", p), ("raw_bin", raw)):
        for row in calibration.reliability_bins(scores, y, bins=BINS).itertuples():
            n, mean_p, mean_y = float(row.n), float(row.mean_p), float(row.mean_y)
            held = (n, n * mean_p, n * mean_y) if n else (0.0, 0.0, 0.0)
            sums |= dict(zip((f"{name}_{row.bin}_n", f"{name}_{row.bin}_p", f"{name}_{row.bin}_y"), held, strict=True))
    return {name: float(value) for name, value in sums.items()}


def forecast_metrics(sums: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """How good probabilities, gates and bands were, from their :func:`forecast_sums`."""
    n = sums["n_events"]
    yield "n_events", n
    yield "n_gated", sums["n_gated"]
    yield "edge_bps", 1e4 * _ratio(sums["net"], n)
    yield "gated_edge_bps", 1e4 * _ratio(sums["gated_net"], sums["n_gated"])
    yield "base_rate", _ratio(sums["positive"], n)
    yield "brier", _ratio(sums["squared_error"], n)
    yield "brier_uncalibrated", _ratio(sums["squared_error_uncalibrated"], n)
    yield "ece", calibration.calibration_error(_bins(sums, "bin"))
    yield "ece_uncalibrated", calibration.calibration_error(_bins(sums, "raw_bin"))
    yield "band_coverage", _ratio(sums["in_band"], n)
    yield "quantile_coverage", _ratio(sums["in_quantiles"], n)
    for row in _bins(sums, "bin").itertuples():
        yield f"bin_{row.Index}_n", float(row.n)
        yield f"bin_{row.Index}_mean_p", float(row.mean_p)
        yield f"bin_{row.Index}_mean_y", float(row.mean_y)


def is_broken(known: pd.DataFrame) -> bool:
    """Whether the probabilities of a fold are all the same, on enough events for that to be a sign."""
    return len(known) >= FEWEST_EVENTS and bool(known["p"].min() == known["p"].max())


def is_catastrophic(turnover: np.ndarray, max_drawdown: float, *, drawdown_cap: float) -> bool:
    """Whether the last of some folds fell by twice the capped drawdown, or traded its capital and three times the usual (F-24).

    Parameters
    ----------
    turnover : ndarray of shape (folds,)
        Of a year of folds, the one in question last.
    max_drawdown : float, <= 0
        Of the fold in question.
    drawdown_cap : float
    """
    usual = np.median(turnover[turnover > 0]) if (turnover > 0).any() else np.inf
    return bool(max_drawdown < -2 * drawdown_cap or (turnover[-1] > 3 * usual and turnover[-1] > 1.0))


def _bins(sums: Mapping[str, float], name: str) -> pd.DataFrame:
    n, p, y = (np.array([sums[f"{name}_{i}_{of}"] for i in range(BINS)]) for of in ("n", "p", "y"))
    with np.errstate(invalid="ignore"):
        return pd.DataFrame({"n": n, "mean_p": p / n, "mean_y": y / n})


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    names = {
        "decision_utc": "decided_utc",
        "label_end_utc": "known_utc",
        "net_logret": "y",
        "q10": "q_low",
        "q90": "q_high",
    }
    return rows.rename(columns=names)


def _ratio(total: float, count: float) -> float:
    return total / count if count else float("nan")
