"""Replace a function of the system for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Function = Callable[..., Any]


@contextmanager
def replaced(place: str, fault: Callable[[Function], Function]) -> Iterator[None]:
    """``place``, written ``module:name`` or ``module:Class.name``, by what ``fault`` makes of it."""
    module, _, path = place.partition(":")
    owner = import_module(module)
    *outer, attribute = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, attribute)
    setattr(owner, attribute, fault(original))
    try:
        yield
    finally:
        setattr(owner, attribute, original)
