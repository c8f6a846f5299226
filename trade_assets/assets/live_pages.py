"""The files of one session: what they hold is computed elsewhere, here they are written and hashed."""

import hashlib
from dataclasses import fields
from pathlib import Path

import pandas as pd

from trade_assets import partitions
from trade_assets.domain import exported_live
from trade_assets.domain.report import daily as report
from trade_assets.domain.report.daily import DailyTables
from trade_assets.resources.exports import Exports
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings

OF_THE_REBALANCE = ("target_weights", "champion_model", "stock_predictions", "universe")


def write(
    session: pd.Timestamp, every: DailyTables, settings: Settings, tables: TableStore, files: Exports
) -> pd.DataFrame:
    """Write the files of a session, and those of the newest one; rows of ``daily_report``."""
    of = DailyTables(**{f.name: _until(getattr(every, f.name), session, f.name) for f in fields(DailyTables)})
    key, inputs = partitions.key_of(session), _inputs(session, tables)
    day = report.find(of, session, next_decision=partitions.rebalance_after(session))
    page = report.daily_report(day, facts=_facts(session, settings, tables, inputs))
    now = of.live_book[of.live_book["session"] == session]
    written = {
        f"{key}/trades.csv": files.csv(f"{key}/trades.csv", exported_live.trades(of.live_orders)),
        f"{key}/portfolio_weights.csv": files.csv(f"{key}/portfolio_weights.csv", exported_live.weights(of.live_signals)),
        f"{key}/signals.json": files.json(f"{key}/signals.json", exported_live.signals(of.live_signals, inputs)),
        f"{key}/monitoring_log.json": files.json(f"{key}/monitoring_log.json", exported_live.monitoring(of.monitoring)),
        f"{key}/report.html": files.text(f"{key}/report.html", page),
    }  # fmt: skip
    if key >= max(tables.keys("live_book"), default=key):
        files.csv("current_positions.csv", exported_live.positions(now))
        files.csv("performance_history.csv", exported_live.performance(of.live_book))
    return pd.DataFrame(
        [(session, name, *_hashed(path)) for name, path in written.items()],
        columns=["session", "file", "sha256", "bytes"],
    )


def _until(rows: pd.DataFrame, session: pd.Timestamp, table: str) -> pd.DataFrame:
    return rows[rows["session"] <= session] if table == "live_book" else rows[rows["session"] == session]


def _inputs(session: pd.Timestamp, tables: TableStore) -> dict[str, str]:
    date, key = partitions.rebalance_at(session), partitions.key_of(session)
    found = {f"session_bars {key}": tables.record("session_bars", key).sha256}
    if date is not None:
        of = partitions.key_of(date)
        found |= {f"{name} {of}": tables.record(name, of).sha256 for name in OF_THE_REBALANCE}
    return found


def _facts(session: pd.Timestamp, settings: Settings, tables: TableStore, inputs: dict[str, str]) -> dict[str, str]:
    return {
        "Source": settings.data.source,
        "Session": f"{session:%Y-%m-%d}",
        "Settings": tables.record("live_orders", partitions.key_of(session)).fingerprint,
        **{f"sha256 of {name}": sha256 for name, sha256 in inputs.items()},
    }


def _hashed(path: Path) -> tuple[str, int]:
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest(), len(content)
