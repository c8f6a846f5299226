"""Why a stock has its score and its weight, in parts that sum to them.

A score of a stack is the sum over its members of coefficient times centred rank. A score of a learner is split by
feature: how it moves as the features take the stock's values one after the other, from the middle of every rank, in their
order and in reverse, and the mean of the two; what is left is the score of the middle.
"""

import json
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from trade_assets.domain import folds
from trade_assets.domain.constructions.rank_decay import decay_profile
from trade_assets.domain.models import MODELS, Scorer, stacking
from trade_assets.domain.training import FITTED

COLUMNS = ["symbol", "kind", "name", "value"]
MIDDLE = "score of the middle"


def of_score(
    symbols: Iterable[str],
    model: str,
    *,
    base_models: pd.DataFrame,
    base_predictions: pd.DataFrame,
    stack_models: pd.DataFrame,
    stock_features: pd.DataFrame,
    text_of: Callable[[str], str],
) -> pd.DataFrame:
    """Contributions to the scores of a candidate at one date, ``kind`` member or feature.

    Parameters
    ----------
    symbols : iterable of str
        Stocks to explain; one that has no score has no rows.
    model : str
        Name of the candidate.
    base_models, base_predictions, stack_models, stock_features : DataFrame
        The tables of that name at that date.
    text_of : callable
        The verified text behind a sha256.
    """
    wanted = sorted(set(symbols))
    stack = stack_models[stack_models["stack"] == model]
    if len(stack):
        return _of_members(wanted, stack, base_predictions)
    fitted = base_models[(base_models["model"] == model) & (base_models["status"] == FITTED)]
    if not len(fitted):
        return pd.DataFrame(columns=COLUMNS)
    row = fitted.iloc[0]
    scorer = MODELS[row["algorithm"]].read(text_of(row["artifact_sha256"]))
    return _of_features(wanted, scorer, json.loads(row["parameters"])["features"], stock_features)


def of_rank_decay(signals: pd.DataFrame, top_n: int) -> pd.DataFrame:
    """What each rank is worth before caps: points that fall with the rank, and their share of all points.

    Parameters
    ----------
    signals : DataFrame
        Rows of ``live_signals`` of the stocks of one session.
    top_n : int
        Names in the portfolio.
    """
    held = signals[signals["unscaled_weight"] > 0].sort_values("rank")
    points = decay_profile(top_n)[: len(held)]
    rows = []
    for symbol, own in zip(held["symbol"], points, strict=True):
        rows += [
            (symbol, "step", "points of its place", float(own)),
            (symbol, "step", "share of all points", float(own / points.sum())),
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_members(symbols: list[str], stack: pd.DataFrame, base_predictions: pd.DataFrame) -> pd.DataFrame:
    weights = stack.set_index("model")["coefficient"]
    ranks = stacking.base_ranks(base_predictions, sorted(weights.index)).set_index("symbol")
    rows = [
        (symbol, "member", model, float(weights[model] * ranks.at[symbol, model]))
        for symbol in symbols
        if symbol in ranks.index
        for model in sorted(weights.index)
        if weights[model] > 0
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_features(symbols: list[str], scorer: Scorer, names: list[str], features: pd.DataFrame) -> pd.DataFrame:
    ordered = features.sort_values("symbol", ignore_index=True)
    every = list(ordered.columns.drop(["rebalance_date", "symbol"]))
    ranks = folds.ranked(ordered, "rebalance_date", every)[names].to_numpy(dtype=float)
    places = {symbol: place for place, symbol in enumerate(ordered["symbol"])}
    rows: list[tuple] = []
    for symbol in (s for s in symbols if s in places):
        own = np.where(np.isnan(ranks[places[symbol]]), 0.0, ranks[places[symbol]])
        forward, middle = _path(scorer, own, range(len(names)))
        backward, _ = _path(scorer, own, range(len(names) - 1, -1, -1))
        rows.append((symbol, "feature", MIDDLE, middle))
        rows += [
            (symbol, "feature", name, float(value)) for name, value in zip(names, (forward + backward) / 2, strict=True)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _path(scorer: Scorer, own: np.ndarray, order: Iterable[int]) -> tuple[np.ndarray, float]:
    """Steps of the score as the features are set in this order, by feature, and the score before the first."""
    state, states, places = np.zeros(len(own)), [], list(order)
    states.append(state.copy())
    for place in places:
        state[place] = own[place]
        states.append(state.copy())
    scores = np.asarray(scorer(np.ascontiguousarray(states)), dtype=float)
    steps = np.empty(len(own))
    steps[places] = np.diff(scores)
    return steps, float(scores[0])
