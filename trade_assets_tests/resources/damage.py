"""Copies of a file as a disk or a person may spoil it."""

from collections.abc import Iterator

import numpy as np

DAMAGES = 100  # of each


def copies(whole: bytes, *, seed: int = 3) -> Iterator[bytes]:
    """A hundred with one bit flipped, a hundred with the end cut off."""
    rng = np.random.default_rng(seed)
    for _ in range(DAMAGES):
        place = int(rng.integers(len(whole)))
        bad = bytearray(whole)
        bad[place] ^= 1 << int(rng.integers(8))
        yield bytes(bad)
    for _ in range(DAMAGES):
        yield whole[: int(rng.integers(len(whole)))]
