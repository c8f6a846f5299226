"""A vectorised backtest of target weights: drift between rebalances, costs on fills, cash earns nothing.

Work goes block by block from one fill to the next; inside a block weights drift exactly with prices.
"""

from dataclasses import dataclass

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
    sessions, symbols = gross.shape
    moves = np.where(np.isnan(gross), 1.0, gross)
    held = np.zeros(symbols) if start is None else start
    equity = np.empty(sessions)
    cost, turnover = np.zeros(sessions), np.zeros(sessions)
    bounds = [0, *(int(row) + 1 for row in fill_rows), sessions]
    value = 1.0
    for block in range(len(bounds) - 1):
        first, end = bounds[block], bounds[block + 1]
        if end > first:
            names = np.flatnonzero(held)
            growth = np.multiply.accumulate(moves[first:end][:, names], axis=0)
            cash = 1.0 - held[names].sum()
            path = growth @ held[names] + cash
            equity[first:end] = value * path
            drifted = np.zeros(symbols)
            drifted[names] = held[names] * growth[-1] / path[-1]
            value = equity[end - 1]
        else:
            drifted = held
        if block < len(fill_rows):
            target, row = weights[block], end - 1
            charge, turned = _fill(drifted, target, block, value * capital_usd, rates, volatility, dollar_volume_usd)
            cost[row], turnover[row] = charge, turned
            value = value * (1.0 - charge)
            equity[row], held = value, target
    before = np.concatenate([[1.0], equity[:-1]])
    return Result(equity / before - 1.0, cost, turnover)


def _fill(
    drifted: np.ndarray,
    target: np.ndarray,
    block: int,
    value_usd: float,
    rates: costs.Rates,
    volatility: np.ndarray | None,
    dollar_volume_usd: np.ndarray | None,
) -> tuple[float, float]:
    names = np.flatnonzero((target != 0) | (drifted != 0))
    change = target[names] - drifted[names]
    if volatility is None or dollar_volume_usd is None:
        rate: np.ndarray | float = rates.floor_frac
    else:
        rate = costs.cost_frac(
            change * value_usd,
            volatility=volatility[block, names],
            dollar_volume_usd=dollar_volume_usd[block, names],
            rates=rates,
        )
    size = np.abs(change)
    return float((size * rate).sum()), float(0.5 * (size.sum() + abs(change.sum())))
