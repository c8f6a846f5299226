"""The artifact store: fitted models as text, addressed by the sha256 of their content.

Nothing here runs what it reads, and nothing is handed out whose hash is not its address: a damaged
model text can abort the process that parses it.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable

from trade_assets.resources.files import Files


class CorruptArtifactError(OSError):
    """A stored model whose content is not what its address says."""


class ArtifactStore:
    """Model texts under ``artifacts/``."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def put(self, texts: Iterable[str]) -> list[str]:
        """Store each text; returns their addresses in order."""
        contents = [text.encode() for text in texts]
        addresses = [hashlib.sha256(content).hexdigest() for content in contents]
        new = {a: c for a, c in zip(addresses, contents, strict=True) if not self._files.exists(_name(a))}
        self._files.put((_name(address), content) for address, content in new.items())
        return addresses

    def get(self, address: str) -> str:
        """The text at ``address``; raises :class:`CorruptArtifactError` when it is missing or damaged."""
        try:
            content = self._files.get(_name(address))
        except FileNotFoundError:
            raise CorruptArtifactError(
                f"model {address[:12]}… is not in the store; materialise the asset that fits it"
            ) from None
        if hashlib.sha256(content).hexdigest() != address:
            raise CorruptArtifactError(
                f"model {address[:12]}… is damaged; delete it and materialise the asset that fits it"
            )
        return content.decode()

    def sweep(self, kept: Collection[str], *, before: dt.datetime, dry_run: bool = False) -> list[str]:
        """Remove the models stored before an instant whose address is not among ``kept``; returns their addresses."""
        stored = [a for shelf in range(256) for a in self._files.names(f"artifacts/{shelf:02x}", ".txt")]
        unwanted = [a for a in stored if a not in kept and self._files.modified(_name(a)) < before]
        for address in () if dry_run else unwanted:
            self._files.delete(_name(address))
        return unwanted


def _name(address: str) -> str:
    return f"artifacts/{address[:2]}/{address}.txt"
