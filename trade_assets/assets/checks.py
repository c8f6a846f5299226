"""What a schema cannot say: sums, balances and agreements between tables, checked after every run."""

import itertools
import math

import dagster as dg
import pandas as pd

from trade_assets import partitions
from trade_assets.assets import events, market_data, market_gate, portfolio, stocks
from trade_assets.assets.checking import TOLERANCE, check, result
from trade_assets.domain import calendar
from trade_assets.domain.events import acceptance
from trade_assets.domain.events import bars as event_bars
from trade_assets.settings import Settings


@check(portfolio.target_weights)
def weights_and_cash_sum_to_one(target_weights: pd.DataFrame) -> dg.AssetCheckResult:
    """Weights and cash of every date sum to 1."""
    total = target_weights.groupby("rebalance_date")["weight"].sum()
    return result(total.index[(total - 1).abs() > TOLERANCE].to_series(), "weights and cash sum to 1 to 1e-9")


@check(portfolio.portfolio_book)
def book_balances(portfolio_book: pd.DataFrame) -> dg.AssetCheckResult:
    """Shares times price is the value held, weights sum to 1, and cash is not borrowed."""
    rows = portfolio_book
    value = (rows["shares"] * rows["price_usd"] - rows["value_usd"]).abs() > TOLERANCE * rows["value_usd"].abs().clip(
        lower=1
    )
    total = rows.groupby("session")["weight"].transform("sum")
    borrowed = (rows["symbol"] == "CASH") & (rows["value_usd"] < -1e-6)
    return result(
        rows.loc[value | ((total - 1).abs() > TOLERANCE) | borrowed, "rebalance_date"],
        "the book balances every session",
    )


@check(market_gate.market_forecasts)
def quantiles_are_ordered(market_forecasts: pd.DataFrame) -> dg.AssetCheckResult:
    """The forecast quantiles never cross; says how often they had to be rearranged."""
    rows = market_forecasts
    broken = (rows["tft_p10"] > rows["tft_p50"]) | (rows["tft_p50"] > rows["tft_p90"])
    made = rows["tft_p50"].notna()
    rate = float(rows.loc[made, "quantiles_crossed"].mean()) if made.any() else float("nan")
    return result(rows.loc[broken, "rebalance_date"], f"p10 <= p50 <= p90; rearranged in {rate:.1%} of forecasts")


@check(stocks.stock_fold_manifest)
def no_label_reaches_its_test(stock_fold_manifest: pd.DataFrame) -> dg.AssetCheckResult:
    """Every training window ends before its test window begins."""
    rows = stock_fold_manifest
    return result(
        rows.loc[rows["train_last"] >= rows["test_first"], "rebalance_date"],
        "training ends before the test begins",
    )


@check(stocks.stock_features, blocking=False)
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


@check(market_gate.market_signals, blocking=False)
def signals_are_fresh(market_signals: pd.DataFrame) -> dg.AssetCheckResult:
    """No market signal is older than one session."""
    return result(
        market_signals.loc[market_signals["is_stale"], "rebalance_date"],
        "no signal is stale",
        dg.AssetCheckSeverity.WARN,
    )


