"""Malformed files: each is refused by table, column, rule and rows, and nothing is stored."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trade_assets.resources.files import Files
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.schemas import InvalidTableError
from trade_assets_tests import reliability
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.resources import directories

NOW = pd.Timestamp("2024-03-18 12:00", tz="UTC")


def cell(column, value):
    """The table with ``value`` in the sixth row of ``column``."""

    def change(table):
        table = table.copy()
        if isinstance(value, str) or value is None:
            table[column] = table[column].astype("object")
        table.loc[table.index[5 % len(table)], column] = value
        return table

    return change


def split_of(ratio):
    def change(table):
        before = (table["symbol"] == "AAA") & (table["session"] < pd.Timestamp("2024-03-06"))
        return table.assign(**{c: table[c].where(~before, table[c] * ratio) for c in ("open", "high", "low", "close")})

    return change


BARS = {
    "a null close": (cell("close", np.nan), "column close must"),
    "an infinite close": (cell("close", np.inf), "column close must"),
    "a negative close": (cell("close", -1.0), "column close must be > 0"),
    "a zero close": (cell("close", 0.0), "column close must be > 0"),
    "a huge close": (cell("close", 1e9), "column close"),
    "an infinite open": (cell("open", np.inf), "column open must be finite"),
    "a negative low": (cell("low", -0.01), "column low must be > 0"),
    "high below low": (cell("high", 1.0), "column (open|close|low), high"),
    "low above close": (cell("low", 60.0), "column low, (open|close|high)"),
    "a negative volume": (cell("volume", -1.0), "column volume must be >= 0"),
    "an infinite volume": (cell("volume", np.inf), "column volume must be finite"),
    "a row twice": (lambda t: pd.concat([t, t.iloc[[3]]]), "rows must be unique, 2 of"),
    "a row twice, other values": (
        lambda t: pd.concat([t, t.iloc[[3]].assign(volume=5.0)]),
        "rows must be unique",
    ),
    "a row twice under one index": (
        lambda t: pd.concat([t, t.iloc[:5]]).set_index("volume"),
        "rows must be unique",
    ),
    "no rows": (lambda t: t.iloc[:0], "must have rows"),
    "no columns": (lambda t: t[[]], "column session, symbol, close is missing"),
    "closes in lists": (lambda t: t.assign(close=[[1.0]] * len(t)), "column close must be a number"),
    "closes in bytes": (lambda t: t.assign(close=[b"\xff"] * len(t)), "column close must be a number"),
    "symbols that are numbers": (lambda t: t.assign(symbol=range(len(t))), "column symbol must hold text"),
    "no symbol column": (lambda t: t.drop(columns="symbol"), "column symbol is missing"),
    "no close column": (lambda t: t.drop(columns="close"), "column close is missing"),
    "no session column": (lambda t: t.drop(columns="session"), "column session is missing"),
    "a misspelt column": (lambda t: t.assign(divident=0.0), "column divident is unknown"),
    "a dividend without a split ratio": (lambda t: t.assign(dividend=0.0), "column dividend is alone"),
    "actions and an adjusted close": (
        lambda t: t.assign(dividend=0.0, split_ratio=1.0, adj_close=1.0),
        "both there",
    ),
    "a zero split ratio": (
        lambda t: cell("split_ratio", 0.0)(t.assign(dividend=0.0, split_ratio=1.0)),
        "split_ratio must",
    ),
    "a negative dividend": (
        lambda t: cell("dividend", -1.0)(t.assign(dividend=0.0, split_ratio=1.0)),
        "dividend must",
    ),
    "a null dividend": (
        lambda t: cell("dividend", np.nan)(t.assign(dividend=0.0, split_ratio=1.0)),
        "dividend must",
    ),
    "a negative adjusted close": (
        lambda t: cell("adj_close", -2.0)(t.assign(adj_close=t["close"])),
        "adj_close must",
    ),
    "an infinite adjusted close": (
        lambda t: cell("adj_close", np.inf)(t.assign(adj_close=t["close"])),
        "adj_close must",
    ),
    "a null symbol": (cell("symbol", None), "column symbol must not be null"),
    "an empty symbol": (cell("symbol", ""), "column symbol must not be null"),
    "a symbol in lower case": (cell("symbol", "aaa"), "column symbol must match"),
    "a unicode symbol": (cell("symbol", "ÄAA🚀"), "column symbol must match"),
    "a symbol of 300 letters": (cell("symbol", "A" * 300), "column symbol must match"),
    "a symbol that climbs": (cell("symbol", "../AAA"), "column symbol must match"),
    "an absolute symbol": (cell("symbol", "/etc/x"), "column symbol must match"),
    "a symbol with NUL": (cell("symbol", "A\0B"), "column symbol must match"),
    "a formula": (cell("symbol", "=SUM(A1)"), "column symbol must match"),
    "a plus": (cell("symbol", "+A"), "column symbol must match"),
    "a minus": (cell("symbol", "-A"), "column symbol must match"),
    "an at sign": (cell("symbol", "@A"), "column symbol must match"),
    "a null session": (cell("session", pd.NaT), "column session must not be null"),
    "a weekend": (cell("session", pd.Timestamp("2024-03-09")), "session of the exchange.*2024-03-09"),
    "a holiday": (cell("session", pd.Timestamp("2024-01-01")), "session of the exchange.*2024-01-01"),
    "a session of 1850": (cell("session", pd.Timestamp("1850-01-02")), "column session must lie between"),
    "a session of 2200": (cell("session", pd.Timestamp("2200-01-02")), "column session must lie between"),
    "a session with a time": (cell("session", pd.Timestamp("2024-03-04 09:30")), "column session"),
    "sessions in a zone": (
        lambda t: t.assign(session=t["session"].dt.tz_localize("UTC")),
        "without a time zone",
    ),
    "sessions that are numbers": (lambda t: t.assign(session=20240226), "column session must hold dates"),
    "sessions in American order": (
        lambda t: t.assign(session=t["session"].dt.strftime("%m/%d/%Y")),
        "year-month-day",
    ),
    "closes that are text": (lambda t: t.assign(close="n/a"), "column close must be a number"),
    "closes that are bools": (lambda t: t.assign(close=True), "column close must hold numbers"),
    "closes that are dates": (lambda t: t.assign(close=t["session"]), "column close must hold numbers"),
    "a decimal comma": (
        lambda t: t.assign(close=t["close"].astype("str").str.replace(".", ",")),
        "must be a number",
    ),
    "a split of two": (split_of(2.0), "column close must not jump by a split.*2024-03-06"),
    "a split of ten": (split_of(10.0), "column close must not jump by a split.*2024-03-06"),
    "a reverse split": (split_of(0.1), "column close must not jump by a split.*2024-03-06"),
    "a split that adj_close missed": (
        lambda t: split_of(2.0)(t.assign(open=50.0, high=50.0, low=50.0, close=50.0)).assign(
            adj_close=lambda x: x["close"]
        ),
        "column close must not jump by a split",
    ),
}
FACTS = {
    "no period": (lambda t: t.drop(columns="period_end"), "column period_end is missing"),
    "a null period": (cell("period_end", pd.NaT), "column period_end must not be null"),
    "an unknown period": (cell("period_focus", "H1"), "column period_focus must be one of"),
    "a null symbol": (cell("symbol", None), "column symbol must not be null"),
    "an infinite figure": (cell("equity", np.inf), "column value must be finite"),
    "a figure that is text": (lambda t: t.assign(equity="much"), "column equity must be a number"),
    "a figure no fact is called": (
        lambda t: t.rename(columns={"equity": "equity $"}),
        "column fact must match",
    ),
    "a filing that is no instant": (lambda t: t.assign(filed_utc="soon"), "column filed_utc must be a date"),
    "no figures": (lambda t: t.drop(columns=["equity", "net_income"]), "columns of figures are missing"),
}
MEMBERS = {
    "an end before its start": (
        cell("last_session", pd.Timestamp("2000-01-03")),
        "must not precede first_session",
    ),
    "a null start": (cell("first_session", pd.NaT), "column first_session must not be null"),
    "a stay twice": (lambda t: pd.concat([t, t]), "column first_session must lie after"),
    "stays that overlap": (lambda t: t.assign(symbol="AAA"), "column first_session must lie after"),
    "no end column": (lambda t: t.drop(columns="last_session"), "column last_session is missing"),
}
UNREADABLE = [
    ("bars.parquet", b"PAR1 this is no parquet PAR1", "bars.parquet cannot be read"),
    ("bars.parquet", b"", "bars.parquet cannot be read"),
    ("bars.csv", b"", "bars.csv cannot be read"),
    ("bars.csv", b"session,symbol,close\n2024-03-01,\xff\xfe,1\n", "bars.csv cannot be read"),
    ("bars.csv", b"session,symbol,close,close\n2024-03-01,AAA,1,2\n", "column close appears twice"),
    ("bars.csv", b"session,symbol,close\n2024-03-01,AAA,1,2,3\n", "cannot be read"),
    ("bars.csv", b"session,symbol,close\n2024-13-01,AAA,1\n", "column session must be a date"),
    ("bars.csv", b"session,symbol,close\n2024-03-01,AAA,inf\n", "column close must be > 0 and finite"),
    ("bars.txt", b"", "neither bars.parquet nor bars.csv"),
]


def refused(tmp_path, table, match, broken):
    tables = {
        "bars": directories.bars(),
        "fundamentals": directories.reports(),
        "membership": directories.members(),
    }
    tables[table] = broken(tables[table])
    directory = directories.write(tmp_path / "in", **tables)
    vintages = Vintages(directories.source(directory), Files(str(tmp_path / "store")), clock=lambda: NOW)
    span = () if table == "membership" else (directories.START, directories.END)
    with pytest.raises(InvalidTableError, match=rf"(?s)^files source, {table}.*{match}"):
        getattr(vintages, table)(*span)
    assert not list((tmp_path / "store").rglob("*.*"))


@pytest.mark.reliability("input")
@pytest.mark.parametrize("fault", BARS)
def test_malformed_bars_are_refused_by_name(tmp_path, figure, fault):
    broken, match = BARS[fault]
    figure(
        f"{len(BARS)} tables of bars, {len(FACTS)} of facts, {len(MEMBERS)} of members, {len(UNREADABLE)} files refused"
    )
    refused(tmp_path, "bars", match, broken)


@pytest.mark.reliability("input")
@pytest.mark.parametrize("fault", FACTS)
def test_malformed_facts_are_refused_by_name(tmp_path, fault):
    broken, match = FACTS[fault]
    refused(tmp_path, "fundamentals", match, broken)


@pytest.mark.reliability("input")
@pytest.mark.parametrize("fault", MEMBERS)
def test_malformed_lists_are_refused_by_name(tmp_path, fault):
    broken, match = MEMBERS[fault]
    refused(tmp_path, "membership", match, broken)


@pytest.mark.reliability("input")
@pytest.mark.parametrize(("name", "content", "match"), UNREADABLE)
def test_files_that_cannot_be_read_are_refused_by_name(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidTableError, match=match):
        directories.source(tmp_path).bars(directories.START, directories.END)


def test_two_files_of_one_table_are_refused(tmp_path):
    directories.write(tmp_path, bars=directories.bars())
    (tmp_path / "bars.csv").write_text("session,symbol,close\n")
    with pytest.raises(InvalidTableError, match=r"bars\.parquet and bars\.csv are both there"):
        directories.source(tmp_path).bars(directories.START, directories.END)


def test_a_path_that_is_no_directory_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data\.files\.path must be a directory"):
        directories.source(tmp_path / "nowhere").bars(directories.START, directories.END)


JUNK = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**12), 10**12),
    st.text(max_size=12),
    st.booleans(),
    st.datetimes(),
)


CSV, PARQUET = reliability.count(100, 600), reliability.count(50, 400)
COLUMNS = {
    "text": lambda c: c.astype("str"),
    "bools": lambda c: c.notna(),
    "small floats": lambda c: pd.to_numeric(c, errors="coerce").astype("float32"),
    "whole numbers": lambda c: pd.to_numeric(c, errors="coerce").fillna(0).astype("int64"),
    "small numbers": lambda c: pd.Series(np.arange(len(c)) % 100, c.index, dtype="int8"),
    "instants": lambda c: pd.Series(pd.Timestamp("2024-03-01", tz="UTC"), c.index),
    "nanoseconds": lambda c: pd.Series(pd.date_range("2024-03-01", periods=len(c), unit="ns"), c.index),
    "spans": lambda c: pd.Series(pd.to_timedelta(np.arange(len(c)), unit="D"), c.index),
    "categories": lambda c: c.astype("category"),
    "lists": lambda c: pd.Series([[1.0]] * len(c), c.index),
    "structs": lambda c: pd.Series([{"a": 1.0}] * len(c), c.index),
    "bytes": lambda c: pd.Series([b"\xff1"] * len(c), c.index),
    "decimals": lambda c: pd.Series([Decimal("1.5")] * len(c), c.index),
    "nulls": lambda c: pd.Series([None] * len(c), c.index),
    "days": lambda c: pd.Series([dt.date(2024, 3, 1)] * len(c), c.index),
    "times": lambda c: pd.Series([dt.time(9, 30)] * len(c), c.index),
    "none": lambda c: None,
}
ROWS = {
    "as they are": lambda t: t,
    "shuffled": lambda t: t.sample(frac=1, random_state=1),
    "twice": lambda t: pd.concat([t, t]),
    "under one index": lambda t: t.set_index(pd.Index([0] * len(t))),
    "under a named index": lambda t: t.set_index(pd.Index(range(len(t)), name="close")),
    "none": lambda t: t.iloc[:0],
    "zero volume": lambda t: t.assign(volume=0.0) if "volume" in t else t,
}


def valid_or_named(tmp_path):
    """The rows of the files source, or an error that names the table; nothing else may come of it."""
    try:
        found = directories.source(tmp_path).bars(directories.START, directories.END)
    except InvalidTableError as error:
        assert "bars" in str(error)
    else:
        assert len(found) > 0


@pytest.mark.reliability("frames")
def test_any_csv_is_valid_or_a_named_error(tmp_path, figure):
    @settings(max_examples=CSV)
    @given(changes=st.lists(st.tuples(st.integers(0, 44), st.integers(0, 6), JUNK), min_size=1, max_size=4))
    def holds(changes):
        table = directories.bars().astype("object")
        for row, column, value in changes:
            table.iloc[row, column] = value
        table.to_csv(tmp_path / "bars.csv", index=False)
        valid_or_named(tmp_path)

    holds()
    figure(f"{CSV} CSV")


@pytest.mark.reliability("frames")
def test_any_parquet_is_valid_or_a_named_error(tmp_path, figure):
    of_columns = st.dictionaries(st.integers(0, 6), st.sampled_from(sorted(COLUMNS)), max_size=2)
    cells = st.lists(st.tuples(st.integers(0, 44), st.integers(2, 6), st.floats()), max_size=3)

    @settings(max_examples=PARQUET)
    @given(rows=st.sampled_from(sorted(ROWS)), columns=of_columns, changes=cells)
    def holds(rows, columns, changes):
        table = directories.bars()
        for row, column, value in changes:
            table.iloc[row, column] = value
        for column, kind in columns.items():
            name = directories.bars().columns[column]
            made = COLUMNS[kind](table[name])
            table = table.drop(columns=name) if made is None else table.assign(**{name: made})
        ROWS[rows](table).to_parquet(tmp_path / "bars.parquet")
        valid_or_named(tmp_path)

    holds()
    figure(f"{PARQUET} Parquet frames")


@pytest.mark.reliability("input")
@pytest.mark.parametrize("rows", ["shuffled", "under one index"])
def test_the_order_and_the_index_of_a_table_change_no_byte(tmp_path, rows):
    made = [directories.write(tmp_path / name, bars=ROWS[name](directories.bars())) for name in ("as they are", rows)]
    plain, other = (directories.source(path).bars(directories.START, directories.END) for path in made)
    assert_same_bytes(plain, other)


@pytest.mark.reliability("input")
def test_a_volume_of_zero_is_a_volume(tmp_path):
    path = directories.write(tmp_path, bars=directories.bars().assign(volume=0.0))
    assert (directories.source(path).bars(directories.START, directories.END)["volume"] == 0).all()
