"""What a construction sees, what binds it, what it gives, and the table that fills."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

CASH = "CASH"


@dataclass(frozen=True)
class Candidates:
    """Stocks that may be held at one date, best first.

    Attributes
    ----------
    scores : Series indexed by symbol, sorted from best to worst, ties by symbol
    sector : Series indexed by symbol; null where unknown
    returns : ndarray of shape (n_sessions, n_symbols) or None
        Daily returns up to and including the decision, columns in the order of ``scores``; NaN where no bar.
    information_coefficient : float
        Trailing mean rank correlation of the model's scores with what came; NaN where unknown.
    held : Series indexed by symbol, or None
        Weights held now, without cash; None or empty at the start.
    """

    scores: pd.Series
    sector: pd.Series
    returns: np.ndarray | None = None
    information_coefficient: float = np.nan
    held: pd.Series | None = None

    @cached_property
    def symbols(self) -> list[str]:
        """Symbols, best first."""
        return self.scores.index.tolist()

    @cached_property
    def sectors(self) -> list[str | None]:
        """Their sectors, None where unknown."""
        return [s if isinstance(s, str) else None for s in self.sector.tolist()]


@dataclass(frozen=True)
class Limits:
    """Bounds of a long-only portfolio.

    Attributes
    ----------
    top_n : int, names held at most by rank decay
    max_weight : float, share of one name
    max_sector_weight : float, share of one sector; unknown is one sector, and where none is known the cap is off
    top_k : int, names the optimisers choose from at most
    min_weight : float, least share of a chosen name; 0 where that cannot be met
    l2_reg : float, >= 0, penalty on the sum of squared weights in max_sharpe; 0 is the exact problem
    mu_mapping : str, key of :data:`trade_assets.domain.constructions.expected_returns.MU_MAPPINGS`
    max_turnover : float, half the sum of absolute changes of weight, cash included
    """

    top_n: int
    max_weight: float
    max_sector_weight: float
    top_k: int = 20
    min_weight: float = 0.01
    l2_reg: float = 0.01
    mu_mapping: str = "rank_to_mu"
    max_turnover: float = 0.40


@dataclass(frozen=True)
class Built:
    """Weights by symbol, each above 0, that sum to at most 1; and how they came about.

    ``status`` begins with "ok" where the construction itself made the weights, else with what was used instead;
    after a colon follow the reasons.
    """

    weights: pd.Series
    status: str = "ok"

    def with_cash(self) -> tuple[list[str], np.ndarray]:
        """Symbols, CASH the last, and their weights, which sum to 1."""
        values = self.weights.to_numpy()
        return [*self.weights.index, CASH], np.append(values, max(0.0, 1.0 - float(values.sum())))


NOTHING_OFFERED = Built(pd.Series(dtype=float, index=pd.Index([], dtype="str")), "all cash: no scores")


def build(construction: "Construction", found: Candidates, limits: Limits) -> Built:
    """What a construction makes of candidates; all cash where there are none."""
    return construction(found, limits) if len(found.scores) else NOTHING_OFFERED


Construction = Callable[[Candidates, Limits], Built]


def candidates(
    scores: pd.Series,
    sector: pd.Series,
    *,
    barred: set[str],
    returns: pd.DataFrame | None = None,
    information_coefficient: float = np.nan,
    held: pd.Series | None = None,
) -> Candidates:
    """Sort scores from best to worst, ties by symbol, and leave out names that may not be bought.

    Parameters
    ----------
    scores, sector : Series indexed by symbol
    barred : set of str
    returns : DataFrame of shape (n_sessions, n_symbols), columns symbols, or None
        Daily returns up to and including the decision; a symbol without a column has no bars.
    information_coefficient : float
    held : Series indexed by symbol, or None
    """
    symbols, values = scores.index.to_numpy(dtype=object), scores.to_numpy(dtype=float)
    kept = np.array([i for i, s in enumerate(symbols) if s not in barred and values[i] == values[i]], dtype=np.intp)
    kept = kept[np.argsort(symbols[kept], kind="stable")]
    kept = kept[np.argsort(-values[kept], kind="stable")]
    ranked = pd.Series(values[kept], index=scores.index[kept])
    own = None if returns is None else _columns(returns, ranked.index)
    return Candidates(ranked, sector.reindex(ranked.index), own, information_coefficient, held)


def _columns(returns: pd.DataFrame, symbols: pd.Index) -> np.ndarray:
    place = returns.columns.get_indexer(symbols)
    found = np.ascontiguousarray(returns.to_numpy(dtype=float)[:, place])
    found[:, place < 0] = np.nan
    return found


def portfolio(
    construction: Construction,
    scores: pd.Series,
    sector: pd.Series,
    *,
    barred: set[str],
    limits: Limits,
    returns: pd.DataFrame | None = None,
    information_coefficient: float = np.nan,
    held: pd.Series | None = None,
) -> pd.DataFrame:
    """Weights of one date with an explicit CASH row, and how they came about.

    Returns
    -------
    DataFrame
        ``symbol, weight, status``; weights sum to 1.
    """
    found = candidates(
        scores, sector, barred=barred, returns=returns, information_coefficient=information_coefficient, held=held
    )
    return table(construction, found, limits)


def table(construction: Construction, found: Candidates, limits: Limits) -> pd.DataFrame:
    """As :func:`portfolio`, of candidates that are sorted already."""
    built = build(construction, found, limits)
    symbols, weights = built.with_cash()
    return pd.DataFrame({"symbol": symbols, "weight": weights, "status": built.status})
