"""Orders a person approves, and fills a person records."""

import pandas as pd
import pytest
from rich.console import Console

from trade_assets.desk import recording
from trade_assets.domain.live import day
from trade_assets_tests.live_books import entry
from trade_assets_tests.test_cli import invoke, refused
from trade_assets_tests.test_desk import BEFORE, ME, NEXT, TODAY, WHY, bare, desk, said

__all__ = ["bare", "desk"]


def placed(desk):
    return {e.symbol: e.shares for e in desk.entries("order")}


def test_approved_orders_are_those_proposed_with_who_approved(desk):
    assert "2 orders of 2016-03-30 placed by Ada. The bars of the next session fill them." in said("approve", *ME)
    assert placed(desk) == pytest.approx({"AAA": -1000.0, "BBB": 500.0})
    sale = desk.entries("order")[0]
    assert (sale.id, sale.session, sale.actor, sale.reason) == ("order 2016-03-30 stocks AAA", TODAY, "Ada", "approved")
    assert (sale.price_usd, sale.amount_usd, sale.detail) == (10.0, pytest.approx(-10_000), {"action": "REDUCE"})
    entries = desk.ledger.entries()
    said("approve", *ME, "--reason", "again")
    assert desk.ledger.entries() == entries


def test_an_order_left_out_is_recorded_with_its_reason(desk):
    assert "1 order of 2016-03-30 placed by Ada, 1 left out: BBB." in said("approve", *WHY, "--without", "BBB")
    assert placed(desk) == pytest.approx({"AAA": -1000.0})
    (left,) = desk.entries("override")
    assert (left.symbol, left.actor, left.reason) == ("BBB", "Ada", "because")
    assert left.detail == {"order": "order 2016-03-30 stocks BBB"}
    assert "AAA was placed already" in refused("approve", *WHY, "--without", "AAA")
    assert len(desk.entries("override")) == 1


def test_orders_for_a_file_are_written_for_a_person_to_place(desk):
    desk.set(dry_run=False, broker="file")
    assert "trade-assets record" in said("approve", *ME)
    table = pd.read_csv(desk.directory / "live" / "2016-03-30" / "orders_stocks.csv")
    assert table.to_dict("records") == [
        {"symbol": "AAA", "side": "SELL", "shares": 1000.0, "last_close": 10.0, "order_id": "order 2016-03-30 stocks AAA"},
        {"symbol": "BBB", "side": "BUY", "shares": pytest.approx(500.0), "last_close": 10.0, "order_id": "order 2016-03-30 stocks BBB"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--actor", " "), "--actor must say something"),
        ((*ME, "--strategy", "all"), "--strategy must be one of"),
        ((*ME, "--strategy", "events"), "no order of events waits for approval on 2016-03-30: nothing to trade"),
        ((*ME, "--without", "AAA"), "--reason must say something"),
        ((*WHY, "--without", "CCC"), "--without must name a proposed order: AAA, BBB; was CCC"),
        ((*ME, "--date", BEFORE.date()), "live_orders: partition 2016-03-29 is not stored"),
        ((*ME, "--date", NEXT.date()), "2016-03-31 is not a closed live session"),
    ],
)
def test_what_cannot_be_approved_is_refused_and_nothing_is_placed(desk, arguments, error):
    before = desk.ledger.entries()
    assert error in refused("approve", *arguments)
    assert desk.ledger.entries() == before


@pytest.mark.parametrize("status", [day.BLOCKED, day.PLACED])
def test_only_orders_that_wait_are_approved(desk, status):
    desk.store(status)
    assert f"no order of stocks waits for approval on 2016-03-30: {status}" in refused("approve", *ME)
    assert placed(desk) == {}


def test_nothing_is_placed_on_a_dry_run(desk):
    desk.set(dry_run=True)
    assert "live.dry_run is true" in refused("approve", *ME)
    assert placed(desk) == {}


