"""The columns of each session's files, under the names their readers know."""

from typing import Any

import pandas as pd

from trade_assets.domain.book import CASH
from trade_assets.domain.live import account


def trades(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders that trade: ``shares`` and ``notional`` are signed, positive for BUY and negative for SELL."""
    names = {
        "price_usd": "price",
        "notional_usd": "notional",
        "abs_notional_usd": "abs_notional",
        "commission_est_usd": "commission_est",
        "slippage_est_usd": "slippage_est",
    }
    columns = [
        "symbol", "side", "shares", "price", "notional", "weight_change", "commission_est", "slippage_est",
        "abs_notional", "liquidity_warning", "strategy", "action", "status", "trigger",
    ]  # fmt: skip
    return orders[orders["shares"] != 0].rename(columns=names)[columns]


def weights(signals: pd.DataFrame) -> pd.DataFrame:
    """``strategy, symbol, weight, decided_at`` of what is wanted, with a row for cash in every strategy."""
    wanted = signals[signals["target_weight"] > 0]
    rows = wanted.rename(columns={"target_weight": "weight"})[["strategy", "symbol", "weight", "decided_at"]]
    cash = signals.groupby("strategy", as_index=False).agg(
        weight=("target_weight", "sum"), decided_at=("decided_at", "max")
    )
    cash = cash.assign(symbol=CASH, weight=1.0 - cash["weight"])[rows.columns]
    return pd.concat([rows, cash], ignore_index=True).sort_values(
        ["strategy", "weight"], ascending=[True, False], kind="stable"
    )


def signals(rows: pd.DataFrame, inputs: dict[str, str]) -> dict[str, Any]:
    """Every score and target with what they were made from: the audit trail of a session."""
    told = rows.assign(
        session=rows["session"].dt.strftime("%Y-%m-%d"), decided_at=rows["decided_at"].dt.strftime("%Y-%m-%d")
    )
    return {"inputs_sha256": inputs, "signals": told.astype(object).where(told.notna(), None).to_dict("records")}


def monitoring(rows: pd.DataFrame) -> dict[str, Any]:
    """Every reading of a session by area and name."""
    out: dict[str, Any] = {}
    for row in rows.itertuples():
        told = {"value": float(row.value), "n": int(row.n), "severity": row.severity, "sentence": row.sentence}
        out.setdefault(str(row.area), {})[str(row.name)] = told
    return out


def positions(book: pd.DataFrame) -> pd.DataFrame:
    """``symbol, shares`` of every strategy together, cash apart."""
    held = book[(book["symbol"] != CASH) & (book["shares"] > 0)]
    return held.groupby("symbol", as_index=False).agg(shares=("shares", "sum"))


def performance(book: pd.DataFrame) -> pd.DataFrame:
    """``date, strategy, equity, cash, flow, pnl, cost, return`` of every session of up to a year."""
    parts = [account.daily(rows).assign(strategy=name) for name, rows in book.groupby("strategy")]
    days = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*account.COLUMNS, "strategy"])
    names = {
        "session": "date", "equity_usd": "equity", "cash_usd": "cash", "flow_usd": "flow", "pnl_usd": "pnl",
        "cost_usd": "cost", "return_frac": "return",
    }  # fmt: skip
    return days.rename(columns=names)[["date", "strategy", "equity", "cash", "flow", "pnl", "cost", "return"]]
