"""Generated sleeves of the event engine, as the allocator reads them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from trade_assets.domain import calendar
from trade_assets.domain.allocator.legs import Legs
from trade_assets_tests.generators import SEEDS


def sessions(count: int, start: str = "2003-01-02") -> pd.DatetimeIndex:
    """``count`` consecutive sessions."""
    first = pd.Timestamp(start)
    return calendar.sessions_between(first, first + pd.Timedelta(days=2 * count + 15))[:count]


def sleeves(returns: np.ndarray, position: np.ndarray | None = None, present: tuple[bool, bool] = (True, True)) -> Legs:
    """Legs of the given daily returns, shape (sessions, 2); fully invested unless told otherwise."""
    gross = 1.0 + returns
    held = np.ones_like(gross) if position is None else position
    return Legs(sessions(len(gross)), gross, held, returns.mean(axis=1), present)


@st.composite
def histories(draw, *, min_sessions: int = 1, max_sessions: int = 80, alike: Sequence[bool] = (False, True)) -> Legs:
    """Sleeves with quiet stretches, legs that stand still, legs that are alike, crashes, and empty positions."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.integers(min_sessions, max_sessions))
    returns = rng.normal(0.0, 0.01, (n, 2)) * rng.choice([0.0, 0.3, 1.0, 5.0], 2)
    returns[rng.random((n, 2)) < draw(st.sampled_from([0.0, 0.3, 0.9]))] = 0.0
    returns[rng.random((n, 2)) < 0.01] = -0.4
    if draw(st.sampled_from(list(alike))):
        returns[:, 1] = returns[:, 0]
    position = rng.uniform(0.0, 1.5, (n, 2)) * (rng.random((n, 2)) < draw(st.sampled_from([0.0, 0.5, 1.0])))
    return sleeves(np.maximum(returns, -0.9), position)
