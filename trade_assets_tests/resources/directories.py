"""Small directories of the ``files`` source, valid until a test breaks them."""

from pathlib import Path

import numpy as np
import pandas as pd

from trade_assets.domain import calendar
from trade_assets.resources.market_data.directory import Directory

START, END = pd.Timestamp("2024-02-26"), pd.Timestamp("2024-03-15")


def bars() -> pd.DataFrame:
    """Three symbols on 15 sessions, raw, without actions."""
    sessions = calendar.sessions_between(START, END)
    rng = np.random.default_rng(7)
    parts = []
    for symbol, price in (("AAA", 50.0), ("BRK.B", 400.0), ("QQQ", 430.0)):
        close = price * np.exp(np.cumsum(rng.normal(0, 0.01, len(sessions))))
        values = {
            "open": close * 0.999,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "volume": 1e6,
        }
        parts.append(pd.DataFrame({"session": sessions, "symbol": symbol, **values}))
    return pd.concat(parts, ignore_index=True)


def reports() -> pd.DataFrame:
    """Two reports of one company, wide."""
    ends = pd.to_datetime(["2023-09-30", "2023-12-31"])
    filed = pd.to_datetime(["2023-11-10 21:05", "2024-03-04 21:05"]).tz_localize("UTC")
    focus = ["Q3", "FY"]
    figures = {"net_income": [1e6, 4e6], "equity": [1e7, 1.1e7]}
    return pd.DataFrame({"symbol": "AAA", "period_end": ends, "period_focus": focus, "filed_utc": filed, **figures})


def members() -> pd.DataFrame:
    """One member that stays, one that leaves."""
    firsts = pd.to_datetime(["2020-01-02", "2021-06-01"])
    lasts = pd.to_datetime([None, "2024-03-05"])
    return pd.DataFrame(
        {
            "symbol": ["AAA", "BRK.B"],
            "first_session": firsts,
            "last_session": lasts,
            "sector": ["Energy", None],
        }
    )


def write(directory: Path, **tables: pd.DataFrame) -> Path:
    """One Parquet file a table."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(directory / f"{name}.parquet")
    return directory


def source(directory: Path, **options) -> Directory:
    """The source over a directory, with the lags of the default settings."""
    usual = {
        "stray_sessions": "refuse",
        "has_real_opens": True,
        "legs": ["QQQ"],
        "pit_min_lag_days": 1,
        "default_public_lag_days": 45,
    }
    return Directory(directory, **(usual | options))
