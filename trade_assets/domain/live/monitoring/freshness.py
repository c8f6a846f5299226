"""How old what was decided on is."""

import pandas as pd

from trade_assets.domain.live.monitoring import OK, WARN, Reading


def readings(
    bars: pd.DataFrame,
    book: pd.DataFrame,
    decided_at: pd.Timestamp | None,
    session: pd.Timestamp,
    *,
    sessions_since: int,
) -> list[Reading]:
    """Bars of the session, holdings without one, and the age of the newest decision.

    Parameters
    ----------
    bars : DataFrame
        Rows of ``session_bars`` of the session.
    book : DataFrame
        Rows of ``live_book`` of the session.
    decided_at : Timestamp or None
    session : Timestamp
    sessions_since : int
        Sessions since the decision.
    """
    stale = sorted(book.loc[book["is_price_stale"], "symbol"].unique())
    found = [
        Reading(
            "freshness",
            "bars",
            float(len(bars)),
            len(bars),
            OK if len(bars) else WARN,
            f"{len(bars)} bars of {session:%Y-%m-%d}.",
        )
    ]
    told = f"{len(stale)} holdings have no price today" + (f": {', '.join(stale[:8])}." if stale else ".")
    found.append(Reading("freshness", "stale_holdings", float(len(stale)), len(book), WARN if stale else OK, told))
    if decided_at is not None:
        told = f"The newest decision is of {decided_at:%Y-%m-%d}, {sessions_since} sessions ago."
        found.append(Reading("freshness", "sessions_since_decision", float(sessions_since), 1, OK, told))
    return found
