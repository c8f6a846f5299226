"""Walk-forward folds: which rows train, which are purged, which test, and a record of all three.

A row is a stock on a feature date; its label is known at the next rebalance date, ``label_end``. It may
train a model that decides at ``t`` only if ``label_end`` lies at least the embargo before ``t``. The
book's embargo follows the test set, because k-fold trains on both sides (Lopez de Prado 2018, ch. 7); a
walk-forward trains only before it, so the same gap sits in front.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import calendar

FINAL = "final"


@dataclass(frozen=True)
class Fold:
    """One fit and what judges it.

    Attributes
    ----------
    name : str
    train, test : DataFrames
        Rows with ``feature_date, label_end, symbol, target, weight`` and the features; the final fit has no test rows.
    n_purged : int
    embargo_sessions : int
    test_first : Timestamp
        First decision of the test rows; of the final fit, the decision it is made for.
    """

    name: str
    train: pd.DataFrame
    test: pd.DataFrame
    n_purged: int
    embargo_sessions: int
    test_first: pd.Timestamp


def purge(label_end: pd.Series, *, test_start: pd.Timestamp, embargo_sessions: int) -> np.ndarray:
    """True where a row may train a model that decides at ``test_start``.

    Parameters
    ----------
    label_end : Series of Timestamp
        Session at whose close each row's label became known.
    test_start : Timestamp
        Session of the first test decision.
    embargo_sessions : int, >= 0
        Sessions that must lie between the two.

    Raises
    ------
    ValueError
        If the embargo is negative.
    """
    if embargo_sessions < 0:
        raise ValueError(f"embargo_sessions must be >= 0, was {embargo_sessions}")
    if embargo_sessions == 0:
        return (label_end <= test_start).to_numpy()
    before = calendar.sessions_between(test_start - pd.Timedelta(days=2 * embargo_sessions + 20), test_start)
    return (label_end <= before[-1 - embargo_sessions]).to_numpy()


def labelled(features: pd.DataFrame, outcomes: pd.DataFrame, feature_names: list[str]) -> pd.DataFrame:
    """Ranked features joined with the outcomes they met, one row a stock and feature date.

    Features become centred ranks within their date, so that a bin edge or a scale never comes from
    another date; nulls stay null.

    Returns
    -------
    DataFrame
        ``feature_date, label_end, symbol, target, return_frac, in_blackout`` and the features, sorted by date and symbol.
    """
    ranks_by_date = ranked(features, "rebalance_date", feature_names).astype(float)
    keyed = pd.concat(
        [
            features[["rebalance_date", "symbol"]].rename(columns={"rebalance_date": "feature_date"}),
            ranks_by_date,
        ],
        axis=1,
    )
    known = outcomes.rename(columns={"rebalance_date": "label_end"})[
        ["feature_date", "label_end", "symbol", "target", "return_frac", "in_blackout"]
    ]
    rows = known.merge(keyed, on=["feature_date", "symbol"], how="inner", validate="one_to_one")
    return rows.sort_values(["feature_date", "symbol"], kind="stable", ignore_index=True)


def training_rows(rows: pd.DataFrame, *, feature_dates: pd.DatetimeIndex, half_life_rebalances: float) -> pd.DataFrame:
    """The labelled rows of a training window, weighted.

    Every date has the same total weight, halved every ``half_life_rebalances``; rows in an earnings
    blackout weigh nothing; the mean weight is 1.
    """
    inside = rows[rows["feature_date"].isin(feature_dates)].reset_index(drop=True)
    features = inside.columns[6:]
    keys = inside[["feature_date", "label_end", "symbol", "target"]]
    return pd.concat([keys.assign(weight=_weights(inside, half_life_rebalances)), inside[features]], axis=1)


def ranked(frame: pd.DataFrame, date_column: str, feature_names: list[str]) -> pd.DataFrame:
    """Centred average ranks of every feature within its date, as float64; nulls kept."""
    grouped = frame.groupby(date_column, sort=False)[feature_names]
    count = grouped.transform("count").astype(float)
    rank = (grouped.rank(method="average") - 1) / (count - 1).clip(lower=1)
    return rank - np.where(count > 1, 0.5, 0.0)


def make(rows: pd.DataFrame, *, as_of: pd.Timestamp, inner_folds: int, embargo_sessions: int) -> list[Fold]:
    """Inner walk-forward folds over ``rows``, and the final fit on all of them.

    The last half of the feature dates is cut into ``inner_folds`` test blocks; each is tested by a fit on
    what was known an embargo before its first decision.
    """
    dates = pd.DatetimeIndex(np.sort(rows["feature_date"].unique()))
    blocks = (
        [b for b in np.array_split(dates[len(dates) // 2 :], inner_folds) if len(b)]
        if len(dates) >= 2 * inner_folds
        else []
    )
    folds = [
        _inner(f"inner_{i + 1}", rows, pd.DatetimeIndex(block), embargo_sessions) for i, block in enumerate(blocks)
    ]
    return [*folds, Fold(FINAL, rows, rows.iloc[:0], 0, 0, as_of)]


def manifest(folds: list[Fold], features: dict[str, list[str]], *, as_of: pd.Timestamp) -> pd.DataFrame:
    """The record of the folds made as of a date: windows, counts, purged rows, hashes, feature lists."""
    return pd.DataFrame([_entry(fold, features[fold.name], as_of) for fold in folds])


def row_hash(rows: pd.DataFrame) -> str:
    """sha256 over keys, targets, weights and features of the rows, in order."""
    digest = hashlib.sha256()
    for column in rows.columns:
        values = rows[column]
        content = (
            "\0".join(values.to_numpy(dtype=object)).encode()
            if column == "symbol"
            else np.ascontiguousarray(values.to_numpy()).tobytes()
        )
        digest.update(column.encode() + b"\1" + content)
    return digest.hexdigest()


def _inner(name: str, rows: pd.DataFrame, block: pd.DatetimeIndex, embargo_sessions: int) -> Fold:
    earlier = rows["feature_date"] < block[0]
    may_train = earlier.to_numpy() & purge(rows["label_end"], test_start=block[0], embargo_sessions=embargo_sessions)
    test = rows[rows["feature_date"].isin(block)]
    return Fold(name, rows[may_train], test, int(earlier.sum() - may_train.sum()), embargo_sessions, block[0])


def _entry(fold: Fold, features: list[str], as_of: pd.Timestamp) -> dict[str, object]:
    train, test = fold.train["feature_date"], fold.test["feature_date"]
    return {
        "rebalance_date": as_of,
        "retrain_date": as_of,
        "fold": fold.name,
        "train_first": train.min(),
        "train_last": train.max(),
        "test_first": fold.test_first,
        "test_last": test.max() if len(test) else fold.test_first,
        "embargo_sessions": fold.embargo_sessions,
        "n_train_rows": len(train),
        "n_purged_rows": fold.n_purged,
        "n_test_rows": len(test),
        "train_sha256": row_hash(fold.train),
        "test_sha256": row_hash(fold.test),
        "features": json.dumps(features),
    }


def _weights(rows: pd.DataFrame, half_life_rebalances: float) -> np.ndarray:
    in_date = rows.groupby("feature_date")["symbol"].transform("count").to_numpy()
    age = rows["feature_date"].rank(method="dense", ascending=False).to_numpy() - 1
    weight = 0.5 ** (age / half_life_rebalances) / np.maximum(in_date, 1)
    weight = np.where(rows["in_blackout"], 0.0, weight)
    mean = weight.mean() if len(weight) else 1.0
    return weight / mean if mean > 0 else weight


def carry_forward(fitted: pd.DataFrame, previous: pd.DataFrame, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Rows of the last retrain at each date; ``previous`` are those in force before the first of them.

    Parameters
    ----------
    fitted : DataFrame
        Rows made at the retrain dates among ``dates``, ``rebalance_date`` = ``retrain_date``.
    previous : DataFrame
        The table's rows at the rebalance before ``dates``.
    """
    at = dict(tuple(fitted.groupby("retrain_date"))) if len(fitted) else {}

    def in_force() -> Iterator[pd.DataFrame]:
        current = previous
        for date in dates:
            current = at.get(date, current)
            yield current.assign(rebalance_date=date)

    parts = [part for part in in_force() if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else fitted
