"""The risk engine: small state machines, each a frozen state and a pure step.

1. A step depends on the state before it and its arguments, and on nothing else.
2. A rule only ever blocks or closes; none opens or enlarges a position.
"""

from dataclasses import dataclass, replace

NO_LIMIT = 1e9  # finite, so that a state holds it


@dataclass(frozen=True)
class RiskLimits:
    """Limits of the event engine.

    Attributes
    ----------
    drawdown_stop, drawdown_warn : float
        Fall of the book's equity from its peak at which everything is closed, and at which it is said.
    rearm_sessions : int
        Sessions after a stop until the book may trade again, its peak counted anew.
    session_loss_stop : float
        Loss since the last session's close at which the book is closed for the rest of the session.
    turnover_cap, turnover_sessions : float, int
        Capital a leg may trade within so many sessions, in units of its capital.
    """

    drawdown_stop: float
    drawdown_warn: float
    rearm_sessions: int
    session_loss_stop: float
    turnover_cap: float
    turnover_sessions: int


UNLIMITED = RiskLimits(NO_LIMIT, NO_LIMIT, 0, NO_LIMIT, NO_LIMIT, 1)


@dataclass(frozen=True)
class KillSwitch:
    """Drawdown stop of the whole book: armed while ``sessions_left`` is 0."""

    peak: float = 1.0
    sessions_left: int = 0

    @property
    def is_tripped(self) -> bool:
        """Whether nothing may be opened."""
        return self.sessions_left > 0

    def drawdown(self, equity: float) -> float:
        """Fall from the peak, <= 0."""
        return min(equity / self.peak - 1.0, 0.0)

    def after_bar(self, equity: float, limits: RiskLimits) -> "KillSwitch":
        """Trips where the fall has reached the limit."""
        peak = max(self.peak, equity)
        if not self.is_tripped and 1.0 - equity / peak >= limits.drawdown_stop:
            return KillSwitch(peak, limits.rearm_sessions)
        return KillSwitch(peak, self.sessions_left)

    def before_session(self, equity: float) -> "KillSwitch":
        """One session nearer to being armed again; armed, the peak counts from here."""
        if self.sessions_left == 0:
            return self
        return KillSwitch(equity, 0) if self.sessions_left == 1 else replace(self, sessions_left=self.sessions_left - 1)


@dataclass(frozen=True)
class Governor:
    """Turnover a leg has left; it grows back evenly over the sessions of the limit."""

    left: float

    def before_session(self, limits: RiskLimits) -> "Governor":
        """A session's share comes back, up to the cap."""
        return Governor(min(limits.turnover_cap, self.left + limits.turnover_cap / limits.turnover_sessions))

    def allows(self, size_frac: float) -> bool:
        """Whether a position of this size can be opened and closed again."""
        return 2.0 * size_frac <= self.left

    def after_trade(self, traded_frac: float) -> "Governor":
        """A trade takes its share, an exit even where nothing is left."""
        return Governor(max(0.0, self.left - traded_frac))


def is_session_stopped(session_return: float, limits: RiskLimits) -> bool:
    """Whether the loss since the last close has reached the limit."""
    return -session_return >= limits.session_loss_stop
