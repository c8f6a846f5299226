"""The random numbers of the synthetic market, and the traits each stock is born with.

Every number belongs to a block of symbols and a chunk of sessions (or a quarter) with a stream of its
own, so no number depends on how many symbols or sessions are asked for.
"""

from dataclasses import dataclass

import numpy as np

BLOCK, CHUNK = 50, 63
SESSIONS_PER_YEAR = 252
NEVER = 1_000_000
SECTORS = np.array(
    [
        "Communication Services",
        "Consumer Discretionary",
        "Consumer Staples",
        "Energy",
        "Financials",
        "Health Care",
        "Industrials",
        "Information Technology",
        "Materials",
        "Real Estate",
        "Utilities",
    ]
)
TRAITS, SESSIONS, FACTOR, FILINGS = range(4)  # what a stream is for


@dataclass(frozen=True)
class Traits:
    """What a stock is born with; arrays of shape (N,), sessions counted from the beginning of the market.

    ``first`` and ``last`` are its first and last bar, ``joins`` and ``leaves`` its first and last day in
    the index; ``fails`` says whether it leaves the market with ``last_return_frac``.
    """

    symbols: list[str]
    sectors: np.ndarray
    beta: np.ndarray
    volatility: np.ndarray
    price_usd: np.ndarray
    shares: np.ndarray
    dividend_yield: np.ndarray
    dividend_day: np.ndarray
    margin: np.ndarray
    first: np.ndarray
    last: np.ndarray
    fails: np.ndarray
    last_return_frac: np.ndarray
    joins: np.ndarray
    leaves: np.ndarray


def traits(count: int, *, seed: int, delisting_rate_per_year: float) -> Traits:
    """The traits of ``count`` stocks."""
    uniform = blocks(seed, TRAITS, 0, count, lambda rng: rng.random((16, BLOCK)))
    hazard = -np.log1p(-delisting_rate_per_year) / SESSIONS_PER_YEAR
    first = np.where(uniform[0] < 0.1, 10 * SESSIONS_PER_YEAR * uniform[1], 0).astype(int)
    last = np.minimum(first + SESSIONS_PER_YEAR / 2 - np.log(uniform[2]) / max(hazard, 1e-12), NEVER).astype(int)
    joins = np.where(uniform[3] < 0.2, first + 5 * SESSIONS_PER_YEAR * uniform[4], first).astype(int)
    leaves = np.minimum(joins - np.log(uniform[5]) / (0.015 / SESSIONS_PER_YEAR), last).astype(int)
    return Traits(
        symbols=[f"S{number:04d}" for number in range(count)],
        sectors=SECTORS[(uniform[6] * len(SECTORS)).astype(int)],
        beta=0.85 + 0.3 * uniform[7],
        volatility=0.012 + 0.012 * uniform[8],
        price_usd=np.round(10 * 14 ** uniform[9], 2),
        shares=np.round(2e7 * 100 ** uniform[10], -3),
        dividend_yield=np.where(uniform[11] < 0.4, 0.0, 0.05 * uniform[11]),
        dividend_day=(uniform[12] * CHUNK).astype(int),
        margin=0.02 + 0.16 * uniform[13],
        first=first,
        last=last,
        fails=uniform[14] < 0.4,
        last_return_frac=-0.3 - 0.5 * uniform[15],
        joins=joins,
        leaves=leaves,
    )


def of_chunk(chunk: int, count: int, *, seed: int) -> dict[str, np.ndarray]:
    """The shocks of one chunk: arrays of shape (CHUNK, count), of the factor and the legs narrower."""
    names = ("overnight", "intraday", "high", "low", "volume", "split")
    normal = blocks(seed, SESSIONS, chunk, count, lambda rng: rng.standard_normal((len(names), CHUNK, BLOCK)))
    rng = stream(seed, FACTOR, chunk, 0)
    legs = rng.standard_normal((4, CHUNK, 2))
    return {
        **dict(zip(names, normal, strict=True)),
        "regime": rng.random(CHUNK),
        "factor": rng.standard_normal(CHUNK),
        **dict(zip(("leg_noise", "leg_high", "leg_low", "leg_volume"), legs, strict=True)),
    }


def blocks(seed: int, purpose: int, part: int, count: int, draw) -> np.ndarray:
    """``draw`` of every block of symbols, joined along the last axis and cut to ``count``."""
    drawn = [draw(stream(seed, purpose, part, block)) for block in range(-(-count // BLOCK))]
    return np.concatenate(drawn, axis=-1)[..., :count]


def stream(seed: int, purpose: int, part: int, block: int) -> np.random.Generator:
    """The generator of one block of symbols and one part of time."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(purpose, part, block))))
