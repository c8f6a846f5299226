"""A vectorised backtest of target weights: drift between rebalances, costs on fills, cash earns nothing.

Work goes block by block from one fill to the next; inside a block weights drift exactly with prices.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trade_assets.domain import costs


@dataclass(frozen=True)
class Result:
    """Daily results, each of shape (sessions,): net return, cost as a share of the book, turnover."""

    return_frac: np.ndarray
    cost_frac: np.ndarray
    turnover_frac: np.ndarray

    def equity(self, start: float = 1.0) -> np.ndarray:
        """Value of the book after each session."""
        return start * np.cumprod(1.0 + self.return_frac)


def run(
    gross: np.ndarray,
    weights: np.ndarray,
    fill_rows: np.ndarray,
    *,
    rates: costs.Rates,
    start: np.ndarray | None = None,
    volatility: np.ndarray | None = None,
    dollar_volume_usd: np.ndarray | None = None,
    capital_usd: float = 1.0,
) -> Result:
    """Hold ``weights`` from the close of each fill row until the next.

    Parameters
    ----------
    gross : ndarray of shape (sessions, symbols)
        Total return plus one; NaN counts as no move.
    weights : ndarray of shape (fills, symbols), >= 0
        Target shares of the book; what is missing to 1 is cash.
    fill_rows : ndarray of int, shape (fills,), ascending
        Row at whose close each target is filled; the return of that row belongs to what was held before.
    rates : Rates
    start : ndarray of shape (symbols,), optional
        Weights held before the first row; all cash where absent.
    volatility, dollar_volume_usd : ndarrays of shape (fills, symbols), optional
        For market impact; none is charged where absent.
    capital_usd : float
        Size of the book at the first row, for market impact.

    Returns
    -------
    Result
        Turnover is half the sum of absolute changes of weight, cash included.
    """
    held = np.zeros(gross.shape[1]) if start is None else start
    some = np.flatnonzero(held.astype(bool) | weights.any(axis=0))  # names nobody holds must not touch a sum
    if len(some) < len(held):
        gross, weights, held = gross[:, some], weights[:, some], held[some]
        volatility, dollar_volume_usd = (x if x is None else x[:, some] for x in (volatility, dollar_volume_usd))
    weights = np.ascontiguousarray(weights)  # BLAS sums a row that is not in one piece in another order
    sessions = len(gross)
    has_gaps = np.isnan(gross.min(initial=1.0))
    moves = np.where(np.isnan(gross), 1.0, gross) if has_gaps else gross
    equity = np.empty(sessions)
    cost, turnover = np.zeros(sessions), np.zeros(sessions)
    bounds = [0, *(int(row) + 1 for row in fill_rows), sessions]
    value = 1.0
    for block, (first, end) in enumerate(pairwise(bounds)):
        drifted = held
        if end > first:
            growth = _cumulated(moves[first:end])
            path = growth @ held + (1.0 - held.sum())
            equity[first:end] = value * path
            drifted = growth[-1] * held / path[-1]
            value = equity[end - 1]
        if block < len(fill_rows):
            target, row = weights[block], end - 1
            charge, turned = _fill(drifted, target, block, value * capital_usd, rates, volatility, dollar_volume_usd)
            cost[row], turnover[row] = charge, turned
            value = value * (1.0 - charge)
            equity[row], held = value, target
    before = np.concatenate([[1.0], equity[:-1]])
    return Result(equity / before - 1.0, cost, turnover)


def _cumulated(moves: np.ndarray) -> np.ndarray:
    growth = moves.copy()
    for before, now in pairwise(growth):  # row by row: numpy's own accumulate is half as fast along this axis
        np.multiply(before, now, out=now)
    return growth


def _fill(
    drifted: np.ndarray,
    target: np.ndarray,
    block: int,
    value_usd: float,
    rates: costs.Rates,
    volatility: np.ndarray | None,
    dollar_volume_usd: np.ndarray | None,
) -> tuple[float, float]:
    change = target - drifted
    size = np.abs(change)
    if volatility is None or dollar_volume_usd is None:
        charge = size.sum() * rates.floor_frac
    else:
        volume = dollar_volume_usd[block]
        rate = costs.cost_frac(size * value_usd, volatility=volatility[block], dollar_volume_usd=volume, rates=rates)
        charge = (size * rate).sum()
    return float(charge), float(0.5 * (size.sum() + abs(change.sum())))
