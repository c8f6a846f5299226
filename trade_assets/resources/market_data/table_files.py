"""Tables a person puts into a directory: Parquet or CSV, read without guessing.

Whatever cannot be read is refused as :class:`~trade_assets.schemas.InvalidTableError`, by table,
column, rule and rows.
"""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from trade_assets.schemas import InvalidTableError

LAST_DAY = pd.Timestamp("2100-12-31")
NO_VALUE = ("", "NA", "NaN", "nan", "null", "None")


def find(directory: Path, table: str) -> Path | None:
    """``<table>.parquet`` or ``<table>.csv``; None where there is neither."""
    found = [path for ending in ("parquet", "csv") if (path := directory / f"{table}.{ending}").is_file()]
    if len(found) > 1:
        raise InvalidTableError(f"files source, {table}: {found[0].name} and {found[1].name} are both there; keep one")
    return found[0] if found else None


def read(path: Path, table: str) -> pd.DataFrame:
    """The file with lower-case column names; every cell of a CSV is text."""
    try:
        frame = _read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
    except (
        pa.ArrowException,
        ValueError,
        OSError,
    ) as error:
        raise InvalidTableError(
            f"files source, {table}: {path.name} cannot be read, {type(error).__name__}: {error}"
        ) from None
    names = [str(name).strip().lower().replace(" ", "_") for name in frame.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InvalidTableError(f"files source, {table}: column {', '.join(doubled)} appears twice in {path.name}")
    return frame.set_axis(names, axis=1).reset_index(drop=True)


def columns(
    frame: pd.DataFrame, table: str, *, needed: list[str], allowed: list[str], aliases: dict[str, str]
) -> pd.DataFrame:
    """``frame`` under the names of the layout; a column too few or too many is refused."""
    frame = frame.rename(columns={name: new for name, new in aliases.items() if new not in frame.columns})
    missing, unknown = (
        [n for n in needed if n not in frame],
        [str(n) for n in frame if n not in needed + allowed],
    )
    for rule, names in (("is missing", missing), ("is unknown", unknown)):
        if names:
            layout = ", ".join(needed + allowed)
            raise InvalidTableError(f"files source, {table}: column {', '.join(names)} {rule}; the layout has {layout}")
    return frame


def numbers(frame: pd.DataFrame, table: str, column: str) -> pd.Series:
    """A column as float64; text that is no number is refused."""
    values = frame[column]
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        raise InvalidTableError(f"files source, {table}: column {column} must hold numbers, held {values.dtype}")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("float64")
    given = values.where(~values.isin(NO_VALUE))
    parsed = pd.to_numeric(given, errors="coerce").astype("float64")
    refuse(table, column, "must be a number", frame, (given.notna() & parsed.isna()).to_numpy())
    return parsed


def days(frame: pd.DataFrame, table: str, column: str) -> pd.Series:
    """A column as naive dates; text must read year-month-day."""
    values = _dates_as_timestamps(frame[column])
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        raise InvalidTableError(
            f"files source, {table}: column {column} must hold days without a time zone, held {values.dtype}"
        )
    if not pd.api.types.is_datetime64_dtype(values.dtype):
        values = _parsed(frame, table, column, values, format="%Y-%m-%d")
    inside = values.isna() | ((values >= "1900-01-01") & (values <= LAST_DAY))
    refuse(table, column, f"must lie between 1900 and {LAST_DAY.year}", frame, ~inside.to_numpy())
    return values.astype("datetime64[us]")


def instants(frame: pd.DataFrame, table: str, column: str) -> pd.Series:
    """A column as instants in UTC, as the name promises where there is no zone; other zones are converted."""
    values = frame[column]
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = _parsed(frame, table, column, values, format="ISO8601", utc=True)
    values = values.dt.tz_localize("UTC") if values.dt.tz is None else values.dt.tz_convert("UTC")
    inside = values.isna() | ((values >= "1900-01-01") & (values <= LAST_DAY.tz_localize("UTC")))
    refuse(table, column, f"must lie between 1900 and {LAST_DAY.year}", frame, ~inside.to_numpy())
    return values.astype("datetime64[us, UTC]")


def text(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column as it is, with null for an empty cell; a ticker may well read NA."""
    return frame[column].where(frame[column].astype("object") != "")


def refuse(table: str, column: str, rule: str, frame: pd.DataFrame, broken: np.ndarray) -> None:
    """Raise for the rows of ``frame`` that are marked, showing the first three."""
    if not broken.any():
        return
    count = int(broken.sum())
    shown = [name for name in dict.fromkeys(["session", "symbol", column]) if name in frame]
    rows = [
        f"row {i}: " + ", ".join(f"{name}={str(frame[name].iloc[i])[:40]!r}" for name in shown)
        for i in np.flatnonzero(broken)[:3]
    ]
    more = f"; and {count - 3} more" if count > 3 else ""
    raise InvalidTableError(
        f"files source, {table}: column {column} {rule}, {count} of {len(frame)} rows do not: {'; '.join(rows)}{more}"
    )


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    as_text = arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False)
    return arrow_csv.read_csv(path, convert_options=as_text).to_pandas()


def _read_parquet(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    return frame.reset_index() if any(name is not None for name in frame.index.names) else frame


def _dates_as_timestamps(values: pd.Series) -> pd.Series:
    if values.dtype == object and len(values) and values.dropna().map(lambda v: type(v) is dt.date).all():
        return pd.to_datetime(values)
    return values


def _parsed(frame: pd.DataFrame, table: str, column: str, values: pd.Series, **how) -> pd.Series:
    if not values.dropna().map(lambda v: isinstance(v, str)).all():
        raise InvalidTableError(f"files source, {table}: column {column} must hold dates, held {values.dtype}")
    given = values.where(~values.isin(NO_VALUE))
    parsed = pd.to_datetime(given, errors="coerce", **how)
    refuse(table, column, "must be a date, year-month-day", frame, (given.notna() & parsed.isna()).to_numpy())
    return parsed
