"""The certificate: what it counts, the hashes it puts together, and that nothing in it runs."""

import hashlib
import subprocess

import pandas as pd
import pytest

from trade_assets.domain.report import certificate as page

MEANINGS = {"nothing later": "the world ends", "one by one": "a run a date"}
FACTS = {"Proven": "2018-12-31 21:00 UTC", "Source": "sample", "Code": "1"}


def rebuilt(differ=(), variations=("nothing later",)):
    rows = [
        (variation, key, asset, hashlib.sha256(f"{asset}{key}".encode()).hexdigest(), (asset, key) not in differ)
        for variation in variations
        for key in ("2018-12-17", "2018-12-03")
        for asset in ("universe", "bars")
    ]
    return pd.DataFrame(rows, columns=["variation", "key", "asset", "sha256", "is_same"])


def test_artifacts_are_counted_by_variation_asset_and_date():
    found = page.find(rebuilt(differ={("bars", "2018-12-03")}, variations=MEANINGS), [], MEANINGS)
    assert (found.whole.artifacts, found.whole.differ, found.whole.dates) == (8, 2, 2)
    assert [(g.name, g.artifacts, g.differ) for g in found.by_variation] == [
        ("nothing later", 4, 1),
        ("one by one", 4, 1),
    ]
    assert [(g.name, g.dates, g.differ) for g in found.by_asset] == [("universe", 2, 0), ("bars", 2, 1)]
    assert [(g.name, g.artifacts, g.differ) for g in found.by_date["one by one"]] == [
        ("2018-12-03", 2, 1),
        ("2018-12-17", 2, 0),
    ]
    assert not found.is_proven
    assert page.find(rebuilt(), [], MEANINGS).is_proven


def test_a_hash_is_that_of_what_sha256sum_prints(tmp_path):
    for asset in ("universe", "bars"):
        (tmp_path / asset).mkdir()
        (tmp_path / asset / "2018-12-17.parquet").write_text(f"{asset}2018-12-17")
    told = "sha256sum {bars,universe}/2018-12-17.parquet"
    page_text = page.certificate(rebuilt(), [], meanings=MEANINGS, facts=FACTS)
    assert told in page_text
    printed = subprocess.check_output(["bash", "-c", f"{told} | sha256sum"], cwd=tmp_path, text=True)
    assert page.find(rebuilt(), [], MEANINGS).by_date["nothing later"][-1].sha256 == printed.split()[0]
    assert printed.split()[0] in page_text


def test_the_order_of_the_verdicts_changes_no_hash():
    own, mixed = rebuilt(), rebuilt().sample(frac=1, random_state=1)
    assert page.find(own, [], MEANINGS).whole == page.find(mixed, [], MEANINGS).whole


def test_what_did_not_pass_is_named_and_text_stays_text():
    evil = "<script>alert(1)</script>"
    failure = page.Failure("2018-12-03", "nothing later", evil, evil)
    text = page.certificate(rebuilt(), [failure], meanings=MEANINGS, facts=FACTS | {evil: evil})
    assert "Not proven" in text
    assert "Proven: nothing" not in text
    assert evil not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4


def test_a_proof_whose_rebuilds_all_failed_has_a_page():
    failure = page.Failure("2018-12-03", "one by one", "bars", "no rows")
    text = page.certificate(rebuilt().iloc[:0], [failure], meanings=MEANINGS, facts=FACTS)
    assert "1 date did not pass" in text


def test_nothing_rebuilt_or_an_unknown_variation_is_refused():
    with pytest.raises(ValueError, match="rebuilt must have a row, had none"):
        page.find(rebuilt().iloc[:0], [], MEANINGS)
    with pytest.raises(ValueError, match="must be one of nothing later, was 'one by one'"):
        page.find(rebuilt(variations=["one by one"]), [], {"nothing later": ""})
