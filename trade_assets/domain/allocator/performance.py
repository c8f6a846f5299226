"""Performance of the allocated book as of each rebalance date, beside what it is judged by.

Judged are only sessions on which what was held had been decided by a model made before. Since the first of them
is a state, so that a new date costs the same whatever lies behind it.
"""

import json
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics, since_start
from trade_assets.domain.allocator.models import BLEND
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.since_start import SESSIONS_PER_MONTH, calmar

COLUMNS = ["rebalance_date", "window", "book", "metric", "value"]
OWN = "allocated"
BOOKS = {
    OWN: "return_frac",
    "engine": "engine_return_frac",
    "half": "half_return_frac",
    "qqq": "qqq_return_frac",
    "spy": "spy_return_frac",
    "best_mix": "best_mix_return_frac",
    "index_qqq": "index_qqq_return_frac",
    "index_spy": "index_spy_return_frac",
}
RESPONDS = 0.01  # change of a leg's weight below which it does not respond to a risk


def table(
    book: pd.DataFrame,
    models: pd.DataFrame,
    previous: pd.DataFrame,
    *,
    dates: Rebalances,
    grid_dates: Rebalances,
    year: int,
) -> pd.DataFrame:
    """Rows of ``allocator_report``, the gates apart.

    Parameters
    ----------
    book : DataFrame
        Rows of ``allocated_book`` of ``year`` rebalances up to each date.
    models : DataFrame
        Rows of ``allocator_models``, from the fit before on.
    previous : DataFrame
        The table's rows at the rebalance before ``dates``.
    dates, grid_dates : Rebalances
        Those asked for, and all.
    year : int
        Rebalances of the rolling year; its metrics are there once all of it is judged.
    """
    states = {name: since_start.of_rows(_of(previous, "state", name)) for name in BOOKS}
    fits = dict(tuple(models.groupby("rebalance_date")))
    by_date = dict(tuple(book.groupby("rebalance_date")))
    rows: list[tuple] = []
    for before, date in dates.spans():
        last = [by_date[d] for d in grid_dates.window(date, last=year) if d in by_date]
        fold = by_date[date][by_date[date]["is_judged"]]
        whole = pd.concat(last) if len(last) == year and all(part["is_judged"].all() for part in last) else None
        if len(fold):
            states = _grown(states, fold, whole, fits.get(date), fits.get(before))
        for name, column in BOOKS.items():
            told: dict[str, Mapping[str, float]] = {}
            if not states[name]:
                continue
            if len(fold):
                told["fold"] = dict(_fold_figures(fold, column, is_own=name == OWN))
                told["since_model"] = dict(_since_model(states, name, date))
                told["state"] = states[name]
            if whole is not None:
                told["year"] = dict(_year_figures(whole, column, is_own=name == OWN))
            rows += [(date, w, name, metric, value) for w, of in told.items() for metric, value in of.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _grown(
    states: dict[str, dict[str, float]],
    fold: pd.DataFrame,
    year: pd.DataFrame | None,
    fit: pd.DataFrame | None,
    fit_before: pd.DataFrame | None,
) -> dict[str, dict[str, float]]:
    first = float(fold["session"].iloc[0].toordinal())
    made = dict(states)
    for name, column in BOOKS.items():
        if not states[name] and fold[column].isna().all():
            continue  # an index without a bar has no performance, not one of 0 %
        returns, sums = fold[column].fillna(0.0).to_numpy(), {}
        sums["n_folds"], sums["n_negative_folds"] = 1.0, float(metrics.total_return(returns) < 0)
        if name == OWN:
            apart = np.log1p(metrics.total_return(returns)) - np.log1p(
                metrics.total_return(fold[BOOKS["engine"]].to_numpy())
            )
            sums |= {"apart": apart, "apart_squares": apart * apart}
            sums |= {"turnover": float(fold["turnover"].sum()), "cost": float(fold["cost_frac"].sum())}
            sums |= _year_sums(year) | _model_sums(fit, fit_before)
        made[name] = since_start.grown(states[name], sums, returns) | {
            "first_day": states[name].get("first_day", first)
        }
    return made


def _year_sums(year: pd.DataFrame | None) -> dict[str, float]:
    if year is None:
        return {"n_years": 0.0, "n_negative_years": 0.0}
    ratio = calmar(year["return_frac"].to_numpy(), pd.DatetimeIndex(year["session"]))
    return {"n_years": 1.0, "n_negative_years": float(ratio < 0)}


def _model_sums(fit: pd.DataFrame | None, before: pd.DataFrame | None) -> dict[str, float]:
    """How alike the importances of adjacent fits are, and how often a risk raises a leg's weight; only where a fit is new."""
    sums: dict[str, float] = {}
    sums |= dict.fromkeys(("n_pairs", "importance_correlation", "n_responses", "n_wrong_responses"), 0.0)
    if fit is None or (before is not None and fit["retrain_date"].iloc[0] == before["retrain_date"].iloc[0]):
        return sums
    responses = json.loads(fit.loc[fit["model"] == BLEND, "details"].iloc[0])["responses"].values()
    sums["n_responses"], sums["n_wrong_responses"] = float(len(responses)), float(sum(r > RESPONDS for r in responses))
    now, then = _importances(fit), _importances(before)
    if now is not None and then is not None:
        correlation = metrics.rank_ic(now, then)
        sums |= {"n_pairs": 1.0, "importance_correlation": correlation} if np.isfinite(correlation) else {}
    return sums


def _importances(fit: pd.DataFrame | None) -> np.ndarray | None:
    if fit is None or not (fit["model"] == "lightgbm").any():
        return None
    told = json.loads(fit.loc[fit["model"] == "lightgbm", "details"].iloc[0])["importances"]
    return np.array([told[name] for name in sorted(told)]) if told else None


def _fold_figures(fold: pd.DataFrame, column: str, *, is_own: bool) -> Iterator[tuple[str, float]]:
    """A fold's own figures; a Calmar ratio of ten sessions is noise and is not among them (F-17)."""
    returns = fold[column].fillna(0.0).to_numpy()
    yield "total_return", metrics.total_return(returns)
    yield "max_drawdown", metrics.max_drawdown(returns)
    yield "worst_session", float(returns.min())
    yield "hit_rate", _share(returns > 0, returns != 0)
    if is_own:
        yield "turnover", float(fold["turnover"].sum())
        yield "cost", float(fold["cost_frac"].sum())
        yield "mean_w_qqq", float(fold["w_qqq"].mean())
        yield "mean_w_spy", float(fold["w_spy"].mean())


def _year_figures(year: pd.DataFrame, column: str, *, is_own: bool) -> Iterator[tuple[str, float]]:
    returns, dates = year[column].fillna(0.0).to_numpy(), pd.DatetimeIndex(year["session"])
    months = metrics.monthly_returns(returns, dates)["return_frac"].to_numpy()
    yield "total_return", metrics.total_return(returns)
    yield "cagr", metrics.cagr(returns, dates)
    yield "max_drawdown", metrics.max_drawdown(returns)
    yield "calmar", calmar(returns, dates)
    yield "volatility", metrics.volatility(returns)
    yield "sharpe_ratio", metrics.sharpe_ratio(returns)
    yield "avg_monthly_return", metrics.total_return(returns) / (len(year) / SESSIONS_PER_MONTH)
    yield "monthly_hit_rate", _share(months > 0, months != 0)
    yield "expected_shortfall", metrics.expected_shortfall(returns)
    yield "worst_session", float(returns.min())
    if is_own:
        yield "turnover_monthly", float(year["turnover"].sum()) / (len(year) / SESSIONS_PER_MONTH)


def _since_model(
    states: Mapping[str, Mapping[str, float]], name: str, last: pd.Timestamp
) -> Iterator[tuple[str, float]]:
    state = states[name]
    yield from since_start.figures(state, pd.Timestamp.fromordinal(int(state["first_day"])), last)
    yield "n_sessions", state["n_sessions"]
    yield "n_folds", state["n_folds"]
    yield "negative_fold_rate", state["n_negative_folds"] / state["n_folds"]
    if name == OWN:
        n = state["n_folds"]
        spread = np.sqrt(max(state["apart_squares"] - state["apart"] ** 2 / n, 0.0) / (n - 1)) if n > 1 else np.nan
        yield "turnover_monthly", state["turnover"] / (state["n_sessions"] / SESSIONS_PER_MONTH)
        yield "cost", state["cost"]
        yield "edge_t", state["apart"] / n / spread * np.sqrt(n) if n > 1 and spread > 0 else np.nan
        yield "negative_year_rate", _ratio(state["n_negative_years"], state["n_years"])
        yield "importance_correlation", _ratio(state["importance_correlation"], state["n_pairs"])
        yield "wrong_response_rate", _ratio(state["n_wrong_responses"], state["n_responses"])


def _of(rows: pd.DataFrame, window: str, book: str) -> pd.DataFrame:
    return rows[(rows["window"] == window) & (rows["book"] == book)]


def _share(hits: np.ndarray, of: np.ndarray) -> float:
    return float(hits.sum() / of.sum()) if of.any() else float("nan")


def _ratio(total: float, count: float) -> float:
    return total / count if count else float("nan")
