"""What one look found: all well, something to know, or something that must be put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SHOWN = 3  # of many names


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, one line that says so, and one that says what to do."""

    what: str
    level: Literal["ok", "warning", "problem"]
    says: str
    remedy: str = ""


def ok(what: str, says: str) -> Finding:
    """All well."""
    return Finding(what, "ok", says)


def warning(what: str, says: str, remedy: str) -> Finding:
    """Something to know; nothing it says keeps a run from being right."""
    return Finding(what, "warning", says, remedy)


def problem(what: str, says: str, remedy: str) -> Finding:
    """Something that must be put right."""
    return Finding(what, "problem", says, remedy)


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
