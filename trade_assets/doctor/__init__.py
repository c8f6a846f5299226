"""``trade-assets doctor``: looks at everything a run rests on, says how it is, and changes nothing."""

from collections.abc import Iterator

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trade_assets.doctor import databases, machine
from trade_assets.doctor.finding import Finding, ok, problem
from trade_assets.plain_errors import without_passwords
from trade_assets.settings import Settings, load

STYLE = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(*, full: bool, console: Console) -> bool:
    """Print every finding; returns whether there is no problem."""
    with console.status("looking"):
        findings = list(examine(full=full))
    show(findings, console)
    return all(f.level != "problem" for f in findings)


def examine(*, full: bool) -> Iterator[Finding]:
    """Every finding, the machine first; without settings only what needs none."""
    yield machine.packages()
    in_force = machine.settings_in_force()
    yield in_force
    if in_force.level == "ok":
        settings = load()
        yield machine.extras(settings)
        yield machine.room(settings)
        yield from _stored(settings, full=full)
        yield databases.dagster_runs(settings.store.dagster_home)
        yield databases.ledger(databases.BookLedger(settings.live.ledger_uri))
        yield databases.database("MLflow", settings.store.mlflow_uri)
        yield databases.database("Optuna", settings.store.optuna_uri)


def _stored(settings: Settings, *, full: bool) -> Iterator[Finding]:
    # imported here: what follows reads the settings when it is imported, and they may be refused
    from trade_assets import definitions, partitions
    from trade_assets.doctor import stored
    from trade_assets.domain import calendar
    from trade_assets.resources.artifacts import ArtifactStore
    from trade_assets.resources.files import Files
    from trade_assets.resources.market_data import build_source
    from trade_assets.resources.market_data.vintages import Vintages
    from trade_assets.resources.tables import TableStore

    files, now, dates = Files(settings.store.url), pd.Timestamp.now("UTC"), partitions.GRID.dates
    tables, artifacts = TableStore(files), ArtifactStore(files)
    yield machine.clock(stored.newest_stored(files))
    yield machine.exchange_calendar(settings, dates[-1], now)
    closed = dates[calendar.close_utc(dates) <= now]
    try:
        through = Vintages(build_source(settings), files).complete_through
        closed = closed[closed <= through]
        yield ok("market data", f"{settings.data.source}, complete through {through.date()}")
    except (ValueError, LookupError, OSError, RuntimeError) as error:
        yield problem("market data", f"{settings.data.source}: {str(error).splitlines()[0]}", "see docs/data.md, and data in docs/settings.md")  # fmt: skip
    yield stored.rows(tables, full=full)
    yield stored.models(tables, artifacts, full=full)
    yield stored.gaps(tables, [partitions.key_of(d) for d in dates], [partitions.key_of(d) for d in closed])
    yield stored.days(tables, partitions.sessions.get_partition_keys())
    records = stored.known(tables)
    yield stored.under_settings(records, lambda name: definitions.fingerprint_of(settings, name))
    yield stored.by_code(records, definitions.code_version_of)
    yield stored.inputs(records, definitions.build_table_io(settings, tables), definitions.windows_of)
    others = [Files(str(directory)) for directory in (settings.store.exports, settings.live.output_dir)]
    yield stored.leftovers(tables, artifacts, others)


def show(findings: list[Finding], console: Console) -> None:
    """Print the findings as a table, and how many of each kind there are."""
    table = Table(show_lines=False, pad_edge=False, box=None)
    table.add_column("", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("finding, and what to do", overflow="fold")
    for f in findings:
        remedy = f"\n[bold]→ {escape(without_passwords(f.remedy))}[/]" if f.remedy else ""
        table.add_row(f"[{STYLE[f.level]}]{f.level}[/]", f.what, escape(without_passwords(f.says)) + remedy)
    console.print(table)
    counts = {level: sum(f.level == level for f in findings) for level in STYLE}
    console.print(f"\n{counts['ok']} ok, {counts['warning']} to know, {counts['problem']} to put right")
