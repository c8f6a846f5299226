"""A seeded market with known truth: volatility clusters, regimes, splits, delistings, one planted signal.

1. The first n sessions are the same bytes whatever the number of sessions or symbols asked for.
2. The expected return of every stock is the same, apart from the planted signal: neither betas nor
   volatilities nor the state of the market tell who will do better.
3. The signal is the characteristic as filed and known at the previous close. It adds
   ``strength * quality * volatility / sqrt(10)`` to the expected return of a session: Grinold, "The
   fundamental law of active management" (1989), alpha = IC * volatility * score.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import synthetic_draws, synthetic_facts
from trade_assets.domain.synthetic_draws import CHUNK, Traits

HORIZON_SESSIONS = 10
LEGS = ("QQQ", "SPY")
LEG_BETA, LEG_NOISE = np.array([1.15, 1.0]), np.array([0.002, 0.0])
# Daily drift and volatility of the factor in its two regimes, and the probability to stay in each.
REGIME_DRIFT, REGIME_VOLATILITY, REGIME_STAYS = (0.0006, -0.0006), (0.007, 0.016), (0.99, 0.97)
GARCH_SHOCK, GARCH_MEMORY = 0.06, 0.92
SPLIT_ABOVE_USD, SPLIT_BELOW_USD, SPLIT_CHANCE_Z = 150.0, 4.0, 2.0
TICK_USD = 0.01
BAR_FIELDS = ("open", "high", "low", "close", "volume", "split_ratio", "dividend")
Bar = dict[str, np.ndarray]


@dataclass(frozen=True)
class Market:
    """What happened, and what was to be expected.

    Attributes
    ----------
    sessions : DatetimeIndex of length T
    symbols : list of N + 2 names, the stocks and then the legs
    bars : dict of ndarray, shape (T, N + 2)
        One panel a field of the daily bar, raw prices; NaN where a symbol has no bar.
    expected_return_frac : ndarray of shape (T, N)
        At each close, the expected return of the next ten sessions over that of the market; NaN
        where a symbol has no bar.
    facts : DataFrame
        Filed figures: symbol, fact, period_end, period_focus, available_utc, value.
    membership : DataFrame
        symbol, first_session, last_session, sector.
    """

    sessions: pd.DatetimeIndex
    symbols: list[str]
    bars: Bar
    expected_return_frac: np.ndarray
    facts: pd.DataFrame
    membership: pd.DataFrame


def generate(
    sessions: pd.DatetimeIndex,
    *,
    symbols: int,
    seed: int,
    information_coefficient: float,
    delisting_rate_per_year: float,
) -> Market:
    """A market over ``sessions``.

    Parameters
    ----------
    sessions : DatetimeIndex of length T >= 1
        Consecutive sessions; the first is the beginning of the market.
    symbols : int, >= 1
        Stocks, the legs apart.
    seed : int, >= 0
    information_coefficient : float in [0, 1)
        Expected rank correlation of the known characteristic with the next ten sessions' return.
    delisting_rate_per_year : float in [0, 1)

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    if len(sessions) == 0 or symbols < 1:
        raise ValueError(f"a market must have a session and a symbol, was {len(sessions)} and {symbols}")
    for name, value in (
        ("information coefficient", information_coefficient),
        ("delisting rate", delisting_rate_per_year),
    ):
        if not 0 <= value < 1:
            raise ValueError(f"{name} must lie in [0, 1), was {value}")
    stocks = synthetic_draws.traits(symbols, seed=seed, delisting_rate_per_year=delisting_rate_per_year)
    filings = synthetic_facts.filings(sessions, stocks, seed=seed)
    bars, expected = _play(len(sessions), stocks, filings, seed=seed, strength=signal_strength(information_coefficient))
    facts = synthetic_facts.facts(sessions, stocks, filings, bars, seed=seed)
    return Market(
        sessions,
        [*stocks.symbols, *LEGS],
        bars,
        expected,
        facts,
        synthetic_facts.membership(sessions, stocks),
    )


def signal_strength(rank_correlation: float) -> float:
    """Signal over noise of two normal variables with that Spearman correlation r: rho = 2 sin(pi r / 6)."""
    rho = 2 * np.sin(np.pi * rank_correlation / 6)
    return float(rho / np.sqrt(1 - rho**2))


