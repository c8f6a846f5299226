"""Top names by score, weights falling with the rank."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.caps import within_caps

BOOST, CUT = 1.25, 0.5
BOOSTED_SHARE, CUT_SHARE = 0.3, 0.4


@dataclass(frozen=True)
class Profile:
    """How weight falls with the rank: factors of the first and of the last ranks, power of the linear decay (0 is level)."""

    boost: float = BOOST
    cut: float = CUT
    decay: float = 1.0


LINEAR = Profile()


def rank_decay(candidates: Candidates, limits: Limits, profile: Profile = LINEAR) -> Built:
    """Weights N, N-1, … 1 for the N best; the first 30 % of ranks boosted, the last 40 % cut; then capped.

    With N = 10 that is ranks 1 to 3 times 1.25 and ranks 7 to 10 times 0.5. The cap's excess goes to names
    with room; what nobody can take is cash. Where sectors are known, a sector gives no more names than its share
    of the portfolio: a list of ten banks would be three parts in ten banks and the rest cash.
    """
    places, weights = placed(candidates.sectors, limits, profile)
    return Built(pd.Series(weights, index=candidates.scores.index[places]))


def placed(sectors: Sequence[str | None], limits: Limits, profile: Profile = LINEAR) -> tuple[np.ndarray, np.ndarray]:
    """Places of the names held and their weights, of candidates of these sectors, best first."""
    places = _places(sectors, limits)
    unscaled = decay_profile(limits.top_n, profile)[: len(places)]
    weights = within_caps(
        unscaled / unscaled.sum(),
        [sectors[i] for i in places],
        max_weight=limits.max_weight,
        max_sector_weight=limits.max_sector_weight,
    )
    kept = weights > 0
    return np.array(places, dtype=np.intp)[kept], weights[kept]


def _places(sectors: Sequence[str | None], limits: Limits) -> list[int]:
    """Places of the best names in order, each sector with at most its share of them, one at least."""
    if all(sector is None for sector in sectors):
        return list(range(min(len(sectors), limits.top_n)))
    most, taken, found = max(1, int(limits.max_sector_weight * limits.top_n + 1e-9)), Counter[str | None](), []
    for place, sector in enumerate(sectors):
        if len(found) < limits.top_n and taken[sector] < most:
            taken[sector] += 1
            found.append(place)
    return found


def decay_profile(n: int, profile: Profile = LINEAR) -> np.ndarray:
    """Unnormalised weight of each rank, shape (n,)."""
    rank = np.arange(1, n + 1)
    factor = np.where(
        rank <= int(BOOSTED_SHARE * n + 0.5),
        profile.boost,
        np.where(rank > n - int(CUT_SHARE * n + 0.5), profile.cut, 1.0),
    )
    return (n + 1.0 - rank) ** profile.decay * factor
