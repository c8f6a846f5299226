"""What is wanted at the close of a session: of the stocks, what the newest rebalance decided."""

import pandas as pd

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.book import CASH
from trade_assets.domain.champion import name_of

COLUMNS = [
    "session", "strategy", "symbol", "decided_at", "is_decided", "target_weight", "unscaled_weight", "exposure_scalar",
    "may_increase", "score", "rank", "sector", "size_bucket",
]  # fmt: skip


def of_stocks(
    session: pd.Timestamp,
    decided_at: pd.Timestamp | None,
    target_weights: pd.DataFrame,
    predictions: pd.DataFrame,
    champion_model: pd.DataFrame,
    universe: pd.DataFrame,
) -> pd.DataFrame:
    """Every stock that is wanted or was scored at a rebalance, with its place by score.

    Parameters
    ----------
    session : Timestamp
    decided_at : Timestamp or None
        The newest rebalance date at its close.
    target_weights, predictions, champion_model, universe : DataFrame
        The tables of that name at that date.
    """
    if decided_at is None:
        return pd.DataFrame(columns=COLUMNS)
    champion = champion_model[_at(champion_model, decided_at) & (champion_model["role"] == "champion")]
    scored = predictions[_at(predictions, decided_at) & predictions["model"].isin(champion["model"])]
    scored = scored[["symbol", "prediction"]].rename(columns={"prediction": "score"})
    ranked = scored.sort_values(["score", "symbol"], ascending=[False, True], ignore_index=True)
    ranked["rank"] = range(1, len(ranked) + 1)
    wanted = target_weights[_at(target_weights, decided_at)]
    kept = wanted[wanted["symbol"] != CASH].drop(columns="rebalance_date").rename(columns={"weight": "target_weight"})
    rows = ranked.merge(kept, on="symbol", how="outer", validate="one_to_one")
    known = universe.loc[_at(universe, decided_at), ["symbol", "sector", "size_bucket"]]
    rows = rows.merge(known, on="symbol", how="left", validate="one_to_one")
    exposure = wanted["exposure_scalar"].iloc[0] if len(wanted) else 0.0
    may_increase = bool(wanted["may_increase"].all()) if len(wanted) else False
    return rows.assign(
        session=session,
        strategy="stocks",
        decided_at=decided_at,
        is_decided=decided_at == session,
        target_weight=rows["target_weight"].fillna(0.0),
        unscaled_weight=rows["unscaled_weight"].fillna(0.0),
        exposure_scalar=rows["exposure_scalar"].fillna(exposure),
        may_increase=rows["may_increase"].fillna(may_increase).astype(bool),
        rank=rows["rank"].fillna(0).astype("int64"),
    )[COLUMNS]


def checks(
    session: pd.Timestamp, bars: pd.DataFrame, champion_model: pd.DataFrame, wanted: pd.DataFrame
) -> tuple[Gate, ...]:
    """What the inputs of a session say, the same for every strategy.

    Parameters
    ----------
    session : Timestamp
    bars : DataFrame
        Rows of ``session_bars`` of the session.
    champion_model : DataFrame
        Its rows at the newest rebalance.
    wanted : DataFrame
        Rows of ``live_signals`` of the session.
    """
    n = len(bars)
    fresh = (
        f"{n} bars of {session:%Y-%m-%d} are there."
        if n
        else f"There is no bar of {session:%Y-%m-%d}: nothing trades on old prices."
    )
    own = champion_model[champion_model["role"] == "champion"]
    in_force = (
        f"In force: {name_of((own['model'].iloc[0], own['construction'].iloc[0]))}, {own['status'].iloc[0].replace('_', ' ')}, "
        f"since {own['since'].iloc[0]:%Y-%m-%d}."
        if len(own)
        else "No champion is in force: nobody decided what to hold."
    )
    stale = bool(len(wanted)) and not bool(wanted["may_increase"].any())
    signal = (
        "The market signal was stale at the decision: nothing may be bought."
        if stale
        else "The market signal was fresh at the decision."
    )
    return (
        Gate("Data of today", "R-169", float(n), 1.0, n > 0, "error", fresh),
        Gate("Champion", "R-173", float(len(own)), 1.0, len(own) > 0, "error", in_force),
        Gate("Market signal", "F-35", float(stale), 0.0, not stale, "warn", signal),
    )


def _at(table: pd.DataFrame, date: pd.Timestamp) -> pd.Series:
    return table["rebalance_date"] == date
