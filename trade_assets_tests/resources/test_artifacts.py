"""Model texts under their own hash."""

import numpy as np
import pytest

from trade_assets.resources.artifacts import ArtifactStore, CorruptArtifactError
from trade_assets.resources.files import Files


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(Files(str(tmp_path)))


def test_a_text_comes_back_from_its_address_and_the_same_text_has_one(store):
    first, second, again = store.put(["one", "two", "one"])
    assert (store.get(first), store.get(second)) == ("one", "two")
    assert first == again


def test_a_missing_model_is_an_error_that_says_what_to_do(store):
    with pytest.raises(CorruptArtifactError, match="not in the store"):
        store.get("0" * 64)


def test_no_damaged_model_is_handed_out(store, tmp_path):
    [address] = store.put(["tree\n" * 200])
    path = next(tmp_path.rglob("*.txt"))
    whole, rng = path.read_bytes(), np.random.default_rng(3)
    for _ in range(100):
        place = int(rng.integers(len(whole)))
        bad = bytearray(whole)
        bad[place] ^= 1 << int(rng.integers(8))
        for content in (bytes(bad), whole[:place]):
            path.write_bytes(content)
            with pytest.raises(CorruptArtifactError, match="damaged"):
                store.get(address)
