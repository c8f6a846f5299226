"""What is kept in databases: Dagster's runs, the book ledger, MLflow's runs and Optuna's trials."""

import os
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import sqlalchemy as sa
from sqlalchemy import exc

from trade_assets.doctor.finding import Finding, ok, problem, some, warning
from trade_assets.domain.live.entries import LedgerError
from trade_assets.resources import runs
from trade_assets.resources.book_ledger import BookLedger, CorruptLedgerError

SECONDS = 5


def dagster_runs(home: Path) -> Finding:
    """Whether the Dagster instance can be read, and which of its runs are marked started while their process is gone."""
    if not (home / "dagster.yaml").is_file():
        return warning("Dagster", f"there is no instance at {home} yet", "make run")
    os.environ["DAGSTER_HOME"] = str(home.absolute())
    remedy = f"move it away, it is made anew and no table is lost: mv {home} {home}.old"
    try:
        with dg.DagsterInstance.get() as instance:
            count, dead = instance.get_runs_count(), runs.dead(instance)
    except (exc.SQLAlchemyError, sqlite3.Error, dg.DagsterError, OSError) as error:
        return problem("Dagster", f"the instance at {home} cannot be read: {_first_line(error)}", remedy)
    if dead:
        names = some([f"{run.job_name} {run.run_id[:8]}" for run in dead])
        return warning("Dagster", f"{len(dead)} runs are marked started, but their process is gone: {names}", "trade-assets tidy")  # fmt: skip
    return ok("Dagster", f"{count} runs, none whose process is gone")


def ledger(book: BookLedger) -> Finding:
    """Whether every entry of the book ledger is what was recorded."""
    remedy = "trade-assets ledger restore --from FILE, of a backup"
    try:
        if not book.exists():
            return ok("ledger", "no book is open; trade-assets ledger open opens one")
        entries = book.entries()
    except (CorruptLedgerError, LedgerError, exc.SQLAlchemyError) as error:
        return problem("ledger", _first_line(error), remedy)
    finally:
        book.close()
    newest = f", the newest of {entries[-1].recorded_utc:%Y-%m-%d %H:%M} UTC" if entries else ""
    return ok("ledger", f"{len(entries)} entries{newest}; every hash holds")


def database(what: str, uri: str) -> Finding:
    """Whether a database can be reached and read; one that is not there yet is made by the first run."""
    if uri.startswith(("http://", "https://")):
        return _server(what, uri)
    try:
        url = sa.make_url(uri)
    except exc.ArgumentError:
        return problem(what, "its address is no database URL", "see store in docs/settings.md")
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        return _file(what, Path(url.database or ""))
    try:
        engine = sa.create_engine(url, connect_args={"connect_timeout": SECONDS} if "postgres" in shown else {})
        with engine.connect() as connection:
            connection.execute(sa.select(1))
    except (exc.SQLAlchemyError, ImportError) as error:
        return problem(
            what, f"{shown} cannot be reached: {_first_line(error)}", "start the database, or correct its URL"
        )
    return ok(what, f"{shown} answers")


def _file(what: str, path: Path) -> Finding:
    if not path.is_file():
        return ok(what, f"{path} is not there yet; the first run makes it")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        return problem(what, f"{path} is damaged: {said}", f"move it away, it is made anew: mv {path} {path}.old")
    return ok(what, f"{path} is whole, {path.stat().st_size / 2**20:.1f} MB")


def _server(what: str, uri: str) -> Finding:
    shown = f"the server at {urlsplit(uri).hostname}"  # the rest may hold a password
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=SECONDS):
            return ok(what, f"{shown} answers")
    except OSError as error:
        return problem(
            what, f"{shown} does not answer: {type(error).__name__}", "start it, or correct store.mlflow_uri"
        )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
