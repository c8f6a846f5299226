"""Whether the best of the past is any good after it: the probability of backtest overfitting."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

N_BLOCKS = 16


@dataclass(frozen=True, eq=False)
class Overfitting:
    """What combinatorially symmetric cross-validation says about choosing the best trial.

    Attributes
    ----------
    pbo : float
        Share of splits where the trial that was best in one half is no better than the median in the other.
    logits : ndarray of shape (n_splits,)
        ``ln(w / (1 - w))`` of its relative rank ``w`` in the other half; empty where the history is too short.
    degradation_slope : float
        Slope of its Sharpe ratio in the other half on the one it was chosen for; negative where more
        promise means less performance.
    probability_of_loss : float
        Share of splits where it lost in the other half.
    """

    pbo: float
    logits: np.ndarray
    degradation_slope: float
    probability_of_loss: float


def overfitting(returns: np.ndarray, *, n_blocks: int = N_BLOCKS) -> Overfitting:
    """Combinatorially symmetric cross-validation of choosing the trial with the highest Sharpe ratio.

    The history is cut into ``n_blocks`` blocks; every choice of half of them is one split, the other half its
    out-of-sample. Moments of a split are sums over its blocks, so all 12,870 splits are two matrix products.

    Parameters
    ----------
    returns : ndarray of shape (n_periods, n_trials)
        Finite, in time order. Blocks differ by at most one period.
    n_blocks : int, even, >= 2

    Returns
    -------
    Overfitting
        All NaN with fewer than two trials, or fewer periods than two a block.

    Raises
    ------
    ValueError
        If ``n_blocks`` is odd or below two, or a return is not finite.

    Notes
    -----
    Ranks of ties are averaged, over trials that tie for best too. Where a trial does not vary within a split its
    Sharpe ratio counts as zero there: it waited.

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu, "The Probability of Backtest Overfitting", *Journal of Computational
    Finance* 20(4), 2017.
    """
    returns = np.asarray(returns, dtype=np.float64)
    if n_blocks < 2 or n_blocks % 2:
        raise ValueError(f"n_blocks must be even and >= 2, was {n_blocks}")
    if returns.ndim != 2 or not np.isfinite(returns).all():
        raise ValueError(f"returns must be a matrix of finite numbers, was of shape {returns.shape}")
    if returns.shape[1] < 2 or len(returns) < 2 * n_blocks:
        return Overfitting(np.nan, np.empty(0), np.nan, np.nan)
    inside = split_sharpes(returns, splits(n_blocks))
    outside = inside[::-1]  # in lexicographic order the complement of the first split is the last
    best = inside == inside.max(axis=1, keepdims=True)
    best = best / best.sum(axis=1, keepdims=True)
    rank = np.sum(best * stats.rankdata(outside, axis=1), axis=1)
    chosen, earned = inside.max(axis=1), np.sum(best * outside, axis=1)
    logits = np.log(rank / (returns.shape[1] + 1 - rank))
    return Overfitting(float(np.mean(logits <= 0)), logits, _slope(chosen, earned), float(np.mean(earned < 0)))


def splits(n_blocks: int) -> np.ndarray:
    """Every choice of half of the blocks, shape (n_splits, n_blocks), ones and zeros in lexicographic order."""
    chosen = np.array(list(combinations(range(n_blocks), n_blocks // 2)))
    out = np.zeros((len(chosen), n_blocks))
    np.put_along_axis(out, chosen, 1.0, axis=1)
    return out


def split_sharpes(returns: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Per-period Sharpe ratio of every trial in every split, shape (n_splits, n_trials)."""
    n_periods, n_blocks = len(returns), chosen.shape[1]
    starts = np.arange(n_blocks) * n_periods // n_blocks
    centre = returns.mean(axis=0)  # taken out first: the difference of two large sums loses digits
    apart = returns - centre
    n = chosen @ np.diff(np.append(starts, n_periods))[:, None]
    first = chosen @ np.add.reduceat(apart, starts) / n
    second = chosen @ np.add.reduceat(apart**2, starts)
    variance = (second - n * first**2) / (n - 1)
    varies = variance > 1e-20 * np.mean(returns**2, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(varies, (centre + first) / np.sqrt(variance), 0.0)
    return np.round(ratio, 12)  # so that identical trials tie, in whatever column they are


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    centred = x - x.mean()
    spread = np.sum(centred**2)
    return float(np.sum(centred * y) / spread) if spread > 0 else np.nan
