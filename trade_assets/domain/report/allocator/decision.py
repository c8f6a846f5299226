"""What is to be held from the next close on, what is in force if the allocator is not accepted, and what is traded."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import calendar
from trade_assets.domain.allocator.legs import QQQ, ROLES
from trade_assets.domain.report.allocator import steps
from trade_assets.domain.report.allocator.steps import Step
from trade_assets.domain.report.allocator.tables import Terms


@dataclass(frozen=True)
class Shares:
    """Shares of the book in the sleeves and in cash; they sum to 1."""

    qqq: float
    spy: float
    cash: float


@dataclass(frozen=True)
class Decision:
    """The newest decision.

    Attributes
    ----------
    session, filled_on : Timestamp
        At whose close it was made, and at whose close it is filled.
    has_model, is_traded : bool
    held, wanted, engine : Shares
        After the newest close; after the fill; what the event engine does by itself.
    positions : pair of floats
        Size of each sleeve's own position after the newest close, share of its capital; NaN where unknown.
    equity, drawdown : float
        Of the allocated book; the drawdown is a size.
    split, scale : tuples of Step
        How the split between the sleeves came about, and how much of the book works.
    """

    session: pd.Timestamp
    filled_on: pd.Timestamp
    has_model: bool
    is_traded: bool
    held: Shares
    wanted: Shares
    engine: Shares
    positions: tuple[float, float]
    equity: float
    drawdown: float
    split: tuple[Step, ...]
    scale: tuple[Step, ...]

    @property
    def is_idle(self) -> bool:
        """Whether neither sleeve holds a position, so that moving capital costs nothing."""
        return sum(self.positions) == 0.0

    def moved(self, role: str) -> float:
        """By how much the share of ``qqq``, ``spy`` or ``cash`` changes at the fill."""
        return getattr(self.wanted, role) - getattr(self.held, role)


def newest(allocation: pd.DataFrame, features: pd.DataFrame, terms: Terms) -> Decision | None:
    """The decision of the last session of ``allocation``; None before there is any."""
    if not len(allocation):
        return None
    row = allocation.loc[allocation["session"].idxmax()]
    known = features[features["session"] == row["session"]]
    seen = {name: float(known[name].iloc[0]) if len(known) else np.nan for name in steps.SEEN}
    qqq, spy = float(row["held_qqq"]), float(row["held_spy"])
    share = {2: 0.5, 1: 1.0 if QQQ in terms.roles else 0.0}.get(len(terms.roles), 0.0)
    return Decision(
        session=row["session"],
        filled_on=calendar.session_after(row["session"], 1),
        has_model=bool(row["has_model"]),
        is_traded=bool(row["is_traded"]),
        held=Shares(qqq, spy, max(1.0 - qqq - spy, 0.0)),
        wanted=Shares(*(float(row[name]) for name in ("w_qqq", "w_spy", "cash"))),
        engine=Shares(share, 1.0 - share, 0.0) if terms.roles else Shares(0.0, 0.0, 1.0),
        positions=tuple(seen[f"{role}_position"] for role in ROLES),
        equity=float(row["equity"]),
        drawdown=1.0 - float(row["equity"]) / float(row["peak"]),
        split=tuple(steps.split(row, terms, positions=sum(seen[f"{role}_position"] for role in ROLES))),
        scale=tuple(steps.scale(row, terms, seen)),
    )
