"""Outcomes that overlap are found by sessions, not by days, and no schedule lets one through."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, overlap

SESSIONS = calendar.sessions_between(pd.Timestamp("2018-01-02"), pd.Timestamp("2019-12-31"))


def schedule(dates, step=1, horizon=10, in_tranches=False):
    return overlap.schedule(dates, step=step, horizon_sessions=horizon, in_tranches=in_tranches)


def test_daily_predictions_are_refused_with_both_remedies():
    with pytest.raises(overlap.OverlappingOutcomesError) as caught:
        schedule(SESSIONS[:60])
    assert (caught.value.sessions_apart, caught.value.step_needed, caught.value.tranches_needed) == (1, 10, 10)
    assert str(caught.value.first.date()) in str(caught.value)


def test_every_tenth_session_is_enough_across_weekends_and_holidays():
    found = schedule(SESSIONS[:60], step=10)
    assert found.tranches == 1
    assert (found.ends[:-1] == found.dates[1:]).all()
    assert (found.sessions_held, found.sessions_apart) == (10.0, 10.0)


def test_a_week_with_a_holiday_is_one_session_short():
    wednesdays = SESSIONS[SESSIONS.dayofweek == 2]
    with pytest.raises(overlap.OverlappingOutcomesError) as caught:
        schedule(wednesdays, horizon=5)
    assert caught.value.sessions_apart == 4


def test_daily_predictions_need_as_many_tranches_as_the_horizon_has_sessions():
    found = schedule(SESSIONS[:60], in_tranches=True)
    assert (found.tranches, found.sessions_held, found.sessions_apart) == (10, 10.0, 1.0)


def test_one_date_has_nothing_to_overlap_with():
    found = schedule(SESSIONS[-1:])
    assert (len(found), found.tranches, found.sessions_held) == (1, 1, 10.0)
    assert found.ends[0] > SESSIONS[-1]


def test_a_day_without_a_session_counts_as_the_session_before():
    saturday = pd.DatetimeIndex([pd.Timestamp("2018-01-06"), SESSIONS[13]]).as_unit("us")
    assert schedule(saturday).ends[0] == SESSIONS[13]


@given(
    places=st.lists(st.integers(0, 200), min_size=1, max_size=60, unique=True),
    step=st.integers(1, 5),
    horizon=st.integers(1, 40),
)
def test_what_a_tranche_holds_never_overlaps(places, step, horizon):
    dates = SESSIONS[sorted(places)]
    found = schedule(dates, step, horizon, in_tranches=True)
    for tranche in range(found.tranches):
        own = slice(tranche, None, found.tranches)
        assert (found.ends[own][:-1] <= found.dates[own][1:]).all()
    if found.tranches > 1:
        fewer = found.tranches - 1
        gaps = SESSIONS.searchsorted(found.dates[fewer:]) - SESSIONS.searchsorted(found.dates[:-fewer])
        assert (gaps < horizon).any()


@given(places=st.lists(st.integers(0, 200), min_size=2, max_size=60, unique=True), horizon=st.integers(1, 40))
def test_the_step_a_refusal_names_is_the_smallest_that_passes(places, horizon):
    dates = SESSIONS[sorted(places)]
    try:
        schedule(dates, horizon=horizon)
    except overlap.OverlappingOutcomesError as error:
        schedule(dates, error.step_needed, horizon)
        for step in range(1, error.step_needed):
            with pytest.raises(overlap.OverlappingOutcomesError):
                schedule(dates, step, horizon)
    else:
        assert (np.diff(SESSIONS.searchsorted(dates)) >= horizon).all()
