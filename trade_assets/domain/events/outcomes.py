"""What became of events: the barrier each one touched, its net return, and how much evidence it holds."""

import numpy as np
import pandas as pd

from trade_assets.domain.events import barriers
from trade_assets.domain.events.bars import LegBars
from trade_assets.domain.events.uniqueness import average_uniqueness

NAMES = {
    barriers.PROFIT: "profit",
    barriers.LOSS: "loss",
    barriers.TIME: "time",
    barriers.GAP: "gap",
    barriers.UNFILLED: "unfilled",
}
KEYS = ["decision_utc", "symbol", "side"]
STILL_OPEN = np.iinfo(np.int64).max // 4


def outcomes(
    events: pd.DataFrame,
    legs: LegBars,
    closed: pd.DataFrame,
    *,
    horizon_bars: int,
    enters_at_open: bool,
    opens_are_real: bool,
) -> list[pd.DataFrame]:
    """Rows of the ``event_outcomes`` table by leg: the events whose label ended in ``closed``.

    Parameters
    ----------
    events : DataFrame
        Rows of ``events``: those that may end there, and those that overlap them.
    legs : LegBars
        Bars from the first entry to the end of ``closed``.
    closed : DataFrame
        ``session, rebalance_date`` of the sessions in question.
    horizon_bars : int
    enters_at_open, opens_are_real : bool
        See :func:`~trade_assets.domain.events.barriers.first_touch`.
    """
    date_of = closed.set_index("session")["rebalance_date"]
    parts = []
    for symbol, rows in events.groupby("symbol"):
        ended = _of_leg(
            rows,
            legs,
            symbol,
            horizon_bars=horizon_bars,
            enters_at_open=enters_at_open,
            opens_are_real=opens_are_real,
        )
        ended = ended.assign(rebalance_date=ended["session_end"].map(date_of))
        parts.append(ended[ended["rebalance_date"].notna()].drop(columns="session_end"))
    return parts


def _of_leg(
    events: pd.DataFrame, legs: LegBars, symbol: str, *, horizon_bars: int, enters_at_open: bool, opens_are_real: bool
) -> pd.DataFrame:
    entry = legs.places(events["entry_idx"])
    touches = barriers.first_touch(
        legs.path(symbol),
        entry=entry,
        side=events["side"].to_numpy(),
        target=events["a_tp"].to_numpy(),
        stop=events["b_sl"].to_numpy(),
        horizon_bars=horizon_bars,
        enters_at_open=enters_at_open,
        opens_are_real=opens_are_real,
    )
    is_bar = ~np.isnan(legs.panel.close[:, legs.panel.columns([symbol])[0]])
    inside = entry < len(is_bar)
    unfilled = inside & ~np.append(is_bar, False)[np.minimum(entry, len(is_bar))]
    barrier = np.where(unfilled, barriers.UNFILLED, touches.barrier)
    exit_bar = np.where(unfilled, entry, touches.exit_bar)
    level = np.where(unfilled, np.nan, touches.level)
    known = barrier != barriers.UNRESOLVED
    net = level - events["cost_rt"].to_numpy()
    of_end = np.where(known, exit_bar, 0)
    table = pd.DataFrame(
        {
            **{name: events[name].array for name in (*KEYS, "t_idx", "entry_idx", "entry_utc")},
            "label_end_idx": legs.grid["t_idx"].to_numpy()[of_end],
            "label_end_utc": pd.DatetimeIndex(legs.grid["bar_end_utc"])[of_end],
            "barrier": pd.Series(barrier).map(NAMES).astype("str").array,
            "gross_logret": level,
            "net_logret": net,
            "y": np.where(np.isnan(net), np.nan, net > 0),
            "uniqueness": _uniqueness(events["side"].to_numpy(), entry, exit_bar, barrier),
            "session_end": legs.grid["session"].to_numpy()[of_end],
        }
    )
    return table[known]


def _uniqueness(side: np.ndarray, entry: np.ndarray, exit_bar: np.ndarray, barrier: np.ndarray) -> np.ndarray:
    out = np.full(len(side), np.nan)
    held = barrier != barriers.UNFILLED
    for direction in (1, -1):
        chosen = np.flatnonzero((side == direction) & held)
        wanted = barrier[chosen] != barriers.UNRESOLVED
        last = np.where(wanted, exit_bar[chosen], STILL_OPEN)
        out[chosen] = average_uniqueness(entry[chosen], last, wanted=wanted)
    return out
