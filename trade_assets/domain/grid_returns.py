"""What the portfolios of the grid earned from one rebalance to the next, all cells of a date at once."""

from itertools import pairwise

import numpy as np
import pandas as pd

from trade_assets.domain import costs
from trade_assets.domain.book import quotes_at
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.costs import Rates
from trade_assets.domain.prices import Panel

CASH = "CASH"
KEYS = ["model", "construction"]
COLUMNS = ["rebalance_date", *KEYS, "session", "return_frac", "cost_frac", "turnover_frac"]


def returns(
    weights: pd.DataFrame, panel: Panel, *, dates: Rebalances, rates: Rates, capital_usd: float
) -> pd.DataFrame:
    """Daily net return of every cell in the sessions of each date.

    The weights decided at the rebalance before are filled at the next session's close; until then those of the
    rebalance before that one earn. Turnover is half the sum of absolute changes of weight, cash included.

    Parameters
    ----------
    weights : DataFrame
        Rows of ``candidate_portfolios`` of the two rebalances before each date.
    panel : Panel
        Bars from 63 sessions before the first fill.
    dates : Rebalances
    rates : Rates
    capital_usd : float
        Size of the book at each decision before, for market impact.
    """
    held = _Held(weights)
    parts = []
    for older, before, date in _triples(dates, weights):
        if not held.has(before):
            continue
        cells = held.cells(before)
        symbols = held.symbols(older, before)
        earlier, target = (held.matrix(of, cells, symbols) for of in (older, before))
        earned, sessions = _between(
            earlier, target, held.names[symbols], panel, (older, before, date), rates=rates, capital_usd=capital_usd
        )
        parts.append(_rows(held.keys.iloc[cells], date, sessions, *earned))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


class _Held:
    """Weights by date as numbers: cells by their place in the order of their names, symbols likewise."""

    def __init__(self, weights: pd.DataFrame) -> None:
        self.keys = weights[KEYS].drop_duplicates().sort_values(KEYS, ignore_index=True)
        code = pd.MultiIndex.from_frame(self.keys).get_indexer(pd.MultiIndex.from_frame(weights[KEYS]))
        symbol, names = pd.factorize(weights["symbol"], sort=True)
        self.names = pd.Index(names)
        value, is_stock = weights["weight"].to_numpy(dtype=float), (weights["symbol"] != CASH).to_numpy()
        places = weights.groupby("rebalance_date").indices
        self._of = {
            date: (code[at], *(of[at[is_stock[at]]] for of in (code, symbol, value))) for date, at in places.items()
        }

    def has(self, date: pd.Timestamp) -> bool:
        """Whether anything was decided at the date."""
        return date in self._of

    def cells(self, date: pd.Timestamp) -> np.ndarray:
        """Places of the cells that decided something at the date, in order."""
        return np.unique(self._of[date][0])

    def symbols(self, *dates: pd.Timestamp | None) -> np.ndarray:
        """Places of the symbols any cell holds from one of the dates on, in order."""
        return np.unique(np.concatenate([self._of[date][2] for date in dates if date in self._of]))

    def matrix(self, date: pd.Timestamp | None, cells: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """Weights of shape (cells, symbols); 0 where a cell holds nothing of a symbol."""
        out = np.zeros((len(cells), len(symbols)))
        if date in self._of:
            _, cell, symbol, value = self._of[date]
            kept = np.isin(cell, cells)
            out[cells.searchsorted(cell[kept]), symbols.searchsorted(symbol[kept])] = value[kept]
        return out


def _between(
    earlier: np.ndarray,
    target: np.ndarray,
    symbols: pd.Index,
    panel: Panel,
    when: tuple[pd.Timestamp | None, pd.Timestamp, pd.Timestamp],
    *,
    rates: Rates,
    capital_usd: float,
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], pd.DatetimeIndex]:
    """Net returns, costs and turnovers of shape (sessions, cells), and the sessions after the decision."""
    older, before, date = when
    columns = panel.columns(symbols)
    last, decision = panel.rows(pd.DatetimeIndex([date, before]))
    fill = decision + 1
    first = fill if older is None else panel.rows(pd.DatetimeIndex([older]))[0] + 2
    moves = np.ascontiguousarray(panel.gross[first : last + 1][:, columns])
    moves = np.where(np.isnan(moves), 1.0, moves)
    grown, path = _path(moves[: fill + 1 - first], earlier)
    drifted = grown * earlier / path[-1][:, None]
    quotes = quotes_at(panel, decision)
    size = np.abs(target - drifted)
    rate = costs.cost_frac(
        size * (path[-1] * capital_usd)[:, None],
        volatility=quotes.volatility.to_numpy()[columns],
        dollar_volume_usd=quotes.dollar_volume_usd.to_numpy()[columns],
        rates=rates,
    )
    charge = (size * rate).sum(axis=1)
    turned = 0.5 * (size.sum(axis=1) + np.abs((target - drifted).sum(axis=1)))
    value = np.vstack([np.ones(len(target)), path])[-2:]
    at_fill = (value[1] * (1.0 - charge) / value[0] - 1.0)[None, :]
    _, after = _path(moves[fill + 1 - first :], target)
    later = after / np.vstack([np.ones(len(target)), after])[:-1] - 1.0
    once = np.zeros((len(later), len(target)))
    earned = np.vstack([at_fill, later]), np.vstack([charge, once]), np.vstack([turned, once])
    return earned, panel.sessions[fill : last + 1]


def _path(moves: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Growth of each symbol over all sessions, and value of each cell after every one, shape (sessions, cells)."""
    growth = moves.copy()
    for before, now in pairwise(growth):
        np.multiply(before, now, out=now)
    path = growth @ np.ascontiguousarray(held.T) + (1.0 - held.sum(axis=1))
    return (growth[-1] if len(growth) else np.ones(held.shape[1])), path


def _rows(cells: pd.DataFrame, date: pd.Timestamp, sessions: pd.DatetimeIndex, *earned: np.ndarray) -> pd.DataFrame:
    n = len(sessions)
    keys = {name: np.repeat(cells[name].to_numpy(dtype=object), n) for name in KEYS}
    values = {name: of.T.ravel() for name, of in zip(COLUMNS[4:], earned, strict=True)}
    return pd.DataFrame({"rebalance_date": date, **keys, "session": np.tile(sessions, len(cells)), **values})


def _triples(dates: Rebalances, weights: pd.DataFrame) -> list[tuple[pd.Timestamp | None, pd.Timestamp, pd.Timestamp]]:
    known = pd.DatetimeIndex(sorted(weights["rebalance_date"].unique()))
    triples, older = [], None
    for before, date in dates.spans():
        if before is not None:
            if not triples:  # what was read begins at most one rebalance before the first decision
                older = next(iter(known[known < before][::-1]), None)
            triples.append((older, before, date))
        older = before
    return triples
