"""The sources of market data, and the one place that chooses among them."""

from collections.abc import Callable

from trade_assets.resources.market_data.directory import Directory
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.market_data.sample import Sample
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.resources.market_data.yahoo import Yahoo
from trade_assets.settings import Settings


def _directory(settings: Settings) -> MarketData:
    files, lags = settings.data.files, settings.features.pit_alignment
    if files.path is None:
        raise ValueError("data.files.path must name a directory where data.source is 'files'")
    return Directory(
        files.path,
        stray_sessions=files.stray_sessions,
        has_real_opens=files.has_real_opens,
        legs=files.index_legs.symbols(),
        pit_min_lag_days=lags.pit_min_lag_days,
        default_public_lag_days=lags.default_public_lag_days,
    )


SOURCES: dict[str, Callable[[Settings], MarketData]] = {
    "sample": lambda settings: Sample(settings.index_legs().symbols()),
    "files": _directory,
    "synthetic": lambda settings: Synthetic(settings.data.synthetic),
    "yfinance": lambda settings: Yahoo(settings.data.yfinance.symbols, settings.index_legs().symbols()),
}


def build_source(settings: Settings) -> MarketData:
    """The source that ``data.source`` names."""
    return SOURCES[settings.data.source](settings)
