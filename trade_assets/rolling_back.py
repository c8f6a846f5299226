"""Taking a champion back, as a command: a record of a person that the next rebalance obeys."""

import pandas as pd
from rich.console import Console

from trade_assets import partitions
from trade_assets.domain import calendar
from trade_assets.domain.champion import ROLLBACKS, name_of
from trade_assets.resources.files import Files
from trade_assets.resources.records import Records
from trade_assets.resources.tables import TableStore
from trade_assets.settings import load


def roll_back(model: str, construction: str, actor: str, reason: str, console: Console) -> None:
    """Record that ``model`` with ``construction`` is to be in force again from the next rebalance on.

    Raises
    ------
    ValueError
        If the pair was never in force, or is now.
    """
    files = Files(load().store.url)
    tables, now = TableStore(files), pd.Timestamp.now("UTC")
    keys = tables.keys("champion_model")
    rows = tables.read("champion_model", keys)[0] if keys else pd.DataFrame(columns=["role", "model", "construction"])
    champions = rows[rows["role"] == "champion"]
    before = list(dict.fromkeys(zip(champions["model"], champions["construction"], strict=True)))
    wanted = (model, construction)
    if wanted not in before:
        known = ", ".join(name_of(cell) for cell in before) or "none is stored yet"
        raise ValueError(f"only a pair that was in force can be rolled back to: {known}; was {name_of(wanted)}")
    if (champions["model"].iloc[-1], champions["construction"].iloc[-1]) == wanted:
        raise ValueError(f"{name_of(wanted)} is in force already")
    Records(files).append(
        ROLLBACKS, recorded_utc=now, actor=actor, reason=reason, model=model, construction=construction
    )
    ahead = partitions.GRID.dates[calendar.close_utc(partitions.GRID.dates) >= now]
    when = (
        f"It takes effect at the rebalance of {ahead[0].date()}."
        if len(ahead)
        else f"This history has no rebalance after now (its last is {partitions.GRID.dates[-1].date()}), so it changes nothing in it."
    )
    console.print(f"Recorded: {name_of(wanted)} again, by {actor}: {reason}. {when}")
