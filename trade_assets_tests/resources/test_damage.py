"""A hundred bit flips and a hundred truncations of every kind of file that is read back: a named error, or the same again.

Tables and their records are spoilt in ``test_tables.py``, the book ledger in ``test_ledger_damage.py``.
"""

import hashlib

import numpy as np
import pandas as pd
import pytest

from trade_assets import comparing
from trade_assets.domain.models import MODELS, calibration, logistic, quantiles
from trade_assets.domain.models.least_squares import fit_ridge, read_linear
from trade_assets.resources.artifacts import ArtifactStore, CorruptArtifactError
from trade_assets.resources.files import Files
from trade_assets.resources.market_data.restatements import COLUMNS, Restatements
from trade_assets.resources.market_data.sealed_files import CorruptSealError
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.resources.records import CorruptRecordError, Records
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Synthetic as SyntheticSettings
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.models import test_calibration, test_quantiles
from trade_assets_tests.domain.models.test_models import LEARNERS, fit, rows
from trade_assets_tests.resources.damage import DAMAGES, copies

START, NEXT = pd.Timestamp("1999-04-01"), pd.Timestamp("1999-04-05")
NOW = pd.Timestamp("2024-03-18 12:00", tz="UTC")
HOW_MANY = f"{DAMAGES} flips and {DAMAGES} truncations a kind"


def classes():
    """Rows with labels of two classes and no gap."""
    made = rows(gaps=0.0)
    return type(made)(made.x, (made.y > 0).astype(float), made.weight)


def calibrator(method):
    return lambda: test_calibration.fit(method, *test_calibration.block())


SCORE = np.linspace(0.01, 0.99, 40)
X = rows(seed=1, n=40, gaps=0.0).x
TEXTS = {
    "ridge": (lambda: fit_ridge(rows(gaps=0.0), alpha_share=0.1), read_linear, X),
    "logistic regression": (lambda: logistic.fit_logistic(classes(), c=1.0), read_linear, X),
    "no calibrator": (calibrator("none"), calibration.read_calibrator, SCORE),
    "Platt's sigmoid": (calibrator("platt"), calibration.read_calibrator, SCORE),
    "isotonic regression": (calibrator("isotonic"), calibration.read_calibrator, SCORE),
    "market forecast": (
        lambda: quantiles.fit(test_quantiles.job()).texts[1],
        MODELS["lightgbm"].read,
        np.asarray(test_quantiles.job().x)[:40],
    ),
}


def never_read(tmp_path, text, read, x):
    """No damaged copy of a stored text reaches what reads it: a damaged one can end the process."""
    store = ArtifactStore(Files(str(tmp_path)))
    [address] = store.put([text])
    expected = read(text)(x)
    path = next(tmp_path.rglob("*.txt"))
    whole = path.read_bytes()
    for damaged in copies(whole):
        path.write_bytes(damaged)
        with pytest.raises(CorruptArtifactError, match=f"model {address[:12]}… is damaged; delete it and materialise"):
            read(store.get(address))(x)
    path.write_bytes(whole)
    assert_same_bytes(np.asarray(read(store.get(address))(x)), np.asarray(expected))


@pytest.mark.reliability("4")
@pytest.mark.parametrize("name", LEARNERS)
def test_no_damaged_text_of_a_learner_is_parsed(tmp_path, figure, name):
    never_read(tmp_path, fit(name, rows()), MODELS[name].read, X)
    figure(f"{HOW_MANY}: every text of a model refused before it is parsed")


@pytest.mark.reliability("4")
@pytest.mark.parametrize("name", TEXTS)
def test_no_damaged_text_of_another_model_is_parsed(tmp_path, name):
    made, read, x = TEXTS[name]
    never_read(tmp_path, made(), read, x)


@pytest.mark.reliability("4")
def test_a_model_file_that_is_not_the_one_meant_is_not_parsed(tmp_path, figure):
    text, path = fit("lightgbm", rows()), tmp_path / "champion.txt"
    asked = comparing.Native("lightgbm", ("momentum_20",), hashlib.sha256(text.encode()).hexdigest())
    for damaged in copies(text.encode()):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"champion\.txt: sha256 must be .* a model is not read unless"):
            comparing._predicted(path, asked, TableStore(Files(str(tmp_path))), [])
    figure("an exported model too")


@pytest.fixture(scope="module")
def market():
    return Synthetic(SyntheticSettings(symbols=5, sessions=80, seed=1))


REPORT = pd.DataFrame(
    [("bars", "1999-04-01", "S0001", "", "close", "restated", "10.0", "10.1", 0.01)], columns=list(COLUMNS)
)
SEALED = {
    "sealed bars": ("bars/parts", lambda source, files: Vintages(source, files).bars(START, START)),
    "the log of sealed bars": ("bars/log", lambda source, files: Vintages(source, files).bars(START, START)),
    "sealed members": ("membership/parts", lambda source, files: Vintages(source, files).membership(as_of=START)),
    "the log of members": ("membership/log", lambda source, files: Vintages(source, files).membership(as_of=START)),
    "restatements": (
        "restatements/log",
        lambda source, files: Restatements(files, f"vintages/{source.identity('restatements')}").record(
            REPORT, now=NOW
        ),
    ),
}


@pytest.mark.reliability("4")
@pytest.mark.parametrize("kind", SEALED)
def test_sealed_data_is_the_same_or_named_as_damaged(market, tmp_path, figure, kind):
    directory, read = SEALED[kind]
    files = Files(str(tmp_path))
    vintages = Vintages(market, files)
    vintages.bars(START, NEXT)
    vintages.membership(as_of=START)
    SEALED["restatements"][1](market, files)
    expected = read(market, files)
    [path] = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.match(f"*/{directory}")]
    whole, refused = path.read_bytes(), 0
    for damaged in copies(whole):
        path.write_bytes(damaged)
        try:
            found = read(market, files)
        except CorruptSealError as error:
            assert directory in str(error)
            refused += 1
        else:
            pd.testing.assert_frame_equal(found, expected)
    assert refused >= 2 * DAMAGES - 5
    assert sum(p.is_file() for p in path.parent.iterdir()) == 1
    figure("sealed bars, members, restatements and their logs, records of people: all named")


@pytest.mark.reliability("4")
def test_what_a_person_decided_is_the_same_or_named_as_damaged(tmp_path):
    records = Records(Files(str(tmp_path)))
    records.append("rollbacks", recorded_utc=NOW, actor="a", reason="it broke", model="lightgbm", construction="hrp")
    expected, [path] = records.read("rollbacks"), tmp_path.rglob("*.json")
    for damaged in copies(path.read_bytes()):
        path.write_bytes(damaged)
        try:
            found = records.read("rollbacks")
        except CorruptRecordError as error:
            assert path.name in str(error)
        else:
            pd.testing.assert_frame_equal(found, expected)