def _play(
    count: int, stocks: Traits, filings: synthetic_facts.Filings, *, seed: int, strength: float
) -> tuple[Bar, np.ndarray]:
    width = len(stocks.symbols)
    bars = {name: np.full((count, width + len(LEGS)), np.nan) for name in BAR_FIELDS}
    expected = np.full((count, width), np.nan)
    factor, legs, shares = _Factor(), _Legs(), _Stocks(stocks, strength)
    for t in range(count):
        if t % CHUNK == 0:
            chunk = synthetic_draws.of_chunk(t // CHUNK, width, seed=seed)
        draws = {name: values[t % CHUNK] for name, values in chunk.items()}
        drift, surprise = factor.step(draws)
        alive = (stocks.first <= t) & (t <= stocks.last)
        stock_bar, leg_bar = shares.step(t, draws, drift, surprise), legs.step(draws, drift, surprise)
        for name, panel in bars.items():
            panel[t] = np.concatenate([np.where(alive, stock_bar[name], np.nan), leg_bar[name]])
        filings.learn(t, shares.quality)
        expected[t, alive] = shares.expected_return()[alive]
    return bars, expected


class _Factor:
    """The market: two regimes (Markov), and volatility that clusters (GARCH(1,1) of unit mean)."""

    def __init__(self) -> None:
        self._regime, self._variance = 0, 1.0

    def step(self, draws: Bar) -> tuple[float, float]:
        """Drift and surprise of the next session."""
        self._regime = self._regime if draws["regime"] < REGIME_STAYS[self._regime] else 1 - self._regime
        surprise = np.sqrt(self._variance) * draws["factor"]
        self._variance = 1 - GARCH_SHOCK - GARCH_MEMORY + GARCH_SHOCK * surprise**2 + GARCH_MEMORY * self._variance
        return REGIME_DRIFT[self._regime], REGIME_VOLATILITY[self._regime] * float(surprise)


class _Legs:
    """The two index legs: the factor, and a little noise of their own."""

    def __init__(self) -> None:
        self._close = np.array([100.0, 100.0])

    def step(self, draws: Bar, drift: float, surprise: float) -> Bar:
        moves = drift + LEG_BETA * surprise + LEG_NOISE * draws["leg_noise"]
        base, self._close = self._close, np.round(self._close * (1 + moves), 4)
        bar = _bar(base * (1 + 0.3 * moves), self._close, 0.003, draws["leg_high"], draws["leg_low"])
        volume = np.round(5e7 * np.exp(0.3 * draws["leg_volume"]))
        return bar | {"volume": volume, "split_ratio": np.ones(2), "dividend": np.zeros(2)}


class _Stocks:
    """All stocks side by side."""

    def __init__(self, traits: Traits, strength: float) -> None:
        self._traits, self._strength = traits, strength
        self._close, self._variance = traits.price_usd.copy(), traits.volatility**2
        self._traded = 0.004 * traits.shares
        self.quality = np.zeros(len(traits.symbols))

    def expected_return(self) -> np.ndarray:
        """Expected return of the next ten sessions over the market's."""
        return self._strength * self.quality * np.sqrt(self._variance * HORIZON_SESSIONS)

    def step(self, t: int, draws: Bar, drift: float, surprise: float) -> Bar:
        """The bar of session ``t``."""
        volatility = np.sqrt(self._variance)
        overnight = 0.5 * volatility * draws["overnight"]
        shock = overnight + np.sqrt(0.75) * volatility * draws["intraday"]
        self._variance = _garch(self._traits.volatility**2, shock**2, self._variance)
        alpha = self._strength * self.quality * volatility / np.sqrt(HORIZON_SESSIONS)
        moves = np.maximum(drift + alpha + self._traits.beta * surprise + shock, -0.6)
        moves = np.where((t == self._traits.last) & self._traits.fails, self._traits.last_return_frac, moves)
        split, dividend = self._actions(t, draws)
        base = self._close / split - dividend
        self._move(t, moves, split, dividend)
        self._traded = self._traded * split
        opens = base * (1 + overnight + 0.3 * surprise)
        volume = np.round(self._traded * np.exp(0.3 * draws["volume"] + 0.2 * np.abs(shock) / volatility))
        bar = _bar(opens, self._close, 0.4 * volatility, draws["high"], draws["low"])
        return bar | {"volume": volume, "split_ratio": split, "dividend": dividend}

    def _actions(self, t: int, draws: Bar) -> tuple[np.ndarray, np.ndarray]:
        """Split ratio and dividend of session ``t``: known beforehand, so they move no value."""
        inside = (t > self._traits.first) & (t < self._traits.last)
        due = inside & (draws["split"] > SPLIT_CHANCE_Z)
        split = np.ones(len(due))
        split[due & (self._close > SPLIT_ABOVE_USD)] = 2.0
        split[due & (self._close > 3 * SPLIT_ABOVE_USD)] = 4.0
        split[due & (self._close < SPLIT_BELOW_USD)] = 0.1
        paid = inside & (t % CHUNK == self._traits.dividend_day)
        dividend = np.round(self._close / split * self._traits.dividend_yield / 4, 4)
        return split, np.where(paid, dividend, 0.0)

    def _move(self, t: int, moves: np.ndarray, split: np.ndarray, dividend: np.ndarray) -> None:
        moved = np.maximum(np.round(self._close / split * (1 + moves) - dividend, 4), TICK_USD)
        self._close = np.where(t < self._traits.first, self._close, moved)


def _garch(long_run: np.ndarray, squared: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return (1 - GARCH_SHOCK - GARCH_MEMORY) * long_run + GARCH_SHOCK * squared + GARCH_MEMORY * variance


def _bar(opens: np.ndarray, close: np.ndarray, reach: np.ndarray | float, up: np.ndarray, down: np.ndarray) -> Bar:
    opens = np.maximum(np.round(opens, 4), TICK_USD)
    top, bottom = np.maximum(opens, close), np.minimum(opens, close)
    high, low = (
        np.round(top * (1 + reach * np.abs(up)), 4),
        np.round(bottom * np.exp(-reach * np.abs(down)), 4),
    )
    return {
        "open": opens,
        "high": np.maximum(high, top),
        "low": np.clip(low, TICK_USD, bottom),
        "close": close,
    }
