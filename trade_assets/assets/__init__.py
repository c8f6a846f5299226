"""The assets, one module a group of the UI."""

from trade_assets.assets import exports, live, market_data, market_gate, portfolio, selection, stocks

GROUPS = (market_data, market_gate, stocks, selection, portfolio, live, exports)
