"""A limit on what is traded, loosened to the least that is reachable where it is out of reach."""

from dataclasses import replace

import numpy as np

from trade_assets.domain.constructions.region import ROOM, Region


def limit_turnover(whole: Region, held: np.ndarray, *, elsewhere: float, max_turnover: float) -> tuple[Region, float]:
    """The part of the region within ``max_turnover`` of the holdings, and the turnover that it allows.

    Turnover is half the sum of absolute changes of weight, those of cash and of names that must be sold
    included. Where names that must go, or caps, make the limit unreachable, the part of least turnover is given.

    Parameters
    ----------
    whole : Region
        Without other rows than sector caps.
    held : ndarray of shape (n,), >= 0
        Weights now of the names of the region.
    elsewhere : float, >= 0
        Weight now of all other names; it is sold.
    max_turnover : float, >= 0
    """
    cash_change = abs((1.0 - whole.invested) - (1.0 - held.sum() - elsewhere))
    forced = elsewhere + cash_change
    within = np.clip(held, whole.lower, whole.upper)
    in_sector = whole.rows @ within
    over = np.maximum(in_sector - whole.row_upper, 0.0)
    missing = whole.invested - (within.sum() - over.sum())
    least = float(np.abs(within - held).sum() + over.sum() + abs(missing))
    distance = 2.0 * max_turnover - forced
    if distance > least + ROOM:
        return replace(whole, held=held, distance=distance), max_turnover
    return _least_traded(whole, within, over, missing), (least + forced) / 2.0


def _least_traded(whole: Region, within: np.ndarray, over: np.ndarray, missing: float) -> Region:
    """Where nothing is both bought and sold beyond what bounds demand: a box, so no distance need be measured.

    A sector over its cap only sells, down to the cap; the others only buy where weight is missing, else only sell.
    """
    sells = (over > 0) @ whole.rows > 0 if len(whole.rows) else np.zeros(len(within), dtype=bool)
    sells |= missing < 0
    lower = np.where(sells, whole.lower, within - ROOM)
    upper = np.where(sells, within + ROOM, whole.upper)
    floor = np.where((over > 0) & (missing > 0), whole.row_upper - ROOM, whole.row_lower)
    return replace(whole, lower=np.maximum(lower, whole.lower), upper=np.minimum(upper, whole.upper), row_lower=floor)
