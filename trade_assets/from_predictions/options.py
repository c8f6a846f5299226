"""What the command was told about the portfolio, completed by the settings."""

from dataclasses import dataclass
from typing import Literal

from trade_assets.settings import Portfolio

Overlap = Literal["refuse", "tranches"]


@dataclass(frozen=True)
class Options:
    """What the command was told; what it was not told comes from the settings."""

    top_n: int
    rebalance_step: int
    horizon_days: int
    max_weight: float
    overlap: Overlap

    @classmethod
    def of(
        cls,
        portfolio: Portfolio,
        *,
        top_n: int | None = None,
        rebalance_step: int | None = None,
        horizon_days: int | None = None,
        max_weight: float | None = None,
        overlap: Overlap = "refuse",
    ) -> "Options":
        """The options told, the rest from the settings; raises ``ValueError`` for a weight out of range."""
        if max_weight is not None and not 0 < max_weight <= 1:
            raise ValueError(f"--max-weight must lie above 0 and not above 1, was {max_weight:g}")
        return cls(
            top_n=portfolio.top_n if top_n is None else top_n,
            rebalance_step=portfolio.rebalance_step if rebalance_step is None else rebalance_step,
            horizon_days=portfolio.horizon_days if horizon_days is None else horizon_days,
            max_weight=portfolio.max_weight if max_weight is None else max_weight,
            overlap=overlap,
        )
