"""The set of weights a portfolio may have: bounds, sector caps, the share invested, and a limit on what is traded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trade_assets.domain.constructions.caps import sector_codes

ROOM = 1e-9  # of slack where bounds leave a single point, which a solver could miss by rounding


@dataclass(frozen=True)
class Region:
    """Weights w of n names with ``lower <= w <= upper``, ``sum(w) = invested``, ``row_lower <= rows @ w <= row_upper``.

    Attributes
    ----------
    lower, upper : ndarray of shape (n,)
    invested : float, > 0
    rows : ndarray of shape (m, n)
    row_lower, row_upper : ndarray of shape (m,)
    held : ndarray of shape (n,) or None
        Weights now.
    distance : float
        Most that ``sum(|w - held|)`` may be.
    """

    lower: np.ndarray
    upper: np.ndarray
    invested: float
    rows: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    held: np.ndarray | None = None
    distance: float = np.inf

    def with_row(self, row: np.ndarray, at_most: float) -> "Region":
        """The part of the region where ``row @ w <= at_most``."""
        return replace(
            self,
            rows=np.vstack([self.rows, row]),
            row_lower=np.append(self.row_lower, -np.inf),
            row_upper=np.append(self.row_upper, at_most),
        )


def region(member: np.ndarray, *, min_weight: float, max_weight: float, max_sector_weight: float) -> Region:
    """Long-only weights under both caps, invested as far as these let.

    The least weight is 0 where the names could not all have ``min_weight``.

    Parameters
    ----------
    member : ndarray of shape (n_sectors, n)
        As of :func:`memberships`.
    min_weight, max_weight, max_sector_weight : float, [0, 1]

    Raises
    ------
    ValueError
        If there is no name, or a cap is not above 0.
    """
    n = member.shape[1]
    if not n or min(max_weight, max_sector_weight) <= 0:
        raise ValueError(f"names must be offered and caps above 0, was {n} names, {max_weight=}, {max_sector_weight=}")
    upper = np.full(n, min(max_weight, 1.0))
    capacity = np.minimum(member @ upper, max_sector_weight).sum() if len(member) else upper.sum()
    invested = min(1.0, float(capacity) * (1.0 - ROOM))
    least = min_weight
    if len(member):
        least = min(least, max_sector_weight / member.sum(axis=1).max() * (1.0 - ROOM))
    least = min(least, max_weight, invested / n * (1.0 - ROOM))
    lower = np.full(n, least if least >= min_weight * (1.0 - 2 * ROOM) else 0.0)
    no_floor, cap = np.full(len(member), -np.inf), np.full(len(member), max_sector_weight)
    return Region(lower, upper, invested, member, no_floor, cap)


def memberships(sectors: Sequence[str | None]) -> np.ndarray:
    """Shape (n_sectors, n), 1 where the name is of the sector.

    The unknown ones are a sector; where none is known there is no row.
    """
    code = sector_codes(sectors)
    return (code == np.arange(code.max(initial=-1) + 1)[:, None]).astype(float)
