"""The ensemble: the mean of the candidates that ranked best so far."""

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.models import stacking

ENSEMBLE = "ensemble"


def chosen(
    predictions: pd.DataFrame, outcomes: pd.DataFrame, *, models: list[str], top: int = 3, min_rebalances: int
) -> pd.DataFrame:
    """Give the same weight to the ``top`` models of highest mean rank IC over the dates past, and none to the others.

    All are judged on the same rows, those that every model has a prediction for; a date on which a model ranks
    nothing counts as 0. Of equal models the first by name is taken.

    Parameters
    ----------
    predictions : DataFrame
        ``rebalance_date, model, symbol, prediction``, made before their outcomes were known.
    outcomes : DataFrame
        ``feature_date, symbol, target``.
    models : list of str
        Candidates, in order.
    top : int, >= 1
        Fewer candidates than this are all taken.
    min_rebalances : int
        Dates below which every model weighs the same.

    Returns
    -------
    DataFrame
        ``model, coefficient, method, n_rows`` as of :func:`stacking.fit`, for :func:`scored`; ``method`` is ``top_ic``,
        or ``equal_weights`` where there is too little past.

    Raises
    ------
    ValueError
        If ``top`` is below 1.
    """
    if top < 1:
        raise ValueError(f"top must be at least 1, was {top}")
    rows = stacking.known_ranks(predictions, outcomes, models)
    ics = _ic_by_date(rows, models)
    best, method = models, "equal_weights"
    if len(ics) and rows["rebalance_date"].nunique() >= min_rebalances:
        worth = dict(zip(models, ics.mean(axis=0), strict=True))
        best, method = sorted(models, key=lambda model: (-worth[model], model))[:top], "top_ic"
    weights = [1 / len(best) if model in best else 0.0 for model in models]
    return pd.DataFrame({"model": models, "coefficient": weights, "method": method, "n_rows": len(rows)})


def scored(predictions: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Scores of the ensemble at every date: the mean of the centred ranks, by the rows of :func:`chosen` in force then."""
    return stacking.stacked(predictions, weights, name=ENSEMBLE)


def _ic_by_date(rows: pd.DataFrame, models: list[str]) -> np.ndarray:
    """Rank IC of shape (dates, models), of the dates whose outcomes differ."""
    known = rows.dropna(subset="target")
    ics = [
        metrics.rank_ics(own[models].to_numpy(dtype=float), own["target"].to_numpy(dtype=float))
        for _, own in known.groupby("rebalance_date")
        if own["target"].nunique() > 1
    ]
    return np.nan_to_num(np.array(ics, dtype=float).reshape(-1, len(models)))
