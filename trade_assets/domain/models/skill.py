"""How well each candidate's scores told what came after: by date, and over all dates."""

import numpy as np
import pandas as pd

from trade_assets.domain import metrics

PERIODS_PER_YEAR = 25.2  # rebalances, ten sessions apart
BY_DATE = ["model", "feature_date", "rank_ic", "ic", "top_return_frac", "universe_return_frac", "n"]
BY_MODEL = [
    "model", "n_dates", "mean_rank_ic", "mean_ic", "icir", "newey_west_t", "sharpe_ratio", "mean_top_return_frac",
    "mean_universe_return_frac",
]  # fmt: skip


def score_skill(predictions: pd.DataFrame, outcomes: pd.DataFrame, *, top_n: int) -> pd.DataFrame:
    """Judge every model on every date whose outcomes are known.

    Parameters
    ----------
    predictions : DataFrame
        ``rebalance_date, model, symbol, prediction``, made before their outcomes were known.
    outcomes : DataFrame
        ``feature_date, symbol, return_frac``.
    top_n : int, >= 1
        Names of the top set, equally weighted; of equal scores the first by symbol is taken.

    Returns
    -------
    DataFrame
        One row a model and date, in that order: ``rank_ic`` (Spearman) and ``ic`` (Pearson) of scores and returns,
        NaN where either does not vary; ``top_return_frac`` and ``universe_return_frac``, the mean return of the top
        set and of all, before costs; ``n``, the names scored whose return is known. The top set is chosen among all
        names scored, whether their return became known or not.

    Raises
    ------
    ValueError
        If ``top_n`` is below 1.
    """
    if top_n < 1:
        raise ValueError(f"top_n must be at least 1, was {top_n}")
    known = outcomes[["feature_date", "symbol", "return_frac"]]
    made = predictions.rename(columns={"rebalance_date": "feature_date"})
    made = made[made["feature_date"].isin(known["feature_date"].unique())]
    rows = made.merge(known, on=["feature_date", "symbol"], how="left", validate="many_to_one")
    rows = rows.sort_values(["model", "feature_date", "symbol"], ignore_index=True)
    judged = [
        (*key, *_judged(own["prediction"].to_numpy(dtype=float), own["return_frac"].to_numpy(dtype=float), top_n))
        for key, own in rows.groupby(["model", "feature_date"])
    ]
    return pd.DataFrame(judged, columns=BY_DATE)


def summary(rows: pd.DataFrame, *, periods_per_year: float = PERIODS_PER_YEAR) -> pd.DataFrame:
    """What the rows of :func:`score_skill` amount to, one row a model, the best mean rank IC first.

    Returns
    -------
    DataFrame
        Columns ``BY_MODEL``: ``icir`` (not annualised) and ``newey_west_t`` are of the rank IC, ``sharpe_ratio``
        (annualised) of the returns of the top set; ``n_dates`` are the dates with a rank IC.
    """
    table = pd.DataFrame(
        [_summed(model, own.sort_values("feature_date"), periods_per_year) for model, own in rows.groupby("model")],
        columns=BY_MODEL,
    )
    return table.sort_values(["mean_rank_ic", "model"], ascending=[False, True], ignore_index=True)


def _judged(scores: np.ndarray, returns: np.ndarray, top_n: int) -> tuple[float, float, float, float, int]:
    known = ~np.isnan(returns)
    top = returns[np.argsort(-scores, kind="stable")[:top_n]]
    return (
        metrics.rank_ic(scores, returns),
        metrics.correlation(scores[known], returns[known]),
        float(np.mean(top[~np.isnan(top)])) if (~np.isnan(top)).any() else np.nan,
        float(np.mean(returns[known])) if known.any() else np.nan,
        int(known.sum()),
    )


def _summed(model: object, rows: pd.DataFrame, periods_per_year: float) -> dict[str, object]:
    ics, top, universe = (
        rows[name].dropna().to_numpy(dtype=float) for name in ("rank_ic", "top_return_frac", "universe_return_frac")
    )
    return {
        "model": model,
        "n_dates": len(ics),
        "mean_rank_ic": metrics.mean_ic(ics),
        "mean_ic": metrics.mean_ic(rows["ic"].to_numpy(dtype=float)),
        "icir": metrics.icir(ics),
        "newey_west_t": metrics.newey_west_t(ics, lags=metrics.newey_west_lags(len(ics))),
        "sharpe_ratio": metrics.sharpe_ratio(top, periods_per_year=periods_per_year),
        "mean_top_return_frac": metrics.mean_ic(top),
        "mean_universe_return_frac": metrics.mean_ic(universe),
    }
