"""Caps on names and sectors, with the excess handed to whoever has room."""

import numpy as np
import pandas as pd

TOLERANCE = 1e-12


def capped(weights: pd.Series, sector: pd.Series, *, max_weight: float, max_sector_weight: float) -> pd.Series:
    """Bring weights under both caps; what cannot be placed is left over as cash.

    The excess goes to the names with room, in proportion to their weights, until none is left or nobody
    has room. An unknown sector is one sector; where no sector is known at all, only the cap on names holds.

    Parameters
    ----------
    weights : Series indexed by symbol, >= 0
    sector : Series indexed by symbol
    max_weight, max_sector_weight : float, (0, 1]
    """
    group = (
        np.zeros(len(weights), dtype=int)
        if sector.isna().all()
        else pd.factorize(sector.fillna("unknown"), sort=True)[0]
    )
    group_cap = 1.0 if sector.isna().all() else max_sector_weight
    w, total = weights.to_numpy(dtype=float).copy(), float(weights.sum())
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
    return pd.Series(w, index=weights.index)
