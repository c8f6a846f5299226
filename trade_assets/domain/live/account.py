"""What a book earned: time-weighted returns, and how far it is below its highest value of the last year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.book import CASH
from trade_assets.domain.trades import sequential_sum

COLUMNS = ["session", "equity_usd", "cash_usd", "flow_usd", "pnl_usd", "cost_usd", "return_frac"]


@dataclass(frozen=True)
class Account:
    """One strategy after a close.

    Attributes
    ----------
    session : Timestamp
    equity_usd, cash_usd, flow_usd, pnl_usd, cost_usd : float
        Of this session; ``flow_usd`` is what people put in (+) or took out (-).
    returns : ndarray of shape (n,)
        Daily, net of costs, of up to a year ending with this session, since the last reset; flows count at the close.
    drawdown_frac : float, <= 0
        Below the highest value within those sessions since ``since``.
    """

    session: pd.Timestamp
    equity_usd: float
    cash_usd: float
    flow_usd: float
    pnl_usd: float
    cost_usd: float
    returns: np.ndarray
    drawdown_frac: float


def daily(rows: pd.DataFrame) -> pd.DataFrame:
    """``session, equity_usd, cash_usd, flow_usd, pnl_usd, cost_usd, return_frac`` of one strategy.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``live_book`` of one strategy, sessions in order without a gap.

    Returns
    -------
    DataFrame
        The return is null on the first of the sessions, and where nothing was invested before.
    """
    made, before = [], np.nan
    for session, day in rows.groupby("session", sort=True):
        of = {name: sequential_sum(day[f"{name}_usd"].to_numpy()) for name in ("value", "flow", "pnl", "cost")}
        cash = float(day.loc[day["symbol"] == CASH, "value_usd"].iloc[0])
        earned = (of["value"] - of["flow"]) / before - 1.0 if before > 0 else np.nan
        made.append((session, of["value"], cash, of["flow"], of["pnl"], of["cost"], earned))
        before = of["value"]
    return pd.DataFrame(made, columns=COLUMNS)


def account(days: pd.DataFrame, *, since: pd.Timestamp | None) -> Account:
    """The newest of ``days``; returns and drawdown are counted after ``since``, all of them without.

    A kill switch that was reset must not trip again on what it tripped on before.
    """
    last = days.iloc[-1]
    inside = days["return_frac"].notna() & (True if since is None else days["session"] > since)
    returns = days.loc[inside, "return_frac"].to_numpy(dtype=float)
    growth = np.cumprod(np.concatenate([[1.0], 1.0 + returns]))
    return Account(
        last["session"], *(float(last[name]) for name in COLUMNS[1:6]), returns, float(growth[-1] / growth.max() - 1.0),
    )  # fmt: skip
