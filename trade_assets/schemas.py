"""Every table of the system: its grain, its columns, its units and its rules.

One schema serves the writer, the checks and what the UI shows. A table is checked once, when it is
written; what a source delivers is checked with the same rules. The name of a table is the name of
its asset, its function and its directory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from trade_assets.domain.features import FEATURES

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

# What a source delivers, before a partition is known.
RAW: dict[str, Table] = {
    "bars": Table(
        {"session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        "session",
        ordered=BAR_ORDER,
    ),
    "index_bars": Table(
        {"bar_end_utc": Column("instant", "end of the bar"), "symbol": TICKER, **BAR_VALUES},
        ("bar_end_utc", "symbol"),
        "bar_end_utc",
        ordered=BAR_ORDER,
    ),
    "fundamentals": Table(
        FACT_VALUES, ("symbol", "fact", "period_end", "period_focus", "available_utc"), "available_utc"
    ),
    "membership": Table(
        {
            "symbol": TICKER,
            "first_session": Column("date", "first day in the list"),
            "last_session": Column("date", "last day in the list; null where still in", nullable=True),
            "sector": Column("text", "sector; null where unknown", nullable=True),
        },
        ("symbol", "first_session"),
        "first_session",
    ),
}

META_PROBABILITY = Column("float64", "probability that the sign of tft_p50 is right", nullable=True, ge=0, le=1)
FORECAST = {
    "tft_p10": Column("float64", "10 % quantile of the ten-session index return", nullable=True),
    "tft_p50": Column("float64", "median of the ten-session index return", nullable=True),
    "tft_p90": Column("float64", "90 % quantile of the ten-session index return", nullable=True),
    "tft_source": Column("text", "who made the forecast"),
}
RAW["signals"] = Table(
    {
        "session": SESSION,
        **{name: column for name, column in FORECAST.items() if name != "tft_source"},
        "meta_prob_success": META_PROBABILITY,
    },
    ("session",),
    "session",
)
MODEL = Column("text", "name of the model")
CONSTRUCTION = Column("text", "name of the portfolio construction")
TURNOVER = Column("float64", "half the sum of absolute weight changes, cash included", ge=0)

TABLES: dict[str, Table] = {
    "bars": Table(
        {"rebalance_date": DATE, "session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        ordered=BAR_ORDER,
    ),
    "index_bars": Table(
        {
            "rebalance_date": DATE,
            "bar_end_utc": Column("instant", "end of the bar"),
            "symbol": TICKER,
            **BAR_VALUES,
        },
        ("bar_end_utc", "symbol"),
        ordered=BAR_ORDER,
    ),
    "fundamentals": Table(
        {"rebalance_date": DATE, **FACT_VALUES},
        ("symbol", "fact", "period_end", "period_focus", "available_utc"),
    ),
    "universe": Table(
        {
            "rebalance_date": DATE,
            "symbol": TICKER,
            "is_member": Column("bool", "whether the symbol may be held from this date"),
            "exclusion_reason": Column("text", "the first rule that excludes it", nullable=True),
            "sector": Column("text", "sector; null where unknown", nullable=True),
            "size_bucket": Column(
                "text", "size of the company", nullable=True, isin=("large_cap", "mid_cap", "small_cap")
            ),
            "dollar_volume_usd": Column("float64", "median daily dollar volume of 63 sessions", nullable=True, ge=0),
            "is_survivorship_free": Column("bool", "whether the source lists symbols that have left"),
            "in_blackout": Column("bool", "whether a known report date lies within the earnings blackout"),
        },
        ("symbol",),
    ),
    "forecast_models": Table(
        {
            "rebalance_date": DATE,
            "quantile": Column("float64", "quantile forecast", gt=0, le=1),
            "artifact_sha256": SHA256,
            "n_rows": Column("int64", "training sessions", ge=1),
            "train_first": Column("date", "first training session"),
            "train_last": Column("date", "last training session; its outcome is known at the rebalance date"),
            "pinball_loss": Column("float64", "mean pinball loss on the training rows", ge=0),
        },
        ("quantile",),
    ),
    "market_forecasts": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            **FORECAST,
            "quantiles_crossed": Column("bool", "whether the quantiles had to be rearranged"),
        },
        ("session",),
    ),
    "meta_models": Table(
        {
            "rebalance_date": DATE,
            "artifact_sha256": SHA256,
            "n_rows": Column("int64", "labelled forecasts", ge=1),
            "base_rate": Column("float64", "share of past forecasts with the right sign", ge=0, le=1),
        },
        (),
    ),
    "market_signals": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            **FORECAST,
            "meta_prob_success": META_PROBABILITY,
            "market_regime": Column("text", "state of the market", isin=("favorable", "neutral", "unfavorable")),
            "exposure_scalar": Column("float64", "share of the book to invest", ge=0, le=1),
            "is_stale": Column("bool", "whether the signal is older than one session"),
        },
        ("session",),
        may_be_empty=False,
    ),
    "stock_features": Table(
        {"rebalance_date": DATE, "symbol": TICKER}
        | {name: Column("float32", "feature, see trade_assets/domain/features", nullable=True) for name in FEATURES},
        ("symbol",),
    ),
    "stock_outcomes": Table(
        {
            "rebalance_date": DATE,
            "feature_date": Column("date", "rebalance date the outcome is measured from"),
            "symbol": TICKER,
            "return_frac": Column("float64", "total return from feature_date to rebalance_date", ge=-1),
            "return_5_frac": Column("float64", "total return of the first five sessions", nullable=True, ge=-1),
            "target": Column("float64", "rank of the return among the members, centred, -0.5 to 0.5", ge=-0.5, le=0.5),
            "is_delisted": Column("bool", "whether the last bar lies before the rebalance date"),
            "in_blackout": Column("bool", "whether the row lies in an earnings blackout"),
        },
        ("symbol",),
    ),
    "stock_fold_manifest": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": Column("date", "rebalance date the folds were made as of"),
            "fold": Column("text", "inner_1, inner_2, … or final"),
            "train_first": Column("date", "first feature date of the training rows"),
            "train_last": Column("date", "last feature date of the training rows"),
            "test_first": Column("date", "first feature date of the test rows; of the final fit, the next decision"),
            "test_last": Column("date", "last feature date of the test rows"),
            "embargo_sessions": Column(
                "int64", "sessions between the last training label and the first test decision", ge=0
            ),
            "n_train_rows": Column("int64", "rows", ge=0),
            "n_purged_rows": Column("int64", "rows left out because their label ends too late", ge=0),
            "n_test_rows": Column("int64", "rows", ge=0),
            "train_sha256": Column("text", "hash of the training rows", pattern=r"^[0-9a-f]{64}$"),
            "test_sha256": Column("text", "hash of the test rows", pattern=r"^[0-9a-f]{64}$"),
            "features": Column("text", "names of the features used, a JSON list"),
        },
        ("fold",),
    ),
    "base_models": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": Column("date", "rebalance date the model was fitted as of"),
            "model": MODEL,
            "artifact_sha256": SHA256,
            "parameters": Column("text", "what was fitted, a JSON object"),
            "n_rows": Column("int64", "training rows of the final fit", ge=1),
            "inner_rank_ic": Column(
                "float64", "mean rank information coefficient on the inner folds", nullable=True, ge=-1, le=1
            ),
            "inner_folds": Column("text", "rank information coefficient of each inner fold, a JSON object"),
        },
        ("model",),
    ),
    "base_predictions": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "symbol": TICKER,
            "prediction": Column("float64", "score, higher is better"),
        },
        ("model", "symbol"),
    ),
    "stack_models": Table(
        {
            "rebalance_date": DATE,
            "retrain_date": Column("date", "rebalance date the stack was fitted as of"),
            "model": MODEL,
            "coefficient": Column("float64", "weight of the base model's rank", ge=0),
            "method": Column("text", "how the weights came about", isin=("ridge", "equal_weights")),
            "n_rows": Column("int64", "past predictions with a known outcome", ge=0),
        },
        ("model",),
    ),
    "stock_predictions": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "symbol": TICKER,
            "prediction": Column("float64", "score, higher is better"),
        },
        ("model", "symbol"),
    ),
    "candidate_portfolios": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "construction": CONSTRUCTION,
            "symbol": TICKER,
            "weight": WEIGHT,
            "status": Column("text", "how the weights came about"),
        },
        ("model", "construction", "symbol"),
        may_be_empty=False,
    ),
    "candidate_returns": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "construction": CONSTRUCTION,
            "session": SESSION,
            "return_frac": Column("float64", "daily return net of costs", ge=-1),
            "cost_frac": Column("float64", "costs as a share of the book", ge=0),
            "turnover_frac": TURNOVER,
        },
        ("model", "construction", "session"),
    ),
    "champion_model": Table(
        {
            "rebalance_date": DATE,
            "role": Column("text", "champion or challenger", isin=("champion", "challenger")),
            "model": MODEL,
            "construction": CONSTRUCTION,
            "score": Column("float64", "selection score; null where none was made", nullable=True),
            "reason": Column("text", "why this pair is in force"),
        },
        ("role",),
        may_be_empty=False,
    ),
    "target_weights": Table(
        {
            "rebalance_date": DATE,
            "symbol": TICKER,
            "weight": WEIGHT,
            "unscaled_weight": Column("float64", "weight before exposure", ge=0, le=1 + 1e-9),
            "exposure_scalar": Column("float64", "share of the book to invest", ge=0, le=1),
            "may_increase": Column("bool", "whether positions may grow; not on a stale market signal"),
        },
        ("symbol",),
        may_be_empty=False,
    ),
    "portfolio_book": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            "symbol": TICKER,
            "shares": Column("float64", "shares held after the close; USD for cash"),
            "price_usd": Column("float64", "close used for valuation", gt=0),
            "value_usd": Column("float64", "value held after the close"),
            "weight": Column("float64", "share of the equity", le=1 + 1e-9),
            "traded_usd": Column("float64", "bought (+) or sold (-) this session"),
            "cost_usd": Column("float64", "commission, half-spread and impact of the fills", ge=0),
            "is_price_stale": Column("bool", "whether the last known price stands in for a missing one"),
        },
        ("session", "symbol"),
        may_be_empty=False,
    ),
    "trades": Table(
        {
            "rebalance_date": DATE,
            "symbol": TICKER,
            "action": Column("text", "what to do", isin=("BUY", "ADD", "HOLD", "REDUCE", "SELL")),
            "held_weight": Column("float64", "share of the book held at the close, after drift", ge=0),
            "target_weight": Column("float64", "share of the book wanted", ge=0),
            "delta_weight": Column("float64", "share of the book to trade; 0 where held"),
            "delta_vs_prev_target": Column("float64", "change of the target since the last rebalance"),
            "shares": Column("float64", "shares to buy (+) or sell (-)"),
            "price_usd": Column("float64", "last close", gt=0),
            "notional_usd": Column("float64", "value to buy (+) or sell (-)"),
            "cost_est_usd": Column("float64", "estimated commission, half-spread and impact", ge=0),
            "has_impact": Column("bool", "whether volume was known, so that impact is in the estimate"),
        },
        ("symbol",),
    ),
    "portfolio_returns": Table(
        {
            "rebalance_date": DATE,
            "session": SESSION,
            "return_frac": Column("float64", "daily return of the book, net of costs", ge=-1),
            "equity_usd": Column("float64", "value of the book after the close", gt=0),
            "exposure_frac": Column("float64", "share of the book in stocks after the close", ge=0),
            "turnover_frac": TURNOVER,
            "cost_usd": Column("float64", "costs of the fills", ge=0),
            "equal_weight_return_frac": Column("float64", "the universe held equally, the same days and costs", ge=-1),
            "qqq_return_frac": Column("float64", "NASDAQ leg, bought and held", nullable=True, ge=-1),
            "spy_return_frac": Column("float64", "S&P 500 leg, bought and held", nullable=True, ge=-1),
        },
        ("session",),
        may_be_empty=False,
    ),
    "performance": Table(
        {
            "rebalance_date": DATE,
            "window": Column("text", "sessions measured", isin=("since_start", "three_years", "one_year")),
            "series": Column("text", "what is measured", isin=("portfolio", "equal_weight", "qqq", "spy")),
            "metric": Column("text", "name of the metric"),
            "value": Column("float64", "value; null where undefined", nullable=True),
        },
        ("window", "series", "metric"),
    ),
    "session_bars": Table(
        {"session": SESSION, "symbol": TICKER, **DAILY_BAR},
        ("session", "symbol"),
        "session",
        ordered=BAR_ORDER,
    ),
}


def concat(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of a table one under the other; the empty table where there is none."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else TABLES[name].empty()


def check(name: str, table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` with the columns and kinds of ``table``, sorted by its key; rows that break a rule are refused.

    Parameters
    ----------
    name : str
        Name of the table, for the message.
    table : Table
    frame : DataFrame
        Its index is not read. Column order and row order are free.

    Raises
    ------
    InvalidTableError
        If columns are missing or unknown, a column has another kind, or rows break a rule.
    """
    _require_columns(name, table, frame)
    typed = pd.DataFrame(
        {c: _typed(name, c, spec, frame[c].reset_index(drop=True)) for c, spec in table.columns.items()}
    )
    for column, spec in table.columns.items():
        for rule, broken in _rules(spec, typed[column]):
            _refuse(name, column, rule, typed, broken, table.key())
    for low, high in table.ordered:
        _refuse(
            name,
            f"{low}, {high}",
            f"{low} must not exceed {high}",
            typed,
            (typed[low] > typed[high]).to_numpy(),
            table.key(),
        )
    _refuse(
        name,
        ", ".join(table.key()),
        "rows must be unique",
        typed,
        typed.duplicated(table.key(), keep=False).to_numpy(),
        table.key(),
    )
    return typed.sort_values(table.key(), kind="stable", ignore_index=True)


