"""What a construction sees, what binds it, and the table it fills."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

CASH = "CASH"


@dataclass(frozen=True)
class Candidates:
    """Stocks that may be held at one date, best first.

    Attributes
    ----------
    scores : Series indexed by symbol, sorted from best to worst, ties by symbol
    sector : Series indexed by symbol; null where unknown
    """

    scores: pd.Series
    sector: pd.Series


@dataclass(frozen=True)
class Limits:
    """Bounds of a long-only portfolio.

    Attributes
    ----------
    top_n : int, names held at most
    max_weight : float, share of one name
    max_sector_weight : float, share of one sector; unknown is one sector, and where none is known the cap is off
    """

    top_n: int
    max_weight: float
    max_sector_weight: float


def candidates(scores: pd.Series, sector: pd.Series, *, barred: set[str]) -> Candidates:
    """Sort scores from best to worst, ties by symbol, and leave out names that may not be bought."""
    kept = scores[~scores.index.isin(barred)].dropna()
    order = (
        kept.rename("score")
        .rename_axis("symbol")
        .reset_index()
        .sort_values(["score", "symbol"], ascending=[False, True], kind="stable")
    )
    ranked = pd.Series(order["score"].to_numpy(), index=pd.Index(order["symbol"]))
    return Candidates(ranked, sector.reindex(ranked.index))


def portfolio(
    construction: Callable[[Candidates, Limits], pd.Series],
    scores: pd.Series,
    sector: pd.Series,
    *,
    barred: set[str],
    limits: Limits,
) -> pd.DataFrame:
    """Weights of one date with an explicit CASH row, and how they came about.

    Returns
    -------
    DataFrame
        ``symbol, weight, status``; weights sum to 1.
    """
    found = candidates(scores, sector, barred=barred)
    weights = construction(found, limits) if len(found.scores) else pd.Series(dtype=float)
    weights = weights[weights > 0]
    status = "ok" if len(weights) else "all cash: no scores"
    total = float(weights.sum())
    symbols, values = [*weights.index, CASH], [*weights.to_numpy(), max(0.0, 1.0 - total)]
    return pd.DataFrame({"symbol": symbols, "weight": values, "status": status})
