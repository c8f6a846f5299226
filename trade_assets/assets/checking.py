"""How a check is declared, and what it says: the keys that fail it, and how many."""

from collections.abc import Mapping
from types import MappingProxyType

import dagster as dg
import pandas as pd

from trade_assets import partitions

TOLERANCE = 1e-9


def check(asset: dg.AssetsDefinition, *, blocking: bool = True):
    """A check of every partition of an asset; where it blocks, nothing downstream runs on what fails it."""
    return dg.asset_check(asset=asset, blocking=blocking, partitions_def=partitions.rebalance_dates)


def result(
    broken: pd.Series,
    what: str,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    told: Mapping[str, str | float] = MappingProxyType({}),
) -> dg.AssetCheckResult:
    """The verdict on the dates in ``broken``, with what else is told."""
    keys = sorted({partitions.key_of(date) for date in broken})
    return dg.AssetCheckResult(
        passed=not keys,
        severity=severity,
        description=what,
        metadata={"failing_keys": ", ".join(keys[:20]) or "none", "failing_count": len(keys), **told},
    )