def _require_columns(name: str, table: Table, frame: pd.DataFrame) -> None:
    doubled = frame.columns[frame.columns.duplicated()].tolist()
    missing = [c for c in table.columns if c not in frame.columns]
    unknown = [str(c) for c in frame.columns if c not in table.columns]
    for rule, columns in (("appears twice", doubled), ("is missing", missing), ("is unknown", unknown)):
        if columns:
            raise InvalidTableError(
                f"{name}: column {', '.join(columns)} {rule}; the table has {', '.join(table.columns)}"
            )


def _typed(name: str, column: str, spec: Column, values: pd.Series) -> pd.Series:
    kind = "nothing" if values.isna().all() else _kind(values)
    fits = {
        "date": kind == "date",
        "instant": kind == "instant",
        "text": kind == "text",
        "float32": kind in ("float", "int"),
        "float64": kind in ("float", "int"),
        "int64": kind == "int",
        "bool": kind == "bool",
    }[spec.kind]
    if not fits and kind != "nothing":
        raise InvalidTableError(f"{name}: column {column} must hold {spec.kind}, held {kind} ({values.dtype})")
    if kind == "nothing":
        if len(values) and not spec.nullable:
            raise InvalidTableError(f"{name}: column {column} must not be null, rows 0 to {len(values) - 1} all are")
        return pd.Series([None] * len(values), dtype="object").astype(PANDAS[spec.kind])
    return values.astype(PANDAS[spec.kind])


