"""What a schema cannot say: sums, balances and agreements between tables, checked after every run."""

import dagster as dg
import pandas as pd

from trade_assets import partitions
from trade_assets.assets import market_gate, portfolio, stocks

TOLERANCE = 1e-9


def _check(asset: dg.AssetsDefinition, *, blocking: bool = True):
    return dg.asset_check(asset=asset, blocking=blocking, partitions_def=partitions.rebalance_dates)


def _result(
    broken: pd.Series, what: str, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
) -> dg.AssetCheckResult:
    keys = sorted({partitions.key_of(date) for date in broken})
    return dg.AssetCheckResult(
        passed=not keys,
        severity=severity,
        description=what,
        metadata={"failing_keys": ", ".join(keys[:20]) or "none", "failing_count": len(keys)},
    )


@_check(portfolio.target_weights)
def weights_and_cash_sum_to_one(target_weights: pd.DataFrame) -> dg.AssetCheckResult:
    """Weights and cash of every date sum to 1."""
    total = target_weights.groupby("rebalance_date")["weight"].sum()
    return _result(total.index[(total - 1).abs() > TOLERANCE].to_series(), "weights and cash sum to 1 to 1e-9")


@_check(portfolio.portfolio_book)
def book_balances(portfolio_book: pd.DataFrame) -> dg.AssetCheckResult:
    """Shares times price is the value held, weights sum to 1, and cash is not borrowed."""
    rows = portfolio_book
    value = (rows["shares"] * rows["price_usd"] - rows["value_usd"]).abs() > TOLERANCE * rows["value_usd"].abs().clip(
        lower=1
    )
    total = rows.groupby("session")["weight"].transform("sum")
    borrowed = (rows["symbol"] == "CASH") & (rows["value_usd"] < -1e-6)
    return _result(
        rows.loc[value | ((total - 1).abs() > TOLERANCE) | borrowed, "rebalance_date"],
        "the book balances every session",
    )


@_check(market_gate.market_forecasts)
def quantiles_are_ordered(market_forecasts: pd.DataFrame) -> dg.AssetCheckResult:
    """The forecast quantiles never cross; says how often they had to be rearranged."""
    rows = market_forecasts
    broken = (rows["tft_p10"] > rows["tft_p50"]) | (rows["tft_p50"] > rows["tft_p90"])
    made = rows["tft_p50"].notna()
    rate = float(rows.loc[made, "quantiles_crossed"].mean()) if made.any() else float("nan")
    return _result(rows.loc[broken, "rebalance_date"], f"p10 <= p50 <= p90; rearranged in {rate:.1%} of forecasts")


@_check(stocks.stock_fold_manifest)
def no_label_reaches_its_test(stock_fold_manifest: pd.DataFrame) -> dg.AssetCheckResult:
    """Every training window ends before its test window begins."""
    rows = stock_fold_manifest
    return _result(
        rows.loc[rows["train_last"] >= rows["test_first"], "rebalance_date"],
        "training ends before the test begins",
    )


@_check(stocks.stock_features, blocking=False)
def every_feature_varies(stock_features: pd.DataFrame) -> dg.AssetCheckResult:
    """Names the features that are null everywhere, for want of an input."""
    absent = [c for c in stock_features.columns[2:] if stock_features[c].isna().all()] if len(stock_features) else []
    return dg.AssetCheckResult(
        passed=not absent,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(absent)} features are null for want of an input: {', '.join(absent)}"
        if absent
        else "every feature has values",
    )


@_check(market_gate.market_signals, blocking=False)
def signals_are_fresh(market_signals: pd.DataFrame) -> dg.AssetCheckResult:
    """No market signal is older than one session."""
    return _result(
        market_signals.loc[market_signals["is_stale"], "rebalance_date"],
        "no signal is stale",
        dg.AssetCheckSeverity.WARN,
    )
