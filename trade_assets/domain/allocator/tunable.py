"""All the numbers the allocator decides by, and what a search may change of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from trade_assets.domain import tuned as tuned_domain
from trade_assets.domain.allocator.book import Rulebook
from trade_assets.domain.allocator.members import Parameters
from trade_assets.domain.search import Range

STUDY = "allocator"


@dataclass(frozen=True)
class Policy:
    """How the models are fitted and how the book follows them."""

    models: Parameters
    rulebook: Rulebook


# What a search may change: where the value lives, and its range. A wide band behind slow smoothing would leave the
# weight far from where it wants to be: it stops within band / (1 - alpha). Limits of risk are a person's to choose.
TUNABLE: dict[str, tuple[str, Range]] = {
    "ridge_alpha": ("penalties", Range(0.1, 50.0, is_log=True)),
    "elastic_net_alpha": ("penalties", Range(0.05, 0.9, is_log=True)),
    "alpha": ("rules", Range(0.0, 0.8)),
    "daily_cap": ("rules", Range(0.05, 0.2, is_log=True)),
    "band": ("rules", Range(0.005, 0.03, is_log=True)),
}
SPACE = {name: of for name, (_, of) in TUNABLE.items()}


def values_of(policy: Policy) -> dict[str, float]:
    """The tunable numbers of a policy."""
    homes = {"penalties": policy.models.penalties, "rules": policy.rulebook.rules}
    return {name: float(getattr(homes[home], name)) for name, (home, _) in TUNABLE.items()}


def with_values(policy: Policy, values: Mapping[str, float]) -> Policy:
    """The policy with tuned numbers in place of its own."""
    of: dict[str, dict[str, float]] = {"penalties": {}, "rules": {}}
    for name, value in values.items():
        of[TUNABLE[name][0]][name] = float(value)
    models, book = policy.models, policy.rulebook
    return Policy(
        replace(models, penalties=replace(models.penalties, **of["penalties"])),
        Rulebook(replace(book.rules, **of["rules"]), book.limits),
    )


def in_force(policy: Policy, tuned: pd.DataFrame, date: pd.Timestamp | None) -> Policy:
    """The policy after rebalance ``date``, by the rows of ``allocator_parameters``; the settings' own before the first."""
    return policy if date is None else with_values(policy, tuned_domain.values_at(tuned, date, study=STUDY))
