"""Daily bars and index bars from a directory: their columns, strays and empty days."""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.resources.market_data import action_files, table_files
from trade_assets.schemas import InvalidTableError

LOG = logging.getLogger(__name__)
PRICES = ["open", "high", "low", "close", "volume"]
ALIASES = {"date": "session", "adjclose": "adj_close", "adjusted_close": "adj_close"}


def daily(directory: Path, *, stray_sessions: Literal["refuse", "drop"]) -> pd.DataFrame:
    """``bars.parquet`` or ``bars.csv`` as the source's table; raises ``InvalidTableError``."""
    path = table_files.find(directory, "bars")
    if path is None:
        raise InvalidTableError(
            f"files source, bars: neither bars.parquet nor bars.csv is in directory {directory.name!r}"
        )
    frame = _typed(table_files.read(path, "bars"))
    if frame.empty:
        raise InvalidTableError("files source, bars: the table must have rows, has none")
    frame = _on_sessions(frame, stray_sessions)
    _name_empty_days(frame["session"])
    bars = action_files.with_actions(frame, directory)
    bars = bars[["session", "symbol", *PRICES, "split_ratio", "dividend"]]
    bars = bars.assign(adjustment_factor=np.nan, price_basis="raw")
    return schemas.check("files source, bars", schemas.RAW["bars"], bars)


def of_index(directory: Path) -> pd.DataFrame | None:
    """``index_bars.parquet`` or ``index_bars.csv`` as the source's table; None where there is neither."""
    path = table_files.find(directory, "index_bars")
    if path is None:
        return None
    needed = ["bar_end_utc", "symbol", "close"]
    frame = table_files.read(path, "index_bars")
    frame = table_files.columns(
        frame, "index_bars", needed=needed, allowed=["open", "high", "low", "volume"], aliases={}
    )
    typed = {
        "bar_end_utc": table_files.instants(frame, "index_bars", "bar_end_utc"),
        "symbol": table_files.text(frame, "symbol"),
    }
    values = {c: table_files.numbers(frame, "index_bars", c) if c in frame else np.nan for c in PRICES}
    return schemas.check("files source, index_bars", schemas.RAW["index_bars"], pd.DataFrame(typed | values))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    optional = ["open", "high", "low", "volume", "split_ratio", "dividend", "adj_close"]
    frame = table_files.columns(frame, "bars", needed=["session", "symbol", "close"], allowed=optional, aliases=ALIASES)
    actions = {"split_ratio", "dividend"} & set(frame)
    if len(actions) == 1:
        raise InvalidTableError(
            f"files source, bars: column {actions.pop()} is alone; split_ratio and dividend come together"
        )
    if actions and "adj_close" in frame:
        raise InvalidTableError("files source, bars: column adj_close and split_ratio are both there; keep the actions")
    typed = {
        "session": table_files.days(frame, "bars", "session"),
        "symbol": table_files.text(frame, "symbol"),
    }
    values = {c: table_files.numbers(frame, "bars", c) if c in frame else np.nan for c in PRICES}
    more = {c: table_files.numbers(frame, "bars", c) for c in frame if c in ("split_ratio", "dividend", "adj_close")}
    return pd.DataFrame(typed | values | more)


def _on_sessions(frame: pd.DataFrame, stray_sessions: Literal["refuse", "drop"]) -> pd.DataFrame:
    table_files.refuse("bars", "session", "must not be null", frame, frame["session"].isna().to_numpy())
    stray = ~calendar.is_session(pd.DatetimeIndex(frame["session"]))
    if not stray.any():
        return frame
    named = _named(frame.loc[stray, "session"])
    if stray_sessions == "refuse":
        raise InvalidTableError(
            f"files source, bars: column session must be a session of the exchange, {int(stray.sum())} of "
            f"{len(frame)} rows are not: {named}; data.files.stray_sessions=drop leaves them out"
        )
    LOG.warning("files source, bars: left out %d rows on days without a session: %s", int(stray.sum()), named)
    return frame[~stray].reset_index(drop=True)


def _name_empty_days(session: pd.Series) -> None:
    expected = calendar.sessions_between(session.min(), session.max())
    empty = expected[~expected.isin(session)]
    if len(empty):
        LOG.warning(
            "files source, bars: %d empty days, the exchange was open: %s",
            len(empty),
            _named(empty.to_series()),
        )


def _named(days: pd.Series) -> str:
    counts = days.value_counts().sort_index()
    shown = ", ".join(
        f"{day:%Y-%m-%d} ({count} rows)" if count > 1 else f"{day:%Y-%m-%d}" for day, count in counts.head(5).items()
    )
    return shown + (f" and {len(counts) - 5} more days" if len(counts) > 5 else "")
