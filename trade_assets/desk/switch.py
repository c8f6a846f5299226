"""The kill switch in a person's hand: read, reset, pulled."""

import pandas as pd
from rich.console import Console

from trade_assets.desk.saying import required, strategy_of, tell
from trade_assets.domain.live import entries as ledger_entries
from trade_assets.domain.live.entries import STRATEGIES, Entry, Kind
from trade_assets.due import closed_session
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.settings import load


def status(console: Console) -> None:
    """Print the state of every strategy."""
    entries = BookLedger(load().live.ledger_uri).entries()
    for strategy in STRATEGIES:
        stopped = ledger_entries.is_tripped(entries, strategy)
        told = (
            "ARMED"
            if stopped is None
            else f"TRIPPED on {stopped.session:%Y-%m-%d} by {stopped.actor}: {stopped.reason}"
        )
        tell(console, f"{strategy:<10} {told}")


def reset(strategy: str, actor: str, reason: str, console: Console) -> None:
    """Arm a tripped switch again; raises ``ValueError`` where it is armed."""
    ledger = BookLedger(load().live.ledger_uri)
    if ledger_entries.is_tripped(ledger.entries(), strategy_of(strategy)) is None:
        raise ValueError(f"the kill switch of {strategy} is armed already")
    _append(ledger, "reset", strategy, actor, reason)
    tell(
        console,
        f"ARMED again by {actor}: {reason}. Orders are offered from the next session on; the drawdown counts from now.",
    )


def trip(strategy: str, actor: str, reason: str, console: Console) -> None:
    """Stop a strategy; raises ``ValueError`` where it is stopped."""
    ledger = BookLedger(load().live.ledger_uri)
    if ledger_entries.is_tripped(ledger.entries(), strategy_of(strategy)) is not None:
        raise ValueError(f"{strategy} is stopped already")
    _append(ledger, "trip", strategy, actor, reason)
    tell(console, f"TRIPPED by {actor}: {reason}. No order of {strategy} is offered until it is reset.")


def _append(ledger: BookLedger, kind: Kind, strategy: str, actor: str, reason: str) -> None:
    now = pd.Timestamp.now("UTC")
    computed = ledger_entries.cutoffs(ledger.entries())  # whatever is computed next knows of it, a past session too
    session = max(computed) if computed else closed_session(None)
    ledger.append(
        [
            Entry(
                f"{kind} {now.isoformat()} {strategy}", kind, session, now, strategy=strategy,
                actor=required(actor, "actor"), reason=required(reason, "reason"),
            )
        ]
    )  # fmt: skip
