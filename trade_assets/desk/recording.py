"""Recording: what was really bought and sold, one by one or as a file from the broker."""

import hashlib
import json
from pathlib import Path

import pandas as pd
from rich.console import Console

from trade_assets import schemas
from trade_assets.desk.saying import required, symbol_of, tell
from trade_assets.domain.live import day
from trade_assets.domain.live.entries import Entry
from trade_assets.due import closed_session
from trade_assets.resources import own_files
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.settings import load


def record(
    date: str,
    strategy: str,
    symbol: str,
    shares: float,
    price: float,
    cost: float,
    actor: str,
    reason: str,
    console: Console,
) -> None:
    """Record one execution."""
    row = {"date": pd.Timestamp(closed_session(date or None)), "strategy": strategy, "ticker": symbol, "shares": shares, "price": price, "cost": cost, "id": "", "reason": reason}  # fmt: skip
    table = schemas.check("record", own_files.EXECUTIONS, pd.DataFrame([row]))
    _append(table, actor, console)


def record_file(file: str, actor: str, console: Console) -> None:
    """Record every execution of a CSV or Parquet file, all or none; a file recorded before adds nothing."""
    _append(own_files.executions(Path(file)).table, actor, console)


def record_inbox(directory: Path, console: Console) -> list[Path]:
    """Record every file of the inbox by name and put it under ``recorded/``; returns where they are now.

    A file that is refused stays where it is, and nothing of it is recorded; the others are.

    Raises
    ------
    ValueError
        If a file was refused; it names each of them and says why.
    """
    moved, refused = [], []
    for path in waiting(directory):
        try:
            record_file(str(path), f"inbox {path.name}", console)
        except ValueError as error:
            refused.append(f"{path.name} is refused: {error}")
            continue
        there = path.parent / "recorded" / path.name
        there.parent.mkdir(exist_ok=True)
        path.replace(there)
        moved.append(there)
    if refused:
        raise ValueError("\n".join(refused))
    return moved


def waiting(directory: Path) -> list[Path]:
    """Files of executions that were put into the inbox of a directory of live files."""
    inbox = directory / "inbox"
    return sorted(p for p in inbox.glob("*") if p.suffix in (".csv", ".parquet")) if inbox.is_dir() else []


def entries_of(table: pd.DataFrame, actor: str, now: pd.Timestamp) -> list[Entry]:
    """Executions as entries of the ledger; what a row says is its name, so that it is recorded once.

    Raises
    ------
    ValueError
        If a fill is of no shares, or of a session that has not closed.
    """
    made = []
    for row in table.to_dict("records"):
        session = closed_session(f"{row['date']:%Y-%m-%d}")
        if row["shares"] == 0:
            raise ValueError(f"shares must not be 0: {session:%Y-%m-%d} {row['ticker']}")
        own = row["id"] if isinstance(row["id"], str) else ""
        said = {name: row[name] for name in ("strategy", "ticker", "shares", "price", "cost")}
        digest = hashlib.sha256(
            json.dumps([f"{session:%Y-%m-%d}", said], sort_keys=True, default=str).encode()
        ).hexdigest()
        name = own or digest[:16]
        made.append(
            Entry(
                f"execution {session:%Y-%m-%d} {row['strategy']} {row['ticker']} {name}", "execution", session, now,
                strategy=row["strategy"], symbol=symbol_of(row["ticker"], "symbol"), shares=row["shares"], price_usd=row["price"],
                amount_usd=row["shares"] * row["price"], cost_usd=row["cost"], actor=actor,
                reason=row["reason"] if isinstance(row["reason"], str) else "",
            )
        )  # fmt: skip
    return made


def _append(table: pd.DataFrame, actor: str, console: Console) -> None:
    settings = load()
    ledger = BookLedger(settings.live.ledger_uri)
    made = entries_of(table, required(actor, "actor"), pd.Timestamp.now("UTC"))
    known = {entry.id: entry for entry in ledger.entries()}
    ledger.append(made)
    new = [entry for entry in made if entry.id not in known]
    sealed = max((entry.session for entry in known.values() if entry.kind == "day"), default=pd.Timestamp.min)
    tell(
        console,
        f"{len(new)} execution{'s' if len(new) != 1 else ''} recorded by {actor}, {len(made) - len(new)} were there already.",
    )
    orders = {entry.id for entry in known.values() if entry.kind == "order"}
    for entry in new:
        before = day.order_of(entry, orders)
        tell(console, f"  {entry.session:%Y-%m-%d} {entry.strategy} {entry.symbol} {entry.shares:+g} at {entry.price_usd:g}" + ("" if before else ", without an order"))  # fmt: skip
    late = sorted(entry.session for entry in new if entry.session <= sealed)
    if late:
        console.print(f"{late[0]:%Y-%m-%d} was computed before: this is in the book of the next session.")
