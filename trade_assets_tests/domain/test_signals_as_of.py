"""The signal in force is never a later one, and an old one allows no more than neutral."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, signals_as_of
from trade_assets.domain.gates import Thresholds
from trade_assets_tests.assertions import assert_same_bytes

THRESHOLDS = Thresholds(0.70, 0.55, 1.0, 0.6, 0.2)
SESSIONS = calendar.sessions_between(pd.Timestamp("2018-01-02"), pd.Timestamp("2018-12-31"))


def signals(dates, **columns):
    frame = pd.DataFrame({"date": pd.DatetimeIndex(dates).as_unit("us"), "is_stale": False})
    for name in ("tft_p50", "meta_prob_success", "exposure_scalar"):
        frame[name] = columns.get(name, np.nan)
    frame["market_regime"] = pd.Series(columns.get("market_regime"), index=frame.index, dtype="str")
    return frame.assign(is_stale=columns.get("is_stale", False))


def at(dates, given):
    completed = signals_as_of.completed(given, THRESHOLDS)
    return signals_as_of.at(pd.DatetimeIndex(dates).as_unit("us"), completed, neutral_exposure=0.6)


@pytest.mark.parametrize(
    ("p50", "odds", "regime", "exposure"),
    [
        (0.01, 0.70, "favorable", 1.0),
        (0.01, 0.69, "neutral", 0.6),
        (0.01, 0.55, "unfavorable", 0.2),
        (-0.01, 0.99, "unfavorable", 0.2),
        (-0.01, np.nan, "unfavorable", 0.2),
        (0.0, 0.9, "neutral", 0.6),
        (0.0, 0.5, "unfavorable", 0.2),
        (0.01, np.nan, "neutral", 0.6),
        (np.nan, 0.9, "neutral", 0.6),
    ],
)
def test_exposure_follows_from_forecast_and_odds_where_it_is_not_given(p50, odds, regime, exposure):
    row = at(SESSIONS[:1], signals(SESSIONS[:1], tft_p50=p50, meta_prob_success=odds)).iloc[0]
    assert (row["market_regime"], row["exposure_scalar"]) == (regime, exposure)


def test_a_given_exposure_stands():
    row = at(SESSIONS[:1], signals(SESSIONS[:1], tft_p50=-0.1, meta_prob_success=0.1, exposure_scalar=0.9)).iloc[0]
    assert (row["market_regime"], row["exposure_scalar"]) == ("unfavorable", 0.9)


def test_an_exposure_alone_names_no_regime():
    assert at(SESSIONS[:1], signals(SESSIONS[:1], exposure_scalar=1.0))["market_regime"].iloc[0] == "not given"


@pytest.mark.parametrize(
    ("age", "is_stale", "exposure"), [(0, False, 1.0), (1, False, 1.0), (2, True, 0.6), (9, True, 0.6)]
)
def test_a_signal_older_than_one_session_is_stale(age, is_stale, exposure):
    row = at(SESSIONS[5 + age : 6 + age], signals(SESSIONS[5:6], exposure_scalar=1.0)).iloc[0]
    assert (row["age_sessions"], row["is_stale"], row["exposure_scalar"]) == (age, is_stale, exposure)


def test_a_weekend_does_not_age_a_signal():
    friday = pd.Timestamp("2018-01-05")
    rows = at([friday + pd.Timedelta(days=n) for n in (1, 3, 4)], signals([friday], exposure_scalar=1.0))
    assert rows["is_stale"].tolist() == [False, False, True]


def test_a_stale_signal_never_raises_the_exposure():
    assert at(SESSIONS[9:10], signals(SESSIONS[:1], exposure_scalar=0.2))["exposure_scalar"].iloc[0] == 0.2


def test_a_signal_marked_stale_is_stale():
    row = at(SESSIONS[:1], signals(SESSIONS[:1], exposure_scalar=1.0, is_stale=True)).iloc[0]
    assert row["is_stale"]
    assert row["exposure_scalar"] == 0.6


def test_dates_before_the_first_signal_have_none():
    assert at(SESSIONS[:5], signals(SESSIONS[3:4], exposure_scalar=1.0))["session"].tolist() == list(SESSIONS[3:5])


@given(
    signal_days=st.lists(st.integers(0, 249), min_size=1, max_size=30, unique=True),
    days=st.lists(st.integers(0, 249), min_size=1, max_size=30, unique=True),
    cut=st.integers(0, 249),
    seed=st.integers(0, 99),
)
def test_a_later_signal_changes_no_earlier_date(signal_days, days, cut, seed):
    rng = np.random.default_rng(seed)
    places = sorted(signal_days)
    every = signals(
        SESSIONS[places],
        tft_p50=np.where(rng.random(len(places)) < 0.2, np.nan, rng.normal(0, 1, len(places))),
        meta_prob_success=rng.uniform(0.4, 0.9, len(places)),
    )
    until = every[every["date"] <= SESSIONS[cut]]
    dates = SESSIONS[[d for d in sorted(days) if d <= cut]]
    if len(until) and len(dates):
        whole = at(SESSIONS[sorted(days)], every)
        assert_same_bytes(at(dates, until), whole[whole["session"] <= SESSIONS[cut]].reset_index(drop=True))
        assert (whole["signal_date"] <= whole["session"]).all()
