"""What the report of the selection reads: its tables, and the terms it works under."""

from dataclasses import dataclass, fields

import pandas as pd

from trade_assets.domain import champion
from trade_assets.domain.costs import Rates
from trade_assets.domain.grid import Cell

ORDER = ("rebalance_date", "session", "role", "model", "construction", "feature_date", "study", "trial", "block", "metric", "symbol")  # fmt: skip


@dataclass(frozen=True)
class SelectionTables:
    """Rows of the tables of these names, all rebalances; ``bars`` of the names the champion's pair held."""

    candidate_skill: pd.DataFrame
    candidate_portfolios: pd.DataFrame
    candidate_returns: pd.DataFrame
    candidate_evidence: pd.DataFrame
    champion_model: pd.DataFrame
    market_signals: pd.DataFrame
    portfolio_returns: pd.DataFrame
    bars: pd.DataFrame

    def in_order(self) -> "SelectionTables":
        """The same rows in one order, whatever order they came in."""
        return SelectionTables(**{each.name: _in_order(getattr(self, each.name)) for each in fields(self)})


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in ORDER if name in rows]
    return rows.sort_values(keys, kind="stable", ignore_index=True) if keys else rows


WHOLE = tuple(each.name for each in fields(SelectionTables) if each.name != "bars")


@dataclass(frozen=True)
class Terms:
    """Settings the report reads numbers against.

    Attributes
    ----------
    champion : champion.Terms
        What a candidate must show.
    cells : tuple of (model, construction)
        The grid, in the order of the settings.
    window_rebalances : int
        Most rebalances a decision looks at.
    every_rebalances : int
        Rebalances from one decision to the next.
    legs : tuple of pairs
        Role of an index (``qqq``, ``spy``) and its symbol.
    rates : Rates
    capital_usd : float
    """

    champion: champion.Terms
    cells: tuple[Cell, ...]
    window_rebalances: int
    every_rebalances: int
    legs: tuple[tuple[str, str], ...]
    rates: Rates
    capital_usd: float
