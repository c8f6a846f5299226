"""What the report of the allocator reads: its tables, and the terms it works under."""

from dataclasses import dataclass, fields

import pandas as pd

from trade_assets.domain.allocator.acceptance import Limits
from trade_assets.domain.allocator.book import Rulebook

ORDER = ("rebalance_date", "session", "retrain_date", "model", "fold", "window", "book", "metric", "study", "parameter")
NEWEST = ("allocator_features", "allocator_fold_manifest", "allocator_parameters")


@dataclass(frozen=True)
class AllocatorTables:
    """Rows of the tables of these names, all rebalances; those of ``NEWEST`` of the newest only."""

    allocation: pd.DataFrame
    allocated_book: pd.DataFrame
    allocator_report: pd.DataFrame
    allocator_models: pd.DataFrame
    allocator_features: pd.DataFrame
    allocator_fold_manifest: pd.DataFrame
    allocator_parameters: pd.DataFrame

    def in_order(self) -> "AllocatorTables":
        """The same rows in one order, whatever order they came in."""
        return AllocatorTables(**{each.name: _in_order(getattr(self, each.name)) for each in fields(self)})


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in ORDER if name in rows]
    return rows.sort_values(keys, kind="stable", ignore_index=True) if keys else rows


WHOLE = tuple(each.name for each in fields(AllocatorTables) if each.name not in NEWEST)


@dataclass(frozen=True)
class Terms:
    """Settings the report reads numbers against.

    Attributes
    ----------
    rulebook : Rulebook
        Numbers the newest decision was made by.
    limits : Limits
        What acceptance asks for.
    horizon_sessions : int
        Sessions a weight is judged over.
    buckets : int
        Weights that are chosen among.
    constant_mix_sessions : int
        Sessions the best constant mix is chosen on.
    legs : tuple of pairs
        What a leg is (``qqq``, ``spy``) and the symbol that stands for it; one that is absent is left out.
    """

    rulebook: Rulebook
    limits: Limits
    horizon_sessions: int
    buckets: int
    constant_mix_sessions: int
    legs: tuple[tuple[str, str], ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """The legs there are."""
        return tuple(role for role, _ in self.legs)
