"""Which messages went out: one file each in the store, so that none is sent twice."""

import json

import pandas as pd

from trade_assets.resources.files import Files

DIRECTORY = "notified"


class Notified:
    """Messages sent, by what they are about and their kind."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def claim(self, about: str, kind: str, subject: str) -> bool:
        """Take a message to send; False where it was taken before, by this process or another."""
        content = {"subject": subject, "claimed_utc": pd.Timestamp.now("UTC").isoformat()}
        return self._files.create(_name(about, kind), json.dumps(content, sort_keys=True).encode())

    def release(self, about: str, kind: str) -> None:
        """Give back a message that nobody got, so that the next run sends it."""
        self._files.delete(_name(about, kind))


def _name(about: str, kind: str) -> str:
    return f"{DIRECTORY}/{about}/{kind}.json"
