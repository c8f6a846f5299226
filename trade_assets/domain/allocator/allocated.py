"""The allocated book beside what it is judged by: the engine, constant mixes of its sleeves, and the indices."""

import numpy as np
import pandas as pd

from trade_assets.domain.allocator import mixes, utility
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.calendar import Rebalances

MIXES = {"half": 0.5, "qqq": 1.0, "spy": 0.0}


def book(
    allocation: pd.DataFrame,
    before: pd.DataFrame,
    legs: Legs,
    dates: Rebalances,
    *,
    index_returns: pd.DataFrame,
    cost_frac: float,
    window_sessions: int,
) -> pd.DataFrame:
    """Rows of ``allocated_book``.

    Parameters
    ----------
    allocation : DataFrame
        Rows of ``allocation`` of these dates.
    before : DataFrame
        Its rows at the rebalance before.
    legs : Legs
        Of these sessions and of ``window_sessions`` before them.
    dates : Rebalances
    index_returns : DataFrame
        ``session, index_qqq_return_frac, index_spy_return_frac``.
    cost_frac : float
        Cost of a side, share of the value traded.
    window_sessions : int
        Sessions the best constant mix is chosen on, once a rebalance.
    """
    weights = utility.weights_of()
    every = mixes.returns(legs, weights, cost_frac=cost_frac)
    best = mixes.best_known(every, window_sessions=window_sessions)
    sessions = dates.sessions()
    places = legs.rows(pd.DatetimeIndex(sessions["session"]))
    chosen = _chosen(best, legs, sessions, neutral=int(np.argmin(np.abs(weights - legs.neutral()))))
    decided = pd.concat([before, allocation], ignore_index=True)
    names = {f"{name}_return_frac": every[places, int(np.argmin(np.abs(weights - w)))] for name, w in MIXES.items()}
    in_force = decided["has_model"].shift(2, fill_value=False).to_numpy()[len(before) :]
    made = allocation[["rebalance_date", "session", "return_frac", "cost_frac", "turnover", "equity"]].assign(
        is_judged=in_force,
        w_qqq=allocation["held_qqq"],
        w_spy=allocation["held_spy"],
        cash=np.maximum(1.0 - allocation["held_qqq"] - allocation["held_spy"], 0.0),
        engine_return_frac=legs.engine[places],
        **names,
        best_mix_return_frac=every[places, chosen],
        best_mix_qqq=weights[chosen],
    )
    return made.merge(index_returns, on="session", how="left", validate="one_to_one")


def _chosen(best: np.ndarray, legs: Legs, sessions: pd.DataFrame, *, neutral: int) -> np.ndarray:
    """The mix chosen at the rebalance before each session; the neutral one before the first."""
    decided = pd.DatetimeIndex(sessions["decided_at"])
    place = legs.sessions.get_indexer(decided)
    return np.where(place >= 0, best[np.maximum(place, 0)], neutral)
