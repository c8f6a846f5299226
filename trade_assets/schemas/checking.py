"""Check a frame against its table: missing and unknown columns, kinds, ranges, order, and unique rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trade_assets.schemas.columns import PANDAS, Column, InvalidTableError, Table


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
    numbered = frame.reset_index(drop=True)
    typed = pd.DataFrame({c: _typed(name, c, spec, numbered[c]) for c, spec in table.columns.items()})
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
    if values.dtype == PANDAS[spec.kind]:
        return values
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
    null, array = values.isna().to_numpy(), values.to_numpy()
    rules: list[tuple[str, np.ndarray]] = []
    if not spec.nullable:
        rules.append(("must not be null", null))
    if spec.kind in ("float32", "float64"):
        rules.append(("must be finite", np.isinf(array)))
    if spec.kind == "date":
        rules.append(("must be a day without a time", ~null & (array != array.astype("datetime64[D]"))))
    if spec.ge is not None:
        rules.append((f"must be >= {spec.ge:g}", array < spec.ge))
    if spec.gt is not None:
        rules.append((f"must be > {spec.gt:g}", array <= spec.gt))
    if spec.le is not None:
        rules.append((f"must be <= {spec.le:g}", array > spec.le))
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
