"""What is known of past decisions when a search begins, as arrays a trial can read.

Nothing is fitted here, so nothing trains on what it is judged by; it is the search that can overfit, and what it finds
is counted as a candidate. Judged is the last half of what is known, in blocks, as the models' inner folds are.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.constructions.candidates import Limits, candidates
from trade_assets.domain.constructions.rank_decay import placed
from trade_assets.domain.learned_gate.policy import Policy


@dataclass(frozen=True)
class CrossSection:
    """Names scored at one decision that a policy could hold, best first.

    Attributes
    ----------
    names : ndarray of int
        Number of each name, the same at every decision.
    sectors : list of str or None
    is_barred : ndarray of bool
        Whether it may only be kept, not bought.
    return_frac : ndarray of float
        What it earned to the next rebalance.
    """

    names: np.ndarray
    sectors: list[str | None]
    is_barred: np.ndarray
    return_frac: np.ndarray


@dataclass(frozen=True)
class Search:
    """All a trial needs: every judged decision with its end, block and signal, and what a trial does not change."""

    decisions: list[CrossSection]
    ends: np.ndarray
    block: np.ndarray
    tft_p50: np.ndarray
    meta_prob_success: np.ndarray
    is_stale: np.ndarray
    n_names: int
    own: Policy
    limits: Limits
    cost_frac: float


def prepared(
    predictions: pd.DataFrame,
    outcomes: pd.DataFrame,
    signals: pd.DataFrame,
    universe: pd.DataFrame,
    *,
    date: pd.Timestamp,
    model: str,
    own: Policy,
    limits: Limits,
    cost_frac: float,
    never_buy: Collection[str] = frozenset(),
    blocks: int = 3,
) -> Search | None:
    """The search of one date; None while the decisions with a known outcome are fewer than two a block.

    Parameters
    ----------
    predictions : DataFrame
        ``rebalance_date, model, symbol, prediction``: scores and when they were made.
    outcomes : DataFrame
        ``rebalance_date, feature_date, symbol, return_frac``: what each name scored at ``feature_date`` had earned by
        ``rebalance_date``. Those after ``date``, and whatever was decided at or after it, are not looked at.
    signals : DataFrame
        ``session, tft_p50, meta_prob_success, is_stale``, with a row for every judged decision.
    universe : DataFrame
        ``rebalance_date, symbol, sector, in_blackout``.
    date : Timestamp
        Rebalance date of the search.
    model : str
        Whose scores are held, from its first ones on; where it scores nothing later, all is cash.
    own : Policy
        Where the search starts; see :func:`~trade_assets.domain.learned_gate.policy.policy_of`.
    limits : Limits
    cost_frac : float, >= 0
        Cost of one unit of turnover (F-26). To swap the whole book is a turnover of 1, and trades twice its value.
    never_buy : collection of str
    blocks : int, >= 1

    Raises
    ------
    ValueError
        If a judged decision has no signal or no universe, or a scored name no outcome.
    """
    if blocks < 1 or not cost_frac >= 0:
        raise ValueError(f"blocks must be >= 1 and cost_frac >= 0, were {blocks} and {cost_frac}")
    scores = predictions[predictions["model"] == model]
    known = outcomes[
        (outcomes["rebalance_date"] <= date) & (outcomes["feature_date"] >= scores["rebalance_date"].min())
    ]
    ends = known.groupby("feature_date")["rebalance_date"].first()
    if len(ends) < 2 * blocks:
        return None
    judged = ends.iloc[len(ends) // 2 :]
    at = signals.set_index("session").reindex(judged.index)
    if at["is_stale"].isna().any():
        raise ValueError(f"there is no market signal for {at.index[at['is_stale'].isna()][0].date()}")
    number = pd.Index(np.sort(known["symbol"].unique()))
    by_date = [dict(tuple(frame.groupby(key))) for frame, key in (
        (scores, "rebalance_date"), (known, "feature_date"), (universe, "rebalance_date"))]  # fmt: skip
    of_block = [np.full(len(part), i) for i, part in enumerate(np.array_split(judged.to_numpy(), blocks))]
    return Search(
        [_cross_section(*(rows.get(day) for rows in by_date), number, set(never_buy), limits) for day in judged.index],
        judged.to_numpy(),
        np.concatenate(of_block),
        at["tft_p50"].to_numpy(dtype=float),
        at["meta_prob_success"].to_numpy(dtype=float),
        at["is_stale"].to_numpy(dtype=bool),
        len(number),
        own,
        limits,
        float(cost_frac),
    )


def identity(search: Search) -> str:
    """Hash of all a study rests on: scores in their order, outcomes, signals, blocks, limits, cost and the first policy."""
    s = search
    digest = hashlib.sha256(repr((s.own, s.limits, s.cost_frac, s.n_names)).encode())
    digest.update(repr([c.sectors for c in s.decisions]).encode())
    of_names = [values for c in s.decisions for values in (c.names, c.is_barred, c.return_frac)]
    for values in (s.ends, s.block, s.tft_p50, s.meta_prob_success, s.is_stale, *of_names):
        digest.update(repr((values.shape, values.dtype)).encode() + np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _cross_section(
    scores: pd.DataFrame | None,
    outcomes: pd.DataFrame,
    listed: pd.DataFrame | None,
    number: pd.Index,
    never_buy: set[str],
    limits: Limits,
) -> CrossSection:
    if scores is None:
        return CrossSection(np.zeros(0, dtype=np.intp), [], np.zeros(0, dtype=bool), np.zeros(0))
    if listed is None:
        raise ValueError(f"the universe has no rows of {scores['rebalance_date'].iloc[0].date()}, and it is scored")
    members = listed.set_index("symbol")
    found = candidates(scores.set_index("symbol")["prediction"], members["sector"], barred=set())
    earned = outcomes.set_index("symbol")["return_frac"].reindex(found.scores.index)
    if earned.isna().any():
        raise ValueError(f"there is no outcome of {earned.index[earned.isna()][0]} after its score, and it is known")
    barred = never_buy | set(members.index[members["in_blackout"]])
    is_barred = np.array([symbol in barred for symbol in found.symbols], dtype=bool)
    kept = _within_reach(found.sectors, is_barred, limits)
    return CrossSection(
        number.get_indexer(found.scores.index)[kept],
        [found.sectors[i] for i in kept],
        is_barred[kept],
        earned.to_numpy(dtype=float)[kept],
    )


def _within_reach(sectors: list[str | None], is_barred: np.ndarray, limits: Limits) -> np.ndarray:
    """Places of the names some policy could hold: those taken were nothing barred kept, and the barred.

    A barred name that is kept only fills its sector and the list sooner: it never lets in a name that is left out here.
    """
    free = np.flatnonzero(~is_barred)
    places, _ = placed([sectors[i] for i in free], limits)
    return np.union1d(free[places], np.flatnonzero(is_barred))