def _kind(values: pd.Series) -> str:
    dtype = values.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "instant" if str(dtype.tz) == "UTC" else f"instants in {dtype.tz}"
    if pd.api.types.is_datetime64_dtype(dtype):
        return "date"
    if pd.api.types.is_bool_dtype(dtype):
        return "bool"
    if pd.api.types.is_integer_dtype(dtype):
        return "int"
    if pd.api.types.is_float_dtype(dtype):
        return "float"
    return "text" if values.dropna().map(lambda v: isinstance(v, str)).all() else "mixed values"


def _rules(spec: Column, values: pd.Series) -> Sequence[tuple[str, np.ndarray]]:
    null = values.isna().to_numpy()
    rules: list[tuple[str, np.ndarray]] = []
    if not spec.nullable:
        rules.append(("must not be null", null))
    if spec.kind in ("float32", "float64"):
        rules.append(("must be finite", np.isinf(values.to_numpy())))
    if spec.kind == "date":
        rules.append(("must be a day without a time", ~null & (values != values.dt.normalize()).to_numpy()))
    if spec.ge is not None:
        rules.append((f"must be >= {spec.ge:g}", (values < spec.ge).to_numpy()))
    if spec.gt is not None:
        rules.append((f"must be > {spec.gt:g}", (values <= spec.gt).to_numpy()))
    if spec.le is not None:
        rules.append((f"must be <= {spec.le:g}", (values > spec.le).to_numpy()))
    if spec.isin is not None:
        rules.append((f"must be one of {', '.join(spec.isin)}", ~null & ~values.isin(spec.isin).to_numpy()))
    if spec.pattern is not None:
        distinct = values[~null].drop_duplicates()
        bad = distinct[~distinct.str.fullmatch(spec.pattern).astype(bool)]
        rules.append((f"must match {spec.pattern}", values.isin(bad).to_numpy() & ~null))
    return rules


def _refuse(name: str, column: str, rule: str, frame: pd.DataFrame, broken: np.ndarray, key: list[str]) -> None:
    count = int(broken.sum())
    if not count:
        return
    shown = list(dict.fromkeys([*key, *(c for c in column.split(", ") if c in frame.columns)]))
    places = np.flatnonzero(broken)[:3]
    rows = "; ".join(f"row {i}: " + ", ".join(f"{c}={str(frame[c].iloc[i])[:40]!r}" for c in shown) for i in places)
    more = f"; and {count - len(places)} more" if count > len(places) else ""
    raise InvalidTableError(f"{name}: column {column} {rule}, {count} of {len(frame)} rows do not: {rows}{more}")
