"""The trading day as a command: the rebalance that is due, then every session up to the one asked for, then its page."""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from rich.console import Console
from rich.table import Table

from trade_assets import due, partitions, running
from trade_assets.automation import rebalance_job, session_job
from trade_assets.definitions import build_definitions, build_resources
from trade_assets.desk import paper
from trade_assets.domain.report.daily import Day
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.overlay import Overlay
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings, load
from trade_assets.telling import read, tell_day, tell_failure


def daily(date: str | None, *, dry_run: bool, console: Console) -> None:
    """Compute a session, the newest closed one by default, and print what to do."""
    settings, started = load(), time.monotonic()
    session = due.closed_session(date)
    with tempfile.TemporaryDirectory() as scratch:
        resources = scratch_resources(settings, Path(scratch)) if dry_run else build_resources(settings)
        to_whom = settings.live.notifications, resources["notifier"], resources["notified"]
        try:
            day = compute(session, resources, running.prepared_instance(settings))
        except RuntimeError as failed:
            if not dry_run:
                tell_failure(partitions.key_of(session), "trade-assets daily", "see the reason", str(failed), *to_whom)
            raise
        show(day, console, seconds=time.monotonic() - started)
        if dry_run:
            console.print("Dry run: nothing was stored, and nothing can be approved.")
        else:
            console.print(f"Page  {settings.live.output_dir / partitions.key_of(session) / 'report.html'}")
            tell_day(day, *to_whom)


def compute(session: pd.Timestamp, resources: dict[str, Any], instance: dg.DagsterInstance) -> Day:
    """Run what is missing up to a session, the rebalance first; returns its day."""
    definitions, tables = build_definitions(resources), resources["tables"]
    tables.sweep()
    try:
        for job, keys in (
            (rebalance_job, due.rebalances(session, tables)),
            (session_job, due.sessions(session, tables, resources["ledger"])),
        ):
            if keys:
                running.execute(definitions.resolve_job_def(job.name), instance, keys)
    finally:
        resources["workers"].close()
    return read(session, tables)


def show(day: Day, console: Console, *, seconds: float) -> None:
    """Print a day."""
    console.print(f"\n[bold]{day.session:%Y-%m-%d}: {day.headline}[/]")
    for strategy in day.strategies:
        today = strategy.today
        console.print(
            f"\n[bold]{strategy.title}[/]  equity {today['equity_usd']:,.0f} USD, today {today['pnl_usd']:+,.0f} USD, "
            f"{1 - today['cash_usd'] / today['equity_usd'] if today['equity_usd'] else 0:.0%} invested"
        )
        console.print(strategy.verdict, markup=False)
        if len(strategy.orders):
            console.print(_orders(strategy.orders))
        for gate in strategy.warned:
            console.print(f"[yellow]warn[/]  {gate.sentence}")
    if not day.strategies:
        console.print("No book is open: `trade-assets ledger open` opens one.", markup=False)
    console.print(f"{seconds:.0f} s")


def _orders(orders: pd.DataFrame) -> Table:
    table = Table()
    for name in ("action", "symbol", "shares", "close", "USD", "now", "target", "cost"):
        table.add_column(name, justify="left" if name in ("action", "symbol") else "right")
    for row in orders.to_dict("records"):
        table.add_row(
            row["action"], row["symbol"], f"{row['shares']:+,.10g}", f"{row['price_usd']:,.2f}", f"{row['notional_usd']:+,.0f}",
            f"{row['held_weight']:.1%}", f"{row['target_weight']:.1%}", f"{row['cost_est_usd']:.2f}",
        )  # fmt: skip
    return table


def scratch_resources(
    settings: Settings, scratch: Path, hidden: Callable[[str], bool] = lambda name: False, **replaced: Any
) -> dict[str, Any]:
    """The outside world of a day that leaves nothing behind: a copy of the ledger, a store laid over the stored one.

    Parameters
    ----------
    settings : Settings
    scratch : Path
        Directory for whatever is written.
    hidden : callable
        True for the names of the store that are not there.
    **replaced
        Resources by name that take the place of the built ones.
    """
    own = BookLedger(settings.live.ledger_uri)
    copy = scratch / "ledger.db"
    if own.path is None:
        raise ValueError("--dry-run copies the ledger, and only a SQLite ledger can be copied")
    has_ledger = own.exists()
    if has_ledger:
        own.backup(copy)
        own.close()
    dry = settings.live.model_copy(update={"dry_run": True})
    return build_resources(
        settings.model_copy(update={"live": dry}),
        files=Overlay(Files(str(scratch / "store")), Files(settings.store.url), hidden),
        ledger=BookLedger(f"sqlite:///{copy}") if has_ledger else own,
        live_files=Exports(scratch / "live"),
        **replaced,
    )


def replay(first: str, last: str, console: Console) -> None:
    """Play past sessions with simulated fills, in a directory of their own, and print how they went."""
    settings, started = load(), time.monotonic()
    keys = paper.sessions_between(first, last)
    directory = paper.directory(settings, keys)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with running.progress_bar(console) as progress:
        task = progress.add_task("starting", total=None)
        resources = paper.resources(
            settings,
            directory,
            pd.Timestamp(keys[0]),
            on_stored=lambda asset, key: progress.update(task, advance=1, description=asset),
        )
        job = build_definitions(resources).resolve_job_def(session_job.name)
        progress.update(task, total=len(job.asset_layer.executable_asset_keys) * len(keys))
        try:
            running.execute(job, running.prepared_instance(settings), keys)
        finally:
            resources["workers"].close()
        progress.update(task, description="done")
    tables = resources["tables"]
    console.print(_days(tables, keys))
    show(read(pd.Timestamp(keys[-1]).as_unit("us"), tables), console, seconds=time.monotonic() - started)
    console.print(f"Pages  {directory}/<session>/report.html, ledger {directory}/ledger.db")


def _days(tables: TableStore, keys: Sequence[str]) -> Table:
    orders, book = tables.read("live_orders", keys)[0], tables.read("live_book", keys)[0]
    trading = orders[orders["shares"] != 0].groupby(["session", "strategy"]).size()
    table = Table(title=f"{len(keys)} sessions, {keys[0]} to {keys[-1]}", title_justify="left")
    for name in ("session", "strategy", "equity", "gain", "orders", "status"):
        table.add_column(name, justify="left" if name in ("session", "strategy", "status") else "right")
    of = book.groupby(["session", "strategy"])[["value_usd", "pnl_usd"]].sum()
    status = orders[orders["shares"] != 0].groupby(["session", "strategy"])["status"].first()
    for at, row in of.iterrows():
        session, strategy = at  # type: ignore[misc]
        table.add_row(
            f"{session:%Y-%m-%d}", str(strategy), f"{row['value_usd']:,.0f}", f"{row['pnl_usd']:+,.0f}",
            str(trading.get(at, "")), str(status.get(at, "")),
        )  # fmt: skip
    return table
