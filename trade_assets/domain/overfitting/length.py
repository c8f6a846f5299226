"""How long a track record has to be, and how likely a good strategy is to pass with the one there is."""

import numpy as np
from scipy import stats

from trade_assets.domain.overfitting.sharpe import standard_error


def minimum_track_record_length(
    sr: float, *, skew: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0, alpha: float = 0.05
) -> float:
    """Periods after which ``sr`` is above ``benchmark`` with probability ``1 - alpha``.

    ``1 + (1 - skew sr + (kurtosis - 1) / 4 sr^2) (z(1 - alpha) / (sr - benchmark))^2``; infinite where ``sr``
    does not exceed the benchmark.

    Parameters
    ----------
    sr, benchmark : float
        Per-period Sharpe ratios.
    alpha : float, in (0, 0.5)

    References
    ----------
    Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier", *Journal of Risk* 15(2), 2012.
    """
    if not sr > benchmark:
        return np.nan if np.isnan(sr) else np.inf
    spread = standard_error(sr, 2, skew=skew, kurtosis=kurtosis) ** 2
    return float(1.0 + spread * (stats.norm.isf(alpha) / (sr - benchmark)) ** 2)


def passing_sharpe(n: int, *, benchmark: float, alpha: float) -> float:
    """Lowest estimate whose probabilistic Sharpe ratio, of normal returns, reaches ``1 - alpha``.

    The larger root ``c`` of ``(c - benchmark)^2 (n - 1) = z^2 (1 + c^2 / 2)``; infinite where ``n`` is so
    small that no estimate passes.
    """
    z2 = stats.norm.isf(alpha) ** 2
    a, b, c = (n - 1) - z2 / 2.0, benchmark * (n - 1), benchmark**2 * (n - 1) - z2
    return float((b + np.sqrt(b**2 - a * c)) / a) if a > 0 else np.inf


def power(true_sharpe: float, n: int, *, benchmark: float = 0.0, alpha: float = 0.05) -> float:
    """Probability that a strategy of this true Sharpe ratio passes after ``n`` periods.

    Exact for independent normal returns: the estimate times ``sqrt(n)`` has a noncentral t distribution with
    ``n - 1`` degrees of freedom and noncentrality ``true_sharpe sqrt(n)``. It is what an honest report states
    beside a failed gate: not passing at 20 % power says little.

    Parameters
    ----------
    true_sharpe : float
        Per period.
    n : int, >= 2
        Periods of the record.
    benchmark : float
        Per-period Sharpe ratio to be beaten, as from :func:`sharpe.expected_maximum_sharpe`.
    alpha : float, in (0, 0.5)
        Error probability the gate may use.

    Raises
    ------
    ValueError
        If ``n`` is below two or ``alpha`` outside (0, 0.5).

    References
    ----------
    Johnson and Welch, "Applications of the Non-Central t-Distribution", *Biometrika* 31(3/4), 1940.
    """
    if n < 2:
        raise ValueError(f"n must be >= 2, was {n}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 0.5), was {alpha}")
    needed = passing_sharpe(n, benchmark=benchmark, alpha=alpha)
    return float(stats.nct.sf(needed * np.sqrt(n), n - 1, true_sharpe * np.sqrt(n))) if np.isfinite(needed) else 0.0
