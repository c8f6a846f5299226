"""The allocated book, session by session: earn on what is held, fill what was decided the session before, decide anew.

1. What is decided at a close is filled at the next one, and earns from the session after.
2. Weights of the legs and cash are shares of the book: none is negative, and they sum to 1.
3. The same step serves twenty years and the newest session.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.allocator import envelope, policy
from trade_assets.domain.allocator.envelope import Limits
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.members import x_of
from trade_assets.domain.allocator.models import Model
from trade_assets.domain.allocator.policy import Rules

SESSIONS_PER_YEAR = 252
RISKS = ("qqq_volatility_63", "spy_volatility_63", "sleeve_correlation_63", "drift_intensity")


@dataclass(frozen=True)
class Book:
    """State after a close: value (1 at the start), its peak, shares held in the legs, their mix, and what waits.

    ``mix`` is the share of the NASDAQ leg in what is invested, kept where nothing is; ``target`` the shares to be
    filled at the next close, None where nothing is to be traded.
    """

    equity: float
    peak: float
    qqq: float
    spy: float
    mix: float
    target: tuple[float, float] | None

    def gross(self) -> float:
        """Share of the book that is invested."""
        return self.qqq + self.spy


@dataclass(frozen=True)
class Rulebook:
    """All the numbers the book is run by between two rebalances."""

    rules: Rules
    limits: Limits


@dataclass(frozen=True)
class Filled:
    """What a session did to the book: its return net of costs, the costs, and the turnover of the fill (F-26)."""

    return_frac: float
    cost_frac: float
    turnover: float


def opening(legs: Legs) -> Book:
    """A book that holds what the event engine does: the legs in equal parts, or the only one there is."""
    mix = legs.neutral()
    gross = 1.0 if any(legs.present) else 0.0
    return Book(1.0, 1.0, gross * mix, gross - gross * mix, mix, None)


def after_session(
    book: Book, gross: tuple[float, float], position: tuple[float, float], cost_frac: float
) -> tuple[Book, Filled]:
    """Let the shares earn a session and fill the target at its close.

    Parameters
    ----------
    book : Book
    gross : one plus the return of each sleeve
    position : size of each sleeve's position after the close; a trade moves the share times this
    cost_frac : cost of a side, share of the value traded
    """
    cash = 1.0 - book.gross()
    value = book.qqq * gross[0] + book.spy * gross[1] + cash
    qqq, spy = book.qqq * gross[0] / value, book.spy * gross[1] / value
    cost = turnover = 0.0
    if book.target is not None:
        moved = book.target[0] - qqq, book.target[1] - spy
        turnover = 0.5 * (abs(moved[0]) + abs(moved[1]) + abs(moved[0] + moved[1]))
        cost = cost_frac * (abs(moved[0]) * position[0] + abs(moved[1]) * position[1])
        qqq, spy = book.target
    equity = book.equity * value * (1.0 - cost)
    mix = qqq / (qqq + spy) if qqq + spy > 0 else book.mix
    held = Book(equity, max(book.peak, equity), qqq, spy, mix, None)
    return held, Filled(value * (1.0 - cost) - 1.0, cost, turnover)


def run(
    start: Book,
    legs: Legs,
    sessions: pd.DataFrame,
    features: pd.DataFrame,
    *,
    models: Mapping[pd.Timestamp, Model],
    rulebooks: Mapping[pd.Timestamp, Rulebook],
    weights: np.ndarray,
) -> pd.DataFrame:
    """Rows of ``allocation`` for ``sessions``.

    Parameters
    ----------
    start : Book
        After the close before the first session.
    legs : Legs
        Of these sessions.
    sessions : DataFrame
        ``rebalance_date, session, decided_at``.
    features : DataFrame
        Rows of ``allocator_features`` of these sessions.
    models : mapping of rebalance date to the model in force after it
    rulebooks : mapping of the rebalance date of a session to the numbers in force
    weights : ndarray of shape (buckets,)
    """
    rows = sessions.merge(features, on=["rebalance_date", "session"], how="left", validate="one_to_one")
    expected = _expected(rows, models, legs)
    risks = list(zip(*(rows[name].tolist() for name in RISKS), strict=True))
    places = legs.rows(pd.DatetimeIndex(rows["session"]))
    gross, position = legs.gross[places].tolist(), legs.position[places].tolist()
    in_force = [rulebooks[date] for date in rows["rebalance_date"].tolist()]
    book, made = start, []
    for row, numbers in enumerate(in_force):
        book, filled = after_session(book, tuple(gross[row]), tuple(position[row]), numbers.rules.cost_frac)
        steps = policy.decide(
            expected[row],
            weights,
            held=book.mix,
            neutral=legs.neutral(),
            position=sum(position[row]),
            rules=numbers.rules,
        )
        scales = _scales(book, risks[row], numbers.limits, steps.mix)
        target = scales.gross * steps.mix, scales.gross - scales.gross * steps.mix
        moves = any(legs.present) and (steps.mix != book.mix or scales.gross != book.gross())
        held = book
        book = Book(book.equity, book.peak, book.qqq, book.spy, book.mix, target if moves else None)
        wanted = target if moves else (book.qqq, book.spy)
        made.append(
            (expected[row] is not None, steps.raw, steps.expected_utility, steps.smoothed, steps.capped, steps.clipped, steps.mix,
             scales.guard, scales.volatility, scales.drift, wanted[0] + wanted[1], *wanted, max(1.0 - wanted[0] - wanted[1], 0.0), moves,
             filled.return_frac, filled.cost_frac, filled.turnover, held.qqq, held.spy, held.mix, held.equity, held.peak)
        )  # fmt: skip
    told = pd.DataFrame(made, columns=COLUMNS)
    return pd.concat([rows[["rebalance_date", "session"]], told], axis=1)


COLUMNS = [
    "has_model", "raw_mix", "expected_utility", "smoothed_mix", "capped_mix", "clipped_mix", "mix_qqq",
    "drawdown_guard", "volatility_scale", "drift_throttle", "gross", "w_qqq", "w_spy", "cash", "is_traded",
    "return_frac", "cost_frac", "turnover", "held_qqq", "held_spy", "held_mix", "equity", "peak",
]  # fmt: skip


def restored(rows: pd.DataFrame) -> Book:
    """The state after the last session of stored rows of ``allocation``."""
    last = rows.iloc[-1]
    target = (float(last["w_qqq"]), float(last["w_spy"])) if last["is_traded"] else None
    return Book(*(float(last[name]) for name in ("equity", "peak", "held_qqq", "held_spy", "held_mix")), target)


def _scales(book: Book, risks: tuple[float, ...], limits: Limits, mix: float) -> envelope.Scales:
    volatility = envelope.volatility_of_mix(mix, (risks[0], risks[1]), risks[2]) * np.sqrt(SESSIONS_PER_YEAR)
    return envelope.scales(
        drawdown=1.0 - book.equity / book.peak,
        volatility=volatility,
        drift_intensity=risks[3],
        held_gross=book.gross(),
        limits=limits,
    )


def _expected(rows: pd.DataFrame, models: Mapping[pd.Timestamp, Model], legs: Legs) -> list[np.ndarray | None]:
    """Expected utility of the buckets at each close; None where no model is in force, or there is but one leg."""
    told: list[np.ndarray | None] = [None] * len(rows)
    if not all(legs.present):
        return told
    decided_at = rows["decided_at"]
    for date, model in models.items():
        places = np.flatnonzero((decided_at == date).to_numpy())
        if len(places):
            for place, values in zip(
                places.tolist(), policy.expected_utility(model, x_of(rows.iloc[places])), strict=True
            ):
                told[place] = values
    return told
