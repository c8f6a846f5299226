"""The ridge stack: non-negative weights on past out-of-sample predictions of the base models."""

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from trade_assets.domain.folds import ranked

STACK = "ridge_stack"


def fit(
    predictions: pd.DataFrame, outcomes: pd.DataFrame, *, models: list[str], alpha: float, min_rebalances: int
) -> pd.DataFrame:
    """Weigh the base models by what their past predictions were worth.

    Minimises ``|Z w - y|^2 + alpha s |w|^2`` over ``w >= 0``, with Z the base models' centred ranks by date,
    y the centred rank of the outcome and s the mean squared length of Z's columns, through non-negative least
    squares on the augmented rows.

    Parameters
    ----------
    predictions : DataFrame
        ``rebalance_date, model, symbol, prediction``, made before their outcomes were known.
    outcomes : DataFrame
        ``feature_date, symbol, target``.
    models : list of str
        Base models, in order.
    alpha : float, > 0
        Ridge penalty; at 1 it weighs as much as the rows do.
    min_rebalances : int
        Dates below which every model weighs the same.

    Returns
    -------
    DataFrame
        ``model, coefficient, method, n_rows``; coefficients sum to 1.
    """
    rows = known_ranks(predictions, outcomes, models)
    equal = np.full(len(models), 1 / len(models))
    weights, method = equal, "equal_weights"
    if rows["rebalance_date"].nunique() >= min_rebalances:
        z = rows[models].to_numpy(dtype=float)
        x = np.vstack([z, np.sqrt(alpha * (z * z).sum(axis=0).mean()) * np.eye(len(models))])
        solution = nnls(x, np.concatenate([rows["target"].to_numpy(dtype=float), np.zeros(len(models))]))[0]
        if solution.sum() > 0:
            weights, method = solution / solution.sum(), "ridge"
    return pd.DataFrame({"model": models, "coefficient": weights, "method": method, "n_rows": len(rows)})


def stacked(predictions: pd.DataFrame, stack: pd.DataFrame, *, name: str = STACK) -> pd.DataFrame:
    """Scores of the stack at every date, by the weights in force then; none where a date has no predictions.

    A symbol that a model with a weight says nothing of has no score; of the other models none is asked.

    Parameters
    ----------
    predictions : DataFrame
        Rows of ``base_predictions``.
    stack : DataFrame
        Rows of ``stack_models``.
    name : str
        What the scores are called in the column ``model``.
    """
    weights = stack.pivot(index="rebalance_date", columns="model", values="coefficient")
    rows = predictions[predictions["rebalance_date"].isin(weights.index)]
    if not len(rows):
        return predictions.iloc[:0]
    z = base_ranks(rows, list(weights.columns))
    score = np.zeros(len(z))
    for model in weights.columns:  # in the order of their names
        coefficient = z["rebalance_date"].map(weights[model]).to_numpy(dtype=float)
        score = score + np.where(coefficient > 0, coefficient * z[model].to_numpy(dtype=float), 0.0)
    return z[["rebalance_date", "symbol"]].assign(model=name, prediction=score)[~np.isnan(score)]


def known_ranks(predictions: pd.DataFrame, outcomes: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """``base_ranks`` beside the ``target`` they met, of the rows that every model has a prediction for."""
    rows = base_ranks(predictions, models).merge(
        outcomes[["feature_date", "symbol", "target"]].rename(columns={"feature_date": "rebalance_date"}),
        on=["rebalance_date", "symbol"],
        validate="one_to_one",
    )
    return rows.dropna(subset=models).sort_values(["rebalance_date", "symbol"], kind="stable")


def base_ranks(predictions: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """One row a date and symbol, one column a model: centred ranks of its predictions within the date."""
    wide = (
        predictions.pivot(index=["rebalance_date", "symbol"], columns="model", values="prediction")
        .reindex(columns=models)
        .reset_index()
    )
    wide.columns.name = None
    wide[models] = ranked(wide, "rebalance_date", models)
    return wide
