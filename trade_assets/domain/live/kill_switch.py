"""What stops a book: a loss, a drawdown, and evidence that it is not what its backtest said.

The given rule, a Sharpe ratio of six weeks below a threshold, only warns: thirty daily returns have a standard error of
three, so a book whose true ratio is 1 breaks it at nearly one check in two.
"""

from dataclasses import dataclass

import numpy as np

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.live.account import Account
from trade_assets.domain.metrics import sharpe_ratio
from trade_assets.domain.overfitting import sharpe

SESSIONS_A_WEEK = 5
SESSIONS_A_YEAR = 252


@dataclass(frozen=True)
class Limits:
    """When a book is stopped; settings of ``ops.kill_switch``."""

    is_enabled: bool
    max_daily_loss_frac: float
    max_drawdown_frac: float
    seed_sharpe: float
    seed_weeks: int
    halt_probability: float
    halt_sessions: int


def rules(account: Account, backtest_sharpe: float, limits: Limits) -> tuple[Gate, ...]:
    """What the newest session of a book says; a gate of severity ``error`` that is not passed stops it.

    Parameters
    ----------
    account : Account
    backtest_sharpe : float
        Annual Sharpe ratio the backtest has shown; NaN where there is none.
    limits : Limits
    """
    hard = "error" if limits.is_enabled else "warn"
    today = float(account.returns[-1]) if len(account.returns) else 0.0
    return (
        Gate(
            "Daily loss", "R-198", today, -limits.max_daily_loss_frac, today >= -limits.max_daily_loss_frac, hard,
            f"Return of this session {today:+.2%}, stop at {-limits.max_daily_loss_frac:.2%}.",
        ),
        Gate(
            "Drawdown", "R-198", account.drawdown_frac, -limits.max_drawdown_frac,
            account.drawdown_frac >= -limits.max_drawdown_frac, hard,
            f"Below the highest value of the last year by {abs(account.drawdown_frac):.2%}, stop at {limits.max_drawdown_frac:.2%}.",
        ),
        _not_the_backtest(account.returns, backtest_sharpe, limits),
        _seed_rule(account.returns, limits),
    )  # fmt: skip


def _not_the_backtest(returns: np.ndarray, backtest_sharpe: float, limits: Limits) -> Gate:
    """Whether the true Sharpe ratio is below half the backtest's, at a level of 2.4 % false alarms a year."""
    name, own = "Worse than the backtest", returns[-limits.halt_sessions :]
    if len(own) < limits.halt_sessions or not backtest_sharpe > 0:
        why = (
            f"{len(own)} of {limits.halt_sessions} sessions are there"
            if len(own) < limits.halt_sessions
            else "the backtest's Sharpe ratio is not above 0"
        )
        return Gate(name, "F-25", float("nan"), limits.halt_probability, True, "warn", f"Not tested: {why}.")
    half = backtest_sharpe / 2 / np.sqrt(SESSIONS_A_YEAR)
    probability = 1.0 - sharpe.above(own, half)
    sentence = (
        f"Probability that the true Sharpe ratio is below half the backtest's {backtest_sharpe:.2f}: "
        f"{probability:.1%}, stop above {limits.halt_probability:.0%}."
    )
    passed = not probability > limits.halt_probability
    severity = "error" if limits.is_enabled else "warn"
    return Gate(name, "F-25", probability, limits.halt_probability, passed, severity, sentence)


def _seed_rule(returns: np.ndarray, limits: Limits) -> Gate:
    name, needed = "Six-week Sharpe ratio (given rule)", limits.seed_weeks * SESSIONS_A_WEEK
    own = returns[-needed:]
    if len(own) < needed:
        told = f"Not judged: {len(own)} of {needed} sessions are there."
        return Gate(name, "R-199", float("nan"), limits.seed_sharpe, True, "warn", told)
    value = sharpe_ratio(own)
    sentence = f"Sharpe ratio of the last {needed} sessions {value:.2f}, warns below {limits.seed_sharpe:.2f}; chance alone does this often."
    return Gate(name, "R-199", value, limits.seed_sharpe, not value < limits.seed_sharpe, "warn", sentence)
