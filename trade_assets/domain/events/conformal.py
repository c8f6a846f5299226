"""Adaptive conformal bands around quantile forecasts: widened, or narrowed, by how past outcomes fell.

1. An asked row knows only events whose outcome was known by its decision, and of these the last ``window``.
2. Its band is a function of that window and its own quantiles alone: there is no longer memory.
3. The order of the known rows does not matter.
"""

import numpy as np
import pandas as pd

LEAST_ALPHA, MOST_ALPHA = 0.001, 0.5


def bands(
    known: pd.DataFrame, asked: pd.DataFrame, *, alpha: float, gamma: float, window: int, min_known: int
) -> pd.DataFrame:
    """Bands that hold the outcome about ``1 - alpha`` of the time, even as the market drifts.

    The score of a known event is how far its outcome lay outside its quantiles, ``max(q_low - y, y - q_high)``. A
    band is ``[q_low - Q, q_high + Q]`` with Q the k-th smallest score of the window of n events, k =
    ``ceil((1 - alpha_t) (n + 1))``; where that exceeds n, the largest. ``alpha_t`` starts at ``alpha`` and replays the
    window: each event is banded by the events of the window known by its own decision, and ``alpha_t += gamma (alpha
    - err_t)``, err_t 1 where its outcome fell outside.

    Parameters
    ----------
    known : DataFrame
        ``decided_utc, known_utc, q_low, q_high, y`` of past events; rows with a null are not known yet.
    asked : DataFrame
        ``decided_utc, q_low, q_high``; the index is kept.
    alpha : float, in [0.001, 0.5]
        Share of the outcomes that may fall outside.
    gamma : float, >= 0
        How fast ``alpha_t`` moves; at 0 it stays. It is held within [0.001, 0.5].
    window, min_known : int, 1 <= min_known <= window
        Events a band looks back on, and the fewest it can: below, Q is 0 and ``alpha_t`` does not move.

    Returns
    -------
    DataFrame, index of ``asked``
        ``low, high`` in units of the quantiles, ``alpha_t``, and ``n_known``, the events looked back on. A band
        narrowed past its middle is its middle.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or an outcome was known by its decision.

    References
    ----------
    Romano, Patterson and Candès, "Conformalized Quantile Regression" (2019), for the score; Gibbs and Candès,
    "Adaptive Conformal Inference Under Distribution Shift" (2021), for alpha_t. There an outcome is known before the
    next decision; here later, and the outcomes are taken in the order in which they became known.
    """
    _check(known, alpha=alpha, gamma=gamma, window=window, min_known=min_known)
    known = _in_order(known)
    q_low, q_high, y = (known[name].to_numpy(dtype=float) for name in ("q_low", "q_high", "y"))
    scores = np.maximum(q_low - y, y - q_high)
    known_at = _nanoseconds(known["known_utc"])
    # asked rows with the same known events share a window
    ends, window_of = np.unique(
        known_at.searchsorted(_nanoseconds(asked["decided_utc"]), side="right"), return_inverse=True
    )
    starts = np.maximum(ends - window, 0)
    known_before = known_at.searchsorted(_nanoseconds(known["decided_utc"]), side="right")
    path_ends = _replayed(scores, known_before, starts, ends, alpha=alpha, gamma=gamma, min_known=min_known)
    margins = np.array(
        [
            np.sort(scores[start:end])[_rank(alpha_t, end - start) - 1] if end - start >= min_known else 0.0
            for start, end, alpha_t in zip(starts, ends, path_ends, strict=True)
        ]
    )
    low, high = asked["q_low"] - margins[window_of], asked["q_high"] + margins[window_of]
    middle = (asked["q_low"] + asked["q_high"]) / 2
    crossed = low > high
    return pd.DataFrame(
        {
            "low": low.mask(crossed, middle),
            "high": high.mask(crossed, middle),
            "alpha_t": path_ends[window_of],
            "n_known": (ends - starts)[window_of],
        },
        index=asked.index,
    )


def _replayed(
    scores: np.ndarray,
    known_before: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    *,
    alpha: float,
    gamma: float,
    min_known: int,
) -> np.ndarray:
    """``alpha_t`` at the end of each window; one step replays the same place of all windows at once.

    A score exceeds the k-th smallest of others where at least k of them are smaller, so a window needs no sorting:
    only, for each event, how many earlier scores of the window are smaller and were known by its decision.
    """
    alphas = np.full(len(starts), alpha)
    place, smaller = np.arange(len(scores)), np.zeros(len(scores), dtype=int)
    for step in range(int((ends - starts).max(initial=0))):
        if step:  # the windows in which an event is this late reach back one event more
            smaller[step:] += (place[:-step] < known_before[step:]) & (scores[:-step] < scores[step:])
        inside = np.flatnonzero(starts + step < ends)
        event = starts[inside] + step
        n = known_before[event] - starts[inside]
        outside = smaller[event] >= _rank(alphas[inside], n)
        moved = np.clip(alphas[inside] + gamma * (alpha - outside), LEAST_ALPHA, MOST_ALPHA)
        alphas[inside] = np.where(n >= min_known, moved, alphas[inside])
    return alphas


def _rank(alpha_t, n):
    """Which of n scores in order bounds the band; a product that rounds up past a whole number is that number."""
    return np.minimum(n, np.ceil((1 - alpha_t) * (n + 1) - 1e-9).astype(int))


def _in_order(known: pd.DataFrame) -> pd.DataFrame:
    """Events with nothing missing as they became known; ties in an order of their own, whatever the row order."""
    keys = ["known_utc", "decided_utc", "q_low", "q_high", "y"]
    return known[keys].dropna().sort_values(keys, kind="stable", ignore_index=True)


def _nanoseconds(times: pd.Series) -> np.ndarray:
    return pd.DatetimeIndex(times).as_unit("ns").asi8


def _check(known: pd.DataFrame, *, alpha: float, gamma: float, window: int, min_known: int) -> None:
    if not LEAST_ALPHA <= alpha <= MOST_ALPHA:
        raise ValueError(f"alpha must be in [{LEAST_ALPHA}, {MOST_ALPHA}], was {alpha}")
    if not gamma >= 0:
        raise ValueError(f"gamma must be at least 0, was {gamma}")
    if not 1 <= min_known <= window:
        raise ValueError(f"min_known must be in [1, window of {window}], was {min_known}")
    early = known[known["known_utc"] <= known["decided_utc"]]
    if len(early):
        raise ValueError(
            f"known_utc must be after decided_utc, was {early['known_utc'].iloc[0]} "
            f"for a decision at {early['decided_utc'].iloc[0]}"
        )
