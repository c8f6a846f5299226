"""Model texts under their own hash."""

import pytest

from trade_assets.resources.artifacts import ArtifactStore, CorruptArtifactError
from trade_assets.resources.files import Files
from trade_assets_tests.resources.damage import copies


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
    for content in copies(path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(CorruptArtifactError, match="damaged"):
            store.get(address)
