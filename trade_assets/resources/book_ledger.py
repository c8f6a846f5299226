"""The book ledger: every deposit, fill, order, override and stop, appended and never changed.

A table of a SQL database, SQLite by default (write-ahead log, flushed to the disk before a command returns) or Postgres by
its URL. Every row carries the hash of itself and of the row before: what is damaged or edited is named, never used.
"""

import hashlib
import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import event, exc

from trade_assets.domain.live.entries import Entry, LedgerError
from trade_assets.resources.files import NotStoredError, has_no_room, not_stored

FIELDS = (
    "id", "kind", "session", "recorded_utc", "strategy", "symbol", "shares", "price_usd", "amount_usd", "cost_usd",
    "actor", "reason", "detail",
)  # fmt: skip
NUMBERS = ("shares", "price_usd", "amount_usd", "cost_usd")
_TABLES = sa.MetaData()
VERSION = sa.Table("ledger_version", _TABLES, sa.Column("version", sa.Integer, primary_key=True))
ENTRIES = sa.Table(
    "ledger_entries",
    _TABLES,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Double if name in NUMBERS else sa.Text, nullable=False) for name in FIELDS),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.UniqueConstraint("id"),
)
APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON ledger_entries "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        f"CREATE RULE ledger_no_{verb.lower()} AS ON {verb} TO ledger_entries DO INSTEAD NOTHING"
        for verb in ("UPDATE", "DELETE")
    ],
}


def _first(connection: sa.Connection) -> None:
    _TABLES.create_all(connection)
    for statement in APPEND_ONLY.get(connection.dialect.name, []):
        connection.execute(sa.text(statement))


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (_first,)  # the n-th brings a ledger to version n


class MissingLedgerError(LookupError):
    """There is no ledger: nobody may take that for a book that holds nothing."""


class CorruptLedgerError(OSError):
    """Entries whose bytes are not those that were recorded."""


def same_instant(session: pd.Timestamp) -> pd.Timestamp:
    """The instant now, whatever the session: what a live day knows is what is recorded when it is first computed."""
    return pd.Timestamp.now("UTC")


class BookLedger:
    """Entries of one ledger.

    Parameters
    ----------
    uri : str
        SQLAlchemy URL.
    clock : callable
        Session to the instant up to which it knows what was recorded, asked once a session.
    """

    def __init__(self, uri: str, *, clock: Callable[[pd.Timestamp], pd.Timestamp] = same_instant) -> None:
        self._url, self._clock = sa.make_url(uri), clock
        self._engine: sa.Engine | None = None
        self._read: list[Entry] = []
        self._last = ""

    @property
    def path(self) -> Path | None:
        """File of a SQLite ledger."""
        inside = self._url.get_backend_name() == "sqlite" and self._url.database
        return Path(self._url.database) if inside and self._url.database else None

    def exists(self) -> bool:
        """Whether there is a ledger."""
        if self.path is not None and not self.path.is_file():
            return False
        return sa.inspect(self._connected()).has_table(VERSION.name)

    def create(self) -> None:
        """Make the ledger where there is none, and bring an older one to this version."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected().begin() as connection:
            there = sa.inspect(connection).has_table(VERSION.name)
            version = (connection.scalar(sa.select(sa.func.max(VERSION.c.version))) or 0) if there else 0
            for number, migrate in enumerate(MIGRATIONS[version:], start=version + 1):
                migrate(connection)
                connection.execute(VERSION.insert().values(version=number))

    def entries(self) -> list[Entry]:
        """Every entry in the order recorded, verified.

        Raises
        ------
        MissingLedgerError, CorruptLedgerError
        """
        with self._begun() as connection:
            self._reload(connection)
        return list(self._read)

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none; one that is there already is not added again.

        Raises
        ------
        LedgerError
            If an entry of that name says something else, or a number of it is not finite.
        """
        if not entries:
            return
        with self._begun() as connection:
            self._reload(connection)
            known = {e.id: e for e in self._read}
            for entry in entries:
                if entry.id in known:
                    _refuse_other(known[entry.id], entry)
                    continue
                self._add(connection, entry)
                known[entry.id] = entry

    def seal(self, session: pd.Timestamp) -> pd.Timestamp:
        """The instant up to which a session knows what was recorded; the first question fixes it."""
        name = f"day {session:%Y-%m-%d}"
        with self._begun() as connection:
            self._reload(connection)
            sealed = next((e for e in self._read if e.id == name), None)
            if sealed is None:
                now = self._clock(session).as_unit("us")
                sealed = Entry(name, "day", session, now, actor="live day", reason="first computed")
                self._add(connection, sealed)
        return sealed.recorded_utc

    def backup(self, to: Path) -> int:
        """Copy a SQLite ledger, consistent while others write; returns the number of entries in the copy."""
        if self.path is None:
            raise ValueError("only a SQLite ledger is copied here; use the tools of the database for another")
        self.entries()
        if to.exists():
            raise ValueError(f"{to} is there already; a backup never replaces a file")
        to.parent.mkdir(parents=True, exist_ok=True)
        _copy(self.path, to)
        return _count(to)

    def restore(self, backup: Path) -> int:
        """Put a verified backup in place of a SQLite ledger that is gone or damaged; returns its number of entries."""
        if self.path is None:
            raise ValueError("only a SQLite ledger is restored here; use the tools of the database for another")
        if backup.resolve() == self.path.resolve():
            raise ValueError(f"{backup} is the ledger itself; a backup is another file")
        count = _count(backup)
        self.close()
        _put_aside(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _copy(backup, self.path)
        self._read, self._last = [], ""
        return count

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _connected(self) -> sa.Engine:
        if self._engine is None:
            self._engine = sa.create_engine(self._url)
            if self._url.get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _durable)
                event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return self._engine

    @contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        shown, done = self._url.render_as_string(hide_password=True), False
        try:
            if not self.exists():
                raise MissingLedgerError(
                    f"there is no book ledger at {shown}: open one with `trade-assets ledger open`, or restore a backup; "
                    "it is never taken for a book that holds nothing"
                )
            with self._connected().begin() as connection:
                version = connection.scalar(sa.select(sa.func.max(VERSION.c.version)))
                if version != len(MIGRATIONS):
                    raise LedgerError(
                        f"the ledger at {shown} has version {version}, this program writes version {len(MIGRATIONS)}"
                    )
                yield connection
            done = True
        except exc.DatabaseError as error:
            if has_no_room(error.orig):
                raise NotStoredError(not_stored(f"an entry of the ledger at {shown}", str(error.orig))) from error
            raise CorruptLedgerError(f"the ledger at {shown} cannot be used: {error.orig}") from error
        except UnicodeDecodeError as error:  # of the database's own message, where it quotes what is damaged
            raise CorruptLedgerError(f"the ledger at {shown} cannot be used: its text is damaged") from error
        finally:
            if not done:
                self._read, self._last = [], ""  # what was rolled back must not be remembered

    def _reload(self, connection: sa.Connection) -> None:
        if not self._read and connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(
                "PRAGMA integrity_check(1)"
            ).scalar()  # lost rows break no chain of hashes
            if found != "ok":
                raise CorruptLedgerError(
                    f"the ledger is damaged, {found}: restore it from a backup with `trade-assets ledger restore`"
                )
        rows = connection.execute(ENTRIES.select().where(ENTRIES.c.number > len(self._read)).order_by(ENTRIES.c.number))
        for row in rows.mappings():
            body = {name: row[name] for name in FIELDS}
            found = _hash(self._last, body)
            if row["number"] != len(self._read) + 1 or found != row["sha256"]:
                raise CorruptLedgerError(
                    f"the ledger is damaged at entry {len(self._read) + 1} ({row['id']!r}): restore it from a backup with "
                    "`trade-assets ledger restore`"
                )
            self._read.append(_entry(body))
            self._last = found

    def _add(self, connection: sa.Connection, entry: Entry) -> None:
        body = _row(entry)
        found = _hash(self._last, body)
        connection.execute(ENTRIES.insert().values(number=len(self._read) + 1, **body, sha256=found))
        self._read.append(_entry(body))
        self._last = found


