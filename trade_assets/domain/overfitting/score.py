"""One number to rank candidates by, and the floors each must reach."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trade_assets.domain.acceptance import Gate

# What scores 0 and what scores 1; turnover is better low. Beyond is clipped (F-54).
RANGES = {
    "sharpe": (0.0, 2.0),
    "max_drawdown": (-0.30, 0.0),
    "calmar": (0.0, 1.5),
    "turnover": (0.50, 0.0),
    "regime_consistency": (0.0, 1.0),
}
WEIGHTS = {"sharpe": 0.30, "max_drawdown": 0.25, "calmar": 0.20, "turnover": 0.15, "regime_consistency": 0.10}


@dataclass(frozen=True)
class Thresholds:
    """Floors of the annual Sharpe ratio, of the maximum drawdown (a negative fraction) and of the Calmar ratio, and
    the cap of the mean one-way turnover of a rebalance (R-161)."""

    sharpe_floor: float = 1.0
    max_drawdown_floor: float = -0.20
    calmar_floor: float = 0.5
    turnover_cap: float = 0.40


def normalised(name: str, value: float) -> float:
    """The metric on a scale from 0 to 1; 0 where it is NaN, for nothing has been shown."""
    worst, best = RANGES[name]
    return 0.0 if math.isnan(value) else min(max((value - worst) / (best - worst), 0.0), 1.0)


def weighted(metrics: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> float:
    """Weighted sum of the normalised metrics, in [0, 1].

    Parameters
    ----------
    metrics : mapping of name to value
        The names of :data:`RANGES`; a missing one scores 0.
    weights : mapping of name to weight
        Each >= 0, together 1 to within 1e-9.

    Raises
    ------
    ValueError
        If a weight is negative or of an unknown metric, or they do not sum to one.
    """
    unknown = sorted(set(weights) - set(RANGES))
    if unknown:
        raise ValueError(f"weights must be of {', '.join(RANGES)}, was also of {', '.join(unknown)}")
    if min(weights.values(), default=0.0) < 0 or not abs(math.fsum(weights.values()) - 1.0) <= 1e-9:
        raise ValueError(f"weights must be >= 0 and sum to 1, were {dict(weights)}")
    return math.fsum(weight * normalised(name, metrics.get(name, math.nan)) for name, weight in weights.items())


def gates(metrics: Mapping[str, float], thresholds: Thresholds) -> tuple[Gate, ...]:
    """The four thresholds as gates; equality passes, a missing metric or NaN does not.

    Parameters
    ----------
    metrics : mapping of name to value
        ``sharpe, max_drawdown, calmar, turnover``.
    """
    limits = (
        ("sharpe", "Sharpe ratio", thresholds.sharpe_floor, "{:.2f}"),
        ("max_drawdown", "Maximum drawdown", thresholds.max_drawdown_floor, "{:.1%}"),
        ("calmar", "Calmar ratio", thresholds.calmar_floor, "{:.2f}"),
    )
    floors = [_gate(label, metrics.get(name, math.nan), limit, text, "floor") for name, label, limit, text in limits]
    return (*floors, _gate("Turnover", metrics.get("turnover", math.nan), thresholds.turnover_cap, "{:.1%}", "cap"))


def _gate(label: str, value: float, limit: float, text: str, kind: str) -> Gate:
    passed = value >= limit if kind == "floor" else value <= limit
    if math.isnan(value):
        sentence = f"{label} is not known yet."
    else:
        sentence = (
            f"{label} of {text.format(value)} {'meets' if passed else 'misses'} the {kind} of {text.format(limit)}."
        )
    return Gate(label, "R-161", value, limit, passed, "error", sentence)
