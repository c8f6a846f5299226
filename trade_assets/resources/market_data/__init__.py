"""The sources of market data, and the one place that chooses among them."""

from collections.abc import Callable

from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.market_data.sample import Sample
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.settings import Settings

SOURCES: dict[str, Callable[[Settings], MarketData]] = {
    "sample": lambda settings: Sample(settings.index_legs().symbols()),
    "synthetic": lambda settings: Synthetic(settings.data.synthetic),
}


def build_source(settings: Settings) -> MarketData:
    """The source that ``data.source`` names."""
    return SOURCES[settings.data.source](settings)
