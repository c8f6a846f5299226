"""The desk's commands as a person meets them: what they record, what they say, and what they refuse."""

import pandas as pd
import pytest
from rich.console import Console

from trade_assets import schemas
from trade_assets.desk import approving, commands, ledger, recording, switch
from trade_assets.domain import calendar
from trade_assets.domain.live import account, day
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets.settings import load
from trade_assets_tests.live_books import entry, held_rows, propose
from trade_assets_tests.test_cli import invoke, refused

BEFORE, TODAY, NEXT = (pd.Timestamp(date).as_unit("us") for date in ("2016-03-29", "2016-03-30", "2016-03-31"))
CLOSES = calendar.close_utc
ME = ("--actor", "Ada")
WHY = (*ME, "--reason", "because")


class Desk:
    """A desk in the evening of ``TODAY``: settings, ledger and store of its own."""

    def __init__(self, directory, monkeypatch):
        self.directory, self._patch = directory, monkeypatch
        self.set(dry_run=False)
        self.evening_of(TODAY)

    def set(self, **live):
        uris = {"ledger_uri": f"sqlite:///{self.directory / 'ledger.db'}", "output_dir": self.directory / "live"}
        own = load()
        store = own.store.model_copy(update={"url": str(self.directory / "store")})
        own = own.model_copy(update={"live": own.live.model_copy(update=uris | live), "store": store})
        for module in (approving, ledger, recording, switch):
            self._patch.setattr(module, "load", lambda: own)

    def evening_of(self, session):
        """All closes moved so that this session closed an hour ago."""
        ago = pd.Timestamp.now("UTC") - CLOSES(pd.DatetimeIndex([session]))[0] - pd.Timedelta(hours=1)
        self._patch.setattr(calendar, "close_utc", lambda sessions: CLOSES(sessions) + ago)

    @property
    def ledger(self):
        return BookLedger(f"sqlite:///{self.directory / 'ledger.db'}")

    def entries(self, kind):
        return [e for e in self.ledger.entries() if e.kind == kind]

    def store(self, status=day.PROPOSED):
        """Store orders: AAA to sell, BBB to buy, CCC held."""
        proposal = propose({"AAA": 0.2, "CCC": 0.1}, {"AAA": 0.1, "BBB": 0.05, "CCC": 0.1})
        book = account.account(account.daily(held_rows({"AAA": 0.2})), since=None)
        rows = day.table(day.Decision(proposal, (), book, None), "stocks", TODAY, offered=status)
        checked = schemas.check("live_orders", schemas.TABLES["live_orders"], rows)
        tables = TableStore(Files(str(self.directory / "store")))
        list(tables.write("live_orders", {"2016-03-30": checked}, fingerprint="", code_version="", inputs={}))


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A desk whose ledger is not there yet."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(commands, "console", Console(width=160))
    return Desk(tmp_path, monkeypatch)


@pytest.fixture
def desk(bare):
    """A desk with an open ledger and orders that wait."""
    assert invoke("ledger", "open", *ME, "--date", BEFORE.date()).exit_code == 0
    bare.store()
    return bare


def said(*arguments):
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def test_opening_deposits_what_each_strategy_begins_with_and_happens_once(bare):
    shown = said("ledger", "open", *ME, "--stocks", 50_000, "--allocator", 2_000)
    assert "Opened on 2016-03-30 by Ada: stocks 50,000 USD, events 10,000 USD, allocator 2,000 USD" in shown
    made = {e.strategy: (e.amount_usd, e.session, e.actor) for e in bare.entries("deposit")}
    assert made == {"stocks": (50_000, TODAY, "Ada"), "events": (10_000, TODAY, "Ada"), "allocator": (2_000, TODAY, "Ada")}  # fmt: skip
    assert "is open already" in refused("ledger", "open", *ME)
    assert len(bare.ledger.entries()) == 3


@pytest.mark.parametrize("arguments", [("--actor", " "), (*ME, "--stocks", -5), (*ME, "--stocks", "nan"), (*ME, "--date", "2016-03-31")])  # fmt: skip
def test_what_cannot_be_opened_leaves_no_ledger(bare, arguments):
    refused("ledger", "open", *arguments)
    assert not bare.ledger.exists()


