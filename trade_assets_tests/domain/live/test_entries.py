"""What a session knows of the ledger: its own past, recorded by its cutoff, and each entry once."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.live import entries as ledger
from trade_assets.domain.live.run import MissingSessionError
from trade_assets.resources.book_ledger import BookLedger
from trade_assets_tests.generators import SESSIONS
from trade_assets_tests.live_books import at_night, bars_of, entry, play

DAYS = SESSIONS[:6]


def sealed(session, at=None):
    return entry(f"day {session.date()}", "day", session, at or at_night(session), strategy="")


def ids(entries):
    return [e.id for e in entries]


@st.composite
def histories(draw):
    """Seals of six sessions in order, and deposits of any session recorded at any time after it began."""
    hours = st.integers(0, 24 * 9)
    rows = draw(st.lists(st.tuples(st.integers(0, 5), hours), max_size=12))
    made = [entry(str(i), "deposit", DAYS[at], DAYS[at].tz_localize("UTC") + pd.Timedelta(hours=h)) for i, (at, h) in enumerate(rows)]  # fmt: skip
    return sorted([*made, *(sealed(day) for day in DAYS)], key=lambda e: e.recorded_utc)


@given(entries=histories())
def test_an_entry_is_known_from_the_first_session_computed_after_it_was_recorded(entries):
    for place, day in enumerate(DAYS):
        known = ids(ledger.known_at(entries, day))
        cutoff = at_night(day)
        assert known == [e.id for e in entries if e.session <= day and e.recorded_utc <= cutoff]
        first = [e for e in entries if e.id in known and not any(e.session <= d and e.recorded_utc <= at_night(d) for d in DAYS[:place])]  # fmt: skip
        assert ids(ledger.news(entries, DAYS[place - 1] if place else None, day)) == ids(first)


@given(entries=histories())
def test_every_entry_that_is_known_in_the_end_was_news_once(entries):
    told = [e.id for before, day in zip([None, *DAYS], DAYS, strict=False) for e in ledger.news(entries, before, day)]
    assert sorted(told) == sorted(ids(ledger.known_at(entries, DAYS[-1])))


def test_the_cutoff_itself_is_known_and_an_instant_later_is_not():
    day, cutoff = DAYS[0], at_night(DAYS[0])
    late = cutoff + pd.Timedelta(microseconds=1)
    found = [sealed(day), entry("at", "deposit", day, cutoff), entry("after", "deposit", day, late), sealed(DAYS[1])]
    assert ids(ledger.known_at(found, day)) == [found[0].id, "at"]
    assert ids(ledger.news(found, day, DAYS[1])) == ["after", found[3].id]
    ahead = entry("ahead", "deposit", DAYS[1], cutoff)
    assert "ahead" not in ids(ledger.known_at([*found, ahead], day))


def test_a_session_never_computed_knows_nothing():
    assert ledger.known_at([entry("1", "deposit", DAYS[0])], DAYS[0]) == []
    assert ledger.news([entry("1", "deposit", DAYS[0])], None, DAYS[0]) == []
    assert ledger.cutoffs([entry("1", "deposit", DAYS[0]), sealed(DAYS[1])]) == {DAYS[1]: at_night(DAYS[1])}


def test_orders_placed_are_those_of_the_session_and_the_strategy():
    own = entry("1", "order", DAYS[0])
    others = [
        entry("2", "order", DAYS[1]),
        entry("3", "order", DAYS[0], strategy="events"),
        entry("4", "override", DAYS[0]),
        entry("5", "execution", DAYS[0]),
    ]
    assert ledger.placed([others[0], own, *others[1:]], DAYS[0], "stocks") == [own]


def test_the_last_of_trips_and_resets_says_whether_a_strategy_is_stopped():
    trip, again = entry("1", "trip", DAYS[0]), entry("4", "trip", DAYS[2])
    reset, other = entry("2", "reset", DAYS[1]), entry("3", "trip", DAYS[1], strategy="events")
    assert ledger.is_tripped([], "stocks") is None
    assert ledger.is_tripped([trip, other], "stocks") == trip
    assert ledger.is_tripped([trip, reset, other], "stocks") is None
    assert ledger.is_tripped([trip, reset, other], "events") == other
    assert ledger.is_tripped([trip, reset, other, again], "stocks") == again
    assert ledger.last_reset([trip, again], "stocks") is None
    assert ledger.last_reset([trip, reset, again], "stocks") == DAYS[1]
    assert ledger.last_reset([reset, entry("5", "reset", DAYS[3])], "stocks") == DAYS[3]
    assert ledger.last_reset([reset], "events") is None


@pytest.fixture
def journal(tmp_path):
    """A ledger whose sessions are computed at night."""
    made = BookLedger(f"sqlite:///{tmp_path / 'ledger.db'}", clock=at_night)
    made.create()
    return made


def test_a_session_whose_book_cannot_be_computed_is_not_sealed(journal):
    journal.append([entry("1", "deposit", DAYS[0], amount_usd=100.0)])
    with pytest.raises(MissingSessionError, match="2017-01-03 is not stored"):
        play(journal, bars_of([10.0] * 6), DAYS[1:2])
    assert ledger.cutoffs(journal.entries()) == {}


def test_the_first_deposit_of_a_strategy_made_after_its_session_was_computed_opens_the_next_book(journal):
    bars = bars_of([10.0] * 6)
    assert play(journal, bars, DAYS[:1]).empty
    journal.append([entry("1", "deposit", DAYS[0], at_night(DAYS[0]) + pd.Timedelta(hours=1), amount_usd=100.0)])
    rows = play(journal, bars, DAYS[1:3])
    assert rows["session"].tolist() == list(DAYS[1:3])
    assert rows["value_usd"].tolist() == [100.0, 100.0]
    assert rows["flow_usd"].tolist() == [100.0, 0.0]
    assert play(journal, bars, DAYS[:1]).empty  # and computed again, the session before is what it was
