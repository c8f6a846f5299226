"""Files a person brings: what is wrong is said by file, column, rule and rows; what is right is read as it is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trade_assets.domain import calendar
from trade_assets.resources import own_files
from trade_assets.schemas import InvalidTableError
from trade_assets_tests.assertions import assert_same_bytes

SESSIONS = calendar.sessions_between(pd.Timestamp("2018-01-02"), pd.Timestamp("2018-03-29"))


def predictions():
    rows = pd.MultiIndex.from_product([SESSIONS[::10], ["AAA", "BBB", "BRK.B"]], names=["date", "ticker"])
    frame = rows.to_frame(index=False)
    return frame.assign(prediction=np.arange(len(frame)) / 7, actual=np.linspace(-0.1, 0.1, len(frame)))


def signals():
    return pd.DataFrame({"date": SESSIONS, "tft_p50": 0.01, "meta_prob_success": 0.8})


def features():
    return pd.DataFrame({"date": SESSIONS, "close": np.linspace(100.0, 110.0, len(SESSIONS))})


READERS = {
    "predictions": (predictions, lambda path: own_files.predictions(str(path))),
    "signals": (signals, own_files.signals),
    "features": (features, own_files.features),
}


def written(path, frame):
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path, index=False)
    return path


def cell(column, value):
    def change(frame):
        frame = frame.copy()
        frame[column] = frame[column].astype(object)
        frame.loc[4, column] = value
        return frame

    return change


@pytest.mark.parametrize("kind", READERS)
def test_csv_and_parquet_give_the_same_table(tmp_path, kind):
    make, read = READERS[kind]
    as_csv, as_parquet = (read(written(tmp_path / f"own.{ending}", make())) for ending in ("csv", "parquet"))
    assert_same_bytes(as_csv.table, as_parquet.table)
    assert as_csv.columns == as_parquet.columns == frozenset(make().columns)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("predictions", lambda f: f.drop(columns="prediction"), "column prediction is missing; the file has date, ticker, actual"),
        ("predictions", lambda f: f.drop(columns=["date", "ticker"]), "column date, ticker is missing"),
        ("predictions", lambda f: f.iloc[:0], "must have rows, has none"),
        ("predictions", lambda f: pd.concat([f, f.iloc[[2]]]), "rows must be unique, 2 of 22"),
        ("predictions", cell("prediction", "much"), "column prediction must be a number, 1 of 21 .* row 4: prediction='much'"),
        ("predictions", cell("prediction", "inf"), "column prediction must be finite"),
        ("predictions", lambda f: f.assign(prediction=None), "column prediction must hold numbers, all 21 rows are null"),
        ("predictions", cell("actual", -1.5), "column actual must be >= -1"),
        ("predictions", cell("ticker", "aaa"), "column ticker must match"),
        ("predictions", cell("ticker", "=SUM(A1)"), "column ticker must match"),
        ("predictions", cell("ticker", ""), "column ticker must not be null"),
        ("predictions", cell("ticker", "CASH"), "column ticker must not be CASH.*2018-01-17 CASH"),
        ("predictions", cell("date", "01/17/2018"), "column date must be a date, year-month-day"),
        ("predictions", cell("date", ""), "column date must not be null"),
        ("predictions", cell("date", "1985-01-02"), "column date must not lie before 1990-01-02"),
        ("signals", lambda f: f.drop(columns="meta_prob_success"), "column exposure_scalar is missing, and so is what it follows"),
        ("signals", lambda f: f.assign(exposure_scalar=1.2), "column exposure_scalar must be <= 1"),
        ("signals", cell("meta_prob_success", 80), "column meta_prob_success must be <= 1, 1 of"),
        ("signals", lambda f: f.assign(market_regime="bull"), "column market_regime must be one of favorable"),
        ("signals", lambda f: f.assign(is_stale="perhaps"), "column is_stale must be true or false"),
        ("signals", lambda f: pd.concat([f, f.iloc[[0]]]), "rows must be unique"),
        ("features", lambda f: f.drop(columns="close"), "column close is missing"),
        ("features", cell("close", 0), "column close must be > 0"),
        ("features", cell("close", ""), "column close must not be null"),
        ("features", cell("date", "2018-01-06"), "column date must be a session of the exchange, 1 of .* 2018-01-06"),
        ("features", lambda f: f.assign(tft_p10=0.0), "column tft_p50 is missing beside the other quantiles"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_file_column_rule_and_rows(tmp_path, kind, change, message):
    make, read = READERS[kind]
    path = written(tmp_path / "own.csv", change(make().assign(date=lambda f: f["date"].dt.strftime("%Y-%m-%d"))))
    with pytest.raises(InvalidTableError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "files source" not in str(caught.value)


@pytest.mark.parametrize("kind", READERS)
def test_files_that_cannot_be_read_are_named(tmp_path, kind):
    read = READERS[kind][1]
    (tmp_path / "junk.parquet").write_bytes(b"no parquet")
    (tmp_path / "book.xlsx").write_bytes(b"")
    with pytest.raises(InvalidTableError, match=r"junk.parquet cannot be read"):
        read(tmp_path / "junk.parquet")
    with pytest.raises(InvalidTableError, match=r"must end in .parquet or .csv, was 'book.xlsx'"):
        read(tmp_path / "book.xlsx")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere\.csv"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(FileNotFoundError, match="is a directory"):
        read(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(ticker=f["ticker"].astype("category")),
        lambda f: f.assign(prediction=f["prediction"].astype("float32").astype("float64")),
        lambda f: f.assign(date=f["date"].dt.date),
        lambda f: f.assign(date=f["date"].astype("datetime64[ns]")),
        lambda f: f.rename(columns={"date": " Session", "ticker": "SYMBOL", "prediction": "Prediction"}),
        lambda f: f.set_index(["date", "ticker"]),
        lambda f: f.sample(frac=1, random_state=0),
    ],
)
def test_the_kinds_tables_come_in_are_all_read(tmp_path, change):
    frame = change(predictions())
    frame.to_parquet(tmp_path / "own.parquet", index=frame.index.names != [None])
    table = own_files.predictions(str(tmp_path / "own.parquet")).table
    assert table[["date", "ticker"]].equals(predictions()[["date", "ticker"]].astype({"ticker": "str"}))
    np.testing.assert_allclose(table["prediction"], predictions()["prediction"], rtol=1e-6)


def test_columns_nobody_asked_for_are_left_out_and_named(tmp_path):
    given = own_files.predictions(str(written(tmp_path / "own.csv", predictions().assign(fold=1, model="x"))))
    assert given.left_out == {"fold", "model"}
    assert list(given.table) == ["date", "ticker", "prediction", "actual"]


def test_a_pattern_reads_every_file_that_matches(tmp_path):
    rows, deep = predictions(), tmp_path / "results" / "a" / "b"
    deep.mkdir(parents=True)
    written(deep / "ridge_stacking_predictions_1.parquet", rows.iloc[:6])
    written(deep.parent / "ridge_stacking_predictions_2.parquet", rows.iloc[6:].drop(columns="actual"))
    given = own_files.predictions(str(tmp_path / "results" / "**" / "ridge_stacking_predictions_*.parquet"))
    assert len(given.files) == 2
    assert given.table["prediction"].tolist() == rows["prediction"].tolist()
    assert given.table["actual"].isna().sum() == len(rows) - 6


def test_a_row_in_two_files_is_refused_by_the_names_of_both(tmp_path):
    written(tmp_path / "one.csv", predictions().iloc[:8])
    written(tmp_path / "two.csv", predictions().iloc[7:])
    with pytest.raises(
        InvalidTableError, match=r"one.csv and .*two.csv: rows must be unique.* 2018-01-31 BBB is in both"
    ):
        own_files.predictions(str(tmp_path / "*.csv"))


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path):
    path = written(tmp_path / "own[1].csv", predictions())
    assert own_files.predictions(str(path)).files == (path,)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        own_files.predictions(str(tmp_path / "[x].csv"))


def test_signals_may_give_exposures_alone(tmp_path):
    frame = signals()[["date"]].assign(exposure_scalar=0.5, is_stale=True)
    for ending in ("csv", "parquet"):
        table = own_files.signals(written(tmp_path / f"own.{ending}", frame)).table
        assert table["is_stale"].all()
        assert table["tft_p50"].isna().all()


def test_quantiles_that_cross_are_put_in_order(tmp_path):
    frame = features().assign(tft_p10=0.03, tft_p50=0.01, tft_p90=0.02)
    frame.loc[0, "tft_p10"] = np.nan
    table = own_files.features(written(tmp_path / "own.csv", frame)).table
    assert table.loc[1, ["tft_p10", "tft_p50", "tft_p90"]].tolist() == [0.01, 0.02, 0.03]
    assert table.loc[0, ["tft_p50", "tft_p90"]].tolist() == [0.01, 0.02]


JUNK = st.one_of(st.none(), st.floats(), st.integers(-(10**12), 10**12), st.text(max_size=8), st.booleans())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), JUNK), min_size=1, max_size=3))
def test_any_csv_is_valid_or_a_named_error(tmp_path, changes):
    table = predictions().astype("object")
    for row, column, value in changes:
        table.iloc[row, column] = value
    table.to_csv(tmp_path / "own.csv", index=False)
    try:
        rows = own_files.predictions(str(tmp_path / "own.csv")).table
    except InvalidTableError as error:
        assert "own.csv" in str(error)
    else:
        assert len(rows) == 21
