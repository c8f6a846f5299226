"""What a reader must know before trusting a page: computed from the tables, not remembered."""

import pandas as pd


def of(universe: pd.DataFrame, trades: pd.DataFrame, returns: pd.DataFrame, *, source: str) -> list[str]:
    """Sentences on survivorship, prices, caps, impact and the order of the open.

    Parameters
    ----------
    universe, trades : DataFrames
        Newest rows.
    returns : DataFrame
        ``portfolio_returns`` of the history.
    source : str
        Name of the market-data source.
    """
    members = universe[universe["is_member"]]
    notes = []
    if len(universe) and not universe["is_survivorship_free"].all():
        notes.append(
            f"The source '{source}' lists only stocks that are still there today, so every return on this page, "
            "the equal-weight benchmark's included, is better than what could have been earned."
        )
    if len(members) and members["sector"].isna().all():
        notes.append("No sector is known, so the cap on sectors is off.")
    elif len(members) and members["sector"].isna().any():
        notes.append(f"{int(members['sector'].isna().sum())} members have no sector; they count as one sector.")
    if len(members) and members["dollar_volume_usd"].isna().all():
        notes.append("No volume is known, so costs are commission and half-spread without market impact.")
    elif len(trades) and not trades["has_impact"].all():
        notes.append("Some orders have no known volume; their cost is without market impact.")
    for leg in ("qqq", "spy"):
        if len(returns) and returns[f"{leg}_return_frac"].isna().all():
            notes.append(f"The source has no {leg.upper()} leg; what needs it is null.")
    return notes
