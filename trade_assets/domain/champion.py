"""Which candidate is in force."""

import pandas as pd

from trade_assets.domain.models.stacking import STACK

GRID = ((STACK, "rank_decay"),)
BOOTSTRAP = "bootstrap"


def bootstrap(dates: pd.DatetimeIndex) -> pd.DataFrame:
    """The first cell of the grid, in force while the grid has no other."""
    model, construction = GRID[0]
    return pd.DataFrame(
        {
            "rebalance_date": dates,
            "role": "champion",
            "model": model,
            "construction": construction,
            "score": float("nan"),
            "reason": BOOTSTRAP,
        }
    )


def of_champion(portfolios: pd.DataFrame, champion_model: pd.DataFrame) -> pd.DataFrame:
    """Weights of the champion's cell at each date."""
    chosen = champion_model.loc[champion_model["role"] == "champion", ["rebalance_date", "model", "construction"]]
    return portfolios.merge(chosen, on=["rebalance_date", "model", "construction"], validate="many_to_one")
