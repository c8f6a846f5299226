"""Reported figures from a directory, each with the first instant at which it may be used."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.resources.market_data import table_files
from trade_assets.schemas import InvalidTableError

LOG = logging.getLogger(__name__)
KEY = ["symbol", "period_end", "period_focus"]
# Columns of a wide file that describe the report and are no figures.
ABOUT = [
    "filed_utc",
    "available_utc",
    "amend",
    "fiscal_year",
    "doc_type",
    "form",
    "available_date",
    "lag_days",
    "cik",
    "currency",
]


def facts(directory: Path, *, pit_min_lag_days: int, default_public_lag_days: int) -> pd.DataFrame:
    """``fundamentals.parquet`` or ``.csv``, long or wide, as a table; empty where there is neither.

    1. ``available_utc`` is used as it is; else ``filed_utc`` and ``pit_min_lag_days``; else the end of the
       period and ``default_public_lag_days``, and ``availability`` says it was assumed.
    2. A figure available before its period ended has no usable filing date: it is assumed as well.
    3. Of rows with one key an amendment wins, then the one filed last, then the last in the file.
    """
    path = table_files.find(directory, "fundamentals")
    if path is None:
        return schemas.RAW["fundamentals"].empty()
    frame = table_files.read(path, "fundamentals")
    missing = [name for name in KEY if name not in frame]
    if missing:
        raise InvalidTableError(
            f"files source, fundamentals: column {', '.join(missing)} is missing; it has {', '.join(KEY)}"
        )
    frame["period_end"] = table_files.days(frame, "fundamentals", "period_end")
    table_files.refuse("fundamentals", "period_end", "must not be null", frame, frame["period_end"].isna().to_numpy())
    known = _availability(frame, pit_min_lag_days, default_public_lag_days)
    long = _long(frame) if "fact" in frame else _melted(frame)
    row = long["row"].to_numpy()
    rows = pd.DataFrame(
        {
            **{name: table_files.text(frame, name).take(row).array for name in ("symbol", "period_focus")},
            "period_end": frame["period_end"].take(row).array,
            **{name: known[name].take(row).array for name in ("available_utc", "availability")},
            "fact": long["fact"].array,
            "value": long["value"].array,
        }
    )
    return schemas.check("files source, fundamentals", schemas.RAW["fundamentals"], _last_filed(rows, known, row))


def _availability(frame: pd.DataFrame, min_lag_days: int, default_lag_days: int) -> pd.DataFrame:
    nothing = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    filed = table_files.instants(frame, "fundamentals", "filed_utc") if "filed_utc" in frame else nothing
    stated = table_files.instants(frame, "fundamentals", "available_utc") if "available_utc" in frame else nothing
    available = stated.fillna(filed + pd.Timedelta(days=min_lag_days))
    ended = frame["period_end"].dt.tz_localize("UTC")
    early = available < ended
    if early.any():
        LOG.warning(
            "files source, fundamentals: %d reports are filed before their period ends; %d days assumed",
            early.sum(),
            default_lag_days,
        )
    unknown = available.isna() | early
    assumed = (ended + pd.Timedelta(days=default_lag_days)).astype("datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "available_utc": available.where(~unknown, assumed),
            "availability": np.where(unknown, "assumed", "filed"),
            "filed_utc": filed.fillna(available),
            "amend": frame["amend"].astype("str").str.lower().isin(["true", "1"]) if "amend" in frame else False,
        }
    )


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    allowed = ["availability", *ABOUT]
    table_files.columns(frame, "fundamentals", needed=[*KEY, "fact", "value"], allowed=allowed, aliases={})
    value = table_files.numbers(frame, "fundamentals", "value")
    return pd.DataFrame(
        {"row": np.arange(len(frame)), "fact": table_files.text(frame, "fact").array, "value": value.array}
    )


def _melted(frame: pd.DataFrame) -> pd.DataFrame:
    figures = [str(name) for name in frame if name not in KEY + ABOUT]
    if not figures:
        raise InvalidTableError("files source, fundamentals: columns of figures are missing, or fact and value")
    parts = []
    for name in figures:
        value = table_files.numbers(frame, "fundamentals", name).to_numpy()
        row = np.flatnonzero(~np.isnan(value))
        parts.append(pd.DataFrame({"row": row, "fact": name, "value": value[row]}))
    return pd.concat(parts, ignore_index=True)


def _last_filed(rows: pd.DataFrame, known: pd.DataFrame, row: np.ndarray) -> pd.DataFrame:
    order = known[["amend", "filed_utc"]].take(row).reset_index(drop=True)
    places = order.sort_values(["amend", "filed_utc"], kind="stable", na_position="first").index
    key = schemas.RAW["fundamentals"].key()
    kept = rows.loc[places].drop_duplicates(key, keep="last")
    if len(kept) < len(rows):
        LOG.warning(
            "files source, fundamentals: %d figures share their key with one filed later, left out",
            len(rows) - len(kept),
        )
    return kept
