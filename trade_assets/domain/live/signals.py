"""What is wanted at the close of a session: of the stocks, what the newest rebalance decided; of the legs, what the
engine and the allocator hold or have ordered at that close."""

from collections.abc import Mapping

import pandas as pd

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.book import CASH
from trade_assets.domain.champion import name_of

COLUMNS = [
    "session", "strategy", "symbol", "decided_at", "is_decided", "target_weight", "unscaled_weight", "exposure_scalar",
    "may_increase", "score", "rank", "score_now", "sector", "size_bucket",
]  # fmt: skip


def of_stocks(
    session: pd.Timestamp,
    decided_at: pd.Timestamp | None,
    target_weights: pd.DataFrame,
    predictions: pd.DataFrame,
    champion_model: pd.DataFrame,
    universe: pd.DataFrame,
    now: pd.DataFrame,
) -> pd.DataFrame:
    """Every stock that is wanted or was scored at a rebalance, with its place by score.

    Parameters
    ----------
    session : Timestamp
    decided_at : Timestamp or None
        The newest rebalance date at its close.
    target_weights, predictions, champion_model, universe : DataFrame
        The tables of that name at that date.
    now : DataFrame
        ``stock_predictions`` at the session itself.
    """
    if decided_at is None:
        return pd.DataFrame(columns=COLUMNS)
    champion = champion_model[_at(champion_model, decided_at) & (champion_model["role"] == "champion")]
    scored = predictions[_at(predictions, decided_at) & predictions["model"].isin(champion["model"])]
    scored = scored[["symbol", "prediction"]].rename(columns={"prediction": "score"})
    ranked = scored.sort_values(["score", "symbol"], ascending=[False, True], ignore_index=True)
    ranked["rank"] = range(1, len(ranked) + 1)
    today = now[now["model"].isin(champion["model"])][["symbol", "prediction"]]
    ranked = ranked.merge(
        today.rename(columns={"prediction": "score_now"}), on="symbol", how="outer", validate="one_to_one"
    )
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


def of_events(session: pd.Timestamp, event_book: pd.DataFrame, *, is_accepted: bool) -> pd.DataFrame:
    """Weight of each leg: what the engine has ordered at the close or holds; the legs have equal parts of the capital.

    Parameters
    ----------
    session : Timestamp
    event_book : DataFrame
        Its rows of the session.
    is_accepted : bool
        Whether the engine passed its gates at the newest rebalance; if not, nothing may be bought.
    """
    sizes = position_sizes(event_book[event_book["session"] == session])
    return _legs(session, "events", {s: size / len(sizes) for s, size in sizes.items()}, is_accepted=is_accepted)


def of_allocator(
    session: pd.Timestamp,
    allocation: pd.DataFrame,
    event_book: pd.DataFrame,
    symbols: Mapping[str, str | None],
    *,
    is_accepted: bool,
) -> pd.DataFrame:
    """Weight of each leg: its share of the capital times the engine's position in it.

    Parameters
    ----------
    session : Timestamp
    allocation, event_book : DataFrame
        Their rows of the session.
    symbols : mapping of ``qqq`` and ``spy`` to the symbols that stand for them
    is_accepted : bool
        As of :func:`of_events`, of the allocator.
    """
    sizes = position_sizes(event_book[event_book["session"] == session])
    shares = allocation[allocation["session"] == session]
    if not len(shares):
        return pd.DataFrame(columns=COLUMNS)
    weights = {
        symbol: float(shares[f"w_{role}"].iloc[0]) * sizes[symbol]
        for role, symbol in symbols.items()
        if symbol is not None and symbol in sizes
    }
    return _legs(session, "allocator", weights, is_accepted=is_accepted)


def position_sizes(rows: pd.DataFrame) -> dict[str, float]:
    """Size each leg is to have after the next fill, a share of its capital.

    That of its order, or of its position unless a rule closes it. A short is no part of a book that is long only and
    counts as nothing held.
    """
    held = rows["position_frac"].where(rows["closing"].isna(), 0.0)
    size = held.where(~rows["is_ordered"], rows["order_side"] * rows["order_size_frac"])
    return {str(symbol): max(0.0, float(value)) for symbol, value in zip(rows["symbol"], size, strict=True)}


def _legs(session: pd.Timestamp, strategy: str, weights: Mapping[str, float], *, is_accepted: bool) -> pd.DataFrame:
    rows = pd.DataFrame({"symbol": pd.Series(list(weights), dtype="str"), "target_weight": list(weights.values())})
    return rows.assign(
        session=session, strategy=strategy, decided_at=session, is_decided=True, unscaled_weight=rows["target_weight"],
        exposure_scalar=1.0, may_increase=is_accepted, score=float("nan"), rank=0, score_now=float("nan"), sector=None, size_bucket=None,
    )[COLUMNS]  # fmt: skip


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
    stocks = wanted[wanted["strategy"] == "stocks"]  # a leg that may not grow waits for its engine, not for the signal
    stale = bool(len(stocks)) and not bool(stocks["may_increase"].any())
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
