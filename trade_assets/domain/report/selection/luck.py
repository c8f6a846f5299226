"""How much was tried, what luck alone would show after it, and what could have been found."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trade_assets.domain import champion
from trade_assets.domain.evidence import PERIODS_PER_YEAR
from trade_assets.domain.grid import Cell
from trade_assets.domain.overfitting import length
from trade_assets.domain.report.selection.decision import InForce
from trade_assets.domain.report.selection.judged import Judged

YEAR = math.sqrt(PERIODS_PER_YEAR)  # what a ratio by rebalance is multiplied by to be one by year
RATIOS = (0.5, 1.0, 1.5)
LIKELY = 0.8
MOST_YEARS = 200


@dataclass(frozen=True)
class Luck:
    """What was tried up to the last decision, and what it is worth.

    Attributes
    ----------
    n_rebalances, n_cells, n_groups, n_search_trials, n_searches, n_effective : float
        Out-of-sample rebalances; cells judged; groups of cells that earn alike; trials of the searches in the window, and
        searches; the number of trials the Sharpe ratios are deflated by.
    luck : float
        Yearly information ratio that the best of so many worthless trials shows.
    best, best_cell : float, (model, construction)
        The highest yearly information ratio, and whose it is.
    by_score : float
        That of the candidate of the highest score.
    deflated : float
        Probability that the latter's true ratio exceeds luck.
    pbo, degradation_slope, probability_of_loss : float
    """

    n_rebalances: float
    n_cells: float
    n_groups: float
    n_search_trials: float
    n_searches: float
    n_effective: float
    luck: float
    best: float
    best_cell: Cell
    by_score: float
    deflated: float
    pbo: float
    degradation_slope: float
    probability_of_loss: float

    @property
    def years(self) -> float:
        """Years of out-of-sample returns."""
        return self.n_rebalances / PERIODS_PER_YEAR


COUNTED = ("n_rebalances", "n_cells", "n_groups", "n_search_trials", "n_searches", "n_effective")


def of(judged: Judged) -> Luck:
    """See :class:`Luck`."""
    whole, ratios = judged.whole, {cell: _ratio(judged.figures[cell]) for cell in judged.ranked}
    best = max(ratios, key=lambda cell: ratios[cell])
    return Luck(
        **{name: whole[name] for name in COUNTED},
        luck=whole["luck_sharpe"] * YEAR,
        best=ratios[best] if np.isfinite(ratios[best]) else math.nan,
        best_cell=best,
        by_score=judged.figures[judged.best]["information_ratio"],
        deflated=judged.figures[judged.best]["deflated_sharpe"],
        **{name: whole[name] for name in ("pbo", "degradation_slope", "probability_of_loss")},
    )


@dataclass(frozen=True)
class Power:
    """What a single strategy of a true yearly information ratio could have shown.

    Attributes
    ----------
    ratio : float
    found : float
        Probability that it passes now, tested alone at the level of the last look.
    years : float
        Length of a record that passes if the estimate equals the ratio.
    years_likely : float
        Length at which it passes with 80 %; NaN beyond 200 years.
    """

    ratio: float
    found: float
    years: float
    years_likely: float


def power(n: float, level: float) -> tuple[Power, ...]:
    """What could be found after ``n`` rebalances at a level; empty where there is no test."""
    if not (n >= 2 and 0 < level < 0.5):
        return ()
    return tuple(
        Power(
            ratio,
            length.power(ratio / YEAR, int(n), alpha=level),
            length.minimum_track_record_length(ratio / YEAR, alpha=level) / PERIODS_PER_YEAR,
            _likely(ratio / YEAR, level) / PERIODS_PER_YEAR,
        )
        for ratio in RATIOS
    )


def record_needed(found: Luck, level: float) -> float:
    """Years after which the estimate of the best by score would pass by itself; infinite where it is not positive."""
    if not 0 < level < 0.5:
        return math.nan
    return length.minimum_track_record_length(found.by_score / YEAR, alpha=level) / PERIODS_PER_YEAR


def spending(in_force: InForce, terms: champion.Terms) -> Mapping[str, float]:
    """Error probability in all, spent and left."""
    return {"total": terms.alpha, "spent": in_force.spent, "left": terms.alpha - in_force.spent}


def _likely(ratio: float, level: float) -> float:
    low, high = 2, int(MOST_YEARS * PERIODS_PER_YEAR)
    if length.power(ratio, high, alpha=level) < LIKELY:
        return math.nan
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if length.power(ratio, middle, alpha=level) >= LIKELY else (middle, high)
    return float(high)


def _ratio(figures: Mapping[str, float]) -> float:
    value = figures["information_ratio"]
    return -math.inf if math.isnan(value) else value
