"""Schemas: a frame is valid, or an error names table, column, rule and rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.schemas import InvalidTableError
from trade_assets_tests.generators import bars as valid_bars

TABLE = schemas.RAW["bars"]


def frame(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "session": pd.Timestamp("2015-01-05"),
            "symbol": [f"S{i}" for i in range(n)],
            "open": 10.0,
            "high": 11.0,
            "low": 9.0,
            "close": 10.0,
            "volume": 100.0,
            "split_ratio": 1.0,
            "dividend": 0.0,
            "adjustment_factor": np.nan,
            "price_basis": "raw",
        }
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.assign(close=[1, np.nan, 1]), "column close must not be null, 1 of 3 rows do not: row 1"),
        (lambda f: f.assign(close=np.nan), "column close must not be null"),
        (lambda f: f.assign(volume=[1, np.inf, 1]), "column volume must be finite"),
        (lambda f: f.assign(close=[1, -1, 1]), "column close must be > 0"),
        (lambda f: f.assign(close=[1, 0, 1]), "column close must be > 0"),
        (lambda f: f.assign(close=[1, 1e9, 1]), "column close must be <= 1e+07"),
        (lambda f: f.assign(high=8.0), "must not exceed"),
        (lambda f: f.assign(symbol="S1"), "rows must be unique"),
        (lambda f: f.assign(symbol=["ok", "../x", "=1"]), "column symbol must match"),
        (lambda f: f.assign(symbol=["A", "B" * 300, "C"]), "column symbol must match"),
        (lambda f: f.assign(symbol=["A", "B\0", "C"]), "column symbol must match"),
        (lambda f: f.assign(symbol=["A", 7, "C"]), "column symbol must hold text, held mixed values"),
        (lambda f: f.assign(session="2015-01-05"), "column session must hold date, held text"),
        (lambda f: f.assign(session=pd.Timestamp("2015-01-05 10:00")), "column session must be a day without a time"),
        (
            lambda f: f.assign(session=pd.Timestamp("2015-01-05", tz="UTC")),
            "column session must hold date, held instant",
        ),
        (lambda f: f.assign(price_basis="guessed"), "column price_basis must be one of raw, adjusted"),
        (lambda f: f.assign(volume=["1", "2", "3"]), "column volume must hold float64, held text"),
        (lambda f: f.drop(columns="low"), "column low is missing"),
        (lambda f: f.assign(note="x"), "column note is unknown"),
        (lambda f: pd.concat([f, f[["low"]]], axis=1), "column low appears twice"),
    ],
)
def test_a_broken_frame_is_refused_and_the_error_says_where(change, told):
    with pytest.raises(InvalidTableError) as refused:
        schemas.check("bars", TABLE, change(frame()))
    assert str(refused.value).startswith("bars: ")
    assert told in str(refused.value)


def test_a_time_zone_other_than_utc_is_refused():
    facts = schemas.RAW["index_bars"].empty().assign()
    local = pd.DataFrame({"bar_end_utc": [pd.Timestamp("2015-01-05", tz="America/New_York")], "symbol": "SPY"})
    with pytest.raises(InvalidTableError, match="instants in America/New_York"):
        schemas.check("index_bars", schemas.RAW["index_bars"], local.reindex(columns=facts.columns).assign(close=1.0))


def test_a_duplicated_index_and_another_order_of_rows_and_columns_do_not_matter():
    shuffled = frame().iloc[[2, 0, 1]].set_axis([5, 5, 5])[list(reversed(TABLE.columns))]
    pd.testing.assert_frame_equal(schemas.check("bars", TABLE, shuffled), schemas.check("bars", TABLE, frame()))


@given(valid_bars())
def test_valid_frames_pass_unchanged_and_twice(rows):
    once = schemas.check("bars", TABLE, rows)
    pd.testing.assert_frame_equal(schemas.check("bars", TABLE, once), once)


VALUES = st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none(), st.booleans(), st.datetimes())


@given(column=st.sampled_from(list(TABLE.columns)), values=st.lists(VALUES, min_size=3, max_size=3))
def test_whatever_stands_in_a_column_the_frame_is_valid_or_the_error_is_named(column, values):
    broken = frame().assign(**{column: pd.Series(values, dtype=object)})
    try:
        checked = schemas.check("bars", TABLE, broken)
    except InvalidTableError as error:
        assert "bars: " in str(error)
    else:
        assert len(checked) == 3


def test_every_table_can_be_empty_and_checked():
    for name, table in schemas.TABLES.items():
        assert list(schemas.check(name, table, table.empty()).columns) == list(table.columns)
        assert schemas.concat(name, []).empty
