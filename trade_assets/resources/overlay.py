"""A scratch store laid over another: reads fall through to what is not hidden, writes stay in the scratch."""

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from trade_assets.resources.files import Files


class Overlay(Files):
    """Files of ``base`` seen through ``scratch``; a name for which ``hidden`` is true is not there in the base."""

    def __init__(self, scratch: Files, base: Files, hidden: Callable[[str], bool]) -> None:
        self._scratch, self._base, self._hidden = scratch, base, hidden

    def put(self, items: Iterable[tuple[str, bytes]]) -> None:
        self._scratch.put(items)

    def create(self, name: str, content: bytes) -> bool:
        return self._scratch.create(name, content)

    def get(self, name: str) -> bytes:
        if self._scratch.exists(name):
            return self._scratch.get(name)
        if self._hidden(name):
            raise FileNotFoundError(name)
        return self._base.get(name)

    def exists(self, name: str) -> bool:
        return self._scratch.exists(name) or (not self._hidden(name) and self._base.exists(name))

    def names(self, directory: str, ending: str) -> list[str]:
        seen = [name for name in self._base.names(directory, ending) if not self._hidden(f"{directory}/{name}{ending}")]
        return sorted({*self._scratch.names(directory, ending), *seen})

    def delete(self, name: str) -> None:
        self._scratch.delete(name)

    def modified(self, name: str) -> dt.datetime:
        return (self._scratch if self._scratch.exists(name) else self._base).modified(name)

    def sweep(self, *, before: dt.datetime | None = None, dry_run: bool = False) -> list[str]:
        return self._scratch.sweep(before=before, dry_run=dry_run)


def partitions_from(key: str) -> Callable[[str], bool]:
    """True for the stored partitions of ``key`` and later."""

    def hidden(name: str) -> bool:
        path = PurePosixPath(name)
        return path.parts[0] in ("tables", "records") and path.stem >= key

    return hidden
