"""The best names, from which all constructions but rank decay build, and what is known of their returns."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from trade_assets.domain.constructions.candidates import Candidates, Limits
from trade_assets.domain.constructions.covariance import ledoit_wolf
from trade_assets.domain.constructions.expected_returns import MU_MAPPINGS

WINDOW_SESSIONS = 252
MIN_SESSIONS = 20
MIN_SHARE_KNOWN = 0.5
HOLDING_SESSIONS = 10


def size(offered: int, limits: Limits) -> int:
    """``top_k``, at most half of the names offered, yet enough to be fully invested under the cap on names."""
    enough = ceil(1.0 / limits.max_weight - 1e-9)
    return min(offered, max(min(limits.top_k, (offered + 1) // 2), enough))


@dataclass(frozen=True)
class Shortlist:
    """The first names of the candidates whose returns can be estimated.

    Attributes
    ----------
    found : Candidates
    limits : Limits
    n_best : int
        How many of the best were looked at.
    """

    found: Candidates
    limits: Limits
    n_best: int

    @cached_property
    def window(self) -> np.ndarray:
        """Returns of the best, shape (n_sessions, n_best), NaN as given.

        Raises
        ------
        ValueError
            If there are too few sessions, or no name has returns that vary.
        """
        if self.found.returns is None or len(self.found.returns) < MIN_SESSIONS:
            raise ValueError(f"fewer than {MIN_SESSIONS} sessions of returns are known")
        return np.ascontiguousarray(self.found.returns[-WINDOW_SESSIONS:, : self.n_best])

    @cached_property
    def kept(self) -> np.ndarray:
        """Places of the names that stay: with returns that vary, known on half of the sessions at least."""
        known = ~np.isnan(self.window)
        filled = np.where(known, self.window, 0.0)
        varies = filled.max(axis=0) > filled.min(axis=0)
        kept = np.flatnonzero(varies & (known.mean(axis=0) >= MIN_SHARE_KNOWN))
        if not len(kept):
            raise ValueError("no name has returns that vary")
        return kept

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of daily returns, shape (n, n), shrunk; a missing return counts as 0."""
        return ledoit_wolf(np.ascontiguousarray(np.nan_to_num(self.window[:, self.kept])))

    @cached_property
    def sample_volatility(self) -> np.ndarray:
        """Of daily returns, shape (n,), as they were; a missing return counts as 0."""
        return np.nan_to_num(self.window[:, self.kept]).std(axis=0)

    @cached_property
    def volatility(self) -> np.ndarray:
        """Daily, shape (n,)."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def mu(self) -> np.ndarray:
        """Expected return of the holding period, shape (n,)."""
        spread = np.ones(self.n_best)
        spread[self.kept] = self.volatility * np.sqrt(HOLDING_SESSIONS)
        return MU_MAPPINGS[self.limits.mu_mapping](self.found, spread)[self.kept]

    @property
    def symbols(self) -> list[str]:
        """Names that stay, best first."""
        return [self.found.symbols[i] for i in self.kept]

    @property
    def sectors(self) -> list[str | None]:
        """Their sectors, None where unknown."""
        return [self.found.sectors[i] for i in self.kept]

    @property
    def notes(self) -> list[str]:
        """What a reader should know of who was left out."""
        out = self.n_best - len(self.kept)
        return [f"{out} of the best {self.n_best} left out: their returns do not vary or are too few"] if out else []


def shortlist(found: Candidates, limits: Limits) -> Shortlist:
    """The names from which to build."""
    return Shortlist(found, limits, size(len(found.scores), limits))
