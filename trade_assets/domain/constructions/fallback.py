"""What is done where a construction cannot be computed; whatever is done is recorded."""

from collections.abc import Callable, Mapping

import pandas as pd

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.caps import capped

Step = Callable[[], tuple[pd.Series, list[str]]]


def first_that_works(steps: Mapping[str, Step], found: Candidates, limits: Limits) -> Built:
    """The weights of the first step that raises no ``ValueError``, else the holdings as they are, else cash.

    Parameters
    ----------
    steps : mapping of a name to a function that gives weights by symbol and notes
        The first is the construction itself.
    found : Candidates
    limits : Limits
        Holdings are kept within the caps.
    """
    reasons = dict[str, None]()
    for name, step in steps.items():
        try:
            weights, notes = step()
        except ValueError as error:
            reasons[str(error)] = None
            continue
        return Built(weights[weights > 0], _status(name if reasons else "ok", [*reasons, *notes]))
    weights = holdings(found, limits)
    return Built(weights, _status("holdings kept" if len(weights) else "all cash", [*reasons]))


def holdings(found: Candidates, limits: Limits) -> pd.Series:
    """Weights held now of names that are still offered, brought under the caps."""
    held = pd.Series(dtype=float) if found.held is None else found.held
    kept = held[held.index.isin(found.scores.index) & (held > 0)]
    if kept.empty:
        return kept
    return within_caps(kept, found, limits)


def within_caps(weights: pd.Series, found: Candidates, limits: Limits) -> pd.Series:
    """Weights under the caps on names and sectors."""
    sector = found.sector.reindex(weights.index)
    return capped(weights, sector, max_weight=limits.max_weight, max_sector_weight=limits.max_sector_weight)


def _status(head: str, reasons: list[str]) -> str:
    return f"{head}: {'; '.join(reasons)}" if reasons else head
