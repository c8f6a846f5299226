"""What acceptance is made of: a gate is a number, its limit, whether it passes, and the verdict in words."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warn", "error"]


@dataclass(frozen=True)
class Gate:
    """One gate.

    Attributes
    ----------
    name : str
        Short name.
    requirement : str
        The requirement it stands for.
    value, limit : float
        NaN where undefined: then it is not passed, for nothing has been shown.
    passed : bool
    severity : {"warn", "error"}
        How bad it is where it is not passed.
    sentence : str
        The verdict, with both numbers.
    """

    name: str
    requirement: str
    value: float
    limit: float
    passed: bool
    severity: Severity
    sentence: str
