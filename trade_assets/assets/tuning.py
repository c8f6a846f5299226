"""Tuning: what searches over inner folds found, and every trial they made."""

import dagster as dg
import pandas as pd

from trade_assets.assets import policies
from trade_assets.assets.partitioned import rebalance_asset
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import policy as policy_domain
from trade_assets.settings import Settings


@rebalance_asset(group="tuning", sections=("events", "risk"))
def tuned_parameters(settings: dg.ResourceParam[Settings], dates: Rebalances) -> pd.DataFrame:
    """Parameters in force after each rebalance, from the last search or from the settings."""
    values = policy_domain.values_of(policies.policy(settings))
    parts = [
        pd.DataFrame(
            {
                "rebalance_date": date,
                "study": "events",
                "parameter": list(values),
                "value": list(values.values()),
                "source": "settings",
                "search_date": pd.NaT,
            }
        )
        for date in dates.dates
    ]
    return pd.concat(parts, ignore_index=True)
