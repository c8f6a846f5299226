"""What a person must say with what they do."""

from trade_assets.domain.live.entries import STRATEGIES


def required(text: str, name: str) -> str:
    """``text`` without blanks around it; raises ``ValueError`` where nothing is said."""
    if not text.strip():
        raise ValueError(f"--{name} must say something, was {text!r}")
    return text.strip()


def strategy_of(name: str) -> str:
    """A strategy; raises ``ValueError`` for one there is not."""
    if name not in STRATEGIES:
        raise ValueError(f"--strategy must be one of {', '.join(STRATEGIES)}, was {name!r}")
    return name
