"""The page of a session: what to do first, the command on a line of its own, and text as text."""

from dataclasses import fields, replace

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain.book import CASH
from trade_assets.domain.live import account
from trade_assets.domain.report.daily import DailyTables, daily_report, find
from trade_assets.domain.report.daily.findings import NOT_ACCEPTED
from trade_assets_tests.domain.live.test_messages import ARMED, TRIPPED, day, strategy
from trade_assets_tests.live_books import held_rows


def page(verdict, *checks):
    book = held_rows({"AAA": 0.2})
    held = book[book["symbol"] != CASH]
    empty = schemas.TABLES["live_orders"].empty()
    own = replace(strategy(*checks), verdict=verdict, holdings=held, orders=empty, days=account.daily(book))
    return daily_report(day(own, headline="A headline"), facts={"Source": "sample"})


def test_the_command_to_copy_is_on_a_line_of_its_own_after_the_sentence():
    shown = page("2 orders wait. Approve: trade-assets approve --date 2016-01-04 --strategy stocks --actor …", ARMED)
    assert (
        "2 orders wait. Approve: <code>trade-assets approve --date 2016-01-04 --strategy stocks --actor …</code>"
        in shown
    )
    assert "<code>" not in page("Nothing to trade.", ARMED).split('id="why"')[0]
    assert "Nothing to trade.</p>" in page("Nothing to trade.", ARMED)


def test_a_reason_that_names_a_command_or_a_tag_stays_text():
    reason = "it said trade-assets x <b>now</b>. Reset: trade-assets kill-switch reset"
    shown = page(reason, TRIPPED)
    assert "it said trade-assets x &lt;b&gt;now&lt;/b&gt;. Reset: <code>trade-assets kill-switch reset</code>" in shown
    assert "<b>now" not in shown


def test_every_section_is_there_and_the_same_tables_give_the_same_bytes():
    shown = page("Nothing to trade.", ARMED)
    for section in ("now", "why", "book", "safety", "health", "made"):
        assert f'id="{section}"' in shown
    assert shown == page("Nothing to trade.", ARMED)
    assert "https://" not in shown


@pytest.mark.parametrize(
    ("may_increase", "told"), [(True, "Nothing to trade."), (False, f"Nothing to trade.{NOT_ACCEPTED}")]
)
def test_legs_that_wait_for_their_gates_say_so(may_increase, told):
    book = held_rows({}, strategy="events")
    session = book["session"].iloc[0]
    leg = {
        "session": session,
        "strategy": "events",
        "symbol": "QQQ",
        "decided_at": session,
        "may_increase": may_increase,
    }
    tables = {f.name: schemas.TABLES[f.name].empty() for f in fields(DailyTables)}
    made = find(
        DailyTables(**tables | {"live_book": book, "live_signals": pd.DataFrame([leg])}), session, next_decision=None
    )
    assert made.strategies[0].verdict == told
