"""From bucket probabilities to the weight to hold: expected utility, then smoothing, cap, clip and band, in this order."""

from dataclasses import dataclass

import numpy as np

from trade_assets.domain.allocator.models import Model


@dataclass(frozen=True)
class Rules:
    """How fast the weight may follow the models.

    Attributes
    ----------
    alpha : float, in [0, 1)
        Share of the held weight that is kept each session.
    daily_cap : float, in (0, 1]
        Largest change of the weight in a session.
    band : float, >= 0
        Smaller changes are not traded.
    lambda_tc : float, >= 0
        Price of a trade's cost.
    cost_frac : float, >= 0
        Cost of trading a side, share of the value traded.
    """

    alpha: float
    daily_cap: float
    band: float
    lambda_tc: float
    cost_frac: float


@dataclass(frozen=True)
class Steps:
    """The weight of the NASDAQ leg after each step of the policy, and what the choice was worth."""

    raw: float
    smoothed: float
    capped: float
    clipped: float
    mix: float
    expected_utility: float


def expected_utility(model: Model, x: np.ndarray) -> np.ndarray:
    """``EU_j = sum_k p_k worth[j, k]`` of every bucket, shape (rows, buckets) (F-31); rows do not touch each other."""
    p = model.probability(x)
    total = np.zeros((len(x), len(model.worth)))
    for k in range(p.shape[1]):
        total += p[:, k : k + 1] * model.worth[:, k]
    return total


def decide(
    expected: np.ndarray | None,
    weights: np.ndarray,
    *,
    held: float,
    neutral: float,
    position: float,
    rules: Rules,
) -> Steps:
    """The weight to hold from the next fill on.

    Parameters
    ----------
    expected : ndarray of shape (buckets,), or None
        Expected utility of each bucket before the cost of getting there; None where no model is in force.
    weights : ndarray of shape (buckets,)
    held : float, in [0, 1]
        Weight of the NASDAQ leg now.
    neutral : float, in [0, 1]
        Where the weight goes without a model.
    position : float, >= 0
        Sum of the sleeves' positions: what a unit of weight moves.
    rules : Rules

    Returns
    -------
    Steps
        Of equal expected utilities the bucket nearest to the weight held is chosen.
    """
    raw, worth = neutral, float("nan")
    if expected is not None:
        away = np.abs(weights - held)
        value = expected - rules.lambda_tc * rules.cost_frac * (away * position)
        best = np.flatnonzero(value == value.max())
        chosen = best[np.argmin(away[best])]
        raw, worth = float(weights[chosen]), float(value[chosen])
    smoothed = rules.alpha * held + (1.0 - rules.alpha) * raw
    capped = held + min(max(smoothed - held, -rules.daily_cap), rules.daily_cap)
    clipped = min(max(capped, 0.0), 1.0)
    mix = held if abs(clipped - held) < rules.band else clipped
    return Steps(raw, smoothed, capped, clipped, mix, worth)
