"""Weights without an optimiser: equal, and inverse to the volatility."""

import numpy as np
import pandas as pd

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.fallback import first_that_works, within_caps
from trade_assets.domain.constructions.shortlist import Shortlist, shortlist, size


def equal_weight(found: Candidates, limits: Limits) -> Built:
    """The same weight for each of the best names, then capped; the baseline."""
    best = found.scores.index[: size(len(found.scores), limits)]
    return Built(within_caps(pd.Series(1.0 / len(best), index=best), found, limits))


def inverse_vol(found: Candidates, limits: Limits) -> Built:
    """Weights inverse to the volatility of the names on the shortlist, then capped."""
    names = shortlist(found, limits)
    return first_that_works({"inverse_vol": lambda: inverse_to_volatility(names)}, found, limits)


def inverse_to_volatility(names: Shortlist) -> tuple[pd.Series, list[str]]:
    """Weights under the caps, and notes."""
    inverse = 1.0 / names.sample_volatility
    weights = pd.Series(inverse / np.sum(inverse), index=names.symbols)
    return within_caps(weights, names.found, names.limits), names.notes
