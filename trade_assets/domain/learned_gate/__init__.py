"""A gate and a rank profile that a search may learn: the candidate against the fixed policy of the settings.

``policy`` holds the numbers and what follows from them for one date, ``past`` what a search knows, ``tuning`` what a
trial is worth.
"""

from trade_assets.domain.learned_gate.past import Search, identity, prepared
from trade_assets.domain.learned_gate.policy import (
    SPACE,
    STUDY,
    Policy,
    exposure,
    fixed,
    policy_of,
    values_of,
    weights,
)
from trade_assets.domain.learned_gate.tuning import evaluate

__all__ = [
    "SPACE",
    "STUDY",
    "Policy",
    "Search",
    "evaluate",
    "exposure",
    "fixed",
    "identity",
    "policy_of",
    "prepared",
    "values_of",
    "weights",
]
