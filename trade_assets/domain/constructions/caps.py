"""Caps on names and sectors, with the excess handed to whoever has room."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

TOLERANCE = 1e-12


def capped(weights: pd.Series, sector: pd.Series, *, max_weight: float, max_sector_weight: float) -> pd.Series:
    """As :func:`within_caps`, of weights and sectors by symbol."""
    known = [s if isinstance(s, str) else None for s in sector.tolist()]
    own = weights.to_numpy(dtype=float)
    return pd.Series(
        within_caps(own, known, max_weight=max_weight, max_sector_weight=max_sector_weight), index=weights.index
    )


def within_caps(
    weights: np.ndarray, sectors: Sequence[str | None], *, max_weight: float, max_sector_weight: float
) -> np.ndarray:
    """Bring weights under both caps; what cannot be placed is left over as cash.

    The excess goes to the names with room, in proportion to their weights, until none is left or nobody
    has room. An unknown sector is one sector; where no sector is known at all, only the cap on names holds.

    Parameters
    ----------
    weights : ndarray of shape (n,), >= 0
    sectors : sequence of n str or None
    max_weight, max_sector_weight : float, (0, 1]
    """
    group = sector_codes(sectors)
    group_cap = max_sector_weight if len(sectors) and group[0] >= 0 else 1.0
    group = np.maximum(group, 0)
    w, total = weights.copy(), float(weights.sum())
    for _ in range(4 * len(w) + 4):
        w = np.minimum(w, max_weight)
        held = np.bincount(group, weights=w)
        w = w * np.where(held > group_cap, group_cap / np.maximum(held, TOLERANCE), 1.0)[group]
        held = np.bincount(group, weights=w)
        excess = total - float(w.sum())
        open_names = (w < max_weight - TOLERANCE) & (held < group_cap - TOLERANCE)[group] & (w > 0)
        if excess <= TOLERANCE or not open_names.any():
            break
        share = np.where(open_names, w, 0.0)
        w = w + excess * share / share.sum()
    return w


def sector_codes(sectors: Sequence[str | None]) -> np.ndarray:
    """A number from 0 on for each sector, the unknown being one; all -1 where none is known."""
    if all(sector is None for sector in sectors):
        return np.full(len(sectors), -1)
    codes: dict[str | None, int] = {}
    return np.array([codes.setdefault(sector, len(codes)) for sector in sectors])
