"""CatBoost as numbers: what the library itself predicts, weights and all, read where the library is not."""

import json
import sys

import numpy as np
import pytest

from trade_assets.domain.models import MODELS, catboost_model, oblivious
from trade_assets.domain.models.rows import Rows
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.models.test_models import NEEDS_CATBOOST, PARAMETERS, rows

OWN = PARAMETERS["catboost"]
LIBRARY = {
    "loss_function": "MultiRMSE", "iterations": 25, "depth": 3, "learning_rate": 0.1, "l2_leaf_reg": 3.0,
    "random_seed": 42, "bootstrap_type": "No", "thread_count": 1, "verbose": False, "allow_writing_files": False,
}  # fmt: skip


@NEEDS_CATBOOST
def test_the_numbers_predict_what_the_library_predicts_with_its_weights():
    import catboost

    train, x = rows(), rows(1).x.astype(np.float32).astype(float)
    theirs = catboost.CatBoost(LIBRARY).fit(catboost.Pool(train.x, label=train.y[:, None], weight=train.weight))
    found = catboost_model.read(catboost_model.fit(train, OWN, 25))(x)
    np.testing.assert_allclose(found, np.ravel(theirs.predict(x, thread_count=1)), rtol=1e-9, atol=1e-12)


@NEEDS_CATBOOST
def test_a_row_counts_as_much_as_it_weighs():
    train, x = rows(), rows(1).x
    both = Rows(np.vstack([train.x, train.x]), np.append(train.y, -train.y), np.append(train.weight, train.weight / 9))
    found = catboost_model.read(catboost_model.fit(both, OWN, 20))(x)
    assert np.corrcoef(found, rows(1).y)[0, 1] > 0.5
    equal = Rows(both.x, both.y, np.ones(800))
    assert np.abs(catboost_model.read(catboost_model.fit(equal, OWN, 20))(x)).max() < np.abs(found).max() / 2


@NEEDS_CATBOOST
def test_a_row_without_weight_changes_no_byte():
    train = rows()
    more = Rows(np.vstack([train.x, train.x[:5]]), np.append(train.y, [0.5] * 5), np.append(train.weight, [0.0] * 5))
    assert catboost_model.fit(train, OWN, 5) == catboost_model.fit(more, OWN, 5)


@NEEDS_CATBOOST
def test_the_search_stops_where_the_error_on_the_test_rows_was_least():
    train, test = rows(n=60), rows(1)
    own = OWN | {"num_boost_round": 60, "early_stopping_rounds": 60, "learning_rate": 0.3}
    size, _ = catboost_model.search(train, test, own)
    errors = [
        np.average((catboost_model.read(catboost_model.fit(train, own, n))(test.x) - test.y) ** 2, weights=test.weight)
        for n in range(1, 61)
    ]
    assert size == 1 + int(np.argmin(errors)) < 60


@NEEDS_CATBOOST
def test_equal_weights_give_the_trees_of_none():
    train = rows()
    own = {"rounds": 5, "depth": 3, "learning_rate": 0.1, "l2": 3.0}
    plain = oblivious.fit(train.x, train.y[:, None], **own)
    weighed = oblivious.fit(train.x, train.y[:, None], weight=np.ones(400), **own)
    assert [t["features"] for t in plain["trees"]] == [t["features"] for t in weighed["trees"]]
    assert plain["start"] == pytest.approx(weighed["start"])


def test_a_stored_model_is_read_where_the_library_is_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "catboost", None)
    trees = [{"features": [0, 1], "borders": [0.0, 0.25], "leaves": [[1.0], [2.0], [3.0], [4.0]]}]
    text = json.dumps({"kind": "oblivious", "start": [10.0], "trees": trees}, sort_keys=True)
    x = np.array([[-1.0, 0.0], [1.0, 0.0], [-1.0, 0.5], [1.0, 0.5], [np.nan, np.nan]])
    assert_same_bytes(MODELS["catboost"].read(text)(x), np.array([11.0, 12.0, 13.0, 14.0, 11.0]))


def test_whether_the_library_is_installed_is_told(monkeypatch):
    monkeypatch.setattr(oblivious, "find_spec", lambda name: None)
    assert not catboost_model.is_installed()
