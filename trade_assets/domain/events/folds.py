"""Walk-forward folds of events: train, purge, calibrate, purge, test, in this order and on instants.

A row is an event with a known outcome. It may be used before an instant only if its label ended at least
``embargo_bars`` earlier. The block that calibrates probabilities and stops boosting early lies between the
training rows and the test, and is neither (one block for both would let the test choose the model).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from trade_assets.domain import calendar

FINAL = "final"


@dataclass(frozen=True)
class Plan:
    """Lengths of the windows of a walk-forward over events.

    The calibration block is the last ``calibration_months``; where these hold fewer than ``calibration_events``, it reaches
    back for that many, or for as many as a quarter of the events holds. Events of one instant are never parted.
    """

    train_months: int
    calibration_months: int
    calibration_events: int
    embargo_bars: int
    inner_folds: int
    half_life_months: float


@dataclass(frozen=True)
class EventFold:
    """The rows of one fit; ``test`` is empty for the final fit, whose test lies ahead.

    ``train_from``, ``calibrate_from``, ``known_by`` and ``test_first`` are instants: training rows were decided after
    the first, calibration rows decided after the second and known by the third, and the test begins at the fourth.
    """

    name: str
    train: pd.DataFrame
    calibration: pd.DataFrame
    test: pd.DataFrame
    n_purged: int
    train_from: pd.Timestamp
    calibrate_from: pd.Timestamp
    known_by: pd.Timestamp
    test_first: pd.Timestamp


def labelled(events: pd.DataFrame, outcomes: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Events with their features and, where it is known, what became of them; sorted by decision.

    Parameters
    ----------
    events, outcomes : DataFrame
        Rows of the tables of these names; outcomes without a fill are left out.
    features : DataFrame
        ``decision_utc, symbol, side`` and the columns a model reads.
    """
    keys = ["decision_utc", "symbol", "side"]
    filled = outcomes[outcomes["barrier"] != "unfilled"]
    known = filled[[*keys, "label_end_utc", "barrier", "net_logret", "y", "uniqueness"]]
    rows = known.merge(events, on=keys, how="inner", validate="one_to_one")
    rows = rows.merge(features, on=keys, how="left", validate="one_to_one")
    return rows.sort_values(keys, kind="stable", ignore_index=True)


def known_by(rows: pd.DataFrame, instant: pd.Timestamp, *, ends: pd.DatetimeIndex, embargo_bars: int) -> np.ndarray:
    """True where a label ended at least ``embargo_bars`` bars before ``instant``.

    Parameters
    ----------
    rows : DataFrame
        ``label_end_utc``.
    instant : Timestamp, UTC
    ends : DatetimeIndex
        Bar ends of the grid, ascending.
    embargo_bars : int, >= 0

    Raises
    ------
    ValueError
        If the embargo is negative.
    """
    if embargo_bars < 0:
        raise ValueError(f"embargo_bars must be >= 0, was {embargo_bars}")
    return (rows["label_end_utc"] <= _bars_before(ends, instant, embargo_bars)).to_numpy()


def at_dates(
    rows: pd.DataFrame, dates: pd.DatetimeIndex, grid: pd.DataFrame, plan: Plan
) -> Iterator[tuple[pd.Timestamp, EventFold, list[EventFold]]]:
    """Each date with its final fold and its inner folds; ``grid`` holds the bars of their windows."""
    ends = pd.DatetimeIndex(grid["bar_end_utc"])
    for date, close in zip(dates, calendar.close_utc(dates) if len(dates) else dates, strict=True):
        final = final_fold(rows, close, ends=ends, plan=plan)
        yield date, final, list(inner_folds(final, ends=ends, plan=plan))


def final_fold(rows: pd.DataFrame, instant: pd.Timestamp, *, ends: pd.DatetimeIndex, plan: Plan) -> EventFold:
    """Rows of the fit that is made at ``instant`` for the decisions after it; labels that end later are not looked at."""
    return _fold(FINAL, rows[rows["label_end_utc"] <= instant], instant, None, ends, plan)


def inner_folds(fold: EventFold, *, ends: pd.DatetimeIndex, plan: Plan) -> Iterator[EventFold]:
    """Walk-forward folds inside the training rows of ``fold``, for tuning; their tests cover its later half."""
    n, rows = plan.inner_folds, fold.train
    if not len(rows):
        return
    first, last = rows["decision_utc"].iloc[0], rows["decision_utc"].iloc[-1]
    edges = [first + (last - first) * share for share in np.linspace(0.5, 1.0, n + 1)]
    for number, (begin, end) in enumerate(pairwise(edges), start=1):
        made = _fold(f"inner_{number}", rows, begin, end, ends, plan)
        yield made


