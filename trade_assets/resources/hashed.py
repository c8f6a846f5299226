"""JSON beside its own sha256: what was damaged or edited is refused, never used."""

import hashlib
import json
from typing import Any


def encode(body: dict[str, Any]) -> bytes:
    """The body and its hash, as bytes."""
    return json.dumps({"body": body, "sha256": _hash_of(body)}, sort_keys=True).encode()


def decode(content: bytes) -> dict[str, Any]:
    """The body; raises ``ValueError`` unless it has the hash beside it."""
    try:
        entry = json.loads(content)
        if _hash_of(entry["body"]) == entry["sha256"]:
            return entry["body"]
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError("what was read does not have the sha256 beside it")


def _hash_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
