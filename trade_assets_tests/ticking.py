"""A code location with the schedule and the sensor of the system, over stores that are a file: nothing is computed."""

import json
import os
from pathlib import Path

import dagster as dg
import pandas as pd

from trade_assets import automation, partitions
from trade_assets.domain.live.entries import Entry
from trade_assets.settings import load

STORED = "TICKING_STORED"  # file with the keys that are stored, by table


class Stores:
    """The keys a file names."""

    def keys(self, asset: str) -> list[str]:
        return json.loads(Path(os.environ[STORED]).read_text())[asset]


class Source:
    """A source that has every bar."""

    complete_through = pd.Timestamp("2030-01-01")


class Ledger:
    """A ledger opened with the live history."""

    def exists(self) -> bool:
        return True

    def entries(self) -> list[Entry]:
        session = partitions.LIVE_SESSIONS[0]
        return [Entry("opening", "deposit", session, session.tz_localize("UTC"), strategy="stocks", amount_usd=1.0)]


@dg.asset(partitions_def=partitions.rebalance_dates, group_name="market_data")
def bars() -> None: ...


@dg.asset(partitions_def=partitions.sessions, group_name="live")
def session_bars() -> None: ...


defs = dg.Definitions(
    assets=[bars, session_bars],
    jobs=[automation.rebalance_job, automation.session_job],
    schedules=[automation.daily],
    sensors=[automation.bi_weekly],
    resources={
        "settings": load().model_copy(update={"live": load().live.model_copy(update={"enabled": True})}),
        "tables": Stores(),
        "market_data": Source(),
        "ledger": Ledger(),
    },
)
