"""What is done where a construction cannot be computed; whatever is done is recorded."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.caps import capped
from trade_assets.domain.constructions.shortlist import Shortlist

Step = Callable[[Shortlist], tuple[np.ndarray, list[str]]]


def first_that_works(steps: Mapping[str, Step], names: Shortlist) -> Built:
    """The weights of the first step that raises no ``ValueError``, else the holdings within the caps, else cash.

    Parameters
    ----------
    steps : mapping of a name to a function of the shortlist that gives weights of its names, and notes
        The first is the construction itself.
    names : Shortlist
    """
    reasons = dict[str, None]()
    for name, step in steps.items():
        try:
            weights, notes = step(names)
        except ValueError as error:
            reasons[str(error)] = None
            continue
        chosen = weights > 0
        index = names.found.scores.index[names.kept[chosen]]
        status = _status(name if reasons else "ok", [*reasons, *names.notes, *notes])
        return Built(pd.Series(weights[chosen], index=index), status)
    weights = holdings(names.found, names.limits)
    return Built(weights, _status("holdings kept" if len(weights) else "all cash", [*reasons]))


def holdings(found: Candidates, limits: Limits) -> pd.Series:
    """Weights held now of names that are still offered, brought under the caps."""
    held = pd.Series(dtype=float) if found.held is None else found.held
    kept = held[held.index.isin(found.scores.index) & (held > 0)]
    if kept.empty:
        return kept
    sector = found.sector.reindex(kept.index)
    return capped(kept, sector, max_weight=limits.max_weight, max_sector_weight=limits.max_sector_weight)


def _status(head: str, reasons: list[str]) -> str:
    return f"{head}: {'; '.join(reasons)}" if reasons else head
