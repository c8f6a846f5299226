"""Reductions over exact trailing windows, by doubling.

A window of n rows is put together from blocks of 1, 2, 4, … rows, so that it costs about log2(n)
passes over the panel and no running update. The result at row t

1. depends on rows t-n+1 … t and on nothing else, to the last bit;
2. is put together in the same order whatever row the panel begins with, and whichever columns stand
   beside it, because every step works element by element.

These two are why a range of dates and a single date give the same bytes. Arrays have shape
(session, symbol); rows without a full window, and windows that hold a NaN, give NaN.
"""

from collections.abc import Callable

import numpy as np

Block = tuple[np.ndarray, ...]


def fold(block: Block, n: int, combine: Callable[[Block, Block], Block]) -> Block:
    """Combine ``n`` consecutive rows; ``combine(newer, older)`` must be associative.

    Parameters
    ----------
    block : tuple of ndarrays, each of shape (sessions, symbols)
        What one row contributes.
    n : int, >= 1
        Rows in the window.
    combine : callable
        Takes the newer and the older part of a window, aligned at their last rows.

    Returns
    -------
    tuple of ndarrays, each of shape (sessions, symbols)
        NaN in the first n-1 rows.
    """
    return tuple(_padded(part, len(block[0])) for part in _folded(block, n, combine))


def total(x: np.ndarray, n: int) -> np.ndarray:
    """Sum of the last n rows."""
    return fold((x,), n, lambda new, old: (new[0] + old[0],))[0]


def mean(x: np.ndarray, n: int) -> np.ndarray:
    """Mean of the last n rows."""
    return total(x, n) / n


def product(x: np.ndarray, n: int) -> np.ndarray:
    """Product of the last n rows."""
    return fold((x,), n, lambda new, old: (new[0] * old[0],))[0]


def highest(x: np.ndarray, n: int) -> np.ndarray:
    """Largest of the last n rows."""
    return fold((x,), n, lambda new, old: (np.maximum(new[0], old[0]),))[0]


def lowest(x: np.ndarray, n: int) -> np.ndarray:
    """Smallest of the last n rows."""
    return fold((x,), n, lambda new, old: (np.minimum(new[0], old[0]),))[0]


def std(x: np.ndarray, n: int) -> np.ndarray:
    """Sample standard deviation of the last n rows (ddof 1), for values whose mean is small beside their spread."""
    s, ss = _folded((x, x * x), n, lambda new, old: (new[0] + old[0], new[1] + old[1]))
    return _padded(np.sqrt(np.maximum(ss - s * s / n, 0.0) / (n - 1)), len(x))


def correlation(x: np.ndarray, y: np.ndarray, n: int) -> np.ndarray:
    """Pearson correlation of the last n rows; NaN where either does not vary."""
    covariance, x_variance, y_variance = _moments(x, y, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = covariance / np.sqrt(x_variance * y_variance)
    return _padded(np.where((x_variance > 0) & (y_variance > 0), np.clip(r, -1.0, 1.0), np.nan), len(x))


def slope(x: np.ndarray, y: np.ndarray, n: int) -> np.ndarray:
    """Least-squares slope of y on x over the last n rows; NaN where x does not vary."""
    covariance, x_variance, _ = _moments(x, y, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _padded(np.where(x_variance > 0, covariance / x_variance, np.nan), len(x))


def level_mean(gross: np.ndarray, n: int) -> np.ndarray:
    """Mean of the last n price levels, in units of the last one.

    ``gross`` holds price over previous price, adjusted for actions; so a level is never formed, and
    no factor that began before the window can reach into it.
    """
    return _levels(gross, n, np.add) / n


def level_high(gross: np.ndarray, n: int) -> np.ndarray:
    """Highest of the last n price levels, in units of the last one."""
    return _levels(gross, n, np.maximum)


def level_low(gross: np.ndarray, n: int) -> np.ndarray:
    """Lowest of the last n price levels, in units of the last one."""
    return _levels(gross, n, np.minimum)


def lagged(x: np.ndarray, k: int) -> np.ndarray:
    """Rows moved k later, NaN in front."""
    return _padded(x[: len(x) - k], len(x)) if k <= len(x) else np.full_like(x, np.nan)


def _levels(gross: np.ndarray, n: int, reduce: np.ufunc) -> np.ndarray:
    if n == 1:
        return np.where(np.isnan(gross), np.nan, 1.0)

    def combine(new: Block, old: Block) -> Block:
        growth, level = new
        return growth * old[0], reduce(level, old[1] / growth)

    return fold((gross, np.ones_like(gross)), n, combine)[1]


def _folded(block: Block, n: int, combine: Callable[[Block, Block], Block]) -> Block:
    """As :func:`fold`, without the rows in front that have no full window."""
    if n < 1:
        raise ValueError(f"n must be >= 1, was {n}")
    if len(block[0]) < n:
        return tuple(part[:0] for part in block)
    window: Block | None = None
    covered, size, rest = 0, 1, n
    while rest:
        if rest & 1:
            window = block if window is None else _join(window, block, covered, combine)
            covered += size
        rest >>= 1
        if rest:
            block = _join(block, block, size, combine)
            size *= 2
    assert window is not None
    return window


def _moments(x: np.ndarray, y: np.ndarray, n: int) -> Block:
    sums = _folded((x, y, x * x, y * y, x * y), n, lambda new, old: tuple(a + b for a, b in zip(new, old, strict=True)))
    sx, sy, sxx, syy, sxy = sums
    tiny = 1e-14  # what cancellation leaves of a constant
    x_variance, y_variance = sxx - sx * sx / n, syy - sy * sy / n
    x_variance = np.where(x_variance > tiny * sxx, x_variance, 0.0)
    y_variance = np.where(y_variance > tiny * syy, y_variance, 0.0)
    return sxy - sx * sy / n, x_variance, y_variance


def _join(newer: Block, older: Block, offset: int, combine: Callable[[Block, Block], Block]) -> Block:
    older = tuple(part[: len(part) - offset] for part in older)
    rows = min(len(newer[0]), len(older[0]))
    return combine(tuple(p[len(p) - rows :] for p in newer), tuple(p[len(p) - rows :] for p in older))


def _padded(part: np.ndarray, sessions: int) -> np.ndarray:
    out = np.empty((sessions, *part.shape[1:]), dtype=part.dtype)
    out[: sessions - len(part)] = np.nan
    out[sessions - len(part) :] = part
    return out
