"""The features of the stock models, by family.

``FEATURES`` maps a name to a :class:`Feature`. A new feature is one function and one line in the
registry of its family; it inherits the tests that every feature must pass.
"""

from trade_assets.domain.features import cross_section, fundamental, trend, volatility, volume
from trade_assets.domain.features.assemble import assemble
from trade_assets.domain.features.inputs import Market, market

PRICE_FEATURES = trend.TREND | volatility.VOLATILITY | volume.VOLUME
FACT_FEATURES = fundamental.FUNDAMENTAL
CROSS_FEATURES = cross_section.CROSS_SECTION
FEATURES = (*PRICE_FEATURES, *FACT_FEATURES, *CROSS_FEATURES)

__all__ = ["CROSS_FEATURES", "FACT_FEATURES", "FEATURES", "PRICE_FEATURES", "Market", "assemble", "market"]
