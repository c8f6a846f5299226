"""Walk-forward folds of sessions: train, purge, calibrate, purge, decide, in this order.

A row is a session whose utility is known. It may be used before a session only if its label ended at least
``embargo_sessions`` before it. The block that calibrates lies between training rows and the decisions ahead.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import calendar

FINAL = "final"


@dataclass(frozen=True)
class Plan:
    """Lengths of the windows, in sessions. The calibration block never takes more than a quarter of the rows."""

    train_sessions: int
    calibration_sessions: int
    embargo_sessions: int
    inner_folds: int
    min_train_rows: int


@dataclass(frozen=True)
class SessionFold:
    """The rows of one fit; ``test`` is empty for the final one, whose decisions lie after ``test_after``."""

    name: str
    train: pd.DataFrame
    calibration: pd.DataFrame
    test: pd.DataFrame
    n_purged: int
    test_after: pd.Timestamp


def known_before(rows: pd.DataFrame, session: pd.Timestamp, *, embargo_sessions: int) -> np.ndarray:
    """True where a label ended at least ``embargo_sessions`` sessions before the close of ``session``.

    Raises
    ------
    ValueError
        If the embargo is negative.
    """
    if embargo_sessions < 0:
        raise ValueError(f"embargo_sessions must be >= 0, was {embargo_sessions}")
    return (rows["label_end"] <= calendar.session_before(session, embargo_sessions)).to_numpy()


def final_fold(rows: pd.DataFrame, date: pd.Timestamp, plan: Plan) -> SessionFold:
    """Rows of the fit made at the close of ``date``; labels that end later are not looked at."""
    known = rows[rows["label_end"] <= date]
    usable = known[known_before(known, date, embargo_sessions=plan.embargo_sessions)]
    usable = usable.iloc[-(plan.train_sessions + plan.calibration_sessions) :]
    size = min(plan.calibration_sessions, len(usable) // 4)
    block = usable.iloc[len(usable) - size :]
    before = usable.iloc[: len(usable) - size]
    if size:
        before = before[known_before(before, block["session"].iloc[0], embargo_sessions=plan.embargo_sessions)]
    reached = known[known["session"] >= usable["session"].min()]
    n_purged = len(reached) - len(before) - len(block)
    return SessionFold(FINAL, before, block, known.iloc[:0], n_purged, date)


def inner_folds(fold: SessionFold, plan: Plan) -> list[SessionFold]:
    """Walk-forward folds inside the training rows; their tests cover its later half. They have no calibration block."""
    rows = fold.train
    edges = np.linspace(0.5, 1.0, plan.inner_folds + 1) * len(rows)
    made = []
    for number, (begin, end) in enumerate(zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True), start=1):
        test = rows.iloc[begin:end]
        if not len(test) or not begin:
            continue
        before = rows.iloc[:begin]
        train = before[known_before(before, test["session"].iloc[0], embargo_sessions=plan.embargo_sessions)]
        last = before["session"].iloc[-1]
        made.append(SessionFold(f"inner_{number}", train, rows.iloc[:0], test, len(before) - len(train), last))
    return made


def manifest(folds: list[SessionFold], date: pd.Timestamp, *, test_last: pd.Timestamp, plan: Plan) -> pd.DataFrame:
    """Rows of ``allocator_fold_manifest`` for one retrain date; ``test_last`` ends the use of the final fit."""
    return pd.DataFrame([_entry(fold, date, test_last, plan) for fold in folds])


def _entry(fold: SessionFold, date: pd.Timestamp, test_last: pd.Timestamp, plan: Plan) -> dict[str, object]:
    own = {"rebalance_date": date, "retrain_date": date, "fold": fold.name, "embargo_sessions": plan.embargo_sessions}
    for name, rows in (("train", fold.train), ("calibration", fold.calibration), ("test", fold.test)):
        own |= {
            f"{name}_first": rows["session"].min(),
            f"{name}_last": rows["session"].max(),
            f"{name}_label_last": rows["label_end"].max(),
            f"n_{name}_rows": len(rows),
            f"{name}_sha256": rows_sha256(rows),
        }
    is_final = fold.name == FINAL
    return own | {
        "n_purged_rows": fold.n_purged,
        "test_after": fold.test_after,
        "test_last": test_last if is_final else own["test_last"],
        "test_label_last": pd.NaT if is_final else own["test_label_last"],
    }


def rows_sha256(rows: pd.DataFrame) -> str:
    """Hash of the sessions a fold holds, with the weights chosen there."""
    digest = hashlib.sha256(pd.DatetimeIndex(rows["session"]).as_unit("us").asi8.tobytes())
    digest.update(np.ascontiguousarray(rows["chosen_weight"].to_numpy(dtype=float)).tobytes())
    return digest.hexdigest()
