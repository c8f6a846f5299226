"""The risk envelope over the mix: how much of the capital works at all, each reason to hold back kept apart."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """When the envelope holds back.

    Attributes
    ----------
    drawdown_warn, drawdown_stop : float, 0 < drawdown_warn < drawdown_stop
        Drawdowns of the book between which the guard falls from 1 to its floor.
    guard_floor : float, in (0, 1]
    volatility_target : float, > 0
        Yearly volatility of the mix above which it is cut.
    drift_from, drift_to : float
        Drift intensities between which the throttle falls from 1 to its floor.
    drift_floor : float, in (0, 1]
    band : float, >= 0
        Smaller changes are not traded; what a scale asks for moves a little every day.
    daily_cap : float
        Largest rise in a session; a cut is made at once.
    """

    drawdown_warn: float
    drawdown_stop: float
    guard_floor: float
    volatility_target: float
    drift_from: float
    drift_to: float
    drift_floor: float
    band: float
    daily_cap: float


@dataclass(frozen=True)
class Scales:
    """Shares of the capital each rule leaves, their product held to the band and the cap: ``gross``."""

    guard: float
    volatility: float
    drift: float
    gross: float


def volatility_of_mix(mix: float, volatilities: tuple[float, float], correlation: float) -> float:
    """Volatility of the two sleeves together, in the units of theirs; NaN where one is not known.

    An undefined correlation (a sleeve that did not move) counts as 0: the term vanishes with its volatility.
    """
    a, b = mix * volatilities[0], (1.0 - mix) * volatilities[1]
    cross = 0.0 if math.isnan(correlation) else 2.0 * correlation * a * b
    return math.sqrt(max(a * a + b * b + cross, 0.0))


def scales(*, drawdown: float, volatility: float, drift_intensity: float, held_gross: float, limits: Limits) -> Scales:
    """What share of the capital may work from the next fill on.

    Parameters
    ----------
    drawdown : float, >= 0
        Fall of the book from its peak.
    volatility : float, >= 0
        Yearly volatility of the mix; NaN while it is not known, which cuts nothing.
    drift_intensity : float
        See ``confidence.features``; NaN where there is too little to tell, which cuts nothing.
    held_gross : float, in [0, 1]
    limits : Limits
    """
    guard = _between(drawdown, limits.drawdown_warn, limits.drawdown_stop, limits.guard_floor)
    drift = _between(drift_intensity, limits.drift_from, limits.drift_to, limits.drift_floor)
    calm = 1.0 if not volatility > limits.volatility_target else limits.volatility_target / volatility
    wanted = guard * calm * drift
    kept = abs(wanted - held_gross) < limits.band  # before the cap, or a rise held to it might never be begun
    gross = held_gross if kept else min(wanted, held_gross + limits.daily_cap)
    return Scales(guard, calm, drift, gross)


def _between(value: float, start: float, end: float, floor: float) -> float:
    """1 up to ``start``, ``floor`` from ``end`` on, a line between; 1 for NaN."""
    if not value > start:
        return 1.0
    return max(floor, 1.0 - (1.0 - floor) * (value - start) / (end - start))
