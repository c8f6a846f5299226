"""Every table of the system: its grain, its columns, its units and its rules.

One schema serves the writer, the checks and what the UI shows. A table is checked once, when it is
written; what a source delivers is checked with the same rules. The name of a table is the name of
its asset, its function and its directory.
"""

from collections.abc import Sequence

import pandas as pd

from trade_assets.schemas.allocator import ALLOCATOR
from trade_assets.schemas.checking import check
from trade_assets.schemas.columns import (
    ARROW,
    BAR_VALUES,
    CASH,
    PANDAS,
    TICKER,
    Column,
    InvalidTableError,
    Kind,
    Table,
)
from trade_assets.schemas.events import EVENTS, TUNING
from trade_assets.schemas.live import LIVE
from trade_assets.schemas.market_data import MARKET_DATA
from trade_assets.schemas.market_gate import MARKET_GATE
from trade_assets.schemas.portfolio import PORTFOLIO
from trade_assets.schemas.raw import RAW
from trade_assets.schemas.selection import SELECTION
from trade_assets.schemas.stocks import STOCKS

__all__ = [
    "ARROW",
    "BAR_VALUES",
    "CASH",
    "PANDAS",
    "RAW",
    "TABLES",
    "TICKER",
    "Column",
    "InvalidTableError",
    "Kind",
    "Table",
    "check",
    "concat",
]

TABLES: dict[str, Table] = (
    MARKET_DATA | MARKET_GATE | STOCKS | SELECTION | PORTFOLIO | TUNING | EVENTS | ALLOCATOR | LIVE
)


def concat(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of a table one under the other; the empty table where there is none."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else TABLES[name].empty()
