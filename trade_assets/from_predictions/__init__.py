"""The portfolio manager as a command: a person's own predictions in, weights, trades and their record out."""

from trade_assets.from_predictions.book import manage
from trade_assets.from_predictions.command import portfolio
from trade_assets.from_predictions.options import Options

__all__ = ["Options", "manage", "portfolio"]
