"""What was known when: no row of any table is of later than its close, facts wait, embargoes are kept, gaps are told."""

import dagster as dg
import numpy as np
import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.assets import (
    GROUPS,
    allocator,
    events,
    market_data,
    stocks,
)
from trade_assets.assets.checking import check, result
from trade_assets.domain import calendar
from trade_assets.domain.events import bars as event_bars
from trade_assets.settings import Settings


def bounded(table: schemas.Table) -> dict[str, schemas.Kind]:
    """Date and instant columns that must not lie after the close of their row's rebalance date."""
    kinds = {name: column.kind for name, column in table.columns.items() if not column.may_lie_ahead}
    return {name: kind for name, kind in kinds.items() if kind in ("date", "instant") and name != table.partition}


def late(rows: pd.DataFrame, table: schemas.Table) -> dict[str, pd.Series]:
    """Of each column that has any, the rebalance dates of its rows that lie after the close of that date."""
    if not len(rows):
        return {}
    dates = pd.DatetimeIndex(rows["rebalance_date"])
    limits = {"date": dates, "instant": calendar.close_utc(dates)}
    found = {name: rows.loc[(rows[name] > limits[kind]).to_numpy(), "rebalance_date"] for name, kind in bounded(table).items()}  # fmt: skip
    return {name: dates for name, dates in found.items() if len(dates)}


def _known_at_the_close(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    name = asset.key.to_user_string()
    table = schemas.TABLES[name]

    @dg.asset_check(asset=asset, blocking=True, partitions_def=partitions.rebalance_dates)
    def every_instant_lies_before_the_close(rows: pd.DataFrame) -> dg.AssetCheckResult:
        """No session and no instant of a row lies after the close of its rebalance date, but those declared to."""
        found = late(rows, table)
        broken = pd.concat(found.values()) if found else rows["rebalance_date"].iloc[:0]
        told = {"columns": ", ".join(bounded(table)), "late_columns": ", ".join(found) or "none"}
        return result(broken, "nothing lies after the close", told=told)

    return every_instant_lies_before_the_close


KNOWN_AT_THE_CLOSE = [
    _known_at_the_close(asset)
    for asset in dg.load_assets_from_modules(GROUPS)
    if isinstance(asset, dg.AssetsDefinition)
    and asset.partitions_def == partitions.rebalance_dates
    and bounded(schemas.TABLES[asset.key.to_user_string()])
]


@check(market_data.fundamentals)
def facts_wait_until_they_are_public(
    fundamentals: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """No figure is used before its period has ended; where its filing is not known, not before the assumed lag."""
    rows, lag = fundamentals, settings.features.pit_alignment.default_public_lag_days
    days = pd.to_timedelta(np.where(rows["availability"] == "assumed", lag, 0), unit="D")
    broken = rows["available_utc"] < rows["period_end"].dt.tz_localize("UTC") + days
    return result(rows.loc[broken, "rebalance_date"], f"facts are public, or {lag} days past their period")


@check(stocks.stock_fold_manifest)
def stock_folds_keep_their_embargo(
    stock_fold_manifest: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """The last training label of a fold ends the stated embargo before its test, an inner one's at least a horizon."""
    rows, horizon = stock_fold_manifest, settings.labels.horizon_sessions
    inner = rows["fold"] != "final"
    between = sessions_from(rows["train_last"], rows["test_first"]) - horizon
    broken = (between < rows["embargo_sessions"]) | (inner & (rows["embargo_sessions"] < horizon))
    broken |= (rows["n_test_rows"] > 0) & (rows["train_sha256"] == rows["test_sha256"])
    return result(rows.loc[broken, "rebalance_date"], "labels end the embargo before the test, rows train or test")


@check(allocator.allocator_fold_manifest)
def allocator_folds_keep_their_embargo(
    allocator_fold_manifest: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """The last label of every block ends the stated embargo before the next block, and that is at least the horizon."""
    rows = allocator_fold_manifest
    broken = rows["embargo_sessions"] < settings.allocator.horizon_sessions
    for label_end, begins in (
        ("train_label_last", "calibration_first"),
        ("train_label_last", "test_first"),
        ("calibration_label_last", "test_after"),
    ):
        both = rows[label_end].notna() & rows[begins].notna()
        between = sessions_from(rows.loc[both, label_end], rows.loc[both, begins])
        broken |= (between < rows.loc[both, "embargo_sessions"]).reindex(rows.index, fill_value=False)
    return result(rows.loc[broken, "rebalance_date"], "labels end the embargo before the next block")


@check(events.event_fold_manifest)
def event_folds_keep_their_embargo(
    event_fold_manifest: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """What calibrates was known the stated embargo of bars before the test, and that is at least the horizon."""
    rows, broken = event_fold_manifest, pd.Series(False, index=event_fold_manifest.index)
    if len(rows):
        days = calendar.sessions_between(rows["known_by_utc"].min().tz_localize(None).normalize(), rows["rebalance_date"].max())  # fmt: skip
        ends = pd.DatetimeIndex(event_bars.grid(days, minutes=settings.events.bar_minutes)["bar_end_utc"])
        between = ends.searchsorted(rows["test_from_utc"], "right") - ends.searchsorted(rows["known_by_utc"], "right")
        broken = (between < rows["embargo_bars"]) & (rows["n_train_rows"] + rows["n_calibration_rows"] > 0)
        broken |= rows["embargo_bars"] < settings.events.horizon_bars
    return result(rows.loc[broken, "rebalance_date"], "labels end the embargo before the test")


@check(market_data.bars, blocking=False)
def bars_have_no_gaps(bars: pd.DataFrame, settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Every index leg has a bar every session, and every stock from its first to its last; names what is missing."""
    if not len(bars):
        return result(bars["rebalance_date"], "there are no bars", dg.AssetCheckSeverity.WARN)
    legs, dates = settings.index_legs().symbols(), pd.DatetimeIndex(bars["rebalance_date"].unique())
    days = partitions.GRID.between(dates.min(), dates.max()).sessions()
    days = days.loc[days["rebalance_date"].isin(dates), ["session", "rebalance_date"]]
    symbols = pd.Index([*legs, *bars["symbol"].unique()]).unique()
    there = np.zeros((len(days), len(symbols)), dtype=bool)
    there[pd.Index(days["session"]).get_indexer(bars["session"]), symbols.get_indexer(bars["symbol"])] = True
    listed = np.maximum.accumulate(there) & np.maximum.accumulate(there[::-1])[::-1]
    listed[:, : len(legs)] = True
    row, column = np.nonzero(listed & ~there)
    missing = days.iloc[row]
    told = [f"{symbols[c]} {session.date()}" for session, c in zip(missing["session"], column, strict=True)]
    what = f"bars are missing: {', '.join(told[:20])}{f' and {len(told) - 20} more' if len(told) > 20 else ''}"
    return result(missing["rebalance_date"], what if told else "no bar is missing", dg.AssetCheckSeverity.WARN)


def sessions_from(first: pd.Series, last: pd.Series) -> pd.Series:
    """Sessions from one day to a later one, row by row; 1 from a session to the next."""
    if not len(first):
        return pd.Series(0, index=first.index)
    days = calendar.sessions_between(min(first.min(), last.min()), max(first.max(), last.max()))
    return pd.Series(days.searchsorted(last) - days.searchsorted(first), index=first.index)
