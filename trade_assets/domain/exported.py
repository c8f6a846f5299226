"""The columns of the exported files, under the names their readers know."""

import pandas as pd

from trade_assets.domain import metrics as metrics_domain
from trade_assets.domain.models.stacking import STACK


def weights(targets: pd.DataFrame) -> pd.DataFrame:
    """``date, ticker, weight`` of every rebalance, cash included."""
    return targets.rename(columns={"rebalance_date": "date", "symbol": "ticker"})[["date", "ticker", "weight"]]


def trades(trades: pd.DataFrame) -> pd.DataFrame:
    """``date, ticker, action, prev_weight, target_weight, delta_weight`` and what it takes to place the order."""
    names = {"rebalance_date": "date", "symbol": "ticker", "held_weight": "prev_weight"}
    columns = [
        "date", "ticker", "action", "prev_weight", "target_weight", "delta_weight",
        "shares", "price_usd", "notional_usd", "cost_est_usd", "delta_vs_prev_target",
    ]  # fmt: skip
    return trades.rename(columns=names)[columns]


def equity(returns: pd.DataFrame) -> pd.DataFrame:
    """``date, equity, return`` of every session, with exposure and the benchmarks' returns."""
    names = {"session": "date", "equity_usd": "equity", "return_frac": "return"}
    columns = [
        "date",
        "equity",
        "return",
        "exposure_frac",
        "equal_weight_return_frac",
        "qqq_return_frac",
        "spy_return_frac",
    ]
    return returns.rename(columns=names)[columns]


def metrics(performance: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """Metrics by window and series."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for row in performance.itertuples():
        out.setdefault(row.window, {}).setdefault(row.series, {})[row.metric] = float(row.value)
    return out


def signals(signals: pd.DataFrame) -> pd.DataFrame:
    """``date`` and the market signals of every session."""
    return signals.rename(columns={"session": "date"}).drop(columns="rebalance_date")


def predictions(predictions: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """``date, ticker, prediction, actual`` of the ridge stack; ``actual`` is null until it is known."""
    stack = predictions[predictions["model"] == STACK]
    known = _known(outcomes)
    rows = stack.merge(known, on=["rebalance_date", "symbol"], how="left", validate="one_to_one")
    names = {"rebalance_date": "date", "symbol": "ticker", "return_frac": "actual"}
    return rows.rename(columns=names)[["date", "ticker", "prediction", "actual"]]


def rank_ics(predictions: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """``rebalance_date, model, rank_ic``: predictions against what followed, by the date on which that was known."""
    known = outcomes[["rebalance_date", "feature_date", "symbol", "return_frac"]]
    made = predictions.rename(columns={"rebalance_date": "feature_date"})
    rows = made.merge(known, on=["feature_date", "symbol"], validate="many_to_one")
    parts = [
        (date, model, metrics_domain.rank_ic(group["prediction"].to_numpy(), group["return_frac"].to_numpy()))
        for (date, model), group in rows.groupby(["rebalance_date", "model"])
    ]
    return pd.DataFrame(parts, columns=["rebalance_date", "model", "rank_ic"])


def labels(legs: dict[str, str | None]) -> dict[str, str]:
    """What the benchmark series are called on a page."""
    return {leg: symbol for leg, symbol in legs.items() if symbol is not None}


def _known(outcomes: pd.DataFrame) -> pd.DataFrame:
    return outcomes[["feature_date", "symbol", "return_frac"]].rename(columns={"feature_date": "rebalance_date"})