def _durable(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _count(path: Path) -> int:
    ledger = BookLedger(f"sqlite:///{path}")
    try:
        return len(ledger.entries())
    finally:
        ledger.close()


def _put_aside(path: Path) -> None:
    there = [e for e in ("", "-wal", "-shm") if path.with_name(path.name + e).exists()]
    number = 1
    while there and any(path.parent.glob(f"{path.name}*.replaced{number}")):
        number += 1
    for ending in there:
        path.with_name(path.name + ending).rename(path.with_name(f"{path.name}{ending}.replaced{number}"))


def _row(entry: Entry) -> dict[str, object]:
    texts = {
        "session": f"{entry.session:%Y-%m-%d}",
        "recorded_utc": entry.recorded_utc.tz_convert("UTC").isoformat(),
        "detail": json.dumps(dict(entry.detail), sort_keys=True),
    }
    numbers = {name: float(getattr(entry, name)) + 0.0 for name in NUMBERS}  # SQLite keeps no minus zero
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise LedgerError(f"{entry.id!r}: {name} must be a finite number, was {number}")
    return {**{name: getattr(entry, name) for name in FIELDS}, **texts, **numbers}


def _entry(body: dict[str, object]) -> Entry:
    kept = dict(body)
    kept["session"] = pd.Timestamp(str(body["session"])).as_unit("us")
    kept["recorded_utc"] = pd.Timestamp(str(body["recorded_utc"])).as_unit("us")
    kept["detail"] = json.loads(str(body["detail"]))
    return Entry(**kept)  # type: ignore[arg-type]


def _hash(before: str, body: dict[str, object]) -> str:
    # what was damaged may be of another type, bytes among them: it has another hash
    return hashlib.sha256(json.dumps([before, body], sort_keys=True, default=repr).encode()).hexdigest()


def _refuse_other(there: Entry, offered: Entry) -> None:
    unlike = [
        f"{name} {old!r}, now {new!r}"
        for name, old in asdict(there).items()
        if name not in ("recorded_utc", "actor", "reason") and (new := asdict(offered)[name]) != old
    ]
    if unlike:
        raise LedgerError(f"{there.id!r} is in the ledger already and says {'; '.join(unlike)}: it is never changed")
