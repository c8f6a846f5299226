"""Exported files: inert in a spreadsheet, null where undefined."""

import json

import pandas as pd
import pytest

from trade_assets.resources.exports import Exports


@pytest.fixture
def exports(tmp_path):
    return Exports(tmp_path)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_escaped(exports, cell):
    path = exports.csv("x.csv", pd.DataFrame({"ticker": [cell], "weight": [-0.5]}))
    back = pd.read_csv(path)
    assert back["ticker"][0].startswith("'")
    assert back["weight"][0] == -0.5


def test_what_is_undefined_is_null_in_json(exports):
    path = exports.json("m.json", {"a": float("nan"), "b": [float("inf"), 1.0], "c": {"d": 2}})
    assert json.loads(path.read_text()) == {"a": None, "b": [None, 1.0], "c": {"d": 2}}


def test_dates_are_plain_days(exports):
    path = exports.csv("d.csv", pd.DataFrame({"date": [pd.Timestamp("2018-12-31")]}))
    assert path.read_text() == "date\n2018-12-31\n"


def test_parquet_and_text_are_written_as_given(exports):
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    pd.testing.assert_frame_equal(pd.read_parquet(exports.parquet("a.parquet", frame)), frame)
    assert exports.text("p.html", "<p>ü</p>").read_text() == "<p>ü</p>"
