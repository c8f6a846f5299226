"""The runner-up beside the champion, on the same prices: what each would have earned."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trade_assets.domain.live.monitoring import OK, Reading
from trade_assets.domain.prices import Panel


def readings(
    champion_model: pd.DataFrame,
    portfolios: pd.DataFrame,
    returns: pd.DataFrame,
    panel: Panel,
    *,
    decided_at: pd.Timestamp | None,
    session: pd.Timestamp,
) -> list[Reading]:
    """Return of both since the newest rebalance, before costs, and over the rebalances of ``returns``, after them.

    Parameters
    ----------
    champion_model, portfolios : DataFrame
        ``champion_model`` and ``candidate_portfolios`` of the newest rebalance.
    returns : DataFrame
        ``candidate_returns`` of past rebalances.
    panel : Panel
        Bars up to the session.
    decided_at : Timestamp or None
        The newest rebalance.
    session : Timestamp
    """
    roles = {row.role: (row.model, row.construction) for row in champion_model.itertuples()}
    if decided_at is None or "challenger" not in roles:
        return [Reading("challenger", "since_decision", float("nan"), 0, OK, "There is no runner-up yet.")]
    found = []
    since = {role: _drifted(_of(portfolios, cell), panel, decided_at, session) for role, cell in roles.items()}
    n = int(panel.rows(pd.DatetimeIndex([session]))[0]) - panel.sessions.searchsorted(decided_at, side="right")
    names = {role: " with ".join(cell) for role, cell in roles.items()}
    told = (
        f"Since the decision of {decided_at:%Y-%m-%d}, before costs: {names['challenger']} {since['challenger']:+.2%}, "
        f"{names['champion']} {since['champion']:+.2%}."
    )
    found.append(Reading("challenger", "since_decision", since["challenger"] - since["champion"], max(n, 0), OK, told))
    past = {role: _of(returns, cell).groupby("session")["return_frac"].first() for role, cell in roles.items()}
    both = past["challenger"].index.intersection(past["champion"].index)
    if len(both):
        grown = {role: float(np.prod(1.0 + own.loc[both].to_numpy())) - 1.0 for role, own in past.items()}
        told = f"Over the {len(both)} sessions before, after costs: {names['challenger']} {grown['challenger']:+.2%}, {names['champion']} {grown['champion']:+.2%}."
        found.append(Reading("challenger", "past", grown["challenger"] - grown["champion"], len(both), OK, told))
    return found


def _of(rows: pd.DataFrame, cell: Sequence[str]) -> pd.DataFrame:
    return rows[(rows["model"] == cell[0]) & (rows["construction"] == cell[1])]


def _drifted(weights: pd.DataFrame, panel: Panel, decided_at: pd.Timestamp, session: pd.Timestamp) -> float:
    """Return of weights filled at the close after the decision and left alone; what is not invested stays as it is."""
    own = weights[(weights["weight"] > 0) & weights["symbol"].isin(panel.symbols)].sort_values("symbol")
    first = panel.sessions.searchsorted(decided_at, side="right") + 1
    last = int(panel.rows(pd.DatetimeIndex([session]))[0])
    gross = panel.gross[first : last + 1, panel.columns(own["symbol"])]
    grown = np.multiply.reduce(np.where(np.isnan(gross), 1.0, gross), axis=0)
    return float(own["weight"].to_numpy() @ (grown - 1.0)) if len(own) else 0.0