def test_orders_lapse_with_the_session_they_were_for(desk):
    shown = pd.Timestamp.now("UTC") - pd.Timedelta(days=1)
    desk.ledger.append([entry("day 2016-03-30", "day", TODAY, shown, strategy="")])
    desk.evening_of(NEXT)
    over = "the orders of 2016-03-30 were for 2016-03-31, which is over"
    assert over in refused("approve", *ME, "--date", TODAY.date())
    assert placed(desk) == {}


def test_orders_of_a_past_session_shown_today_wait_as_those_of_today_do(desk):
    desk.evening_of(NEXT)
    desk.ledger.seal(TODAY)
    said("approve", *ME, "--date", TODAY.date())
    assert len(placed(desk)) == 2


def test_orders_lapse_once_the_next_session_is_computed(desk):
    desk.ledger.seal(NEXT)
    assert "which is over" in refused("approve", *ME)
    assert placed(desk) == {}


def test_nothing_is_placed_for_a_strategy_that_was_stopped_after_its_orders_were_shown(desk):
    said("kill-switch", "trip", *WHY)
    assert "TRIPPED" in said("kill-switch", "status")
    assert "the kill switch of stocks tripped on 2016-03-30: because" in refused("approve", *ME)
    assert placed(desk) == {}
    said("kill-switch", "reset", *WHY)
    said("approve", *ME)
    assert len(placed(desk)) == 2


FILL = ("record", *ME, "--symbol", "AAA", "--shares", -12.5, "--price", 10.25, "--cost", 0.5)


def test_a_fill_is_recorded_once_with_what_it_answers(desk):
    said("approve", *ME)
    desk.evening_of(NEXT)
    shown = said(*FILL, "--date", NEXT.date(), "--reason", "half")
    assert "1 execution recorded by Ada, 0 were there already." in shown
    assert "2016-03-31 stocks AAA -12.5 at 10.25" in shown
    assert "without an order" not in shown
    (fill,) = desk.entries("execution")
    assert (fill.symbol, fill.shares, fill.price_usd, fill.amount_usd, fill.cost_usd) == ("AAA", -12.5, 10.25, -128.125, 0.5)  # fmt: skip
    assert (fill.session, fill.strategy, fill.actor, fill.reason) == (NEXT, "stocks", "Ada", "half")
    assert "0 executions recorded by Ada, 1 were there already." in said(*FILL, "--date", NEXT.date())
    assert len(desk.entries("execution")) == 1


def test_a_fill_without_an_order_and_a_late_one_are_pointed_out(desk):
    shown = said(*FILL)
    assert "AAA -12.5 at 10.25, without an order" in shown
    assert "was computed before" not in shown
    desk.ledger.seal(TODAY)
    for date in (TODAY, BEFORE):
        shown = said("record", *ME, "--symbol", "BBB", "--shares", 1, "--price", 2, "--date", date.date())
        assert f"{date.date()} was computed before: this is in the book of the next session." in shown


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (("--shares", 0), "shares must not be 0"),
        (("--shares", "nan"), "shares"),
        (("--price", 0), "column price"),
        (("--price", "inf"), "finite"),
        (("--cost", -1), "column cost"),
        (("--symbol", "a b"), "column ticker"),
        (("--symbol", "CASH"), "CASH"),
        (("--strategy", "bonds"), "column strategy"),
        (("--actor", ""), "--actor must say something"),
        (("--date", "2016-03-31"), "is not a closed live session"),
    ],
)
def test_a_fill_that_cannot_be_is_refused(desk, changed, error):
    assert error in refused(*FILL, *changed)
    assert desk.entries("execution") == []


CSV = "date,strategy,symbol,shares,price,cost,id\n2016-03-30,stocks,AAA,-12.5,10.25,0.5,\n2016-03-30,stocks,BBB,3,7,0,f1\n2016-03-30,stocks,BBB,3,7,0,f2\n"


def from_file(desk, text):
    (desk.directory / "fills.csv").write_text(text)
    return ("record", *ME, "--file", desk.directory / "fills.csv")


