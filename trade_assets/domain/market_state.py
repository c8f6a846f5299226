"""What the state of the index looks like at each close, and what it did next."""

import numpy as np
import pandas as pd

from trade_assets.domain import windows
from trade_assets.domain.prices import Panel

STATE = (
    "return_1", "return_5", "return_21", "return_63", "volatility_21", "volatility_63",
    "downside_21", "downside_63", "drawdown_252", "average_gap_200", "spread_21", "spread_63",
)  # fmt: skip


def index_state(panel: Panel, *, qqq: str | None, spy: str | None) -> pd.DataFrame:
    """Features of the NASDAQ leg at every session of the panel, on exact windows.

    Returns
    -------
    DataFrame
        ``session`` and the columns of ``STATE``: log returns, volatilities (daily), distance to the
        252-session high and the 200-session mean, and the legs' log returns apart. Null while
        a window is not full, and where the leg has no bar.
    """
    gross = _leg(panel, panel.gross, qqq)
    own, other = np.log(gross), np.log(_leg(panel, panel.gross, spy))
    falls = np.minimum(own, 0.0)
    columns = {f"return_{n}": windows.total(own, n) for n in (1, 5, 21, 63)}
    columns |= {f"volatility_{n}": windows.std(own, n) for n in (21, 63)}
    columns |= {f"downside_{n}": np.sqrt(windows.mean(falls * falls, n)) for n in (21, 63)}
    columns["drawdown_252"] = 1 / windows.level_high(gross, 252) - 1
    columns["average_gap_200"] = 1 / windows.level_mean(gross, 200) - 1
    columns |= {f"spread_{n}": windows.total(own, n) - windows.total(other, n) for n in (21, 63)}
    has_bar = ~np.isnan(_leg(panel, panel.close, qqq)[:, 0])  # else a price carried over would pass for a quiet day
    return pd.DataFrame(
        {"session": panel.sessions, **{name: np.where(has_bar, columns[name][:, 0], np.nan) for name in STATE}}
    )


def forward_returns(panel: Panel, *, symbol: str | None, horizon_sessions: int) -> pd.DataFrame:
    """What a leg returned over the next sessions, with the session at whose close that became known.

    Returns
    -------
    DataFrame
        ``session, label_end, forward_return_frac``; only sessions whose outcome lies in the panel.
    """
    ahead = windows.product(_leg(panel, panel.gross, symbol), horizon_sessions)[horizon_sessions:, 0] - 1
    frame = pd.DataFrame(
        {
            "session": panel.sessions[: len(ahead)],
            "label_end": panel.sessions[horizon_sessions:],
            "forward_return_frac": ahead,
        }
    )
    return frame[frame["forward_return_frac"].notna()].reset_index(drop=True)


def leg_returns(panel: Panel, *, symbol: str | None) -> np.ndarray:
    """Daily total return of a leg, shape (sessions,); NaN where the source has none."""
    return _leg(panel, panel.gross, symbol)[:, 0] - 1


def _leg(panel: Panel, values: np.ndarray, symbol: str | None) -> np.ndarray:
    if symbol is None or symbol not in panel.symbols:
        return np.full((len(panel.sessions), 1), np.nan)
    return values[:, panel.columns(pd.Index([symbol]))]
