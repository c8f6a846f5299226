"""Portfolio constructions: from scores to unscaled weights.

``CONSTRUCTIONS`` maps a name to a function ``(Candidates, Limits) -> Built``: weights by symbol that sum to at
most 1, the rest being cash, and a status that begins with "ok" where the construction itself made them.
"""

from trade_assets.domain.constructions.candidates import (
    Built,
    Candidates,
    Construction,
    Limits,
    build,
    candidates,
    portfolio,
    table,
)
from trade_assets.domain.constructions.hierarchical import hrp
from trade_assets.domain.constructions.mean_variance import max_sharpe, min_volatility
from trade_assets.domain.constructions.rank_decay import rank_decay
from trade_assets.domain.constructions.simple import equal_weight, inverse_vol

CONSTRUCTIONS: dict[str, Construction] = {
    "rank_decay": rank_decay,
    "max_sharpe": max_sharpe,
    "min_volatility": min_volatility,
    "hrp": hrp,
    "inverse_vol": inverse_vol,
    "equal_weight": equal_weight,
}

__all__ = ["CONSTRUCTIONS", "Built", "Candidates", "Limits", "build", "candidates", "portfolio", "table"]
