"""Bytes under names, in a local directory or behind any fsspec URL, written all or nothing.

A local file is written beside its place, flushed to the disk and renamed, and the directory is
flushed: a reader sees the old bytes or the new, never a mixture. What a killed writer leaves behind
carries the ending ``.partial`` and is swept; a writer that finds no room removes its own.
"""

import datetime as dt
import os
import re
import sqlite3
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec

PARTIAL = ".partial"
FLUSHED_AT_ONCE = 8
WRITER = re.compile(r"\.(\d+)\.\d+\.partial$")  # process and thread
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)


class NotStoredError(OSError):
    """Bytes for which there was no room; what was there before is as it was."""


class Files:
    """A flat key-value view of one directory tree."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))

    def put(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Store every item, in order; of each either the old bytes stay or the new ones are whole."""
        if not self._local:
            for name, content in items:
                self._fs.makedirs(os.path.dirname(self._path(name)), exist_ok=True)
                self._fs.pipe_file(self._path(name), content)
            return
        items, writer = list(items), threading.get_ident()
        written: dict[str, Path] = {}

        def write(item: tuple[str, bytes]) -> None:
            written[item[0]] = self._write_partial(*item, writer)

        try:
            with ThreadPoolExecutor(FLUSHED_AT_ONCE) as pool:  # flushed side by side, files share the wait for the disk
                list(pool.map(write, items))
            for name, _ in items:
                os.replace(written[name], self._path(name))
        finally:
            for partial in written.values():
                partial.unlink(missing_ok=True)
        for directory in {Path(self._path(name)).parent for name, _ in items}:
            _flush_directory(directory)

    def create(self, name: str, content: bytes) -> bool:
        """Store ``content`` unless something is there; False where it is. Appears whole or not at all."""
        if not self._local:
            if self.exists(name):
                return False
            self.put([(name, content)])
            return True
        partial, target = self._write_partial(name, content, threading.get_ident()), Path(self._path(name))
        try:
            os.link(partial, target)
        except FileExistsError:
            return False
        finally:
            os.unlink(partial)
        _flush_directory(target.parent)
        return True

    def get(self, name: str) -> bytes:
        """The bytes under ``name``; raises ``FileNotFoundError``."""
        if self._local:
            return Path(self._path(name)).read_bytes()
        return self._fs.cat_file(self._path(name))

    def exists(self, name: str) -> bool:
        """Whether something is stored under ``name``."""
        return self._fs.exists(self._path(name))

    def names(self, directory: str, ending: str) -> list[str]:
        """File names with ``ending`` in ``directory``, sorted, without the ending."""
        path = self._path(directory)
        if self._local:
            entries = os.listdir(path) if os.path.isdir(path) else []
        else:
            entries = [os.path.basename(e) for e in self._fs.ls(path, detail=False)] if self._fs.exists(path) else []
        return sorted(e.removesuffix(ending) for e in entries if e.endswith(ending))

    def delete(self, name: str) -> None:
        """Remove ``name`` where it exists."""
        if self.exists(name):
            self._fs.rm_file(self._path(name))

    def modified(self, name: str) -> dt.datetime:
        """When ``name`` was stored, in UTC."""
        return self._fs.modified(self._path(name))

    def sweep(self, *, before: dt.datetime | None = None, dry_run: bool = False) -> list[str]:
        """Remove what killed writers of other processes left behind; returns the names.

        Parameters
        ----------
        before : datetime, optional
            Keep what was written at this instant or later.
        dry_run : bool
            Only name them.
        """
        there = self._fs.find(self._root) if self._fs.exists(self._root) else []
        writers = [(path, WRITER.search(path)) for path in there]
        orphans = [path for path, writer in writers if writer and not is_running(int(writer[1]))]
        orphans = [path for path in orphans if before is None or self._fs.modified(path) < before]
        for path in () if dry_run else orphans:
            self._fs.rm_file(path)
        return orphans

    def _path(self, name: str) -> str:
        if name.startswith("/") or ".." in name.split("/") or "\0" in name:
            raise ValueError(f"a stored name must stay inside the store, was {name!r}")
        return f"{self._root}/{name}"

    def _write_partial(self, name: str, content: bytes, writer: int) -> Path:
        target = Path(self._path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{os.getpid()}.{writer}{PARTIAL}")
        try:
            with open(partial, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise NotStoredError(not_stored(str(target), error.strerror or str(error))) from error
        return partial


def not_stored(what: str, why: str) -> str:
    """What could not be stored, and what to do about it."""
    return f"{what} could not be stored, {why}: what was there is as it was; make room and run again"


def has_no_room(error: object) -> bool:
    """Whether an error of SQLite says that it could not write for want of room."""
    return getattr(error, "sqlite_errorcode", None) in NO_ROOM


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_running(pid: int) -> bool:
    """Whether this machine has a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
