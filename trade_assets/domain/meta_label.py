"""The meta forest: how likely is it that the sign of a forecast is right?

Labels are past forecasts whose outcome is known; the forest of each date learns from all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.market_state import STATE
from trade_assets.domain.models import forest
from trade_assets.domain.models.boosting import predict_lightgbm
from trade_assets.domain.models.rows import Rows

FEATURES = ("tft_p10", "tft_p50", "tft_p90", "width", *STATE)


@dataclass(frozen=True)
class Job:
    """Rows of one fit; ``x`` of shape (rows, features), ``y`` 1 where the sign was right."""

    as_of: pd.Timestamp
    x: np.ndarray
    y: np.ndarray
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Fitted:
    """A fitted forest."""

    as_of: pd.Timestamp
    text: str
    n_rows: int
    base_rate: float


def rows(forecasts: pd.DataFrame, state: pd.DataFrame) -> pd.DataFrame:
    """Features of the meta forest: forecasts joined with the state of the index, one row a forecast session."""
    made = forecasts[forecasts["tft_p50"].notna()]
    joined = made.merge(state, on="session", how="left", validate="one_to_one")
    return joined.assign(width=joined["tft_p90"] - joined["tft_p10"])


def labelled(rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows with a known outcome: ``y`` is 1 where ``tft_p50`` had the sign of the return."""
    known = rows.merge(outcomes, on="session", how="inner", validate="one_to_one").sort_values(
        "session", ignore_index=True
    )
    right = np.sign(known["tft_p50"]) == np.sign(known["forward_return_frac"])
    return known.assign(y=right.astype(float))


def jobs(
    rows: pd.DataFrame, dates: pd.DatetimeIndex, *, min_rows: int, parameters: Mapping[str, object]
) -> Iterator[Job]:
    """One fit a date, on every labelled row whose outcome was known at its close; none while they are too few."""
    for date in dates:
        known = rows[rows["label_end"] <= date]
        if len(known) >= min_rows:
            x = np.ascontiguousarray(known[list(FEATURES)].to_numpy(dtype=float))
            yield Job(date, x, known["y"].to_numpy(dtype=float), dict(parameters))


def entry(fitted: "Fitted", address: str) -> pd.DataFrame:
    """The row of the ``meta_models`` table for one fit."""
    return pd.DataFrame(
        [
            {
                "rebalance_date": fitted.as_of,
                "artifact_sha256": address,
                "n_rows": fitted.n_rows,
                "base_rate": fitted.base_rate,
            }
        ]
    )


def odds(
    forecasts: pd.DataFrame, state: pd.DataFrame, forests: Mapping[pd.Timestamp, str], dates: Rebalances
) -> pd.Series:
    """Probability that each forecast's sign is right, by the forest of the rebalance before it; null where there is none.

    Parameters
    ----------
    forecasts : DataFrame
        Rows of ``market_forecasts``.
    state : DataFrame
        ``session`` and the columns of ``STATE``.
    forests : mapping of rebalance date to the text of its forest
    dates : Rebalances
        Those of the run; forecasts of the rebalance before them are scored too.

    Returns
    -------
    Series indexed by session
    """
    decided_at = {date: before for before, date in dates.spans()}
    if dates.before is not None:
        decided_at[dates.before] = max((d for d in forests if d < dates.before), default=pd.NaT)
    made = rows(forecasts, state)
    out = pd.Series(np.nan, index=pd.DatetimeIndex(forecasts["session"]))
    for date, inside in made.groupby("rebalance_date"):
        text = forests.get(decided_at[date])
        if text is not None:
            out[pd.DatetimeIndex(inside["session"])] = predict(
                text, np.ascontiguousarray(inside[list(FEATURES)].to_numpy(dtype=float))
            )
    return out


def fit(job: Job) -> Fitted:
    """Fit the forest; the mean of the leaves is a probability."""
    text = forest.fit(Rows(job.x, job.y, np.ones(len(job.y))), job.parameters, job.parameters["n_estimators"])
    return Fitted(job.as_of, text, len(job.y), float(job.y.mean()))


def predict(text: str, x: np.ndarray) -> np.ndarray:
    """Probability that the sign is right, shape (rows,)."""
    return np.clip(predict_lightgbm(text, x), 0.0, 1.0)
