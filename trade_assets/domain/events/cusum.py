"""When to look: the symmetric CUSUM filter, which samples a bar once the price has moved enough.

1. The sums after a bar depend on the sums before it, its return and its threshold, and on nothing else:
   a filter started from the sums of an earlier bar gives the same bytes as one run through.
2. A bar without a return or without a threshold changes nothing and is no event.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cusum:
    """What the filter says of every bar.

    Attributes
    ----------
    direction : ndarray of int8, shape (bars,)
        1 for an upward event, -1 for a downward one, 0 for none.
    up, down : ndarrays of shape (bars,), log units
        The sums after the bar, and after the reset an event brings; ``up >= 0 >= down``.
    """

    direction: np.ndarray
    up: np.ndarray
    down: np.ndarray


def cusum(log_returns: np.ndarray, thresholds: np.ndarray, *, up: float = 0.0, down: float = 0.0) -> Cusum:
    """Find the bars at which the returns since the last reset add up to more than a threshold.

    Parameters
    ----------
    log_returns : ndarray of shape (bars,)
        Log return of each bar; NaN where there is none.
    thresholds : ndarray of shape (bars,), > 0, log units
        Threshold in force at each bar, known at its close; NaN where there is none.
    up, down : float, ``up >= 0 >= down``
        The sums after the bar before the first one here.

    Returns
    -------
    Cusum
        A downward event resets the downward sum only, an upward one the upward sum only; where both sums
        pass a threshold that has fallen, the downward event comes first and the other waits for the next bar.

    Raises
    ------
    ValueError
        If the shapes differ, a threshold is not positive, or a start value has the wrong sign.

    References
    ----------
    Lopez de Prado, *Advances in Financial Machine Learning* (2018), ch. 2.5.2.1, snippet 2.4.
    """
    log_returns, thresholds = np.asarray(log_returns, dtype=float), np.asarray(thresholds, dtype=float)
    if log_returns.ndim != 1 or log_returns.shape != thresholds.shape:
        raise ValueError(f"thresholds must have the shape of the returns, {log_returns.shape}, was {thresholds.shape}")
    if (thresholds <= 0).any():
        raise ValueError(f"thresholds must be > 0, was {thresholds[thresholds <= 0][0]}")
    if not (up >= 0 >= down):
        raise ValueError(f"start values must be up >= 0 >= down, was up={up}, down={down}")
    return _filtered(log_returns.tolist(), thresholds.tolist(), float(up), float(down))


def _filtered(log_returns: list[float], thresholds: list[float], up: float, down: float) -> Cusum:
    directions, ups, downs = bytearray(len(log_returns)), [], []
    for bar, (r, h) in enumerate(zip(log_returns, thresholds, strict=True)):
        if r == r and h == h:  # neither is NaN
            up += r
            if not up > 0.0:
                up = 0.0
            down += r
            if not down < 0.0:
                down = 0.0
            if down < -h:
                directions[bar], down = 255, 0.0  # -1 as int8
            elif up > h:
                directions[bar], up = 1, 0.0
        ups.append(up)
        downs.append(down)
    return Cusum(np.frombuffer(directions, dtype=np.int8), np.array(ups), np.array(downs))
