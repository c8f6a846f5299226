"""What a reader must know before trusting a page: computed from the tables, not remembered."""

import pandas as pd


def of(
    universe: pd.DataFrame,
    trades: pd.DataFrame,
    returns: pd.DataFrame,
    bars: pd.DataFrame,
    *,
    source: str,
    legs: list[str],
) -> list[str]:
    """Sentences on survivorship, prices, caps, impact and the order of the open.

    Parameters
    ----------
    universe, trades : DataFrames
        Newest rows.
    returns : DataFrame
        ``portfolio_returns`` of the history.
    bars : DataFrame
        Newest rows.
    source : str
        Name of the market-data source.
    legs : list of str
        Symbols of the index legs.
    """
    is_adjusted = bool((bars.loc[~bars["symbol"].isin(legs), "price_basis"] == "adjusted").any())
    legs_without_dividends = _price_indexes(bars, legs) if is_adjusted else []
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
    if is_adjusted:
        notes.append("Prices are adjusted for splits and dividends, so share counts are not those of tradable shares.")
    if legs_without_dividends:
        notes.append(
            f"{' and '.join(legs_without_dividends)} are price indexes: their returns leave dividends out, the stocks' do not."
        )
    for leg in ("qqq", "spy"):
        if len(returns) and returns[f"{leg}_return_frac"].isna().all():
            notes.append(f"The source has no {leg.upper()} leg; what needs it is null.")
    return notes


def _price_indexes(bars: pd.DataFrame, legs: list[str]) -> list[str]:
    own = bars[bars["symbol"].isin(legs) & (bars["price_basis"] == "raw") & bars["adjustment_factor"].isna()]
    return sorted(own["symbol"].unique())
