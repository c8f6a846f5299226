"""Paper trading: past sessions played through the assets of the live day, with orders filled by the bars.

What is stored of the history is read and never written: tables, ledger and files of a replay have a directory of their own.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.definitions import build_resources
from trade_assets.domain import calendar
from trade_assets.domain.live.entries import Entry
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.overlay import Overlay
from trade_assets.settings import Settings


def at_close(session: pd.Timestamp) -> pd.Timestamp:
    """What a replayed session knows: what was recorded by its close."""
    return calendar.close_utc(pd.DatetimeIndex([session]))[0]


def resources(settings: Settings, directory: Path, first: pd.Timestamp, **replaced: Any) -> dict[str, Any]:
    """The outside world of a replay that begins with ``first``: the stored history, and a book of its own.

    Orders need no approval and are filled by the bars; the book begins with the capital of the settings.
    """
    own = settings.live.model_copy(
        update={
            "dry_run": False,
            "broker": "paper",
            "safety": settings.live.safety.model_copy(update={"require_manual_approval": False}),
        }
    )
    played = settings.model_copy(update={"live": own})
    ledger = BookLedger(f"sqlite:///{directory / 'ledger.db'}", clock=at_close)
    ledger.create()
    ledger.append(opening(played, first))
    files = Overlay(Files(str(directory / "store")), Files(settings.store.url), is_live)
    return build_resources(played, files=files, ledger=ledger, live_files=Exports(directory), **replaced)


def opening(settings: Settings, session: pd.Timestamp) -> list[Entry]:
    """The deposits a book begins with, of every strategy that has capital."""
    capital = settings.live.initial_capital_usd.model_dump()
    return [
        Entry(
            f"opening {name}", "deposit", session, at_close(session), strategy=name, amount_usd=usd, actor="settings",
            reason="live.initial_capital_usd",
        )
        for name, usd in capital.items()
        if usd > 0
    ]  # fmt: skip


def is_live(name: str) -> bool:
    """Whether a stored file belongs to a session, and so to the replay alone."""
    parts = name.split("/")
    return len(parts) > 1 and parts[0] in ("tables", "records") and parts[1] in LIVE


LIVE = frozenset(name for name, table in schemas.TABLES.items() if table.partition == "session")


def directory(settings: Settings, keys: list[str]) -> Path:
    """Where the replay of these sessions goes."""
    return settings.live.paper_dir / f"{keys[0]}_{keys[-1]}"


def sessions_between(first: str, last: str) -> list[str]:
    """Keys of the live sessions in ``[first, last]``."""
    inside = [key for key in partitions.sessions.get_partition_keys() if first <= key <= last]
    if not inside:
        keys = partitions.sessions.get_partition_keys()
        raise ValueError(f"no live session lies between {first} and {last}; they run from {keys[0]} to {keys[-1]}")
    return inside
