"""How a command says what went wrong."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

PASSWORD = re.compile(r"(?<=://)[^\s/?#]*@")


def without_passwords(text: str) -> str:
    """``text`` without what stands before the host of an address."""
    return PASSWORD.sub("…@", text)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print what went wrong in a sentence and leave with status 1; a bug keeps its traceback."""
    try:
        yield
    except (ValueError, LookupError, OSError, RuntimeError) as error:
        message = f"[bold red]error:[/] {escape(without_passwords(str(error)))}"
        Console(stderr=True).print(message, highlight=False, soft_wrap=True, markup=True)
        sys.exit(1)
