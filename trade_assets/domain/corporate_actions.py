"""Splits and dividends: read out of adjusted closes, and missed where prices jump as if there had been one.

An adjusted close is a level that every later action moves, so it cannot be sealed on its day. What it
says about one session is local: the ratio of adjusted to raw close steps where an action takes effect,
and the step belongs to that session alone.
"""

import numpy as np
import pandas as pd

SMALLEST_STEP = 2e-4  # of adjusted over raw close; less is rounding
ONE_DELIVERY_ROWS = 5
SPLIT_RATIOS = np.array([5 / 4, 4 / 3, 3 / 2, 2, 5 / 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50])
SPLIT_ROUNDING = 2e-3
SUSPECT_RATIOS = np.array([3 / 2, 2, 3, 4, 5, 10, 20])
SUSPECT_MOVE = 0.4
SUSPECT_DAYS = 10


def from_adjusted_close(bars: pd.DataFrame) -> pd.DataFrame:
    """Split ratio and dividend of each row.

    A step of the ratio f = adjusted / raw close from one row to the next is an action: two for one
    doubles it, a dividend D after the close P multiplies it by 1 / (1 - D / P). But files put together
    from daily deliveries hold each row as its last delivery gave it: f falls where a delivery begins and
    returns to its old value where the action is. So of two steps that cancel within five rows only the
    second is an action, and a lone fall is one only if the raw close rises in its stead (a reverse split).

    Parameters
    ----------
    bars : DataFrame
        ``symbol, close, adj_close``, sorted by symbol and session. A null ``adj_close`` says nothing.

    Returns
    -------
    DataFrame with the index of ``bars``
        ``split_ratio`` (1 for none), and ``dividend`` in USD a share after the split (0 for none). What
        is no ratio of small numbers is a distribution in cash, a spin-off among them.
    """
    close, before, first = _closes(bars)
    factor = bars["adj_close"].to_numpy(float) / close
    step = np.where(first, 1.0, factor / np.append(np.nan, factor[:-1]))
    step = np.where(np.isnan(step), 1.0, step)
    action = np.where(_is_action(step, close / before, bars["symbol"].to_numpy(object)), step, 1.0)
    split = np.where(action < 1, action, 1.0)
    for ratio in np.concatenate([SPLIT_RATIOS, 1 / SPLIT_RATIOS]):
        split = np.where(np.abs(action / ratio - 1) < SPLIT_ROUNDING, ratio, split)
    cash = np.where((split == 1) & (action > 1), np.round(before * (1 - 1 / action), 4), 0.0)
    return pd.DataFrame({"split_ratio": split, "dividend": cash}, index=bars.index)


def suspected_splits(bars: pd.DataFrame, *, tolerance: float, spare_reverted: bool) -> pd.Series:
    """Mark the rows whose price jumps as by a split that the actions do not explain.

    Parameters
    ----------
    bars : DataFrame
        ``session, symbol, close, split_ratio, dividend``, sorted by symbol and session.
    tolerance : float
        Distance of the move from a ratio, as a share of it; a split day has a return of its own as well.
    spare_reverted : bool
        Do not mark a jump whose opposite is found in the same symbol: rows of another security, no split.

    Returns
    -------
    Series of bool with the index of ``bars``
    """
    close, before, first = _closes(bars)
    days = bars["session"].diff().dt.days.to_numpy(float)
    moved = (close + bars["dividend"].to_numpy(float)) * bars["split_ratio"].to_numpy(float) / before
    moved = np.where(first | (days > SUSPECT_DAYS) | ~(moved > 0), 1.0, moved)
    ratios = np.concatenate([SUSPECT_RATIOS, 1 / SUSPECT_RATIOS])
    near = (np.abs(moved[:, None] / ratios - 1) <= tolerance).any(axis=1) & (np.abs(moved - 1) > SUSPECT_MOVE)
    if spare_reverted:
        near &= ~_has_opposite(np.log(moved), bars["symbol"].to_numpy(object))
    return pd.Series(near, index=bars.index)


def _closes(bars: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    close = bars["close"].to_numpy(float)
    symbol = bars["symbol"].to_numpy(object)
    first = np.append(True, symbol[1:] != symbol[:-1])[: len(close)]
    return close, np.where(first, np.nan, np.append(np.nan, close[:-1])[: len(close)]), first


def _is_action(step: np.ndarray, raw_move: np.ndarray, symbol: np.ndarray) -> np.ndarray:
    action = np.zeros(len(step), dtype=bool)
    places = np.flatnonzero(np.abs(step - 1) > SMALLEST_STEP)
    begun = -1  # row at which a delivery began whose action has been found
    for place, following in zip(places, [*places[1:], len(step)][: len(places)], strict=True):
        near = following < len(step) and following - place <= ONE_DELIVERY_ROWS and symbol[following] == symbol[place]
        if place != begun and near and abs(step[place] * step[following] - 1) < SMALLEST_STEP:
            begun = following
            action[following] = True
        elif place != begun:
            replaced = raw_move[place] * step[place]
            action[place] = step[place] > 1 or (step[place] < 0.9 and abs(np.log(replaced)) < 0.25)
    return action


def _has_opposite(moves: np.ndarray, symbol: np.ndarray) -> np.ndarray:
    large = np.flatnonzero(np.abs(moves) > np.log(1 + SUSPECT_MOVE))
    opposite = np.zeros(len(moves), dtype=bool)
    for place in large:
        others = large[symbol[large] == symbol[place]]
        opposite[place] = (np.abs(moves[others] + moves[place]) < 0.1).any()
    return opposite
