"""How much of its own evidence a label holds, when labels of one leg overlap.

1. Concurrency is counted in whole numbers, so it is exact.
2. A label's mean is added up from its own first bar on: its bytes do not depend on where the data begin.
"""

import numpy as np


def average_uniqueness(first_bar: np.ndarray, last_bar: np.ndarray, *, wanted: np.ndarray | None = None) -> np.ndarray:
    """Mean, over a label's bars, of one over the number of labels open at the bar.

    Parameters
    ----------
    first_bar, last_bar : ndarrays of int, shape (events,)
        First and last bar each label spans, both included; ``last_bar >= first_bar``. A label still open
        may end at any bar at or after the last one looked at.
    wanted : ndarray of bool, shape (events,), optional
        Labels to answer for; the others only count as open beside them. All by default.

    Returns
    -------
    ndarray of shape (events,), in (0, 1]
        NaN for the labels not wanted.

    Raises
    ------
    ValueError
        If the shapes differ, bars are not whole numbers, or a label ends before it begins.

    Notes
    -----
    Time and memory grow with the bars between the first and the last wanted label; an unwanted label may
    begin and end as far away as it likes.

    References
    ----------
    Lopez de Prado, *Advances in Financial Machine Learning* (2018), ch. 4.3, snippets 4.1 and 4.2.
    """
    first, last = np.asarray(first_bar), np.asarray(last_bar)
    chosen = np.ones(first.shape, dtype=bool) if wanted is None else np.asarray(wanted)
    _check(first, last, chosen)
    out = np.full(len(first), np.nan)
    if chosen.any():
        begin, end = int(first[chosen].min()), int(last[chosen].max())
        share = 1.0 / np.maximum(_concurrency(first, last, begin=begin, end=end), 1)
        out[chosen] = _mean_over(share, first[chosen] - begin, last[chosen] - first[chosen] + 1)
    return out


def _concurrency(first: np.ndarray, last: np.ndarray, *, begin: int, end: int) -> np.ndarray:
    """Number of labels open at each bar from ``begin`` to ``end``."""
    bars = end - begin + 1
    opening = np.bincount(np.clip(first, begin, end + 1) - begin, minlength=bars + 1)
    closing = np.bincount(np.clip(last, begin - 1, end) + 1 - begin, minlength=bars + 1)
    return np.cumsum(opening - closing)[:bars]


def _mean_over(share: np.ndarray, start: np.ndarray, bars: np.ndarray) -> np.ndarray:
    """Mean of ``bars`` values from ``start`` on, added one after the other; the longest labels stand in front."""
    order = np.argsort(-bars, kind="stable")
    start, shorter = start[order], -bars[order]
    total = np.zeros(len(order))
    for step in range(-int(shorter[0])):
        still = int(np.searchsorted(shorter, -step))  # those of more bars than the step
        total[:still] += share[start[:still] + step]
    out = np.empty(len(order))
    out[order] = total / bars[order]
    return out


def _check(first: np.ndarray, last: np.ndarray, wanted: np.ndarray) -> None:
    if first.ndim != 1 or not first.shape == last.shape == wanted.shape:
        raise ValueError(f"arguments must have one shape (events,), was {first.shape}, {last.shape}, {wanted.shape}")
    if len(first) and not (np.issubdtype(first.dtype, np.integer) and np.issubdtype(last.dtype, np.integer)):
        raise ValueError(f"bars must be whole numbers, was {first.dtype} and {last.dtype}")
    if wanted.dtype != bool:
        raise ValueError(f"wanted must be bool, was {wanted.dtype}")
    if (last < first).any():
        at = int(np.flatnonzero(last < first)[0])
        raise ValueError(f"last_bar must be >= first_bar, was {last[at]} after {first[at]}")
