"""The numbers that decide how much to invest and how weight falls with the rank, and what they decide."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from trade_assets.domain import gates
from trade_assets.domain.constructions.candidates import Built, Candidates, Limits, build
from trade_assets.domain.constructions.rank_decay import LINEAR, Profile, rank_decay
from trade_assets.domain.search import Range

STUDY = "learned_gate"
CLOSEST = 0.01  # a trial that draws its thresholds in the wrong order has them so far apart

# What a search may change. A person chooses what a favorable market is worth, and how much a stale signal may invest.
SPACE: dict[str, Range] = {
    "favorable": Range(0.55, 0.90),
    "unfavorable": Range(0.30, 0.60),
    "neutral_exposure": Range(0.2, 1.0),
    "unfavorable_exposure": Range(0.0, 0.6),
    "boost": Range(1.0, 2.0),
    "cut": Range(0.25, 1.0),
    "decay": Range(0.0, 2.0),
}


@dataclass(frozen=True)
class Policy:
    """Thresholds and exposures of the regimes, and the profile of the ranks.

    Attributes
    ----------
    favorable, unfavorable : float, the first above the second
        Meta probability from which the market is favorable, and up to which it is unfavorable.
    favorable_exposure, neutral_exposure, unfavorable_exposure : float, [0, 1]
        Share of the book to invest.
    boost, cut : float, > 0
        Factors of the first and of the last ranks.
    decay : float, >= 0
        Power of the linear decay: 0 gives every rank the same before its factor.
    stale_exposure : float, [0, 1]
        Most a stale signal may invest (F-35), however much the neutral regime does.
    """

    favorable: float = 0.70
    unfavorable: float = 0.55
    favorable_exposure: float = 1.0
    neutral_exposure: float = 0.6
    unfavorable_exposure: float = 0.2
    boost: float = LINEAR.boost
    cut: float = LINEAR.cut
    decay: float = LINEAR.decay
    stale_exposure: float = 0.6

    def __post_init__(self) -> None:
        if not self.unfavorable < self.favorable:
            raise ValueError(f"unfavorable must lie below favorable {self.favorable}, was {self.unfavorable}")
        for name in ("favorable_exposure", "neutral_exposure", "unfavorable_exposure", "stale_exposure"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], was {getattr(self, name)}")
        for name in ("boost", "cut"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be > 0, was {getattr(self, name)}")
        if not self.decay >= 0:
            raise ValueError(f"decay must be >= 0, was {self.decay}")

    @property
    def thresholds(self) -> gates.Thresholds:
        """What the gate reads of it."""
        return gates.Thresholds(
            self.favorable,
            self.unfavorable,
            self.favorable_exposure,
            self.neutral_exposure,
            self.unfavorable_exposure,
        )

    @property
    def profile(self) -> Profile:
        """What the ranks read of it."""
        return Profile(self.boost, self.cut, self.decay)


def fixed(thresholds: gates.Thresholds) -> Policy:
    """The policy of the settings: their thresholds, and the profile of ``rank_decay``."""
    return Policy(
        thresholds.favorable,
        thresholds.unfavorable,
        thresholds.favorable_exposure,
        thresholds.neutral_exposure,
        thresholds.unfavorable_exposure,
        stale_exposure=thresholds.neutral_exposure,
    )


def values_of(policy: Policy) -> dict[str, float]:
    """The numbers of a policy that a search may change."""
    return {name: float(getattr(policy, name)) for name in SPACE}


def policy_of(values: Mapping[str, float], own: Policy = Policy()) -> Policy:
    """The policy of a search's values; what a search does not change is that of ``own``.

    An unfavorable threshold at or above the favorable one is taken as 0.01 below it.
    """
    found = {name: float(values[name]) for name in SPACE}
    if found["unfavorable"] >= found["favorable"]:
        found["unfavorable"] = found["favorable"] - CLOSEST
    return replace(own, **found)


def exposure(tft_p50: np.ndarray, meta_prob_success: np.ndarray, is_stale: np.ndarray, policy: Policy) -> np.ndarray:
    """Share of the book to invest on each row of ``market_signals``, in [0, 1].

    A stale signal invests no more than a neutral one, and no more than the policy's ``stale_exposure``.
    """
    regimes = gates.regime(tft_p50, meta_prob_success, policy.thresholds)
    told = np.select(
        [regimes == "favorable", regimes == "unfavorable"],
        [policy.favorable_exposure, policy.unfavorable_exposure],
        policy.neutral_exposure,
    )
    most = min(policy.neutral_exposure, policy.stale_exposure)
    return np.where(np.asarray(is_stale, dtype=bool), np.minimum(told, most), told)


def weights(found: Candidates, limits: Limits, policy: Policy) -> Built:
    """``rank_decay`` with the profile of the policy, before any exposure."""
    return build(partial(rank_decay, profile=policy.profile), found, limits)
