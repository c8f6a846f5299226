"""Every tunable number, with its unit, its range and its default.

Sections and keys carry the names the owner's planning documents use. Values come from the defaults
below, then from one optional YAML file (``trade_assets.yaml``, or the path in ``TRADE_ASSETS_FILE``),
then from the environment (``TRADE_ASSETS__HISTORY__START=2005-01-03``). Unknown keys are refused by name.
"""

from trade_assets.settings.allocator import Allocator
from trade_assets.settings.housekeeping import Housekeeping
from trade_assets.settings.live import Live, Notifications, Ops
from trade_assets.settings.markdown import page
from trade_assets.settings.market import Features, History, Labels, PitAlignment, Universe
from trade_assets.settings.models import (
    ElasticNetParams,
    LightGBMParams,
    MarketGate,
    Modeling,
    RandomForestParams,
    XGBoostParams,
)
from trade_assets.settings.section import Section
from trade_assets.settings.selection import ModelSelection
from trade_assets.settings.sources import Data, Files, IndexLegs, Store, Synthetic, Yahoo
from trade_assets.settings.system import BASIS, FILE_VARIABLE, PREFIX, SECTIONS, Settings, load
from trade_assets.settings.trading import Portfolio, RiskLimits

__all__ = [
    "BASIS",
    "FILE_VARIABLE",
    "PREFIX",
    "SECTIONS",
    "Allocator",
    "Data",
    "ElasticNetParams",
    "Features",
    "Files",
    "History",
    "Housekeeping",
    "IndexLegs",
    "Labels",
    "LightGBMParams",
    "Live",
    "MarketGate",
    "ModelSelection",
    "Modeling",
    "Notifications",
    "Ops",
    "PitAlignment",
    "Portfolio",
    "RandomForestParams",
    "RiskLimits",
    "Section",
    "Settings",
    "Store",
    "Synthetic",
    "Universe",
    "XGBoostParams",
    "Yahoo",
    "load",
    "page",
]
