"""The book ledger: appended once and for good, whole or not at all, and never read as something it is not."""

import sqlite3
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trade_assets.domain.live.entries import Entry, LedgerError
from trade_assets.resources.book_ledger import BookLedger, CorruptLedgerError, MissingLedgerError
from trade_assets_tests.generators import SESSIONS
from trade_assets_tests.live_books import entry
from trade_assets_tests.resources.ledger_writers import at, filled, made, numbered, read


@pytest.fixture
def path(tmp_path):
    """A new ledger's file."""
    return made(tmp_path / "ledger.db")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT, NUMBER, NUMBER, st.dictionaries(TEXT, TEXT, max_size=2)), max_size=4))
def test_what_is_appended_is_what_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    ledger, day = at(path), pd.Timestamp("2017-01-03 21:00:00.123456", tz="UTC").as_unit("us")
    ledger.create()
    made = [
        Entry(f"{i}{name}", "order", SESSIONS[0], day, symbol=symbol, reason=reason, shares=shares, cost_usd=cost, detail=detail)
        for i, (name, symbol, reason, shares, cost, detail) in enumerate(rows)
    ]  # fmt: skip
    ledger.append(made)
    assert ledger.entries() == made
    ledger.close()
    assert read(path) == made


def test_minus_zero_which_no_database_keeps_is_zero(path):
    at(path).append([entry("zero", "rename", SESSIONS[0], amount_usd=-0.0, cost_usd=-0.0)])
    assert str(read(path)[0].amount_usd) == "0.0"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused_by_name(path, number):
    with pytest.raises(LedgerError, match="'bad': amount_usd must be a finite number"):
        at(path).append([*numbered(2), entry("bad", "deposit", SESSIONS[0], amount_usd=number)])
    assert read(path) == []


def test_an_entry_offered_again_is_the_one_that_is_there(path):
    made, ledger = numbered(3), at(path)
    ledger.append(made)
    later = [replace(e, recorded_utc=e.recorded_utc + pd.Timedelta(days=1), actor="other", reason="again") for e in made]  # fmt: skip
    for again in (made, made[:1], later, [*made, *made]):
        at(path).append(again)
    assert read(path) == made == ledger.entries()


@pytest.mark.parametrize("other", [{"shares": 9.0}, {"symbol": "XYZ"}, {"session": SESSIONS[8]}, {"kind": "order"}, {"detail": {}}, {"strategy": "events"}])  # fmt: skip
def test_another_content_of_a_name_is_refused_and_all_of_its_batch(path, other):
    made, ledger = numbered(5), at(path)
    ledger.append(made[:2])
    with pytest.raises(LedgerError, match=f"'e 1' is in the ledger already and says {next(iter(other))} "):
        ledger.append([*made[2:], replace(made[1], **other)])
    assert read(path) == made[:2]
    ledger.append(made[2:])  # what was rolled back is not remembered
    assert read(path) == ledger.entries() == made


def test_one_ledger_sees_what_another_appends(path):
    one, two, made = at(path), at(path), numbered(4)
    one.append(made[:1])
    assert two.entries() == made[:1]
    two.append(made[1:3])
    one.append(made[3:])
    assert one.entries() == two.entries() == made


def test_a_session_is_sealed_once(path):
    instants = iter(pd.date_range("2017-01-03 23:00", periods=3, freq="h", tz="UTC"))
    ledger = BookLedger(f"sqlite:///{path}", clock=lambda session: next(instants))
    first = ledger.seal(SESSIONS[0])
    assert first == pd.Timestamp("2017-01-03 23:00", tz="UTC") == at(path).seal(SESSIONS[0]) == ledger.seal(SESSIONS[0])
    assert ledger.seal(SESSIONS[1]) == first + pd.Timedelta(hours=1)
    assert [e.kind for e in read(path)] == ["day", "day"]


@pytest.mark.parametrize("statement", ["UPDATE ledger_entries SET shares = 0", "DELETE FROM ledger_entries"])
def test_the_database_itself_refuses_to_change_an_entry(path, statement):
    at(path).append(numbered(2))
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert read(path) == numbered(2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET shares = 9 WHERE number = 3",
        "UPDATE ledger_entries SET reason = 'other' WHERE number = 3",
        "DELETE FROM ledger_entries WHERE number = 3",
        "UPDATE ledger_entries SET shares = CAST('x' AS BLOB) WHERE number = 3",
    ],
)
def test_an_entry_that_was_edited_all_the_same_is_named(path, statement):
    at(path).append(numbered(5))
    with sqlite3.connect(path) as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER ledger_no_{verb}")
        connection.execute(statement)
    connection.close()
    with pytest.raises(CorruptLedgerError, match="damaged at entry 3"):
        read(path)
    with pytest.raises(CorruptLedgerError, match="damaged at entry 3"):
        at(path).append(numbered(1, first=9))


def test_a_ledger_that_is_not_there_is_never_an_empty_one(tmp_path):
    missing, empty = tmp_path / "none" / "ledger.db", tmp_path / "empty.db"
    empty.touch()
    for path in (missing, empty):
        ledger = at(path)
        assert not ledger.exists()
        for ask in (
            ledger.entries,
            lambda ledger=ledger: ledger.append(numbered(1)),
            lambda ledger=ledger: ledger.seal(SESSIONS[0]),
            lambda ledger=ledger: ledger.backup(tmp_path / "copy.db"),
        ):
            with pytest.raises(MissingLedgerError, match=r"there is no book ledger at .*\.db"):
                ask()
    assert not missing.parent.exists()
    assert not (tmp_path / "copy.db").exists()


def test_a_ledger_of_a_newer_program_is_refused(path):
    filled(path, 2)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO ledger_version VALUES (2)")
    connection.close()
    with pytest.raises(LedgerError, match="has version 2, this program writes version 1"):
        read(path)
    at(path).create()
    with pytest.raises(LedgerError, match="has version 2"):
        at(path).append(numbered(1, first=5))


def test_what_is_appended_is_on_the_disk_before_the_command_returns(path):
    with at(path)._connected().connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_making_a_ledger_again_changes_nothing(path):
    filled(path, 3)
    at(path).create()
    assert read(path) == numbered(3)
