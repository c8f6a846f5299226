"""Splits and dividends of the daily bars in a directory, and the splits nobody adjusted for."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from trade_assets.domain import corporate_actions
from trade_assets.resources.market_data import table_files

LOG = logging.getLogger(__name__)
# Distance from a split ratio at which a jump is refused without any adjustment and with one, and named.
UNPROTECTED_TOLERANCE, PROTECTED_TOLERANCE, NAMED_TOLERANCE = 0.02, 0.01, 0.05


def with_actions(frame: pd.DataFrame, directory: Path) -> pd.DataFrame:
    """``frame`` sorted by symbol and session, with ``split_ratio`` and ``dividend``.

    They are given, or read out of adjusted closes, or none; lines in ``actions.csv`` take their place.
    Raises ``InvalidTableError`` for a jump that looks like a split and has no action.
    """
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
    own = frame[key].merge(_own_actions(directory), on=key, how="left", validate="one_to_one")
    for column in ("split_ratio", "dividend"):
        frame[column] = own[column].fillna(frame[column])
    _refuse_missed_splits(
        frame, confirmed=own["split_ratio"].notna(), protected=pd.Series(protected, index=frame.index)
    )
    return frame


def _refuse_missed_splits(frame: pd.DataFrame, *, confirmed: pd.Series, protected: pd.Series) -> None:
    bare = corporate_actions.suspected_splits(frame, tolerance=UNPROTECTED_TOLERANCE, spare_reverted=False) & ~protected
    missed = (
        bare | corporate_actions.suspected_splits(frame, tolerance=PROTECTED_TOLERANCE, spare_reverted=True) & protected
    )
    rule = "must not jump by a split without its action (actions.csv takes it; 1 and 0 if the move is real)"
    table_files.refuse("bars", "close", rule, frame, (missed & ~confirmed).to_numpy())
    named = corporate_actions.suspected_splits(frame, tolerance=NAMED_TOLERANCE, spare_reverted=False) & ~confirmed
    if named.any():
        rows = [
            f"{symbol} {session:%Y-%m-%d}"
            for symbol, session in zip(frame.loc[named, "symbol"], frame.loc[named, "session"], strict=True)
        ]
        LOG.warning("files source, bars: %d jumps look like splits without an action: %s", len(rows), ", ".join(rows))


def _own_actions(directory: Path) -> pd.DataFrame:
    path = table_files.find(directory, "actions")
    names = ["session", "symbol", "split_ratio", "dividend"]
    if path is None:
        kinds = ["datetime64[us]", "str", "float64", "float64"]
        return pd.DataFrame({n: pd.Series(dtype=k) for n, k in zip(names, kinds, strict=True)})
    frame = table_files.columns(
        table_files.read(path, "actions"), "actions", needed=names, allowed=[], aliases={"date": "session"}
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
