"""First touches of the triple barrier, ours against the pandas loop of Lopez de Prado (2018), ch. 3.

``python -m benchmarks.triple_barrier --size small|full``. Both begin with closes, the bars of the events and
the width of the barriers as simple returns, long and short; both must find the same bar and the same barrier.
The loop knows closes only. Ours is also measured on bars with open, high and low, for which there is no peer.
"""

import numpy as np
import pandas as pd

from benchmarks.measure import Line, arguments, cpu_seconds, limited, seconds, show, versus
from trade_assets.domain.events import barriers
from trade_assets.domain.events.cusum import cusum
from trade_assets_tests import reference

SIZES = {"small": (50_000, 5_000), "full": (500_000, 50_000)}
HORIZONS = (50, 10)
VOLATILITY = 0.001


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    bars, count = SIZES[size]
    close = market(bars)
    found = [line for horizon in HORIZONS for line in of_horizon(close, events(close, count, horizon), horizon)]
    log_return, threshold = log_returns(close.to_numpy()), np.full(bars, 5 * VOLATILITY)
    used, _ = cpu_seconds(lambda: cusum(log_return, threshold))
    found.append(limited(f"CUSUM, {bars:,} bars", seconds(used), used, " s", at_most=0.5))
    return found


def of_horizon(close: pd.Series, listed: pd.DataFrame, horizon: int) -> list[Line]:
    """The loop and ours on closes, whether they agree, and ours on whole bars."""
    prices = close.to_numpy()
    arrays = {name: listed[name].to_numpy() for name in ("entry", "side", "trgt")}
    theirs, book = cpu_seconds(lambda: reference.book_first_touches(close, listed), repeats=1)
    used, ours = cpu_seconds(lambda: first_touches(prices, horizon, **arrays), repeats=7)
    opened, high, low = whole_bars(len(close))
    on_whole_bars, _ = cpu_seconds(lambda: first_touches(prices, horizon, opened, high, low, **arrays), repeats=7)
    different = disagreements(close, book, ours)
    work = f"triple barrier, {len(listed):,} events on {len(close):,} bars, {horizon} at most"
    return [
        versus(f"{work}, the book's loop", theirs, used, at_least=300),
        Line(f"{work}, labels that differ", "", "", f"{different}", "0", "short" if different else "ok"),
        Line(f"{work}, with open, high and low", "", seconds(on_whole_bars), ""),
    ]


def first_touches(
    prices: np.ndarray,
    horizon: int,
    *ranges: np.ndarray,
    entry: np.ndarray,
    side: np.ndarray,
    trgt: np.ndarray,
) -> barriers.Touches:
    """Ours, from closes and simple returns; ``ranges`` are open, high and low where they are known."""
    opened, high, low = ranges or (np.full(len(prices), np.nan),) * 3
    up, down = np.log1p(trgt), -np.log1p(-trgt)
    return barriers.first_touch(
        barriers.Path(log_returns(prices), opened, high, low),
        entry=entry,
        side=side,
        target=np.where(side == 1, up, down),
        stop=np.where(side == 1, down, up),
        horizon_bars=horizon,
        enters_at_open=False,
        opens_are_real=True,
    )


def log_returns(prices: np.ndarray) -> np.ndarray:
    """Log return of every bar; 0 for the first, so that it can be an entry."""
    return np.diff(np.log(prices), prepend=np.log(prices[0]))


def disagreements(close: pd.Series, book: pd.DataFrame, ours: barriers.Touches) -> int:
    """Events whose first touch is not the same in both: another bar, or another barrier."""
    first = book.min(axis=1)
    barrier = np.select([book["sl"] == first, book["pt"] == first], [barriers.LOSS, barriers.PROFIT], barriers.TIME)
    bar = close.index.get_indexer(pd.DatetimeIndex(first))
    return int(np.count_nonzero((bar != ours.exit_bar) | (barrier != ours.barrier)))


def market(bars: int) -> pd.Series:
    """Seeded closes every 15 minutes."""
    rng = np.random.default_rng(42)
    times = pd.date_range("2000-01-03", periods=bars, freq="15min")
    return pd.Series(100 * np.exp(np.cumsum(VOLATILITY * rng.standard_normal(bars))), index=times)


def whole_bars(bars: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seeded opens, highs and lows, logs over the close."""
    rng = np.random.default_rng(43)
    opened, up, down = VOLATILITY * rng.standard_normal((3, bars))
    return opened, np.maximum(opened, 0) + np.abs(up) / 2, np.minimum(opened, 0) - np.abs(down) / 2


def events(close: pd.Series, count: int, horizon: int) -> pd.DataFrame:
    """Seeded events of both sides; barriers one deviation of the horizon away."""
    rng = np.random.default_rng(44)
    entry = np.sort(rng.choice(len(close) - max(HORIZONS), count, replace=False))
    columns = {"entry": entry, "side": rng.choice([-1, 1], count), "t1": close.index[entry + horizon]}
    width = VOLATILITY * np.sqrt(horizon) * rng.uniform(0.8, 1.2, count)
    return pd.DataFrame(columns | {"trgt": width}, index=close.index[entry])


if __name__ == "__main__":
    show(lines(arguments(__doc__ or "").size))
