"""What a table is made of, and the columns several tables share."""

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
import pyarrow as pa

Kind = Literal["date", "instant", "text", "float32", "float64", "int64", "bool"]

ARROW: dict[Kind, pa.DataType] = {
    "date": pa.timestamp("us"),
    "instant": pa.timestamp("us", tz="UTC"),
    "text": pa.string(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
}
PANDAS: dict[Kind, str] = {
    "date": "datetime64[us]",
    "instant": "datetime64[us, UTC]",
    "text": "str",
    "float32": "float32",
    "float64": "float64",
    "int64": "int64",
    "bool": "bool",
}
CASH = "CASH"
SYMBOL = r"^[A-Z0-9][A-Z0-9.^=-]{0,14}$"


class InvalidTableError(ValueError):
    """A table that breaks its schema; the message names table, column, rule and rows."""


@dataclass(frozen=True)
class Column:
    """One column: its kind, what it means, and the values it may hold."""

    kind: Kind
    description: str
    nullable: bool = False
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    isin: tuple[str, ...] | None = None
    pattern: str | None = None
    may_lie_ahead: bool = False  # a date or an instant after the close that makes its row known


@dataclass(frozen=True)
class Table:
    """One table: columns in order, the columns that identify a row, the partition it belongs to."""

    columns: dict[str, Column]
    grain: tuple[str, ...]
    partition: str = "rebalance_date"
    may_be_empty: bool = True
    ordered: tuple[tuple[str, str], ...] = field(default=())

    def arrow(self) -> pa.Schema:
        """The Arrow schema the table is stored under."""
        return pa.schema([pa.field(name, ARROW[c.kind], c.nullable) for name, c in self.columns.items()])

    def empty(self) -> pd.DataFrame:
        """The table without a row."""
        return pd.DataFrame({name: pd.Series(dtype=PANDAS[c.kind]) for name, c in self.columns.items()})

    def key(self) -> list[str]:
        """The columns that identify a row, the partition first."""
        return list(dict.fromkeys([self.partition, *self.grain]))


DATE = Column("date", "rebalance date whose close makes this row known")
SESSION = Column("date", "session of the exchange")
TICKER = Column("text", "symbol", pattern=SYMBOL)
PRICE = Column("float64", "USD", nullable=True, gt=0, le=1e7)
WEIGHT = Column("float64", "share of the book", ge=0, le=1 + 1e-9)
SHA256 = Column("text", "sha256 of the artifact, its address in the store", pattern=r"^[0-9a-f]{64}$")
MODEL = Column("text", "name of the model")
CONSTRUCTION = Column("text", "name of the portfolio construction")
TURNOVER = Column("float64", "half the sum of absolute weight changes, cash included", ge=0)
META_PROBABILITY = Column("float64", "probability that the sign of tft_p50 is right", nullable=True, ge=0, le=1)
FORECAST = {
    "tft_p10": Column("float64", "10 % quantile of the ten-session index return", nullable=True),
    "tft_p50": Column("float64", "median of the ten-session index return", nullable=True),
    "tft_p90": Column("float64", "90 % quantile of the ten-session index return", nullable=True),
    "tft_source": Column("text", "who made the forecast"),
}

BAR_VALUES = {
    "open": PRICE,
    "high": PRICE,
    "low": PRICE,
    "close": Column("float64", "USD", gt=0, le=1e7),
    "volume": Column("float64", "shares traded", nullable=True, ge=0),
}
DAILY_BAR = {
    **BAR_VALUES,
    "split_ratio": Column("float64", "new shares for one old, effective this session; 1 for none", gt=0, le=1e4),
    "dividend": Column("float64", "USD a share after the split, ex this session; 0 for none", ge=0, le=1e7),
    "adjustment_factor": Column(
        "float64", "adjusted over raw close, where the source gives no actions", nullable=True, gt=0
    ),
    "price_basis": Column("text", "whether close is what was traded, or adjusted", isin=("raw", "adjusted")),
}
BAR_ORDER = (("low", "open"), ("low", "close"), ("low", "high"), ("open", "high"), ("close", "high"))
FACT_VALUES = {
    "symbol": TICKER,
    "fact": Column("text", "name of the reported figure", pattern=r"^[a-z][a-z0-9_]*$"),
    "period_end": Column("date", "last day of the reported period"),
    "period_focus": Column("text", "fiscal period", isin=("FY", "Q1", "Q2", "Q3", "Q4", "SPOT")),
    "available_utc": Column("instant", "first instant at which the figure may be used"),
    "value": Column("float64", "figure as filed, USD, shares or USD a share"),
    "availability": Column("text", "whether the filing date was known", isin=("filed", "assumed")),
}
