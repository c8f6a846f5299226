"""A person's own model is judged as every candidate is: given a candidate's scores, it earns what the candidate did."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from trade_assets import comparing
from trade_assets.resources.tables import TableStore
from trade_assets.settings import load
from trade_assets_tests.scenarios import system

MODEL = "lightgbm"


@pytest.fixture
def predictions(history, tmp_path):
    rows = TableStore(system.base()).read("stock_predictions", history)[0]
    own = rows[rows["model"] == MODEL].rename(columns={"rebalance_date": "date", "symbol": "ticker"})
    own[["date", "ticker", "prediction"]].to_csv(tmp_path / "own.csv", index=False)
    return tmp_path / "own.csv"


def said(*arguments) -> str:
    console = Console(width=240, file=io.StringIO())
    comparing.compare(*arguments, console)
    return console.file.getvalue()


def test_the_scores_of_a_candidate_earn_what_the_candidate_earned(history, predictions):
    tables = TableStore(system.base())
    universe = tables.read("universe", history)[0]
    given = comparing._known(comparing._from_file(predictions), universe, Console(quiet=True))
    keys = ["rebalance_date", "construction", "session"]
    made = comparing._earned(given, universe, tables, history, load()).set_index(keys)["return_frac"].sort_index()
    stored = tables.read("candidate_returns", history)[0]
    own = stored[stored["model"] == MODEL].set_index(keys)["return_frac"].sort_index()
    assert made.index.equals(own.index)
    np.testing.assert_allclose(made, own, rtol=0, atol=1e-12)


def test_the_table_names_the_champion_yours_and_the_baseline(predictions):
    text = said(predictions, None)
    assert "champion: ridge_stack" in text
    assert "yours" in text
    assert "baseline" in text


def test_a_native_model_is_read_only_where_its_hash_is_the_one_meant(history, tmp_path):
    tables = TableStore(system.base())
    rows = tables.read("base_models", history[-1:])[0].set_index("model")
    address = rows.loc[MODEL, "artifact_sha256"]
    file = tmp_path / "model.txt"
    file.write_bytes(system.base().get(f"artifacts/{address[:2]}/{address}.txt"))
    features = tuple(json.loads(rows.loc[MODEL, "parameters"])["features"])
    assert "yours" in said(file, comparing.Native(MODEL, features, address))
    with pytest.raises(ValueError, match="sha256 must be"):
        said(file, comparing.Native(MODEL, features, "0" * 64))
    with pytest.raises(ValueError, match="algorithm must be one of"):
        said(file, comparing.Native("svm", features, address))
    with pytest.raises(ValueError, match="features must be among"):
        said(file, comparing.Native(MODEL, ("gossip",), address))


def test_predictions_of_no_stored_date_are_refused(history, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("date,ticker,prediction\n1990-01-02,AAPL,1.0\n")
    with pytest.raises(ValueError, match="no row is of a member at a stored rebalance date"):
        said(file, None)
