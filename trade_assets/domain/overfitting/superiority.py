"""Whether a candidate really beat its benchmark, given that it was the best of a family.

The resampling keeps candidates together: a family of near copies is one attempt, not many, without anyone
counting. That is what a test on the maximum has over a correction for a number of trials.
"""

import numpy as np
from scipy.linalg import toeplitz

REPS = 1000


def superior(active: np.ndarray, *, seed: int, block: float, reps: int = REPS) -> float:
    """Probability of a best candidate this good if none beats the benchmark: the smallest of :func:`adjusted`.

    NaN where nothing can be tested.
    """
    p = adjusted(active, seed=seed, block=block, reps=reps)
    return float(np.nanmin(p)) if np.isfinite(p).any() else np.nan


def better(active: np.ndarray, *, seed: int, block: float, reps: int = REPS) -> float:
    """One-sided p-value that one series has no positive mean; as :func:`adjusted` for a family of one."""
    return float(adjusted(np.asarray(active, dtype=np.float64)[:, None], seed=seed, block=block, reps=reps)[0])


def adjusted(active: np.ndarray, *, seed: int, block: float, reps: int = REPS) -> np.ndarray:
    """Family-wise p-value of every candidate: Hansen's test of superior predictive ability, cell by cell.

    With ``t_k = sqrt(T) mean_k / omega_k`` the p-value of candidate ``k`` is how often the largest ``t`` of a
    resample reaches it. A resample is centred on each candidate's mean, but not where
    ``t_k < -sqrt(2 ln ln T)``: a hopeless candidate must not cost the others power ("consistent").

    Parameters
    ----------
    active : ndarray of shape (n_periods, n_candidates)
        Return less the benchmark's over the same period, finite, in time order.
    seed : int
        Of the resampling; the same seed and data give the same p-values.
    block : float, >= 1
        Mean length of the resampled blocks, in periods. One is the bootstrap of independent periods.
    reps : int, >= 1
        Resamples; no p-value is below ``1 / (reps + 1)``.

    Returns
    -------
    ndarray of shape (n_candidates,)
        In (0, 1]; NaN for a candidate that does not vary, and for all with fewer than three periods.

    Raises
    ------
    ValueError
        If a return is not finite, or ``block`` or ``reps`` is below one.

    References
    ----------
    Hansen, "A Test for Superior Predictive Ability", *Journal of Business & Economic Statistics* 23(4), 2005;
    Politis and Romano, "The Stationary Bootstrap", *Journal of the American Statistical Association* 89, 1994.
    Single-step adjusted p-values: Westfall and Young, *Resampling-Based Multiple Testing* (1993), ch. 2.

    Notes
    -----
    ``arch.bootstrap.SPA`` (8.0) estimates the variances but takes the maximum of plain means, so its most
    volatile candidate decides; hence this one. On candidates of equal variance both agree.
    """
    active = np.asarray(active, dtype=np.float64)
    if active.ndim != 2 or not np.isfinite(active).all():
        raise ValueError(f"active must be a matrix of finite numbers, was of shape {active.shape}")
    if block < 1 or reps < 1:
        raise ValueError(f"block and reps must be >= 1, were {block} and {reps}")
    p = np.full(active.shape[1], np.nan)
    n = len(active)
    tested = np.flatnonzero(active.max(axis=0) != active.min(axis=0)) if n >= 3 else []
    if not len(tested):
        return p
    scaled = active[:, tested] / long_run_deviation(active[:, tested], block=block) * np.sqrt(n)
    t = scaled.mean(axis=0)
    centre = np.where(t >= -np.sqrt(2.0 * np.log(np.log(n))), t, 0.0)
    resampled = counts(n, seed=seed, block=block, reps=reps) @ scaled / n - centre
    largest = np.sort(resampled.max(axis=1))
    reached = reps - np.searchsorted(largest, t, side="left")
    p[tested] = np.where(t > 0, (1.0 + reached) / (1.0 + reps), 1.0)
    return p


def counts(n: int, *, seed: int, block: float, reps: int) -> np.ndarray:
    """How often each period is in each stationary bootstrap resample, shape (reps, n); rows sum to ``n``.

    A block starts anywhere, ends after each period with probability ``1 / block``, and runs on from the last
    period to the first.
    """
    rng = np.random.default_rng(seed)
    place = np.arange(n)
    starts = rng.random((reps, n)) < 1.0 / block
    starts[:, 0] = True
    begun = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    drawn = np.take_along_axis(rng.integers(n, size=(reps, n)), begun, axis=1)
    period = (drawn + place - begun) % n
    return np.bincount((period + n * np.arange(reps)[:, None]).ravel(), minlength=reps * n).reshape(reps, n)


def long_run_deviation(active: np.ndarray, *, block: float) -> np.ndarray:
    """Root of ``g_0 + 2 sum_l k_l g_l``, ``T`` times the variance that the resampled mean of each column has.

    ``k_l = (1 - l / T) (1 - 1 / block)^l + (l / T) (1 - 1 / block)^(T - l)`` and ``g_l`` the autocovariances
    (ddof = 0).
    """
    n = len(active)
    lag = np.arange(n)
    q = 1.0 - 1.0 / block
    kernel = (1.0 - lag / n) * q**lag + lag / n * q ** (n - lag)
    kernel[0] = 1.0
    apart = active - active.mean(axis=0)
    return np.sqrt(np.sum(apart * (toeplitz(kernel) @ apart), axis=0) / n)