@check(market_data.index_bars, blocking=False)
def index_bars_have_no_gaps(index_bars: pd.DataFrame, settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Every leg has every bar between its first and its last; names the sessions that lack some."""
    absent = _gaps(index_bars, settings.events.bar_minutes) if len(index_bars) else index_bars
    told = [
        f"{row['symbol']} {row['session'].date()} {row['n_missing']} of {row['n_expected']}"
        for row in absent.to_dict("records")
    ]
    dates = partitions.GRID.dates[partitions.GRID.dates.searchsorted(absent["session"])] if told else []
    return result(
        pd.Series(dates),
        f"bars are missing: {', '.join(told[:20])}{f' and {len(told) - 20} more' if len(told) > 20 else ''}" if told else "no bar is missing",
        dg.AssetCheckSeverity.WARN,
    )  # fmt: skip


def _gaps(bars: pd.DataFrame, minutes: int | None) -> pd.DataFrame:
    sessions = calendar.sessions_between(bars["session"].min(), bars["session"].max())
    return event_bars.gaps(bars, event_bars.grid(sessions, minutes=minutes))


@check(events.event_fold_manifest)
def no_event_label_reaches_its_test(event_fold_manifest: pd.DataFrame) -> dg.AssetCheckResult:
    """Training, calibration, embargo and test of every fold follow each other in this order."""
    rows = event_fold_manifest
    windows = ["train_from_utc", "calibrate_from_utc", "known_by_utc", "test_from_utc"]
    broken = pd.Series(False, index=rows.index)
    for first, second in itertools.pairwise(windows):
        broken |= rows[first] >= rows[second]
    broken |= rows["test_to_utc"].notna() & (rows["test_from_utc"] >= rows["test_to_utc"])
    return result(rows.loc[broken, "rebalance_date"], "every window of a fold ends before the next begins")


@check(events.event_scores)
def event_quantiles_are_ordered(event_scores: pd.DataFrame) -> dg.AssetCheckResult:
    """The quantiles of an event's net return never cross; says how often they had to be rearranged."""
    rows = event_scores
    broken = (rows["q10"] > rows["q50"]) | (rows["q50"] > rows["q90"])
    told = f"rearranged for {rows['quantiles_crossed'].mean():.1%} of {len(rows)} events" if len(rows) else "no events"
    return result(rows.loc[broken, "rebalance_date"], f"q10 <= q50 <= q90; {told}")


@check(events.event_book)
def event_book_is_the_mean_of_its_legs(event_book: pd.DataFrame) -> dg.AssetCheckResult:
    """The book's return of a session is the mean of its legs' returns."""
    rows = event_book
    mean = rows.groupby("session")["return_frac"].transform("mean")
    return result(
        rows.loc[(rows["book_return_frac"] - mean).abs() > TOLERANCE, "rebalance_date"],
        "the book's return is the mean of its legs' to 1e-9",
    )


@check(events.event_book, blocking=False)
def a_killed_event_book_is_flat(event_book: pd.DataFrame) -> dg.AssetCheckResult:
    """A book killed the session before holds nothing at the close, but for a leg whose bars were missing."""
    rows = event_book.sort_values(["symbol", "session"])
    killed_before = rows.groupby("symbol")["is_killed"].shift(1, fill_value=False)
    broken = killed_before & rows["is_killed"] & (rows["position_frac"] != 0)
    return result(rows.loc[broken, "rebalance_date"], "a killed book is flat by the close of the next session")


def _gate(place: int, event_performance: pd.DataFrame, settings: Settings) -> dg.AssetCheckResult:
    gate = acceptance.gates(
        event_performance,
        drawdown_warn=settings.risk.drawdown_warn,
        drawdown_fail=settings.risk.drawdown_stop,
        min_trades_per_month=settings.events.tuning.min_trades_per_month,
    )[place]
    dates = event_performance["rebalance_date"].nlargest(0 if gate.passed else 1)
    numbers = {"value": gate.value, "limit": gate.limit}
    told = {name: number if math.isfinite(number) else "undefined" for name, number in numbers.items()}
    return result(dates, gate.sentence, dg.AssetCheckSeverity.WARN, {"requirement": gate.requirement} | told)


@check(events.event_performance, blocking=False)
def calmar_reaches_the_baseline(
    event_performance: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Since the start, the engine's Calmar ratio is at least the baseline's on the same events (R-068)."""
    return _gate(0, event_performance, settings)


@check(events.event_performance, blocking=False)
def drawdown_is_within_the_soft_limit(
    event_performance: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Since the start, the largest drawdown is within the limit that warns (R-069)."""
    return _gate(1, event_performance, settings)


@check(events.event_performance, blocking=False)
def drawdown_is_within_the_hard_limit(
    event_performance: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Since the start, the largest drawdown is within the limit that closes everything (R-069)."""
    return _gate(2, event_performance, settings)


@check(events.event_performance, blocking=False)
def trades_are_frequent_enough(
    event_performance: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Since the start, the engine has opened enough positions a month (R-070)."""
    return _gate(3, event_performance, settings)


@check(events.event_performance, blocking=False)
def no_fold_is_catastrophic(
    event_performance: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """No fold since the start was catastrophic (R-071)."""
    return _gate(4, event_performance, settings)
