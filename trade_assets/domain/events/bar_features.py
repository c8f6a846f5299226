"""Features of a bar, on exact windows of bars that end with it.

``BAR_FEATURES`` maps a name to a :class:`BarFeature`. Moves are measured in units of the trailing
volatility, so that they mean the same in any year, at any frequency, for any leg. A feature marked
``directional`` changes its sign for a short.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from trade_assets.domain import windows
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events.bars import LegBars
from trade_assets.domain.events.cusum import cusum
from trade_assets.domain.prices import MAX_GAP_SESSIONS

Array = np.ndarray
MARGIN_BARS = MAX_GAP_SESSIONS + 2  # a return may reach back over missing bars


@dataclass(frozen=True)
class Inputs:
    """What features are made of; arrays of shape (bars, legs)."""

    legs: LegBars
    volatility_bars: int
    opens_are_real: bool

    @cached_property
    def gross(self) -> Array:
        """Total return of each bar, plus one."""
        return self.legs.panel.gross

    @cached_property
    def log_return(self) -> Array:
        """Log total return of each bar."""
        return np.log(self.gross)

    @cached_property
    def volatility(self) -> Array:
        """Sample standard deviation of the last ``volatility_bars`` log returns; NaN where nothing moved."""
        spread = windows.std(self.log_return, self.volatility_bars)
        return np.where(spread > 0, spread, np.nan)

    def column(self, name: str) -> Array:
        """A column of the grid, beside every leg, of shape (bars, 1)."""
        return self.legs.grid[name].to_numpy(dtype=float)[:, None]


@dataclass(frozen=True)
class BarFeature:
    """One feature: how it is made, how many bars it looks back (besides the volatility), whether it has a direction."""

    of: Callable[[Inputs], Array]
    bars: int
    directional: bool = False


def _move(n: int) -> Callable[[Inputs], Array]:
    return lambda i: windows.total(i.log_return, n) / (i.volatility * np.sqrt(n))


def _trend_gap(n: int) -> Callable[[Inputs], Array]:
    """Price over its mean of n bars, in volatilities."""
    return lambda i: -np.log(windows.level_mean(i.gross, n)) / (i.volatility * np.sqrt(n))


def _volatility_ratio(short: int) -> Callable[[Inputs], Array]:
    return lambda i: windows.std(i.log_return, short) / i.volatility


def _downside_share(n: int) -> Callable[[Inputs], Array]:
    def of(i: Inputs) -> Array:
        fall = np.where(np.isnan(i.log_return), np.nan, np.minimum(i.log_return, 0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            return windows.total(fall * fall, n) / windows.total(i.log_return * i.log_return, n)

    return of


def _high_gap(n: int) -> Callable[[Inputs], Array]:
    return lambda i: -np.log(windows.level_high(i.gross, n)) / (i.volatility * np.sqrt(n))


def _low_gap(n: int) -> Callable[[Inputs], Array]:
    return lambda i: -np.log(windows.level_low(i.gross, n)) / (i.volatility * np.sqrt(n))


def _relative_strength(n: int) -> Callable[[Inputs], Array]:
    """Share of the movement that was upward (Wilder's RSI over a plain window), centred on 0."""

    def of(i: Inputs) -> Array:
        up = np.where(np.isnan(i.log_return), np.nan, np.maximum(i.log_return, 0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            return windows.total(up, n) / windows.total(np.abs(i.log_return), n) - 0.5

    return of


def _autocorrelation(n: int) -> Callable[[Inputs], Array]:
    return lambda i: windows.correlation(i.log_return, windows.lagged(i.log_return, 1), n)


def _bar_range(i: Inputs) -> Array:
    p = i.legs.panel
    return np.log(p.high / p.low) / i.volatility


def _place_in_range(i: Inputs) -> Array:
    p = i.legs.panel
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(p.high > p.low, (p.close - p.low) / (p.high - p.low) - 0.5, np.nan)


def _volume_surprise(n: int) -> Callable[[Inputs], Array]:
    def of(i: Inputs) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            log_volume = np.log(np.where(i.legs.panel.volume > 0, i.legs.panel.volume, np.nan))
            return (log_volume - windows.mean(log_volume, n)) / windows.std(log_volume, n)

    return of


def _overnight_gap(i: Inputs) -> Array:
    """Open of the session's first bar over the close before, in volatilities; 0 in later bars, null without real opens."""
    if not i.opens_are_real:
        return np.full(i.gross.shape, np.nan)
    p = i.legs.panel
    gap = i.log_return + np.log(p.open / p.close)
    return np.where(i.column("bar") == 0, gap, 0.0) / i.volatility


def _session_elapsed(i: Inputs) -> Array:
    return np.broadcast_to((i.column("bar") + 1) / i.column("session_bars"), i.gross.shape)


def _bars_to_close(i: Inputs) -> Array:
    return np.broadcast_to(i.column("session_bars") - 1 - i.column("bar"), i.gross.shape)


def _spread(n: int) -> Callable[[Inputs], Array]:
    """Move of the leg less that of the other legs, in volatilities; null for a leg alone."""

    def of(i: Inputs) -> Array:
        moved, count = _move(n)(i), i.gross.shape[1]
        if count < 2:
            return np.full(i.gross.shape, np.nan)
        others = [sum(moved[:, j] for j in range(count) if j != leg) / (count - 1) for leg in range(count)]
        return moved - np.column_stack(others)

    return of


BAR_FEATURES: dict[str, BarFeature] = {
    "move_1": BarFeature(_move(1), 1, directional=True),
    "move_5": BarFeature(_move(5), 5, directional=True),
    "move_21": BarFeature(_move(21), 21, directional=True),
    "move_63": BarFeature(_move(63), 63, directional=True),
    "move_252": BarFeature(_move(252), 252, directional=True),
    "trend_gap_21": BarFeature(_trend_gap(21), 21, directional=True),
    "trend_gap_200": BarFeature(_trend_gap(200), 200, directional=True),
    "high_gap_63": BarFeature(_high_gap(63), 63, directional=True),
    "low_gap_63": BarFeature(_low_gap(63), 63, directional=True),
    "relative_strength_14": BarFeature(_relative_strength(14), 14, directional=True),
    "volatility_ratio_5": BarFeature(_volatility_ratio(5), 5),
    "volatility_ratio_21": BarFeature(_volatility_ratio(21), 21),
    "downside_share_21": BarFeature(_downside_share(21), 21),
    "autocorrelation_63": BarFeature(_autocorrelation(63), 64),
    "bar_range": BarFeature(_bar_range, 1),
    "place_in_range": BarFeature(_place_in_range, 1, directional=True),
    "volume_surprise_21": BarFeature(_volume_surprise(21), 21),
    "overnight_gap": BarFeature(_overnight_gap, 1, directional=True),
    "session_elapsed": BarFeature(_session_elapsed, 1),
    "bars_to_close": BarFeature(_bars_to_close, 1),
    "spread_21": BarFeature(_spread(21), 21, directional=True),
    "spread_63": BarFeature(_spread(63), 63, directional=True),
}


def first_visible(legs: LegBars, dates: Rebalances, *, grid_dates: Rebalances, last: int) -> np.ndarray:
    """For every bar, the row of the first bar its partition may look at: the first of its ``last`` rebalance windows.

    A range has earlier bars at hand than a single date has; without this line a window that reaches
    over missing bars could see them.
    """
    session = legs.grid["session"]
    ends = grid_dates.dates[grid_dates.dates.searchsorted(pd.DatetimeIndex(session))]
    out = np.zeros(len(session), dtype=int)
    for _, date in dates.spans():
        window = grid_dates.window(date, last=last + 1)
        after = window[0] if len(window) > last else window[0] - pd.Timedelta(days=1)
        out[ends == date] = int(session.searchsorted(after, side="right"))
    return out


def values(inputs: Inputs, visible_from: np.ndarray) -> dict[str, Array]:
    """Every feature, of shape (bars, legs); NaN where its window, or the volatility's, is not whole and visible.

    Parameters
    ----------
    inputs : Inputs
    visible_from : ndarray of int, shape (bars,)
        See :func:`first_visible`.
    """
    behind = (np.arange(len(visible_from)) - visible_from)[:, None]
    made = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, feature in BAR_FEATURES.items():
            needed = max(feature.bars, inputs.volatility_bars) + MARGIN_BARS
            raw = feature.of(inputs)
            made[name] = np.where((behind >= needed) & np.isfinite(raw), raw, np.nan)
    return made


def visible_volatility(inputs: Inputs, visible_from: np.ndarray) -> Array:
    """Trailing volatility, of shape (bars, legs); NaN where its window is not whole and visible."""
    behind = (np.arange(len(visible_from)) - visible_from)[:, None]
    return np.where(behind >= inputs.volatility_bars + MARGIN_BARS, inputs.volatility, np.nan)


def by_leg(
    inputs: Inputs,
    dates: Rebalances,
    previous: pd.DataFrame,
    *,
    grid_dates: Rebalances,
    last: int,
    cusum_volatilities: float,
) -> list[pd.DataFrame]:
    """Rows of the ``bar_features`` table for the sessions of ``dates``, leg by leg.

    Parameters
    ----------
    inputs : Inputs
    dates : Rebalances
    previous : DataFrame
        Its rows at the rebalance before them, whose last sums the filter goes on from.
    grid_dates : Rebalances
        All rebalance dates.
    last : int
        Rebalance windows a bar may look back on.
    cusum_volatilities : float
        Move that makes an event, in trailing volatilities of a bar.
    """
    grid, legs = inputs.legs.grid, inputs.legs
    visible_from = first_visible(legs, dates, grid_dates=grid_dates, last=last)
    made, volatility = values(inputs, visible_from), visible_volatility(inputs, visible_from)
    sessions = dates.sessions().set_index("session")["rebalance_date"]
    rows = np.flatnonzero(grid["session"].isin(sessions.index))
    parts = []
    for leg, symbol in enumerate(legs.symbols):
        own = previous[previous["symbol"] == symbol].sort_values("bar_end_utc")
        up, down = (float(own[c].iloc[-1]) for c in ("cusum_up", "cusum_down")) if len(own) else (0.0, 0.0)
        found = cusum(inputs.log_return[rows, leg], cusum_volatilities * volatility[rows, leg], up=up, down=down)
        part = pd.DataFrame(
            {
                "rebalance_date": grid["session"].iloc[rows].map(sessions).to_numpy(),
                "bar_end_utc": grid["bar_end_utc"].iloc[rows].array,
                "symbol": symbol,
                "session": grid["session"].iloc[rows].to_numpy(),
                "t_idx": grid["t_idx"].iloc[rows].to_numpy(),
                "volatility": volatility[rows, leg],
                "cusum_direction": found.direction.astype(int),
                "cusum_up": found.up,
                "cusum_down": found.down,
                **{name: x[rows, leg].astype(np.float32) for name, x in made.items()},
            }
        )
        parts.append(part)
    return parts
