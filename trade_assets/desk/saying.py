"""What a person must say with what they do, and how it is said back."""

import re

from rich.console import Console
from rich.text import Text

from trade_assets.domain.live.entries import STRATEGIES
from trade_assets.schemas import CASH, TICKER


def required(text: str, name: str) -> str:
    """``text`` without blanks around it; raises ``ValueError`` where nothing is said."""
    if not text.strip():
        raise ValueError(f"--{name} must say something, was {text!r}")
    return text.strip()


def symbol_of(text: str, name: str) -> str:
    """A symbol; raises ``ValueError`` for what no table could hold."""
    if text == CASH or not re.fullmatch(TICKER.pattern or "", text):
        raise ValueError(f"--{name} must be a symbol like BRK.B, in capitals and not {CASH}, was {text!r}")
    return text


def tell(console: Console, text: str) -> None:
    """Print a sentence; what a person wrote in it is text and nothing else."""
    console.print(Text(text))


def strategy_of(name: str) -> str:
    """A strategy; raises ``ValueError`` for one there is not."""
    if name not in STRATEGIES:
        raise ValueError(f"--strategy must be one of {', '.join(STRATEGIES)}, was {name!r}")
    return name