@pytest.mark.parametrize(
    "command",
    [
        ("ledger", "show"),
        ("ledger", "deposit", "--amount", 5, *WHY),
        ("ledger", "backup", "--to", "copy.db"),
        ("record", *ME, "--symbol", "AAA", "--shares", 1, "--price", 1),
        ("kill-switch", "status"),
        ("kill-switch", "trip", *WHY),
        ("kill-switch", "reset", *WHY),
        ("approve", *ME),
    ],
)
def test_nothing_is_done_before_a_ledger_is_open(bare, command):
    bare.store()
    assert "there is no book ledger" in refused(*command)
    assert not bare.ledger.exists()


def test_money_and_shares_are_moved_with_a_name_and_a_reason(desk):
    assert "It is in the book of 2016-03-30." in said("ledger", "deposit", "--amount", -250.5, *WHY)
    desk.ledger.seal(TODAY)
    assert "It is in the next session that is computed." in said("ledger", "deposit", "--amount", 7, "--strategy", "events", *WHY)  # fmt: skip
    said("ledger", "position", "--symbol", "BRK.B", "--shares", 3, "--price", 99.5, "--date", BEFORE.date(), *WHY)
    said("ledger", "rename", "--symbol", "AAA", "--to", "BBB", "--ratio", 0.5, "--cash", 1.25, *WHY)
    out, into = desk.entries("deposit")[-2:]
    assert (out.amount_usd, out.strategy, out.session, out.actor, out.reason) == (-250.5, "stocks", TODAY, "Ada", "because")  # fmt: skip
    assert (into.amount_usd, into.strategy) == (7.0, "events")
    (position,), (rename,) = desk.entries("position"), desk.entries("rename")
    assert (position.symbol, position.shares, position.price_usd, position.session) == ("BRK.B", 3.0, 99.5, BEFORE)
    assert (rename.symbol, rename.shares, rename.amount_usd, rename.detail) == ("AAA", 0.5, 1.25, {"to": "BBB"})


