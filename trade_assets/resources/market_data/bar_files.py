"""Daily bars and index bars from a directory: actions, strays, empty days and splits nobody adjusted for."""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar, corporate_actions
from trade_assets.resources.market_data import table_files
from trade_assets.schemas import InvalidTableError

LOG = logging.getLogger(__name__)
PRICES = ["open", "high", "low", "close", "volume"]
ALIASES = {"date": "session", "adjclose": "adj_close", "adjusted_close": "adj_close"}
UNPROTECTED_TOLERANCE, PROTECTED_TOLERANCE, NAMED_TOLERANCE = 0.02, 0.01, 0.02


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
    bars = _with_actions(frame, _corrections(directory))
    bars = bars[["session", "symbol", *PRICES, "split_ratio", "dividend"]]
    return schemas.check(
        "files source, bars", schemas.RAW["bars"], bars.assign(adjustment_factor=np.nan, price_basis="raw")
    )


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
    frame = table_files.columns(
        frame, "bars", needed=["session", "symbol", "close"], allowed=optional, aliases=ALIASES
    )
    actions = {"split_ratio", "dividend"} & set(frame)
    if len(actions) == 1:
        raise InvalidTableError(
            f"files source, bars: column {actions.pop()} is there alone; split_ratio and dividend come together"
        )
    if actions and "adj_close" in frame:
        raise InvalidTableError(
            "files source, bars: column adj_close and split_ratio are both there; keep the actions"
        )
    typed = {
        "session": table_files.days(frame, "bars", "session"),
        "symbol": table_files.text(frame, "symbol"),
    }
    values = {c: table_files.numbers(frame, "bars", c) if c in frame else np.nan for c in PRICES}
    more = {
        c: table_files.numbers(frame, "bars", c)
        for c in frame
        if c in ("split_ratio", "dividend", "adj_close")
    }
    return pd.DataFrame(typed | values | more)


def _on_sessions(frame: pd.DataFrame, stray_sessions: Literal["refuse", "drop"]) -> pd.DataFrame:
    table_files.refuse("bars", "session", "must not be null", frame, frame["session"].isna().to_numpy())
    stray = ~calendar.is_session(pd.DatetimeIndex(frame["session"]))
    if not stray.any():
        return frame
    named = _named(frame.loc[stray, "session"])
    if stray_sessions == "refuse":
        raise InvalidTableError(
            f"files source, bars: column session must be a session of the exchange, {int(stray.sum())} of {len(frame)} rows "
            f"are not: {named}; data.files.stray_sessions=drop leaves them out"
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


def _with_actions(frame: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Actions given, or read out of adjusted closes, or none; then the person's own, which end every doubt."""
    key = ["symbol", "session"]
    for column in ("close", "adj_close"):
        if column in frame:
            broken = ~(frame[column] > 0) | np.isinf(frame[column])
            broken &= frame[column].notna() | (column == "close")
            table_files.refuse("bars", column, "must be > 0 and finite", frame, broken.to_numpy())
    table_files.refuse("bars", "symbol", "must not be null", frame, frame["symbol"].isna().to_numpy())
    table_files.refuse(
        "bars", "session, symbol", "rows must be unique", frame, frame.duplicated(key, keep=False).to_numpy()
    )
    frame = frame.sort_values(key, kind="stable", ignore_index=True)
    protected = (
        frame["symbol"].isin(frame.loc[frame["adj_close"].notna(), "symbol"])
        if "adj_close" in frame
        else "dividend" in frame
    )
    if "adj_close" in frame:
        frame[["split_ratio", "dividend"]] = corporate_actions.from_adjusted_close(frame)
    elif "dividend" not in frame:
        frame = frame.assign(split_ratio=1.0, dividend=0.0)
    own = frame[key].merge(corrections, on=key, how="left", validate="one_to_one")
    for column in ("split_ratio", "dividend"):
        frame[column] = own[column].fillna(frame[column])
    _refuse_missed_splits(
        frame, confirmed=own["split_ratio"].notna(), protected=pd.Series(protected, index=frame.index)
    )
    return frame


def _refuse_missed_splits(frame: pd.DataFrame, *, confirmed: pd.Series, protected: pd.Series) -> None:
    bare = (
        corporate_actions.suspected_splits(frame, tolerance=UNPROTECTED_TOLERANCE, spare_reverted=False)
        & ~protected
    )
    missed = (
        bare
        | corporate_actions.suspected_splits(frame, tolerance=PROTECTED_TOLERANCE, spare_reverted=True)
        & protected
    )
    rule = "must not jump by a split without its action (put a line into actions.csv: the action, or 1 and 0 if the move is real)"
    table_files.refuse("bars", "close", rule, frame, (missed & ~confirmed).to_numpy())
    named = (
        corporate_actions.suspected_splits(frame, tolerance=NAMED_TOLERANCE, spare_reverted=False)
        & ~confirmed
    )
    if named.any():
        rows = [
            f"{symbol} {session:%Y-%m-%d}"
            for symbol, session in zip(frame.loc[named, "symbol"], frame.loc[named, "session"], strict=True)
        ]
        LOG.warning(
            "files source, bars: %d jumps look like splits without an action: %s", len(rows), ", ".join(rows)
        )


def _corrections(directory: Path) -> pd.DataFrame:
    path = table_files.find(directory, "actions")
    names = ["session", "symbol", "split_ratio", "dividend"]
    if path is None:
        kinds = ["datetime64[us]", "str", "float64", "float64"]
        return pd.DataFrame({n: pd.Series(dtype=k) for n, k in zip(names, kinds, strict=True)})
    frame = table_files.columns(
        table_files.read(path, "actions"), "actions", needed=names, allowed=[], aliases=ALIASES
    )
    typed = {
        "session": table_files.days(frame, "actions", "session"),
        "symbol": table_files.text(frame, "symbol"),
    }
    typed |= {c: table_files.numbers(frame, "actions", c) for c in names[2:]}
    actions = pd.DataFrame(typed)
    for column in names:
        table_files.refuse("actions", column, "must not be null", actions, actions[column].isna().to_numpy())
    doubled = actions.duplicated(["symbol", "session"], keep=False).to_numpy()
    table_files.refuse("actions", "session, symbol", "rows must be unique", actions, doubled)
    return actions


def _named(days: pd.Series) -> str:
    counts = days.value_counts().sort_index()
    shown = ", ".join(
        f"{day:%Y-%m-%d} ({count} rows)" if count > 1 else f"{day:%Y-%m-%d}"
        for day, count in counts.head(5).items()
    )
    return shown + (f" and {len(counts) - 5} more days" if len(counts) > 5 else "")
