"""The assets, one module a group of the UI."""

from trade_assets.assets import (
    allocator,
    events,
    exports,
    live,
    market_data,
    market_gate,
    portfolio,
    selection,
    stocks,
    tuning,
)

GROUPS = (market_data, market_gate, stocks, selection, portfolio, tuning, events, allocator, live, exports)
