"""The optimisers: least volatility, and the best ratio of expected return to it."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from trade_assets.domain.constructions.candidates import Built, Candidates, Limits
from trade_assets.domain.constructions.fallback import first_that_works
from trade_assets.domain.constructions.frontier import maximum_sharpe, maximum_sharpe_l2, minimum_volatility
from trade_assets.domain.constructions.region import Region, memberships, region
from trade_assets.domain.constructions.shortlist import HOLDING_SESSIONS, Shortlist, shortlist
from trade_assets.domain.constructions.simple import inverse_to_volatility
from trade_assets.domain.constructions.turnover import limit_turnover

SESSIONS_A_YEAR = 252
NOTHING = 1e-10

Solve = Callable[[Shortlist, Region], np.ndarray]


def min_volatility(found: Candidates, limits: Limits) -> Built:
    """Least variance of the shortlist within bounds, sector caps and the limit on turnover."""
    names = shortlist(found, limits)
    return first_that_works(
        {
            "min_volatility": lambda: _weights(names, _least_volatile),
            "inverse_vol": lambda: inverse_to_volatility(names),
        },
        found,
        limits,
    )


def max_sharpe(found: Candidates, limits: Limits) -> Built:
    """Best expected return per volatility; with ``l2_reg`` above 0, of a grid of utilities, as its status says."""
    names = shortlist(found, limits)
    return first_that_works(
        {
            "max_sharpe": lambda: (
                _weights(names, _sharpe) if limits.l2_reg == 0 else _weights(names, _sharpe_l2, "max_sharpe_l2")
            ),
            "min_volatility": lambda: _weights(names, _least_volatile),
            "inverse_vol": lambda: inverse_to_volatility(names),
        },
        found,
        limits,
    )


def _least_volatile(names: Shortlist, within: Region) -> np.ndarray:
    return minimum_volatility(names.covariance, within)


def _sharpe(names: Shortlist, within: Region) -> np.ndarray:
    return maximum_sharpe(names.mu, names.covariance, within)


def _sharpe_l2(names: Shortlist, within: Region) -> np.ndarray:
    mu = names.mu * (SESSIONS_A_YEAR / HOLDING_SESSIONS)
    return maximum_sharpe_l2(mu, names.covariance * SESSIONS_A_YEAR, within, l2_reg=names.limits.l2_reg)


def _weights(names: Shortlist, solve: Solve, *notes: str) -> tuple[pd.Series, list[str]]:
    within, said = _region(names)
    weights = solve(names, within)
    return pd.Series(np.where(weights > NOTHING, weights, 0.0), index=names.symbols), [*notes, *names.notes, *said]


def _region(names: Shortlist) -> tuple[Region, list[str]]:
    """Where the weights may lie, and what to know about it."""
    limits, held, symbols = names.limits, names.found.held, names.symbols
    whole = region(
        memberships(names.sector),
        min_weight=limits.min_weight,
        max_weight=limits.max_weight,
        max_sector_weight=limits.max_sector_weight,
    )
    if held is None or not len(held) or not float(held.sum()) > 0:
        return whole, []
    own = held.reindex(symbols, fill_value=0.0).to_numpy(dtype=float)
    elsewhere = float(held[~held.index.isin(symbols)].sum())
    within, allowed = limit_turnover(whole, own, elsewhere=elsewhere, max_turnover=limits.max_turnover)
    loose = allowed > limits.max_turnover
    return within, [f"turnover {allowed:.1%} is the least reachable"] if loose else []
