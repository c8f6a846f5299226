"""What a trial of a policy is worth: the book it would have held over the judged decisions.

Returns run from the close of a decision to that of the next; what trades is filled one session later.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.constructions.rank_decay import placed
from trade_assets.domain.learned_gate.past import Search
from trade_assets.domain.learned_gate.policy import Policy, exposure, policy_of


def evaluate(search: Search, values: Mapping[str, float]) -> tuple[float, dict[str, object]]:
    """Value of a trial: the mean of its blocks' Sharpe ratios less half their standard deviation; and what it earned.

    The Sharpe ratio is that of one period, not of a year; a block that is too short to have one, or always earns the
    same, counts as 0.
    """
    returns, entries = _book(search, policy_of(values, search.own))
    ratios = [
        float(np.nan_to_num(metrics.sharpe_ratio(returns[search.block == block], periods_per_year=1.0)))
        for block in np.unique(search.block)
    ]
    spread = float(np.std(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    return float(np.mean(ratios)) - 0.5 * spread, {
        "dates": [f"{end:%Y-%m-%d}" for end in pd.DatetimeIndex(search.ends)],
        "returns": returns.tolist(),
        "entries": entries,
    }


def _book(search: Search, policy: Policy) -> tuple[np.ndarray, list[int]]:
    """Return of each period net of costs, and the names entered; all cash before the first."""
    invested = exposure(search.tft_p50, search.meta_prob_success, search.is_stale, policy)
    drifted, is_held = np.zeros(search.n_names), np.zeros(search.n_names, dtype=bool)
    returns, entries = np.zeros(len(invested)), []
    for period, (found, share) in enumerate(zip(search.decisions, invested, strict=True)):
        target = np.zeros(search.n_names)
        offered = np.flatnonzero(~found.is_barred | is_held[found.names])
        places, weights = placed([found.sectors[i] for i in offered], search.limits, policy.profile)
        held = offered[places]
        names, moves = found.names[held], found.return_frac[held]
        target[names] = weights * share
        change = target - drifted
        turnover = 0.5 * (np.abs(change).sum() + abs(change.sum()))
        earned = float((target[names] * moves).sum())
        returns[period] = earned - search.cost_frac * turnover
        entries.append(int(((target > 0) & ~is_held).sum()))
        is_held, drifted = target > 0, np.zeros(search.n_names)
        if earned > -1.0:
            drifted[names] = target[names] * (1.0 + moves) / (1.0 + earned)
    return returns, entries