def test_a_file_of_fills_is_recorded_whole_and_once(desk):
    said(*FILL)
    assert "2 executions recorded by Ada, 1 were there already." in said(*from_file(desk, CSV))
    assert "0 executions recorded by Ada, 3 were there already." in said(*from_file(desk, CSV))
    assert [(e.symbol, e.shares, e.amount_usd) for e in desk.entries("execution")] == [("AAA", -12.5, -128.125), ("BBB", 3.0, 21.0), ("BBB", 3.0, 21.0)]  # fmt: skip
    other = CSV.replace("3,7,0,f2", "4,7,0,f2") + "2016-03-30,stocks,CCC,1,1,0,f3\n"
    assert "f2' is in the ledger already and says shares 3.0, now 4.0" in refused(*from_file(desk, other))
    assert len(desk.entries("execution")) == 3


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("7,0,f2", "-7,0,f2", "fills.csv: column price must be > 0, 1 of 3 rows"),
        ("7,0,f2", "x,0,f2", "column price must be a number"),
        ("3,7,0,f2", "0,7,0,f2", "shares must not be 0: 2016-03-30 BBB"),
        ("f2", "f1", "rows must be unique"),
        ("2016-03-30,stocks,BBB,3,7,0,f2", "2016-03-31,stocks,BBB,3,7,0,f2", "2016-03-31 is not a closed live session"),
        (",cost", ",fee", "column cost is missing"),
    ],
)
def test_a_file_with_one_bad_row_records_nothing(desk, old, new, error):
    assert error in refused(*from_file(desk, CSV.replace(old, new)))
    assert desk.entries("execution") == []


def test_a_file_that_is_not_there_is_refused(desk):
    assert "there is no file" in refused("record", *ME, "--file", desk.directory / "none.csv")
    assert invoke("record").exit_code == 2  # nobody said who


def fills(desk, name, text):
    """A file of executions in the inbox."""
    path = desk.directory / "live" / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


HEADER = "date,strategy,symbol,shares,price,cost\n"


def test_files_in_the_inbox_are_recorded_once_and_put_away(desk):
    path = fills(desk, "monday.csv", f"{HEADER}2016-03-30,stocks,BBB,500,10.1,1\n")
    assert recording.waiting(desk.directory / "live") == [path]
    (there,) = recording.record_inbox(desk.directory / "live", Console(quiet=True))
    assert recording.waiting(desk.directory / "live") == []
    assert (there.parent.name, there.name) == ("recorded", "monday.csv")
    (made,) = desk.entries("execution")
    assert (made.symbol, made.shares, made.actor) == ("BBB", 500.0, "inbox monday.csv")
    there.replace(path)
    recording.record_inbox(desk.directory / "live", Console(quiet=True))
    assert len(desk.entries("execution")) == 1


def test_a_file_that_is_refused_stays_and_nothing_of_it_is_recorded(desk):
    path = fills(desk, "bad.csv", f"{HEADER}2016-03-30,stocks,BBB,500,10.1,1\n2016-03-30,stocks,CCC,1,-2,1\n")
    with pytest.raises(ValueError, match=r"bad\.csv is refused: .*column price must be > 0"):
        recording.record_inbox(desk.directory / "live", Console(quiet=True))
    assert path.is_file()
    assert desk.entries("execution") == []


def test_a_file_that_is_refused_holds_up_no_other(desk):
    bad = fills(desk, "a.csv", f"{HEADER}2016-03-30,bonds,BBB,500,10.1,1\n")
    fills(desk, "b.csv", f"{HEADER}2016-03-30,stocks,BBB,500,10.1,1\n")
    zero = fills(desk, "c.csv", f"{HEADER}2016-03-30,stocks,CCC,0,10.1,1\n")
    with pytest.raises(
        ValueError, match=r"a\.csv is refused: [^\n]*strategy[^\n]*\nc\.csv is refused: shares must not be 0"
    ):
        recording.record_inbox(desk.directory / "live", Console(quiet=True))
    assert recording.waiting(desk.directory / "live") == [bad, zero]
    (made,) = desk.entries("execution")
    assert (made.symbol, made.actor) == ("BBB", "inbox b.csv")
