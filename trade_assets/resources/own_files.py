"""Files a person brings to a command: predictions, market signals, an index with forecasts.

Parquet or CSV, read with the same care as a source of market data. Columns nobody asked for are left out and
named; whatever cannot be right is refused by file, column, rule and rows.
"""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.resources.market_data import table_files
from trade_assets.schemas import CASH, TICKER, Column, InvalidTableError, Table

DAY = Column("date", "day at whose close the row is known")
REGIMES = ("favorable", "neutral", "unfavorable")
QUANTILES = ("tft_p10", "tft_p50", "tft_p90")
ALIASES = {"symbol": "ticker", "session": "date"}
FLAGS = {"true": True, "false": False, "1": True, "0": False, "": False}

PREDICTIONS = Table(
    {
        "date": DAY,
        "ticker": TICKER,
        "prediction": Column("float64", "score, higher is better; null is not ranked", nullable=True),
        "actual": Column("float64", "return over the horizon; null while unknown", nullable=True, ge=-1),
    },
    ("ticker",), "date", may_be_empty=False,
)  # fmt: skip
SIGNALS = Table(
    {
        "date": DAY,
        "tft_p50": Column("float64", "median of the index return", nullable=True),
        "meta_prob_success": Column("float64", "probability that its sign is right", nullable=True, ge=0, le=1),
        "market_regime": Column("text", "state of the market", nullable=True, isin=REGIMES),
        "exposure_scalar": Column("float64", "share of the book to invest", nullable=True, ge=0, le=1),
        "is_stale": Column("bool", "whether the signal was out of date already"),
    },
    (), "date", may_be_empty=False,
)  # fmt: skip
FEATURES = Table(
    {
        "date": Column("date", "session of the exchange"),
        "close": Column("float64", "adjusted close of the index", gt=0),
        "spy_close": Column("float64", "adjusted close of the S&P 500", nullable=True, gt=0),
        **{name: Column("float64", "quantile of the index return", nullable=True) for name in QUANTILES},
        "tft_source": Column("text", "who made the forecast", nullable=True),
    },
    (), "date", may_be_empty=False,
)  # fmt: skip
EXECUTIONS = Table(
    {
        "date": Column("date", "session of the fill"),
        "strategy": Column("text", "whose fill it is", isin=("stocks", "events", "allocator")),
        "ticker": TICKER,
        "shares": Column("float64", "bought (+) or sold (-)"),
        "price": Column("float64", "USD a share", gt=0),
        "cost": Column("float64", "commission and fees, USD", ge=0),
        "id": Column("text", "the broker's name of the fill; null where it has none", nullable=True),
        "reason": Column("text", "why it differs from the order", nullable=True),
    },
    ("strategy", "ticker", "id"), "date", may_be_empty=False,
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What a person brought: the checked table, the columns it has, the columns left out, and the files."""

    table: pd.DataFrame
    columns: frozenset[str]
    left_out: frozenset[str]
    files: tuple[Path, ...]


def predictions(pattern: str) -> Given:
    """Predictions from one file, or from all that match a pattern."""
    parts = [
        _read(path, "predictions", PREDICTIONS, needed=["date", "ticker", "prediction"]) for path in matching(pattern)
    ]
    for part in parts:
        is_cash = part.table["ticker"] == CASH
        _refuse(part, "ticker", f"must not be {CASH}, the name of what is not invested", is_cash)
        if part.table["prediction"].isna().all():
            raise InvalidTableError(
                f"{part.files[0]}: column prediction must hold numbers, all {len(part.table)} rows are null"
            )
    return _together(parts)


def signals(path: Path) -> Given:
    """Market signals of a file: exposures, or the forecasts and odds that they follow from."""
    given = _read(path, "market signals", SIGNALS, needed=["date"])
    if "exposure_scalar" not in given.columns and not {"tft_p50", "meta_prob_success"} <= given.columns:
        raise InvalidTableError(
            f"{path}: column exposure_scalar is missing, and so is what it follows from, tft_p50 and meta_prob_success"
        )
    return given


def executions(path: Path) -> Given:
    """What was bought and sold, as a broker or a person lists it."""
    return _read(path, "executions", EXECUTIONS, needed=["date", "strategy", "ticker", "shares", "price", "cost"])


def features(path: Path) -> Given:
    """Daily closes of the index, with forecasts where the file has them; quantiles that cross are put in order."""
    given = _read(path, "features", FEATURES, needed=["date", "close"])
    if {"tft_p10", "tft_p90"} & given.columns and "tft_p50" not in given.columns:
        raise InvalidTableError(f"{path}: column tft_p50 is missing beside the other quantiles")
    is_stray = ~calendar.is_session(pd.DatetimeIndex(given.table["date"]))
    _refuse(given, "date", "must be a session of the exchange", pd.Series(is_stray))
    quantiles = given.table[list(QUANTILES)].to_numpy()
    is_full = ~np.isnan(quantiles).any(axis=1, keepdims=True)
    ordered = np.where(is_full, np.sort(quantiles, axis=1), quantiles)
    return replace(given, table=given.table.assign(**dict(zip(QUANTILES, ordered.T, strict=True))))


def matching(pattern: str) -> list[Path]:
    """The file of that name, or the files that match the pattern, sorted; raises ``FileNotFoundError``."""
    if Path(pattern).is_file():
        return [Path(pattern)]
    if Path(pattern).is_dir():
        raise FileNotFoundError(
            f"{pattern} is a directory; name a file, or a pattern like '{pattern.rstrip('/')}/**/*.parquet'"
        )
    found = sorted(Path(name) for name in glob.glob(pattern, recursive=True) if Path(name).is_file())
    if not found:
        raise FileNotFoundError(
            f"no file matches {pattern}" if glob.has_magic(pattern) else f"there is no file {pattern}"
        )
    return found


def _read(path: Path, kind: str, table: Table, *, needed: list[str]) -> Given:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is a directory, not a file" if path.is_dir() else f"there is no file {path}")
    if path.suffix not in (".parquet", ".csv"):
        raise InvalidTableError(f"{path}: the name must end in .parquet or .csv, was {path.name!r}")
    with _without_source():
        frame = table_files.read(path, kind)
        frame = frame.rename(columns={old: new for old, new in ALIASES.items() if new not in frame})
        names = [str(name) for name in frame.columns]
        missing = [name for name in needed if name not in names]
        if missing:
            raise InvalidTableError(
                f"{path}: column {', '.join(missing)} is missing; the file has {', '.join(names) or 'none'}"
            )
        if frame.empty:
            raise InvalidTableError(f"{path}: the file must have rows, has none")
        typed = {name: _typed(frame, str(path), name, column) for name, column in table.columns.items()}
        checked = schemas.check(str(path), table, pd.DataFrame(typed))
    given = Given(
        checked, frozenset(names) & frozenset(table.columns), frozenset(names) - frozenset(table.columns), (path,)
    )
    early = checked["date"] < calendar.FIRST_SESSION
    _refuse(given, "date", f"must not lie before {calendar.FIRST_SESSION.date()}", early)
    return given


def _typed(frame: pd.DataFrame, label: str, name: str, column: Column) -> pd.Series:
    if name not in frame:
        empty = {"float64": np.nan, "bool": False, "text": None}[column.kind]
        return pd.Series([empty] * len(frame), dtype=schemas.PANDAS[column.kind])
    if column.kind == "date":
        return table_files.days(frame, label, name)
    if column.kind == "float64":
        return table_files.numbers(frame, label, name)
    if column.kind == "bool":
        return _flags(frame, label, name)
    return table_files.text(frame, name)


def _flags(frame: pd.DataFrame, label: str, name: str) -> pd.Series:
    if pd.api.types.is_bool_dtype(frame[name].dtype):
        return frame[name].astype(bool)
    flags = frame[name].map(lambda value: FLAGS.get(str(value).strip().lower()))
    table_files.refuse(label, name, "must be true or false", frame, flags.isna().to_numpy())
    return flags.astype(bool)


def _together(parts: Sequence[Given]) -> Given:
    """The parts one under the other; a row in two files is refused by the names of both."""
    rows = pd.concat([part.table.assign(file=str(part.files[0])) for part in parts], ignore_index=True)
    twice = rows[rows.duplicated(["date", "ticker"], keep=False)].sort_values(["date", "ticker"], kind="stable")
    if len(twice):
        first = twice.iloc[0]
        files = twice.loc[(twice["date"] == first["date"]) & (twice["ticker"] == first["ticker"]), "file"]
        raise InvalidTableError(
            f"{' and '.join(files)}: rows must be unique by date and ticker, {len(twice)} of {len(rows)} are not: "
            f"{first['date'].date()} {first['ticker']} is in both"
        )
    return Given(
        rows.drop(columns="file").sort_values(["date", "ticker"], kind="stable", ignore_index=True),
        frozenset().union(*(part.columns for part in parts)),
        frozenset().union(*(part.left_out for part in parts)),
        tuple(path for part in parts for path in part.files),
    )


def _refuse(given: Given, column: str, rule: str, broken: pd.Series) -> None:
    count = int(broken.sum())
    if not count:
        return
    shown = given.table[broken.to_numpy()].head(3)
    rows = "; ".join(f"{row.date.date()} {getattr(row, 'ticker', '')}".strip() for row in shown.itertuples())
    more = f"; and {count - 3} more" if count > 3 else ""
    raise InvalidTableError(
        f"{given.files[0]}: column {column} {rule}, {count} of {len(given.table)} rows do not: {rows}{more}"
    )


@contextmanager
def _without_source() -> Iterator[None]:
    """These files are not the source of market data, whose reader is used: its name goes from the messages."""
    try:
        yield
    except InvalidTableError as error:
        raise InvalidTableError(str(error).removeprefix("files source, ")) from None
