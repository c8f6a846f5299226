"""Reported figures as they were known at a close: the last period filed, in its last filing so far."""

import pandas as pd

ANNUAL_PERIODS = {"FY": 1.0, "Q1": 4.0, "Q2": 4.0, "Q3": 4.0, "Q4": 4.0, "SPOT": 1.0}


def known_facts(facts: pd.DataFrame, *, close_utc: pd.Timestamp, max_age_days: int = 400) -> pd.DataFrame:
    """Latest figures that were public at ``close_utc``.

    Parameters
    ----------
    facts : DataFrame
        Columns of the ``fundamentals`` table.
    close_utc : Timestamp, UTC
        The close; a figure available at that instant is known.
    max_age_days : int
        Days after availability beyond which a figure is no longer the latest.

    Returns
    -------
    DataFrame
        One row a symbol and fact, columns ``symbol, fact, value, annual_factor, period_end, available_utc,
        value_year_before``: the figure of the latest period as last filed by then, what multiplies it to a
        year, and the same period's figure a year earlier (null where unknown).
    """
    known = facts[
        (facts["available_utc"] <= close_utc)
        & (facts["available_utc"] > close_utc - pd.Timedelta(days=2 * max_age_days))
    ]
    key = ["symbol", "fact", "period_end", "period_focus"]
    periods = known.sort_values([*key, "available_utc"], kind="stable").drop_duplicates(key, keep="last")
    recent = periods[periods["available_utc"] > close_utc - pd.Timedelta(days=max_age_days)]
    latest = recent.sort_values(["symbol", "fact", "period_end", "available_utc"], kind="stable").drop_duplicates(
        ["symbol", "fact"], keep="last"
    )
    paired = latest.merge(periods, on=["symbol", "fact", "period_focus"], suffixes=("", "_before"), how="left")
    age = (paired["period_end"] - paired["period_end_before"]).dt.days
    year_before = paired[(age >= 350) & (age <= 380)].drop_duplicates(["symbol", "fact"], keep="last")
    out = latest.merge(
        year_before[["symbol", "fact", "value_before"]].rename(columns={"value_before": "value_year_before"}),
        on=["symbol", "fact"],
        how="left",
        validate="one_to_one",
    )
    out["annual_factor"] = out["period_focus"].map(ANNUAL_PERIODS).astype(float)
    return out[["symbol", "fact", "value", "annual_factor", "period_end", "available_utc", "value_year_before"]]


def in_blackout(facts: pd.DataFrame, *, sessions_close_utc: pd.DatetimeIndex, sessions: int) -> pd.Index:
    """Symbols that filed within the last ``sessions`` sessions; ``sessions_close_utc`` are the closes up to now."""
    if sessions == 0 or facts.empty or not len(sessions_close_utc):
        return pd.Index([], dtype="str")
    since = sessions_close_utc[max(0, len(sessions_close_utc) - 1 - sessions)]
    recent = facts[
        (facts["available_utc"] > since)
        & (facts["available_utc"] <= sessions_close_utc[-1])
        & (facts["availability"] == "filed")
    ]
    return pd.Index(recent["symbol"].unique())
