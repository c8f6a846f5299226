"""The ledger's housekeeping: opened, added to, copied, restored and read."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console

from trade_assets.desk.saying import required, strategy_of, symbol_of, tell
from trade_assets.domain.live.entries import Entry, Kind
from trade_assets.due import closed_session
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.settings import load


def open_ledger(date: str | None, capital: Mapping[str, float | None], actor: str, console: Console) -> None:
    """Make the ledger and deposit what each strategy begins with."""
    settings = load()
    ledger, session, now = BookLedger(settings.live.ledger_uri), closed_session(date), pd.Timestamp.now("UTC")
    if ledger.exists() and ledger.entries():
        raise ValueError(
            f"the ledger at {settings.live.ledger_uri} is open already; `trade-assets ledger deposit` adds to it"
        )
    amounts = settings.live.initial_capital_usd.model_dump() | {k: v for k, v in capital.items() if v is not None}
    for name, usd in amounts.items():
        if not 0 <= usd < math.inf:
            raise ValueError(f"--{name} must be an amount of USD, 0 for none, was {usd:g}")
    made = [
        Entry(f"opening {name}", "deposit", session, now, strategy=name, amount_usd=usd, actor=required(actor, "actor"), reason="opening")
        for name, usd in amounts.items()
        if usd > 0
    ]  # fmt: skip
    ledger.create()
    ledger.append(made)
    told = ", ".join(f"{name} {usd:,.0f} USD" for name, usd in amounts.items() if usd > 0)
    tell(console, f"Opened on {session:%Y-%m-%d} by {actor}: {told}. Next: `trade-assets daily`.")


def deposit(date: str | None, strategy: str, amount: float, actor: str, reason: str, console: Console) -> None:
    """Cash in (+) or out (-)."""
    if amount == 0:
        raise ValueError("--amount must not be 0")
    _add("deposit", date, strategy, actor, reason, console, amount_usd=amount)


def position(
    date: str | None, strategy: str, symbol: str, shares: float, price: float, actor: str, reason: str, console: Console
) -> None:
    """Shares in (+) or out (-) without a trade."""
    if shares == 0 or price <= 0:
        raise ValueError(f"--shares must not be 0 and --price must be above 0, were {shares:g} and {price:g}")
    _add(
        "position",
        date,
        strategy,
        actor,
        reason,
        console,
        symbol=symbol_of(symbol, "symbol"),
        shares=shares,
        price_usd=price,
    )


def rename(
    date: str | None,
    strategy: str,
    symbol: str,
    to: str,
    ratio: float,
    cash: float,
    actor: str,
    reason: str,
    console: Console,
) -> None:
    """A symbol became another, or cash."""
    if ratio <= 0 or cash < 0 or not (to or cash):
        raise ValueError(
            f"a symbol becomes another (--to, --ratio above 0) or cash (--cash), were {to!r}, {ratio:g} and {cash:g}"
        )
    _add(
        "rename", date, strategy, actor, reason, console, symbol=symbol_of(symbol, "symbol"), shares=ratio, amount_usd=cash,
        detail={"to": symbol_of(to, "to") if to else ""},
    )  # fmt: skip


def backup(to: str, console: Console) -> None:
    """Copy the ledger, verified."""
    count = BookLedger(load().live.ledger_uri).backup(Path(to))
    tell(console, f"{count} entries copied to {to}")


def restore(source: str, console: Console) -> None:
    """Put a backup in place of the ledger."""
    if not Path(source).is_file():
        raise FileNotFoundError(f"there is no file {source}")
    ledger = BookLedger(load().live.ledger_uri)
    count = ledger.restore(Path(source))
    tell(
        console,
        f"{count} entries restored from {source}; what was there is beside it, ending in .replaced and a number",
    )


def show(last: int, console: Console) -> None:
    """Print the newest entries, a line each."""
    entries = BookLedger(load().live.ledger_uri).entries()
    console.print(f"{len(entries)} entries, the last {min(last, len(entries))}:")
    for entry in entries[-last:]:
        tell(console, line_of(entry))


def line_of(e: Entry) -> str:
    """An entry in a line: session, what it is and of whom, its numbers, who made it, why and when."""
    numbers = {"shares": e.shares, "at": e.price_usd, "USD": e.amount_usd, "cost": e.cost_usd}
    told = "".join(f", {name} {number:,.7g}" for name, number in numbers.items() if number)
    what = " ".join(part for part in (e.kind, e.strategy, e.symbol) if part)
    why = f": {e.reason}" if e.reason else ""
    return f"{e.session:%Y-%m-%d} {what}{told}. {e.actor}{why} ({e.recorded_utc:%Y-%m-%d %H:%M} UTC)"


def _add(kind: Kind, date: str | None, strategy: str, actor: str, reason: str, console: Console, **content) -> None:
    ledger, session, now = BookLedger(load().live.ledger_uri), closed_session(date), pd.Timestamp.now("UTC")
    name = f"{kind} {now.isoformat()}"
    entry = Entry(
        name, kind, session, now, strategy=strategy_of(strategy), actor=required(actor, "actor"), reason=required(reason, "reason"), **content
    )  # fmt: skip
    ledger.append([entry])
    sealed = any(e.kind == "day" and e.session >= session for e in ledger.entries())
    when = "the next session that is computed" if sealed else f"the book of {session:%Y-%m-%d}"
    tell(console, f"Recorded: {kind} of {strategy}, by {actor}: {reason}. It is in {when}.")
