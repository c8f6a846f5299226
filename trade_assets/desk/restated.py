"""What the vendor has restated of sealed sessions, and the decisions that would have been others on it.

Everything from the first restated session on is computed again in a scratch store, on the sealed rows with the restated
ones in their place. Nothing that is sealed or stored changes. What was filled stays filled.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from trade_assets import due, partitions, running
from trade_assets.automation import rebalance_job, session_job
from trade_assets.definitions import build_definitions
from trade_assets.desk.daily import scratch_resources
from trade_assets.domain import calendar
from trade_assets.domain.live import restated as domain
from trade_assets.domain.live.restated import Decided
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.restated import Restated
from trade_assets.resources.market_data.vintages import Vintages, restatements_of, utc_now
from trade_assets.resources.overlay import partitions_from
from trade_assets.resources.records import Records
from trade_assets.resources.studies import Unstored
from trade_assets.resources.tables import TableStore
from trade_assets.resources.tracking import Untracked
from trade_assets.settings import Settings, load

SHOWN = 40  # rows of a table in the terminal; the files have all


def restated(date: str | None, symbols: Sequence[str], console: Console) -> None:
    """Ask the source again about every sealed session, and report what it restates and what that would change."""
    settings, session = load(), due.closed_session(date)
    source, store = build_source(settings), Files(settings.store.url)
    sealed = Vintages(source, store)
    changed = sealed.refresh(calendar.FIRST_SESSION, session, now=utc_now())
    if symbols:
        changed = changed[changed["symbol"].isin(symbols)]
    if changed.empty:
        console.print("The source restates nothing of what is sealed; no decision changes.")
        return
    decisions = _decisions(settings, Restated(sealed, source, changed), changed, session, console)
    if not symbols:
        restatements_of(source, store).judge(len(decisions), now=utc_now())
    _show(changed, decisions, console)
    files, key = Exports(settings.live.output_dir), partitions.key_of(session)
    files.csv(f"{key}/restated.csv", decisions)
    told = {
        name: rows.astype({"session": "str"}).to_dict("records")
        for name, rows in (("restatements", changed), ("decisions", decisions))
    }
    console.print(f"Files  {files.directory / key}/restated.csv, {files.json(f'{key}/restated.json', told).name}")


def _decisions(
    settings: Settings, market_data: Restated, changed: pd.DataFrame, session: pd.Timestamp, console: Console
) -> pd.DataFrame:
    """The decisions from the first restated session to ``session`` that would be others."""
    first, last = min(changed["session"]), partitions.key_of(session)
    stored = TableStore(Files(settings.store.url))
    rebalances, sessions = (
        [key for key in stored.keys(name) if first <= key <= last] for name in ("performance", "daily_report")
    )
    if not rebalances and not sessions:
        return domain.changes(_decided(stored, [], []), _decided(stored, [], []))
    files = settings.live.model_copy(update={"broker": "file"})  # fills are those of the ledger
    with tempfile.TemporaryDirectory() as scratch, running.progress_bar(console) as progress:
        task = progress.add_task("starting", total=None)
        resources = scratch_resources(
            settings.model_copy(update={"live": files}), Path(scratch), partitions_from(first), market_data=market_data,
            tracking=Untracked(), studies=Unstored(), records=Records(Files(settings.store.url)),
            on_stored=lambda asset, key: progress.update(task, advance=1, description=asset),
        )  # fmt: skip
        jobs = [(job, keys) for job, keys in ((rebalance_job, rebalances), (session_job, sessions)) if keys]
        _run(jobs, resources, lambda total: progress.update(task, total=total))
        progress.update(task, description="done")
        again = _decided(resources["tables"], rebalances, sessions)
    return domain.changes(_decided(stored, rebalances, sessions), again)


def _run(jobs: list[tuple[Any, list[str]]], resources: dict[str, Any], told: Any) -> None:
    definitions = build_definitions(resources)
    resolved = [(definitions.resolve_job_def(job.name), keys) for job, keys in jobs]
    told(sum(len(job.asset_layer.executable_asset_keys) * len(keys) for job, keys in resolved))
    try:
        for job, keys in resolved:
            running.execute(job, unlogged_instance(), keys)
    finally:
        resources["workers"].close()
        resources["ledger"].close()


def _decided(tables: TableStore, rebalances: Sequence[str], sessions: Sequence[str]) -> Decided:
    of_rebalances = [tables.read(name, rebalances)[0] for name in ("champion_model", "target_weights")]
    return Decided(*of_rebalances, *(tables.read(name, sessions)[0] for name in ("live_signals", "live_orders")))


def _show(changed: pd.DataFrame, decisions: pd.DataFrame, console: Console) -> None:
    columns = ["session", "symbol", "table", "column", "sealed", "restated"]
    restatements = changed.assign(restated=changed["restated"].where(changed["kind"] != "withdrawn", "withdrawn"))
    console.print(_table(f"{len(changed)} values restated", restatements[columns]))
    if decisions.empty:
        console.print("No decision changes.")
        return
    console.print(_table(f"{len(decisions)} decisions would change", decisions))
    if changed["symbol"].nunique() > 1:
        console.print("That is all of them together; --symbol asks for one alone.")


def _table(title: str, rows: pd.DataFrame) -> Table:
    more = f", the first {SHOWN}" if len(rows) > SHOWN else ""
    table = Table(*rows.columns, title=f"{title}{more}", title_justify="left")
    for row in rows.head(SHOWN).itertuples(index=False):
        table.add_row(*(f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value) for value in row))
    return table
