"""Events: the bars at which the index legs are looked at, and what a trade there would look like.

Every CUSUM event is one row a side. Widths and costs are log returns, known when the event is decided;
instants that lie ahead come from the exchange's calendar.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

BPS = 1e-4


@dataclass(frozen=True)
class Barriers:
    """How far a trade may go: ``target`` and ``stop`` in volatilities of the horizon, ``horizon_bars`` held at most."""

    target: float
    stop: float
    horizon_bars: int


@dataclass(frozen=True)
class EventCosts:
    """What a round trip costs.

    ``commission_bps`` and ``half_spread_bps`` are paid on each side, ``slippage`` is the share of one bar's volatility
    lost on each, ``overnight_bps`` is paid once by a trade that may be held past a close.
    """

    commission_bps: float
    half_spread_bps: float
    slippage: float
    overnight_bps: float

    def round_trip(self, volatility: np.ndarray, may_be_overnight: np.ndarray) -> np.ndarray:
        """Cost of getting in and out, as a log return."""
        fixed = 2 * (self.commission_bps + self.half_spread_bps) * BPS
        return fixed + 2 * self.slippage * volatility + np.where(may_be_overnight, self.overnight_bps * BPS, 0.0)


def events(
    found: pd.DataFrame,
    ahead: pd.DataFrame,
    *,
    sides: tuple[int, ...],
    barriers: Barriers,
    costs: EventCosts,
    enters_at_open: bool,
) -> pd.DataFrame:
    """Rows of the ``events`` table.

    Parameters
    ----------
    found : DataFrame
        Bars with an event: ``rebalance_date, bar_end_utc, symbol, session, t_idx, cusum_direction, volatility``.
    ahead : DataFrame
        A :func:`~trade_assets.domain.events.bars.grid` that reaches the horizon of the last event.
    sides : tuple of 1 and -1
        A long, a short, or a row of each.
    barriers : Barriers
        Their widths are scaled by the volatility of a bar times the root of ``horizon_bars``.
    costs : EventCosts
    enters_at_open : bool
        Whether the fill is the open of the next bar, or its close.
    """
    at = found["t_idx"].to_numpy() - int(ahead["t_idx"].iloc[0])
    entry, last = at + 1, at + (barriers.horizon_bars if enters_at_open else barriers.horizon_bars + 1)
    session, end = ahead["session"].to_numpy(), pd.DatetimeIndex(ahead["bar_end_utc"])
    fill = pd.DatetimeIndex(ahead["bar_start_utc"]) if enters_at_open else end
    volatility = found["volatility"].to_numpy()
    scale = volatility * np.sqrt(barriers.horizon_bars)
    cost = costs.round_trip(volatility, session[last] != session[entry])
    table = pd.DataFrame(
        {
            "rebalance_date": found["rebalance_date"].to_numpy(),
            "decision_utc": found["bar_end_utc"].array,
            "symbol": found["symbol"].array,
            "session": found["session"].to_numpy(),
            "cusum_direction": found["cusum_direction"].to_numpy(),
            "t_idx": found["t_idx"].to_numpy(),
            "entry_idx": found["t_idx"].to_numpy() + 1,
            "entry_utc": fill[entry],
            "exit_horizon_utc": end[last],
            "entry_overnight": session[entry] != session[at],
            "volatility": volatility,
            "a_tp": barriers.target * scale,
            "b_sl": barriers.stop * scale,
            "cost_rt": cost,
            "tp_to_cost": barriers.target * scale / cost,
        }
    )
    both = pd.concat([table.assign(side=side) for side in sides], ignore_index=True)
    return both.sort_values(["decision_utc", "symbol", "side"], kind="stable", ignore_index=True)
