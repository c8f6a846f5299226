"""Portfolio constructions: from scores to unscaled weights.

``CONSTRUCTIONS`` maps a name to a function ``(Candidates, Limits) -> Series`` of weights by symbol that sum
to at most 1; the rest is cash.
"""

from trade_assets.domain.constructions.candidates import Candidates, Limits, portfolio
from trade_assets.domain.constructions.rank_decay import rank_decay

CONSTRUCTIONS = {"rank_decay": rank_decay}

__all__ = ["CONSTRUCTIONS", "Candidates", "Limits", "portfolio"]
