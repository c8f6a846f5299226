"""What a strategy earned in each regime of the market, and how evenly."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.metrics.series import SESSIONS_PER_YEAR, dated, mean_of

MIN_SESSIONS = 60
UNDECIDED = 0.5


def by_regime(
    returns: np.ndarray,
    regimes_known_before: np.ndarray,
    sessions: pd.DatetimeIndex,
    *,
    regimes: Sequence[str | int],
    risk_free_frac: float = 0.0,
) -> pd.DataFrame:
    """Performance of the sessions spent in each regime.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions,)
        Daily returns, fractions >= -1; NaN are left out and counted nowhere.
    regimes_known_before : ndarray of shape (n_sessions,)
        The regime known at the close *before* each session. The regime of a session's own close is made from
        its return: sorting by that is looking ahead.
    sessions : DatetimeIndex of shape (n_sessions,)
        Naive exchange dates, strictly ascending.
    regimes : sequence
        Every regime there is, in the order of the rows. Sessions of another (unknown yet) are left out.
    risk_free_frac : float
        Risk-free return of one session.

    Returns
    -------
    DataFrame of shape (n_regimes, 5)
        ``regime, avg_return`` (mean daily return times 252), ``sharpe`` (annual), ``win_rate, n_days``; NaN, not
        zero, for a regime without returns.

    Raises
    ------
    ValueError
        If the three differ in length, or the sessions do not ascend.
    """
    dated(returns, sessions)
    returns, known = np.asarray(returns, dtype=np.float64), np.asarray(regimes_known_before)
    if len(known) != len(returns):
        raise ValueError(f"regimes must be as many as returns, were {len(known)} and {len(returns)}")
    of = [returns[(known == name) & ~np.isnan(returns)] for name in regimes]
    return pd.DataFrame(
        {
            "regime": list(regimes),
            "avg_return": [mean_of(r) * SESSIONS_PER_YEAR for r in of],
            "sharpe": [metrics.sharpe_ratio(r, risk_free_frac=risk_free_frac) for r in of],
            "win_rate": [metrics.win_rate(r) for r in of],
            "n_days": [len(r) for r in of],
        }
    )


def consistency(sharpes: np.ndarray, n_days: np.ndarray, *, min_sessions: int = MIN_SESSIONS) -> float:
    """How alike the Sharpe ratios of the regimes are, from 0 (earned in one alone, or not at all) to 1.

    ``min / max`` within [0, 1] over the regimes with enough sessions; 0 where their mean is not positive, 0.5
    where fewer than two are left to compare.

    Parameters
    ----------
    sharpes : ndarray of shape (n_regimes,)
        NaN is left out.
    n_days : ndarray of int, shape (n_regimes,)
    min_sessions : int
        Fewest sessions of a regime that counts.
    """
    sharpes = np.asarray(sharpes, dtype=np.float64)
    known = sharpes[(np.asarray(n_days) >= min_sessions) & ~np.isnan(sharpes)]
    if len(known) < 2:
        return UNDECIDED
    return float(np.clip(known.min() / known.max(), 0.0, 1.0)) if known.mean() > 0 else 0.0