POSITION = ("ledger", "position", "--shares", 1, "--price", 2)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("ledger", "deposit", "--amount", 0, *WHY), "--amount must not be 0"),
        (("ledger", "deposit", "--amount", "nan", *WHY), "amount_usd must be a finite number"),
        (("ledger", "deposit", "--amount", "inf", *WHY), "amount_usd must be a finite number"),
        (("ledger", "deposit", "--amount", 5, *ME, "--reason", " "), "--reason must say something"),
        (("ledger", "deposit", "--amount", 5, "--actor", "", "--reason", "x"), "--actor must say something"),
        (("ledger", "deposit", "--amount", 5, "--strategy", "bonds", *WHY), "--strategy must be one of stocks, events"),
        (("ledger", "deposit", "--amount", 5, "--date", "2016-03-31", *WHY), "2016-03-31 is not a closed live session"),
        (("ledger", "deposit", "--amount", 5, "--date", "2016-03-26", *WHY), "the session before it is 2016-03-24"),
        (("ledger", "deposit", "--amount", 5, "--date", "soon", *WHY), "--date must be a date like"),
        ((*POSITION, "--symbol", " ", *WHY), "--symbol must be"),
        ((*POSITION, "--symbol", "aapl", *WHY), "--symbol must be"),
        ((*POSITION, "--symbol", "CASH", *WHY), "--symbol must be"),
        (("ledger", "position", "--symbol", "A", "--shares", 0, "--price", 2, *WHY), "--shares must not be 0"),
        (("ledger", "position", "--symbol", "A", "--shares", 1, "--price", 0, *WHY), "--price must be above 0"),
        (("ledger", "rename", "--symbol", "A", *WHY), "becomes another"),
        (("ledger", "rename", "--symbol", "A", "--to", "B", "--ratio", 0, *WHY), "--ratio above 0"),
        (("ledger", "rename", "--symbol", "A", "--to", "B", "--cash", -1, *WHY), "becomes another"),
        (("ledger", "rename", "--symbol", "A", "--to", "CASH", *WHY), "--to must be"),
        (("ledger", "rename", "--symbol", "A", "--to", "b c", *WHY), "--to must be"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_recorded(desk, command, error):
    before = desk.ledger.entries()
    assert error in refused(*command)
    assert desk.ledger.entries() == before


TEXT = "[bold]x[/] [/no] =1+1 <b>"


def test_text_is_shown_as_it_was_given(desk):
    why = ("--actor", "[A]", "--reason", TEXT)
    assert TEXT in said("ledger", "deposit", "--amount", 5, *why)
    assert TEXT in said("ledger", "show")
    assert TEXT in said("kill-switch", "trip", *why)
    assert f"TRIPPED on 2016-03-30 by [A]: {TEXT}" in said("kill-switch", "status")
    assert TEXT in said("kill-switch", "reset", *why)
    assert "placed by [A], 1 left out" in said("approve", *why, "--without", "AAA")


def test_the_newest_entries_are_shown_with_all_their_numbers(desk):
    said("ledger", "position", "--symbol", "AAA", "--shares", 1234.5, "--price", 0.125, *WHY)
    shown = said("ledger", "show")
    assert "3 entries, the last 3" in shown
    assert all(part in shown for part in ("position", "stocks", "AAA", "1,234.5", "0.125", "Ada", "because", "100,000"))
    assert "3 entries, the last 1" in said("ledger", "show", "--last", 1)
    assert "100,000" not in said("ledger", "show", "--last", 1)


def test_a_backup_is_copied_and_put_back(desk, tmp_path):
    copy = tmp_path / "copy.db"
    assert f"2 entries copied to {copy}" in said("ledger", "backup", "--to", copy)
    said("ledger", "deposit", "--amount", 5, *WHY)
    assert "never replaces a file" in refused("ledger", "backup", "--to", copy)
    assert "2 entries restored" in said("ledger", "restore", "--from", copy)
    assert len(desk.ledger.entries()) == 2
    assert "there is no file" in refused("ledger", "restore", "--from", tmp_path / "none.db")
    assert "is the ledger itself" in refused("ledger", "restore", "--from", tmp_path / "ledger.db")


def test_a_switch_is_armed_pulled_by_hand_and_armed_again(desk):
    assert said("kill-switch", "status") == "stocks ARMED events ARMED allocator ARMED"
    assert "is armed already" in refused("kill-switch", "reset", *WHY)
    said("kill-switch", "trip", *WHY)
    assert "is stopped already" in refused("kill-switch", "trip", *WHY)
    assert said("kill-switch", "status") == "stocks TRIPPED on 2016-03-30 by Ada: because events ARMED allocator ARMED"
    assert "--reason must say something" in refused("kill-switch", "reset", *ME, "--reason", "")
    assert "--strategy must be one of" in refused("kill-switch", "trip", "--strategy", "all", *WHY)
    said("kill-switch", "reset", *WHY)
    said("kill-switch", "trip", "--strategy", "events", *WHY)
    assert said("kill-switch", "status") == "stocks ARMED events TRIPPED on 2016-03-30 by Ada: because allocator ARMED"
    found = [(e.kind, e.strategy, e.session, e.actor, e.reason) for e in desk.ledger.entries()[2:]]
    assert found == [
        ("trip", "stocks", TODAY, "Ada", "because"), ("reset", "stocks", TODAY, "Ada", "because"),
        ("trip", "events", TODAY, "Ada", "because"),
    ]  # fmt: skip


def test_what_was_a_computed_trip_waits_for_a_reset_too(desk):
    desk.ledger.append([entry("trip 2016-03-29 stocks", "trip", BEFORE, reason="a loss", actor="kill switch")])
    assert "stocks TRIPPED on 2016-03-29 by kill switch: a loss" in said("kill-switch", "status")
    assert "drawdown counts from now" in said("kill-switch", "reset", *WHY)
    assert "TRIPPED" not in said("kill-switch", "status")


def test_a_switch_pulled_while_past_sessions_are_played_is_known_to_the_next_of_them(desk):
    desk.ledger.seal(BEFORE)
    said("kill-switch", "trip", *WHY)
    assert [e.session for e in desk.entries("trip")] == [BEFORE]
