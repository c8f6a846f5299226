"""When the outcomes of predictions overlap, and into how many tranches a book is split so that none counts twice.

A prediction made at one rebalance looks some sessions ahead. Where the next rebalance comes sooner, the two
outcomes share sessions, and compounding both counts those sessions twice.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import calendar


class OverlappingOutcomesError(ValueError):
    """Rebalances closer than the horizon.

    Attributes
    ----------
    first, second : Timestamp
        The closest two rebalances.
    sessions_apart, horizon_sessions : int
    step_needed : int
        Smallest step through the dates at which no outcomes overlap.
    tranches_needed : int
        Smallest number of tranches for the dates as they were stepped through.
    """

    def __init__(
        self,
        first: pd.Timestamp,
        second: pd.Timestamp,
        *,
        sessions_apart: int,
        horizon_sessions: int,
        step_needed: int,
        tranches_needed: int,
    ) -> None:
        self.first, self.second = first, second
        self.sessions_apart, self.horizon_sessions = sessions_apart, horizon_sessions
        self.step_needed, self.tranches_needed = step_needed, tranches_needed
        super().__init__(
            f"the rebalances {first.date()} and {second.date()} must lie at least the horizon of {horizon_sessions} "
            f"sessions apart, were {sessions_apart} apart; a step of {step_needed} would do, or {tranches_needed} "
            "tranches"
        )


@dataclass(frozen=True)
class Schedule:
    """Rebalances of a book of tranches; rebalance i rebuilds tranche ``i % tranches``.

    Attributes
    ----------
    dates : DatetimeIndex, ascending
    ends : DatetimeIndex, of the same length
        Session at whose close the outcome of the predictions of each date is known.
    tranches : int
    sessions_held : float
        Mean sessions from one rebalance of a tranche to its next; the horizon while there is no next.
    sessions_apart : float
        Mean sessions from one rebalance to the next, whichever tranche; likewise.
    """

    dates: pd.DatetimeIndex
    ends: pd.DatetimeIndex
    tranches: int
    sessions_held: float
    sessions_apart: float

    def __len__(self) -> int:
        return len(self.dates)


def schedule(dates: pd.DatetimeIndex, *, step: int, horizon_sessions: int, in_tranches: bool) -> Schedule:
    """Every ``step``-th of the dates, in as many tranches as the horizon needs.

    Parameters
    ----------
    dates : DatetimeIndex, strictly ascending, at least one
        Dates with predictions; one on which the exchange was closed counts as the session before it.
    step : int, >= 1
    horizon_sessions : int, >= 1
        Sessions a prediction looks ahead.
    in_tranches : bool
        Whether the book may be split; if not, overlapping outcomes are refused.

    Raises
    ------
    OverlappingOutcomesError
        If the book may not be split and two rebalances lie closer than the horizon.
    """
    chosen = dates[::step]
    sessions = calendar.sessions_between(dates[0] - pd.Timedelta(days=15), _beyond(dates[-1], horizon_sessions))
    all_places, places = _places(dates, sessions), _places(chosen, sessions)
    needed = _apart_enough(places, horizon_sessions)
    if needed > 1 and not in_tranches:
        apart = np.diff(places)
        closest = int(np.argmin(apart))
        raise OverlappingOutcomesError(
            chosen[closest],
            chosen[closest + 1],
            sessions_apart=int(apart[closest]),
            horizon_sessions=horizon_sessions,
            step_needed=_step_enough(all_places, horizon_sessions),
            tranches_needed=needed,
        )
    return Schedule(
        chosen,
        sessions[places + horizon_sessions],
        needed,
        _mean_gap(places, needed, horizon_sessions),
        _mean_gap(places, 1, horizon_sessions),
    )


def _beyond(date: pd.Timestamp, sessions: int) -> pd.Timestamp:
    return date + pd.Timedelta(days=2 * sessions + 15)


def _places(dates: pd.DatetimeIndex, sessions: pd.DatetimeIndex) -> np.ndarray:
    return sessions.searchsorted(dates, side="right") - 1


def _apart_enough(places: np.ndarray, horizon: int) -> int:
    return next(k for k in range(1, len(places) + 1) if (places[k:] - places[:-k] >= horizon).all())


def _step_enough(places: np.ndarray, horizon: int) -> int:
    return next(k for k in range(1, len(places) + 1) if (np.diff(places[::k]) >= horizon).all())


def _mean_gap(places: np.ndarray, tranches: int, horizon: int) -> float:
    gaps = places[tranches:] - places[:-tranches]
    return float(gaps.mean()) if len(gaps) else float(horizon)
