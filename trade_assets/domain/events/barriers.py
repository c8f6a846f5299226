"""How a trade ends: at its target, at its stop, when its time is up, or because the leg has left the data.

1. Levels are logs since the fill, in the direction of the trade: a short sees the path upside down.
2. A bar that touches both barriers counts as the loss: which came first inside the bar is not known.
3. No fill is better than a price the bar traded at: past a barrier it is the open, or what the bar allows.
4. A level is added up bar by bar from the fill, never taken as a difference of levels from elsewhere: it has
   the same bytes whatever bars come before the fill, and whatever bars come after the exit.

:func:`touched` is the rule for one bar in plain floats, for an engine that goes bar by bar;
:func:`first_touch` applies it to many events at once.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

UNRESOLVED, PROFIT, LOSS, TIME, GAP, UNFILLED = range(6)


@dataclass(frozen=True)
class Path:
    """Bars of one leg, each value an ndarray of shape (bars,), log units.

    Attributes
    ----------
    log_return : ndarray
        Total return over the bar before, close to close; NaN where the leg has left the data.
    log_open, log_high, log_low : ndarrays
        Over the bar's own close; NaN where the bar has no such value. Without its high or low, only the
        close of a bar is known.
    """

    log_return: np.ndarray
    log_open: np.ndarray
    log_high: np.ndarray
    log_low: np.ndarray

    def __len__(self) -> int:
        return len(self.log_return)


@dataclass(frozen=True)
class Touches:
    """How each event ended, each value an ndarray of shape (events,).

    Attributes
    ----------
    exit_bar : ndarray of int64
        Bar of the exit; -1 where the data end first.
    barrier : ndarray of int8
        ``UNRESOLVED``, ``PROFIT``, ``LOSS``, ``TIME``, ``GAP`` or ``UNFILLED``.
    level : ndarray of float
        Log level at the exit since the fill, in the direction of the trade; NaN where unresolved or unfilled.
    """

    exit_bar: np.ndarray
    barrier: np.ndarray
    level: np.ndarray


def touched(opened: float | None, low: float, high: float, *, stop: float, target: float) -> tuple[int, float] | None:
    """Say which barrier one bar touches first, and at what level the trade is out.

    Parameters
    ----------
    opened, low, high : float
        Log levels of the bar since the fill, in the direction of the trade: for a short they are negated, and
        low and high change places. ``opened`` is None or NaN where no open may be used.
    stop, target : float, > 0
        Distance of each barrier from the fill, log units.

    Returns
    -------
    tuple of (LOSS or PROFIT, level), or None where the bar touches neither
        An open past a barrier fills at the open. Without one the bar's high caps the loss and its low is the
        floor of the profit: a bar that never traded at the barrier cannot fill there.
    """
    if opened is not None:
        if opened <= -stop:
            return LOSS, opened
        if opened >= target:
            return PROFIT, opened
    if low <= -stop:
        return LOSS, min(-stop, high)
    if high >= target:
        return PROFIT, max(target, low)
    return None


def first_touch(
    path: Path,
    *,
    entry: np.ndarray,
    side: np.ndarray,
    target: np.ndarray,
    stop: np.ndarray,
    horizon_bars: int | np.ndarray,
    enters_at_open: bool,
    opens_are_real: bool,
) -> Touches:
    """Follow each event to the first barrier it touches.

    Parameters
    ----------
    path : Path
    entry : ndarray of int, shape (events,), >= 0
        Bar of the fill; one beyond the data is unresolved, one without a return (or without an open, where
        that is the fill) is unfilled.
    side : ndarray, shape (events,), 1 or -1
        Long or short.
    target, stop : ndarrays of float, shape (events,), > 0
        Distance of the barriers from the fill, log units.
    horizon_bars : int, or ndarray of int of shape (events,), >= 1
        Bars held at most. The last one is ``entry + horizon_bars`` after a fill at the close and
        ``entry + horizon_bars - 1`` after one at the open; an untouched trade is out at its close.
    enters_at_open : bool
        Whether the fill is the open of the entry bar, whose high and low then count, or its close.
    opens_are_real : bool
        Whether a trade can be out at the open of a bar; False where opens only repeat some other price.

    Returns
    -------
    Touches
        Barriers are looked at before time on the last bar. A bar without a return ends the event there, at
        the level last known.

    Raises
    ------
    ValueError
        If shapes differ, or an argument is outside its range.

    References
    ----------
    Lopez de Prado, *Advances in Financial Machine Learning* (2018), ch. 3.3, snippets 3.2 and 3.3. There only
    closes are known, and a touch fills at the close.
    """
    entry, side, target, stop = (np.asarray(x) for x in (entry, side, target, stop))
    held_bars = np.broadcast_to(np.asarray(horizon_bars), entry.shape)
    _check(path, entry, side, target, stop, held_bars)
    entry = entry.astype(np.int64)
    out = Touches(np.full(entry.shape, -1), np.zeros(entry.shape, dtype=np.int8), np.full(entry.shape, np.nan))
    event = _filled(path, entry, out, enters_at_open=enters_at_open)
    bar, is_long = entry[event], side[event] == 1
    level = 0.0 - path.log_open[bar] if enters_at_open else np.zeros(len(event))
    last_bar = bar + held_bars[event] - int(enters_at_open)
    below, above = np.where(is_long, stop[event], target[event]), np.where(is_long, target[event], stop[event])
    inputs = _Inputs(path, side, target, stop, opens_are_real)
    begun = _Open(event, bar, last_bar, level, level, below, above)
    _end(inputs, _followed(inputs, begun, checks_first_bar=enters_at_open), out)
    return out


class _Inputs:
    """The path and the barriers of all events, and what the walk reads of them."""

    def __init__(
        self, path: Path, side: np.ndarray, target: np.ndarray, stop: np.ndarray, opens_are_real: bool
    ) -> None:
        self.log_return = path.log_return
        self.opened = path.log_open if opens_are_real else None
        self.low, self.high = (np.where(np.isnan(x), 0.0, x) for x in (path.log_low, path.log_high))
        self.side, self.target, self.stop = side, target, stop
        # an open may lie outside low and high
        self.lowest = self.low if self.opened is None else np.fmin(self.low, self.opened)
        self.highest = self.high if self.opened is None else np.fmax(self.high, self.opened)

    def __len__(self) -> int:
        return len(self.log_return)


@dataclass(frozen=True)
class _Open:
    """The events not yet ended, each value of shape (open events,); levels as the price moves, long or short."""

    event: np.ndarray
    bar: np.ndarray
    last_bar: np.ndarray
    before: np.ndarray  # level at the close of the bar before, or at the fill
    level: np.ndarray  # level at the close of the bar
    below: np.ndarray  # distance of the barrier under the fill
    above: np.ndarray  # distance of the barrier over the fill

    def take(self, rows: np.ndarray) -> "_Open":
        parts = (self.event, self.bar, self.last_bar, self.before, self.level, self.below, self.above)
        return _Open(*(part.take(rows) for part in parts))


def _filled(path: Path, entry: np.ndarray, out: Touches, *, enters_at_open: bool) -> np.ndarray:
    """Events that are filled; writes down those that find no price at their bar."""
    event = np.flatnonzero(entry < len(path))
    missing = np.isnan(path.log_return[entry[event]])
    if enters_at_open:
        missing |= np.isnan(path.log_open[entry[event]])
    unfilled = event[missing]
    out.exit_bar[unfilled], out.barrier[unfilled] = entry[unfilled], UNFILLED
    return event[~missing]


def _followed(inputs: _Inputs, events: _Open, *, checks_first_bar: bool) -> _Open:
    """Take the events from bar to bar until the data end for the last one; those that ended, each at its last bar."""
    ended = [events.take(np.arange(0))]
    if not checks_first_bar:
        events = _advanced(inputs, events)
    while len(events.event):
        on = _goes_on(inputs, events)
        ended.append(events.take(np.flatnonzero(~on)))
        events = _advanced(inputs, events.take(np.flatnonzero(on)))
    return _Open(*(np.concatenate([getattr(part, field.name) for part in ended]) for field in fields(_Open)))


def _advanced(inputs: _Inputs, events: _Open) -> _Open:
    """One bar on; without the events the data end for."""
    bar = events.bar + 1
    if bar.max(initial=0) >= len(inputs):
        known = np.flatnonzero(bar < len(inputs))
        events, bar = events.take(known), bar[known]
    return replace(events, bar=bar, before=events.level, level=events.level + inputs.log_return[bar])


def _goes_on(inputs: _Inputs, events: _Open) -> np.ndarray:
    """Whether each event neither touches, nor runs out of time or data, at its bar."""
    lowest, highest = events.level + inputs.lowest[events.bar], events.level + inputs.highest[events.bar]
    return (lowest > -events.below) & (highest < events.above) & (events.bar < events.last_bar)  # False where NaN


def _end(inputs: _Inputs, events: _Open, out: Touches) -> None:
    """Write down events that end at their bar: :func:`touched`, for arrays, between the gap and the time."""
    event, bar = events.event, events.bar
    side, target, stop = inputs.side[event], inputs.target[event], inputs.stop[event]
    before, level = side * events.before + 0.0, side * events.level + 0.0  # no minus zero
    one, other = level + side * inputs.low[bar], level + side * inputs.high[bar]
    low, high = np.where(side == 1, one, other), np.where(side == 1, other, one)
    opened = np.full(len(event), np.nan) if inputs.opened is None else level + side * inputs.opened[bar]
    outcomes = (
        (np.isnan(level), GAP, before),
        (opened <= -stop, LOSS, opened),
        (opened >= target, PROFIT, opened),
        (low <= -stop, LOSS, np.minimum(-stop, high)),
        (high >= target, PROFIT, np.maximum(target, low)),
    )
    holds, barriers, levels = (list(column) for column in zip(*outcomes, strict=True))
    out.exit_bar[event] = bar
    out.barrier[event] = np.select(holds, barriers, TIME)
    out.level[event] = np.select(holds, levels, level)


def _check(
    path: Path, entry: np.ndarray, side: np.ndarray, target: np.ndarray, stop: np.ndarray, held_bars: np.ndarray
) -> None:
    if len({np.shape(x) for x in (path.log_return, path.log_open, path.log_high, path.log_low)}) > 1:
        raise ValueError("the values of a path must have one shape (bars,)")
    if entry.ndim != 1 or not entry.shape == side.shape == target.shape == stop.shape:
        shapes = ", ".join(str(x.shape) for x in (entry, side, target, stop))
        raise ValueError(f"entry, side, target and stop must have one shape (events,), was {shapes}")
    if len(entry) and not np.issubdtype(entry.dtype, np.integer):
        raise ValueError(f"entry must be whole numbers, was {entry.dtype}")
    for name, values, allowed in (
        ("entry must be >= 0", entry, entry >= 0),
        ("side must be 1 or -1", side, (side == 1) | (side == -1)),
        ("target must be > 0", target, target > 0),
        ("stop must be > 0", stop, stop > 0),
        ("horizon_bars must be >= 1", held_bars, held_bars >= 1),
    ):
        if not allowed.all():
            raise ValueError(f"{name}, was {values[~allowed][0]}")
