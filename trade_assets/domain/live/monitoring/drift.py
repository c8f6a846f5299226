"""Whether the model has lost what its backtest showed, at stated rates of false alarm.

Daily coefficients of a ten-session outcome overlap: the mean of twenty of them has the variance of eight. Simulated on
independent shocks, the mean falls 2.75 of its standard errors below the truth in 10 % of years, 3.25 in 2 %.
"""

import math

import numpy as np

from trade_assets.domain.live.monitoring import ALARM, OK, WARN, Reading

WARN_Z, ALARM_Z = -2.75, -3.25


def standard_error(deviation: float, *, lookback: int, horizon: int) -> float:
    """Standard error of the mean of ``lookback`` daily values whose outcomes span ``horizon`` sessions.

    ``deviation`` is that of one value; neighbours ``k`` apart share ``horizon - k`` sessions of their outcome.
    """
    lags = np.arange(-(horizon - 1), horizon)
    lags = lags[np.abs(lags) < lookback]
    shared = (1.0 - np.abs(lags) / horizon) * (lookback - np.abs(lags))
    return deviation * math.sqrt(shared.sum()) / lookback


def readings(live: np.ndarray, backtest: np.ndarray, *, lookback: int, horizon: int, threshold: float) -> list[Reading]:
    """The test against the backtest, and the given rule.

    Parameters
    ----------
    live : ndarray of shape (n,)
        Rank information coefficients of the last sessions, in order.
    backtest : ndarray of shape (m,)
        The champion's model's on past rebalances, whose outcomes do not overlap.
    lookback, horizon : int, sessions
    threshold : float
        Of the given rule.
    """
    own, past = live[-lookback:], backtest[~np.isnan(backtest)]
    degraded = _given_rule(own, lookback=lookback, threshold=threshold)
    if len(own) < lookback or len(past) < 2:
        why = f"{len(own)} of {lookback} sessions" if len(own) < lookback else f"{len(past)} rebalances of the backtest"
        told = f"Model drift is not judged yet: only {why} are there; action: continue."
        return [Reading("drift", "z", float("nan"), len(own), OK, told), degraded]
    error = standard_error(float(past.std(ddof=1)), lookback=lookback, horizon=horizon)
    z = float((own.mean() - past.mean()) / error) if error > 0 else float("nan")
    severity = ALARM if z < ALARM_Z else WARN if z < WARN_Z else OK
    action = "review_model" if severity != OK else "continue"
    told = (
        f"Rank IC of the last {lookback} sessions {own.mean():+.3f} against {past.mean():+.3f} in the backtest: {z:+.2f} standard "
        f"errors; warns below {WARN_Z} (by chance in 10% of years), alarm below {ALARM_Z} (2%). Action: {action}."
    )
    return [Reading("drift", "z", z, len(own), severity, told), degraded]


def _given_rule(live: np.ndarray, *, lookback: int, threshold: float) -> Reading:
    if len(live) < lookback:
        told = f"Given rule: not judged, {len(live)} of {lookback} sessions are there."
        return Reading("drift", "seed_rule", float("nan"), len(live), OK, told)
    below = int((live < threshold).sum())
    degraded = live.mean() < threshold and below >= lookback / 2
    told = (
        f"Given rule: mean rank IC {live.mean():+.3f}, {below} of {lookback} sessions below {threshold:.2f}: "
        f"{'degraded' if degraded else 'not degraded'}. Healthy models break it about every third time."
    )
    return Reading("drift", "seed_rule", float(degraded), len(live), WARN if degraded else OK, told)
