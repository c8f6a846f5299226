"""Files a person opens: CSV, JSON, Parquet and HTML, each replaced as a whole."""

import json
import math
from pathlib import Path

import pandas as pd

from trade_assets.resources.files import Files

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Exports:
    """A directory of exported files; text that a spreadsheet would run as a formula is escaped."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._files = Files(str(directory))

    def csv(self, name: str, frame: pd.DataFrame) -> Path:
        """Write a table as CSV, dates as YYYY-MM-DD."""
        text = frame.assign(
            **{c: frame[c].map(_inert) for c in frame.columns if pd.api.types.is_string_dtype(frame[c].dtype)}
        ).rename(columns=_inert)
        return self._put(name, text.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n").encode())

    def json(self, name: str, content: object) -> Path:
        """Write JSON with sorted keys; what is undefined is null."""
        return self._put(
            name, (json.dumps(_defined(content), indent=2, sort_keys=True, allow_nan=False) + "\n").encode()
        )

    def parquet(self, name: str, frame: pd.DataFrame) -> Path:
        """Write a table as Parquet."""
        return self._put(name, frame.to_parquet(index=False))

    def text(self, name: str, content: str) -> Path:
        """Write a page or a text."""
        return self._put(name, content.encode())

    def _put(self, name: str, content: bytes) -> Path:
        self._files.put([(name, content)])
        return self.directory / name


def _inert(value: object) -> object:
    if not isinstance(value, str):
        return value
    line = value.replace("\r", " ").replace("\n", " ")
    return f"'{line}" if value.startswith(FORMULA) else line


def _defined(content: object) -> object:
    if isinstance(content, dict):
        return {str(key): _defined(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_defined(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
