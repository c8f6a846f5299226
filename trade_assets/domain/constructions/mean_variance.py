"""The optimisers: least volatility, and the best ratio of expected return to it."""

from math import fsum

import numpy as np

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.fallback import first_that_works
from trade_assets.domain.constructions.frontier import maximum_sharpe, maximum_sharpe_l2, minimum_volatility
from trade_assets.domain.constructions.region import Region, memberships, region
from trade_assets.domain.constructions.shortlist import HOLDING_SESSIONS, Shortlist, shortlist
from trade_assets.domain.constructions.simple import inverse_to_volatility
from trade_assets.domain.constructions.turnover import limit_turnover

SESSIONS_A_YEAR = 252
NOTHING = 1e-10


def min_volatility(found: Candidates, limits: Limits) -> Built:
    """Least variance of the shortlist within bounds, sector caps and the limit on turnover."""
    return first_that_works(SAFER, shortlist(found, limits))


def max_sharpe(found: Candidates, limits: Limits) -> Built:
    """Best expected return per volatility; with ``l2_reg`` above 0, of a grid of utilities, as its status says."""
    own = _exact if limits.l2_reg == 0 else _penalised
    return first_that_works({"max_sharpe": own} | SAFER, shortlist(found, limits))


def _least_volatile(names: Shortlist) -> tuple[np.ndarray, list[str]]:
    within, said = _region(names)
    return _clean(minimum_volatility(names.covariance, within)), said


def _exact(names: Shortlist) -> tuple[np.ndarray, list[str]]:
    within, said = _region(names)
    return _clean(maximum_sharpe(names.mu, names.covariance, within)), said


def _penalised(names: Shortlist) -> tuple[np.ndarray, list[str]]:
    within, said = _region(names)
    mu, covariance = names.mu * (SESSIONS_A_YEAR / HOLDING_SESSIONS), names.covariance * SESSIONS_A_YEAR
    weights = maximum_sharpe_l2(mu, covariance, within, l2_reg=names.limits.l2_reg)
    return _clean(weights), ["max_sharpe_l2", *said]


SAFER = {"min_volatility": _least_volatile, "inverse_vol": inverse_to_volatility}


def _clean(weights: np.ndarray) -> np.ndarray:
    return np.where(weights > NOTHING, weights, 0.0)


def _region(names: Shortlist) -> tuple[Region, list[str]]:
    """Where the weights may lie, and what to know about it."""
    limits, held = names.limits, names.found.held
    whole = region(
        memberships(names.sectors),
        min_weight=limits.min_weight,
        max_weight=limits.max_weight,
        max_sector_weight=limits.max_sector_weight,
    )
    now = {} if held is None else dict(zip(held.index, held.tolist(), strict=True))
    if not fsum(now.values()) > 0:
        return whole, []
    own = np.array([now.pop(symbol, 0.0) for symbol in names.symbols])
    within, allowed = limit_turnover(whole, own, elsewhere=fsum(now.values()), max_turnover=limits.max_turnover)
    loose = allowed > limits.max_turnover
    return within, [f"turnover {allowed:.1%} is the least reachable"] if loose else []
