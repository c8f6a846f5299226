"""Entries of the book ledger: what happened, who said so, and when it was recorded.

1. An entry is never changed or removed; a mistake is answered by another entry.
2. It has a session it belongs to, and an instant at which it became known.
3. A session knows the entries of itself and of sessions before it that were recorded by its cutoff: the moment its day
   was first computed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Kind = Literal["day", "deposit", "position", "execution", "order", "override", "rename", "trip", "reset"]
STRATEGIES = ("stocks", "events", "allocator")


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger.

    Attributes
    ----------
    id : str
        Its name, unique for good: the same entry offered twice is one.
    kind : Kind
        ``day`` seals what a session knows; ``deposit`` is cash in (+) or out (-); ``position`` shares that come or go
        without a trade; ``execution`` a fill; ``order`` an order placed; ``override`` an order a person changed or left
        out; ``rename`` a symbol that became another, or cash; ``trip`` and ``reset`` the kill switch.
    session : Timestamp
        Exchange date it belongs to.
    recorded_utc : Timestamp
    strategy, symbol : str, empty where it has none
    shares, price_usd, amount_usd, cost_usd : float
        Shares signed; ``amount_usd`` is the value of a fill, signed like its shares, or the cash of a deposit.
    actor, reason : str
        Who made it and why.
    detail : mapping of str to str
        What only its kind has.
    """

    id: str
    kind: Kind
    session: pd.Timestamp
    recorded_utc: pd.Timestamp
    strategy: str = ""
    symbol: str = ""
    shares: float = 0.0
    price_usd: float = 0.0
    amount_usd: float = 0.0
    cost_usd: float = 0.0
    actor: str = ""
    reason: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


class LedgerError(ValueError):
    """Entries that cannot all be true; the message names them."""


def cutoffs(entries: Iterable[Entry]) -> dict[pd.Timestamp, pd.Timestamp]:
    """Session to the instant up to which it knows what was recorded."""
    return {e.session: e.recorded_utc for e in entries if e.kind == "day"}


def known_at(entries: Sequence[Entry], session: pd.Timestamp) -> list[Entry]:
    """Entries a session knows, in the order they were recorded; none for a session whose day was never computed."""
    cutoff = cutoffs(entries).get(session)
    if cutoff is None:
        return []
    return [e for e in entries if e.session <= session and e.recorded_utc <= cutoff]


def news(entries: Sequence[Entry], before: pd.Timestamp | None, session: pd.Timestamp) -> list[Entry]:
    """Entries a session knows and the one before it did not."""
    old = {e.id for e in known_at(entries, before)} if before is not None else set()
    return [e for e in known_at(entries, session) if e.id not in old]


def placed(entries: Sequence[Entry], session: pd.Timestamp, strategy: str) -> list[Entry]:
    """Orders of a session that were placed."""
    return [e for e in entries if e.kind == "order" and e.session == session and e.strategy == strategy]


def is_tripped(known: Sequence[Entry], strategy: str) -> Entry | None:
    """The entry that stopped a strategy and has not been reset since; None where it may trade."""
    stopped = None
    for entry in known:
        if entry.strategy == strategy and entry.kind in ("trip", "reset"):
            stopped = entry if entry.kind == "trip" else None
    return stopped


def last_reset(known: Sequence[Entry], strategy: str) -> pd.Timestamp | None:
    """Session of the last reset of a strategy's kill switch."""
    found = [e.session for e in known if e.kind == "reset" and e.strategy == strategy]
    return found[-1] if found else None
