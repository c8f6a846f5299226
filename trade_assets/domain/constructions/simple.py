"""Weights without an optimiser: equal, and inverse to the volatility."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.caps import within_caps
from trade_assets.domain.constructions.fallback import first_that_works
from trade_assets.domain.constructions.shortlist import Shortlist, shortlist, size


def equal_weight(found: Candidates, limits: Limits) -> Built:
    """The same weight for each of the best names, then capped; the baseline."""
    n = size(len(found.scores), limits)
    weights = under(limits, np.full(n, 1.0 / n), found.sectors[:n])
    return Built(pd.Series(weights, index=found.scores.index[:n]))


def inverse_vol(found: Candidates, limits: Limits) -> Built:
    """Weights inverse to the volatility of the names on the shortlist, then capped."""
    return first_that_works({"inverse_vol": inverse_to_volatility}, shortlist(found, limits))


def inverse_to_volatility(names: Shortlist) -> tuple[np.ndarray, list[str]]:
    """Weights under the caps."""
    inverse = 1.0 / names.sample_volatility
    return under(names.limits, inverse / np.sum(inverse), names.sectors), []


def under(limits: Limits, weights: np.ndarray, sectors: Sequence[str | None]) -> np.ndarray:
    """Weights under the caps on names and sectors."""
    return within_caps(weights, sectors, max_weight=limits.max_weight, max_sector_weight=limits.max_sector_weight)
