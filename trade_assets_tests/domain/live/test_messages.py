"""What is said of a session: the kind that is asked for, where there is a cause, in a line that can be read."""

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain.acceptance import Gate
from trade_assets.domain.live import messages
from trade_assets.domain.report.daily import Day
from trade_assets.domain.report.daily.findings import StrategyDay

SESSION = pd.Timestamp("2016-01-04")
EVERY = {"kill_switch": True, "failed_safety": True, "daily_summary": True}
ARMED = Gate("Kill switch", "R-200", 0.0, 0.0, True, "error", "The kill switch is armed.")
TRIPPED = Gate("Kill switch", "R-200", 1.0, 0.0, False, "error", "The kill switch tripped on 2016-01-04: a loss.")
TURNOVER = Gate("Turnover", "R-176", 0.6, 0.4, False, "error", "Turnover 60%, limit 40%.")
WARNING = Gate("Single trade", "R-176", 0.12, 0.1, False, "warn", "Largest buy 12%.")


def strategy(*checks, title="Stock portfolio", orders=2):
    rows = pd.DataFrame(
        {
            "action": ["SELL", "BUY"], "symbol": ["AAA", "BRK.B"], "shares": [-10.0, 2.5], "price_usd": [100.0, 200.25],
        }
    ).head(orders)  # fmt: skip
    days = pd.DataFrame({"equity_usd": [101_000.0], "pnl_usd": [-1_234.0], "cash_usd": [1_000.0]})
    return StrategyDay(
        "stocks", title, "proposed", "2 orders wait for your approval.", rows, rows.head(0), checks, days, -0.02, ""
    )


def day(*strategies, headline="2 orders to approve", due=SESSION + pd.Timedelta(days=14)):
    empty = (schemas.TABLES[name].empty() for name in ("monitoring", "reconciliation"))
    return Day(SESSION, headline, SESSION, due, strategies, None, (), *empty)


def kinds(of, **asked):
    return [m.kind for m in messages.of_day(of, **{**EVERY, **asked})]


def test_a_quiet_session_has_a_summary_and_nothing_else():
    assert kinds(day(strategy(ARMED, WARNING))) == ["daily_summary"]
    assert kinds(day(strategy(ARMED, WARNING)), daily_summary=False) == []


def test_each_kind_is_sent_where_it_is_asked_for_and_has_a_cause():
    of = day(strategy(TRIPPED, TURNOVER), strategy(ARMED, title="Event engine"))
    assert kinds(of) == ["kill_switch", "failed_safety", "daily_summary"]
    assert kinds(of, kill_switch=False) == ["failed_safety", "daily_summary"]
    assert kinds(of, failed_safety=False, daily_summary=False) == ["kill_switch"]


def test_a_tripped_switch_names_its_strategy_and_the_way_back():
    told = messages.stopped(day(strategy(TRIPPED), strategy(ARMED, title="Event engine")))
    assert told is not None
    assert told.subject == "2016-01-04 kill switch: stock portfolio stopped"
    assert TRIPPED.sentence in told.body
    assert "kill-switch reset" in told.body
    assert "Event engine" not in told.body


def test_a_failed_check_is_said_with_its_numbers_and_the_kill_switch_has_a_message_of_its_own():
    assert messages.unsafe(day(strategy(TRIPPED, WARNING))) is None
    told = messages.unsafe(day(strategy(TRIPPED, TURNOVER, WARNING)))
    assert told is not None
    assert told.subject == "2016-01-04 no orders: 1 check failed"
    assert "Stock portfolio, Turnover: Turnover 60%, limit 40%." in told.body
    assert TRIPPED.sentence not in told.body
    assert WARNING.sentence not in told.body


def test_a_summary_says_what_to_do_what_it_is_worth_and_what_would_be_traded():
    told = messages.summary(day(strategy(ARMED)))
    assert told.subject == "2016-01-04 2 orders to approve"
    for words in ("2016-01-18", "equity $101,000", "-1,234 USD", "SELL AAA -10 at 100.00", "BUY BRK.B +2.5 at 200.25"):
        assert words in told.body


def test_a_day_without_a_book_has_a_summary():
    assert messages.summary(day(headline="No book is open", due=None)).body == "No book is open."


def test_a_failed_run_is_told_by_job_step_and_reason():
    told = messages.failed_run("session", "live_book", "the ledger is damaged\n")
    assert told.kind == "failed_run"
    assert told.body == "Job: session\nStep: live_book\nReason: the ledger is damaged"
    assert len(messages.failed_run("j", "s", "x" * 10**6).body) < 2100


@pytest.mark.parametrize("length", [1, 60, 79, 80, 300])
def test_a_subject_is_one_line_below_80_characters(length):
    headline = "long\nheadline " * length
    made = [
        messages.summary(day(strategy(ARMED), headline=headline)),
        messages.stopped(day(*[strategy(TRIPPED, title=f"Strategy {i}") for i in range(length)])),
        messages.failed_run("job" * length, "step" * length, "reason"),
    ]
    for told in made:
        assert told is not None
        assert 0 < len(told.subject) < 80
        assert "\n" not in told.subject
        assert told.subject.isprintable()
