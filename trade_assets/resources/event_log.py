"""Dagster's SQLite event log with connections that stay open.

The stock storage opens, migrates and closes a database for every event, which is most of what a
materialisation costs, and asks for every event whether tables and columns are there. This one replaces two private
methods, ``_connect`` and ``_has_asset_key_col_on_connection``: same databases, same schema, same lock; a test fails
when Dagster changes one of them. Postgres is the documented way out.
It also removes the database of a deleted run, which the stock storage leaves behind empty and as large as before.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy as db
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from trade_assets.resources.files import NotStoredError, has_no_room, not_stored

BUSY_TIMEOUT_SECONDS = 60
KEPT = 16


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """Keeps the newest connections of a process open, one a database; a relative ``base_dir`` lies in ``DAGSTER_HOME``."""

    def __init__(self, base_dir: str, inst_data=None) -> None:
        self._kept: OrderedDict[tuple[int, str], tuple[db.Engine, Connection]] = OrderedDict()
        self._there: set[str] = set()  # tables and columns of the index, which only ever gains some
        super().__init__(str(Path(os.environ.get("DAGSTER_HOME", ".")) / base_dir), inst_data)

    @classmethod
    def from_config_value(cls, inst_data, config_value):
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            try:
                connection = self._kept_connection(shard)
                with connection.begin():
                    yield connection
            except exc.OperationalError as error:
                if not has_no_room(error.orig):
                    raise
                what = f"an event in {self.path_for_shard(shard)}"
                raise NotStoredError(not_stored(what, str(error.orig))) from error

    def has_table(self, table_name: str) -> bool:
        return self._once_there(table_name, lambda: super(KeptSqliteEventLogStorage, self).has_table(table_name))

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        stock = super()._has_asset_key_col_on_connection
        return self._once_there(f"asset_keys.{column_name}", lambda: stock(conn, column_name))

    def _once_there(self, name: str, ask: Callable[[], bool]) -> bool:
        if name not in self._there and ask():
            self._there.add(name)
        return name in self._there

    def delete_events(self, run_id: str) -> None:
        super().delete_events(run_id)
        if not run_id:
            return  # the events of no run share a database
        with self._db_lock:
            if kept := self._kept.pop((os.getpid(), run_id), None):
                self._close(*kept)
            self._initialized_dbs.discard(run_id)
            for ending in ("", "-wal", "-shm"):
                Path(self.path_for_shard(run_id) + ending).unlink(missing_ok=True)

    def dispose(self) -> None:
        while self._kept:
            self._close(*self._kept.popitem()[1])
        super().dispose()

    def _kept_connection(self, shard: str) -> Connection:
        key = (os.getpid(), shard)
        path = self.path_for_shard(shard)
        if key in self._kept and not os.path.exists(path):
            self._close(*self._kept.pop(key))
            self._initialized_dbs.discard(shard)
        if key not in self._kept:
            engine = db.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=db.pool.StaticPool,
                connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            connection = engine.connect()
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            connection.commit()
            self._kept[key] = engine, connection
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._close(*self._kept.popitem(last=False)[1])
        return self._kept[key][1]

    @staticmethod
    def _close(engine: db.Engine, connection: Connection) -> None:
        connection.close()
        engine.dispose()


def unlogged_instance() -> dg.DagsterInstance:
    """An instance in memory that keeps no event: for runs whose stored bytes say everything, a fifth quicker."""
    instance = dg.DagsterInstance.ephemeral()
    instance.event_log_storage.store_event = lambda event: None
    return instance
