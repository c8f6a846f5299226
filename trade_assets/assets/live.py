"""Live: what belongs to one session."""

import dagster as dg
import pandas as pd

from trade_assets.assets.partitioned import session_asset
from trade_assets.resources.market_data.protocol import MarketData


@session_asset(group="live")
def session_bars(market_data: dg.ResourceParam[MarketData], dates: pd.DatetimeIndex) -> pd.DataFrame:
    """The bars of one session, sealed when first seen; rebalance windows read the same rows."""
    return market_data.bars(dates[0], dates[-1], as_of=dates[-1])
