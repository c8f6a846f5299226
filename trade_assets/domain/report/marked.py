"""Text and tables as Markdown."""

from collections.abc import Sequence

SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~"})


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; what its cells hold is text and nothing else."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell if cell == '---' else inert(cell) for cell in line)} |" for line in lines)


def inert(text: str) -> str:
    """Text on one line in which no character is markup."""
    return " ".join(str(text).split()).translate(SPECIAL)