def _fold(
    name: str, rows: pd.DataFrame, begin: pd.Timestamp, end: pd.Timestamp | None, ends: pd.DatetimeIndex, plan: Plan
) -> EventFold:
    """Rows that may be used before ``begin``, and the test rows after it up to ``end``."""
    decided = rows["decision_utc"]
    before = _bars_before(ends, begin, plan.embargo_bars)
    oldest = begin - pd.DateOffset(months=plan.train_months + plan.calibration_months)
    inside = (decided > oldest) & (decided <= begin)
    usable = inside & (rows["label_end_utc"] <= before)
    split = _calibrates_from(decided[usable], before, plan)
    calibrates = usable & (decided > split)
    first = decided[calibrates].iloc[0] if calibrates.any() else split
    trains = inside & (decided <= split) & (rows["label_end_utc"] <= _bars_before(ends, first, plan.embargo_bars))
    tests = (decided > begin) & (decided <= end) if end is not None else np.zeros(len(rows), dtype=bool)
    return EventFold(
        name=name,
        train=_weighted(rows[trains], begin, plan.half_life_months),
        calibration=rows[calibrates].assign(weight=1.0),
        test=rows[tests],
        n_purged=int((inside & ~trains & ~calibrates).sum()),
        train_from=oldest,
        calibrate_from=split,
        known_by=before,
        test_first=begin,
    )


def _calibrates_from(decided: pd.Series, before: pd.Timestamp, plan: Plan) -> pd.Timestamp:
    """The instant after which events calibrate."""
    months, quarter = before - pd.DateOffset(months=plan.calibration_months), len(decided) // 4
    if not quarter or not plan.calibration_events:
        return months
    latest = decided.iloc[-quarter - 1]
    if plan.calibration_events < quarter:
        place = int(decided.searchsorted(decided.iloc[-plan.calibration_events]))
        latest = max(latest, decided.iloc[max(place - 1, 0)])
    return min(months, latest)


def _weighted(rows: pd.DataFrame, instant: pd.Timestamp, half_life_months: float) -> pd.DataFrame:
    """Average uniqueness times a decay that halves every ``half_life_months``; the mean weight is 1."""
    age_days = (instant - rows["decision_utc"]).dt.total_seconds().to_numpy() / 86_400
    weight = rows["uniqueness"].to_numpy() * 0.5 ** (age_days / (30.4375 * half_life_months))
    return rows.assign(weight=weight / weight.mean() if len(rows) else weight)


def _bars_before(ends: pd.DatetimeIndex, instant: pd.Timestamp, count: int) -> pd.Timestamp:
    """End of the bar that lies ``count`` bars before the last one at ``instant``."""
    place = int(ends.searchsorted(instant, side="right")) - 1 - count
    return ends[place] if place >= 0 else ends[0] - pd.Timedelta(days=1)


def rows_sha256(rows: pd.DataFrame) -> str:
    """Hash of the events a fold holds, with labels and weights."""
    keys = pd.util.hash_pandas_object(rows[["decision_utc", "symbol", "side", "barrier"]], index=False).to_numpy()
    values = np.ascontiguousarray(rows[["net_logret", "y"]].to_numpy(dtype=float))
    weight = rows["weight"].to_numpy(dtype=float) if "weight" in rows else np.zeros(0)
    return hashlib.sha256(keys.tobytes() + values.tobytes() + weight.tobytes()).hexdigest()


def manifest(folds: list[EventFold], date: pd.Timestamp, *, test_last: pd.Timestamp, embargo_bars: int) -> pd.DataFrame:
    """Rows of ``event_fold_manifest`` for one retrain date.

    ``test_last`` closes the window the final fit is used in; there is none where the last listed rebalance retrains.
    """
    rows = pd.DataFrame(
        [
            {
                "rebalance_date": date,
                "retrain_date": date,
                "fold": fold.name,
                "train_from_utc": fold.train_from,
                "calibrate_from_utc": fold.calibrate_from,
                "known_by_utc": fold.known_by,
                "test_from_utc": fold.test_first,
                "test_to_utc": test_last if fold.name == FINAL else fold.test["decision_utc"].max(),
                "embargo_bars": embargo_bars,
                "n_train_rows": len(fold.train),
                "n_calibration_rows": len(fold.calibration),
                "n_test_rows": len(fold.test),
                "n_purged_rows": fold.n_purged,
                "train_sha256": rows_sha256(fold.train),
                "calibration_sha256": rows_sha256(fold.calibration),
                "test_sha256": rows_sha256(fold.test),
            }
            for fold in folds
        ]
    )
    return rows.assign(test_to_utc=rows["test_to_utc"].where(rows["test_to_utc"] > rows["test_from_utc"]))
