"""Trend: how far and how steadily a price has moved. Total returns throughout."""

import numpy as np

from trade_assets.domain import windows
from trade_assets.domain.features.inputs import Market


def momentum(m: Market, n: int, *, skip: int = 0) -> np.ndarray:
    """Log return over n sessions that ended ``skip`` sessions ago (Jegadeesh and Titman 1993)."""
    return windows.lagged(windows.total(m.log_return, n), skip) if skip else windows.total(m.log_return, n)


def moving_average_gap(m: Market, n: int) -> np.ndarray:
    """Price over its n-session mean, minus one."""
    return 1 / windows.level_mean(m.gross, n) - 1


def distance_to_high(m: Market, n: int) -> np.ndarray:
    """Price over its n-session high, minus one (George and Hwang 2004)."""
    return 1 / windows.level_high(m.gross, n) - 1


def distance_to_low(m: Market, n: int) -> np.ndarray:
    """Price over its n-session low, minus one."""
    return 1 / windows.level_low(m.gross, n) - 1


def relative_strength_index(m: Market, n: int) -> np.ndarray:
    """Share of the ups in the sum of absolute moves, 0 to 100.

    Cutler's form, plain sums over n sessions: Wilder's smoothing never forgets the first price.
    """
    ups = windows.total(np.maximum(m.log_return, 0.0), n)
    moves = windows.total(np.abs(m.log_return), n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(moves > 0, 100 * ups / moves, np.where(moves == 0, 50.0, np.nan))


def path_efficiency(m: Market, n: int) -> np.ndarray:
    """Net move over the path walked, -1 to 1 (Kaufman's efficiency ratio, signed)."""
    moves = windows.total(np.abs(m.log_return), n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(moves > 0, windows.total(m.log_return, n) / moves, np.where(moves == 0, 0.0, np.nan))


TREND = {
    "return_5": lambda m: momentum(m, 5),
    "return_10": lambda m: momentum(m, 10),
    "momentum_21": lambda m: momentum(m, 21),
    "momentum_63": lambda m: momentum(m, 63),
    "momentum_126": lambda m: momentum(m, 126),
    "momentum_231_21": lambda m: momentum(m, 231, skip=21),
    "average_gap_20": lambda m: moving_average_gap(m, 20),
    "average_gap_60": lambda m: moving_average_gap(m, 60),
    "average_gap_200": lambda m: moving_average_gap(m, 200),
    "high_gap_252": lambda m: distance_to_high(m, 252),
    "low_gap_252": lambda m: distance_to_low(m, 252),
    "rsi_14": lambda m: relative_strength_index(m, 14),
    "efficiency_126": lambda m: path_efficiency(m, 126),
}
