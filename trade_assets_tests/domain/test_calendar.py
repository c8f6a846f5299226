"""Sessions, closes and the grid of rebalance dates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar
from trade_assets_tests.assertions import assert_same_bytes

ANCHOR = pd.Timestamp("1999-01-04")


def date(text):
    return pd.Timestamp(text)


def grid(start="1999-01-04", end="2001-12-31", every=10):
    return calendar.rebalances(ANCHOR, date(start), date(end), every=every)


@pytest.mark.parametrize(
    ("session", "close"),
    [
        ("2024-03-08", "21:00"),  # the last before summer time
        ("2024-03-11", "20:00"),
        ("2024-11-01", "20:00"),
        ("2024-11-04", "21:00"),  # the first after it
        ("2024-07-03", "17:00"),  # early, 13:00 in New York
        ("2024-11-29", "18:00"),
        ("2024-12-24", "18:00"),
        ("2024-02-29", "21:00"),
        ("1999-01-04", "21:00"),
    ],
)
def test_a_session_closes_when_the_exchange_says(session, close):
    assert calendar.close_utc(pd.DatetimeIndex([session]))[0] == pd.Timestamp(f"{session} {close}", tz="UTC")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-01-09", False),  # day of mourning
        ("2001-09-11", False),
        ("2001-09-17", True),
        ("2012-10-29", False),
        ("2024-02-29", True),
        ("2024-03-29", False),
        ("2024-12-25", False),
        ("2025-01-08", True),
        ("2024-06-01", False),
    ],
)
def test_a_day_is_a_session_when_the_exchange_opened(day, expected):
    assert calendar.is_session(pd.DatetimeIndex([day]))[0] == expected
    assert len(calendar.sessions_between(date(day), date(day))) == expected


def test_no_day_at_all_is_no_session_at_all():
    assert calendar.is_session(pd.DatetimeIndex([])).shape == (0,)


@given(start=st.dates(date("2001-01-01").date(), date("2001-12-31").date()), days=st.integers(-5, 400))
def test_sessions_are_the_weekdays_in_the_span_but_for_a_few(start, days):
    first, last = pd.Timestamp(start), pd.Timestamp(start) + pd.Timedelta(days=days)
    sessions = calendar.sessions_between(first, last)
    weekdays = pd.bdate_range(first, last)
    assert sessions.tz is None
    assert sessions.unit == "us"
    assert set(sessions) <= set(weekdays)
    assert len(weekdays) - len(sessions) <= 6 + 12 * max(days, 0) / 365


def test_the_grid_is_every_tenth_session_from_the_anchor():
    every = calendar.sessions_between(ANCHOR, date("2001-12-31"))
    assert_same_bytes(grid().dates.to_numpy(), every[::10].to_numpy())
    assert grid().ordinals.tolist() == list(range(len(every[::10])))


@given(start=st.integers(0, 700), end=st.integers(0, 700), every=st.integers(1, 30))
def test_a_later_start_or_end_moves_no_key_and_no_ordinal(start, end, every):
    whole = grid(every=every)
    first, last = ANCHOR + pd.Timedelta(days=start), ANCHOR + pd.Timedelta(days=max(start, end))
    part = calendar.rebalances(ANCHOR, first, last, every=every)
    inside = (whole.dates >= first) & (whole.dates <= last)
    assert_same_bytes(part.dates.to_numpy(), whole.dates[inside].to_numpy())
    assert_same_bytes(part.ordinals, whole.ordinals[inside])


def test_a_start_before_the_anchor_is_refused():
    with pytest.raises(ValueError, match=r"before history\.anchor 1999-01-04, was 1998-12-31"):
        grid(start="1998-12-31")


def test_an_anchor_that_is_no_session_is_refused():
    with pytest.raises(ValueError, match="must be a session of the exchange, was 1999-01-03"):
        calendar.rebalances(date("1999-01-03"), date("1999-01-03"), date("1999-12-31"), every=10)


def test_a_date_off_the_grid_is_refused_by_name():
    with pytest.raises(ValueError, match="1999-01-05 is not a rebalance date"):
        grid().position(date("1999-01-05"))
    with pytest.raises(ValueError, match="2030-01-01 is not a rebalance date"):
        grid().position(date("2030-01-01"))


@given(place=st.integers(0, 74), last=st.none() | st.integers(1, 90), lag=st.integers(0, 90))
def test_a_window_is_the_last_dates_that_end_lag_before(place, last, lag):
    made = grid()
    expected = [made.dates[i] for i in range(place - lag + 1) if last is None or i > place - lag - last]
    assert list(made.window(made.dates[place], last=last, lag=lag)) == expected


@given(first=st.integers(0, 74), count=st.integers(0, 74))
def test_every_session_of_a_range_belongs_to_one_span_and_follows_its_decision(first, count):
    made = grid()
    part = made.between(made.dates[first], made.dates[min(first + count % 5, 74)])
    rows = part.sessions()
    start = made.dates[first - 1] + pd.Timedelta(days=1) if first else ANCHOR
    assert_same_bytes(rows["session"].to_numpy(), calendar.sessions_between(start, part.dates[-1]).to_numpy())
    assert (rows["session"] <= rows["rebalance_date"]).all()
    decided = rows["decided_at"].notna()
    assert (rows["decided_at"] < rows["session"])[decided].all()
    assert (~decided).sum() == (1 if first == 0 else 0)
    assert (rows.groupby("rebalance_date").size()[1:] == 10).all()


@given(first=st.integers(0, 74), every=st.integers(1, 12))
def test_retrain_dates_do_not_depend_on_where_a_range_begins(first, every):
    made = grid()
    part = made.between(made.dates[first], made.dates[-1])
    whole = made.retrain_dates(every)
    assert list(part.retrain_dates(every)) == list(whole[whole >= made.dates[first]])
    assert np.all(np.diff(made.ordinals) == 1)


@given(place=st.integers(0, 700), count=st.integers(0, 60))
def test_the_close_some_sessions_ahead_is_counted_on_the_calendar(place, count):
    sessions = calendar.sessions_between(ANCHOR, ANCHOR + pd.Timedelta(days=1300))
    assert calendar.close_after(sessions[place], count) == calendar.close_utc(sessions[[place + count]])[0]
