"""Refits count from the first day, forecasts of a file keep their place, and every regime is counted once."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, index_signals
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW

SESSIONS = calendar.sessions_between(pd.Timestamp("2015-01-02"), pd.Timestamp("2018-12-31"))


def closes(n, seed=0, gap=0.0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"date": SESSIONS[:n], "close": 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))})
    frame["spy_close"] = np.where(rng.random(n) < gap, np.nan, 200 * np.exp(np.cumsum(rng.normal(0, 0.01, n))))
    return frame[rng.random(n) >= gap].reset_index(drop=True)


@FEW
@given(n=st.integers(1, 400), every=st.integers(1, 15))
def test_refits_end_at_or_after_the_last_day_and_a_longer_series_only_adds_some(n, every):
    days = SESSIONS[:n]
    grid, longer = index_signals.refits(days, every=every), index_signals.refits(SESSIONS[: n + 50], every=every)
    assert grid.dates[0] == days[0]
    assert grid.dates[-1] >= days[-1]
    assert len(grid) == 1 or grid.dates[-2] < days[-1]
    assert (longer.dates[: len(grid)] == grid.dates).all()
    spans = index_signals.spans(days, grid)
    assert spans["session"].tolist() == list(days)
    assert (spans["decided_at"].dropna() < spans.loc[spans["decided_at"].notna(), "session"]).all()


@FEW
@given(n=st.integers(270, 330), cut=st.integers(260, 330), seed=st.integers(0, 99), gap=st.sampled_from([0.0, 0.05]))
def test_the_state_of_a_day_does_not_change_with_later_closes(n, cut, seed, gap):
    whole = closes(n, seed, gap)
    part = whole[whole["date"] <= SESSIONS[cut]]
    state, _ = index_signals.state_and_outcomes(whole, horizon_sessions=10)
    then, _ = index_signals.state_and_outcomes(part, horizon_sessions=10)
    assert_same_bytes(then, state[state["session"] <= part["date"].iloc[-1]].reset_index(drop=True))


def test_an_outcome_is_what_the_close_ten_sessions_later_says():
    frame = closes(300)
    _, outcomes = index_signals.state_and_outcomes(frame, horizon_sessions=10)
    assert len(outcomes) == 290
    row = outcomes.iloc[40]
    assert row["session"] == SESSIONS[40]
    assert row["label_end"] == SESSIONS[50]
    assert np.isclose(row["forward_return_frac"], frame["close"][50] / frame["close"][40] - 1)


def test_before_the_first_forecast_of_a_file_there_is_no_source():
    days = SESSIONS[:25]
    grid = index_signals.refits(days, every=10)
    rows = pd.DataFrame({"date": days, "tft_p10": -0.1, "tft_p50": 0.01, "tft_p90": 0.1, "tft_source": None})
    rows.loc[[0, 1, 8], "tft_p50"] = np.nan
    rows.loc[5, "tft_source"] = "my own"
    made = index_signals.given(rows, index_signals.spans(days, grid))
    assert made["tft_source"].value_counts().to_dict() == {"file": 22, "none": 2, "my own": 1}


def test_fits_due_counts_the_dates_that_know_enough():
    rows = pd.DataFrame({"label_end": SESSIONS[10:40]})
    assert index_signals.fits_due(rows, SESSIONS[:50], min_rows=1) == 40
    assert index_signals.fits_due(rows, SESSIONS[:50], min_rows=31) == 0


def test_every_session_is_in_one_regime_and_right_only_where_the_outcome_is_known():
    signals = pd.DataFrame(
        {
            "session": SESSIONS[:4],
            "tft_p50": [0.1, -0.1, 0.1, np.nan],
            "market_regime": ["favorable", "unfavorable", "favorable", "neutral"],
        }
    )
    outcomes = pd.DataFrame({"session": SESSIONS[:2], "label_end": SESSIONS[10:12], "forward_return_frac": [0.2, 0.2]})
    found = index_signals.by_regime(signals, outcomes).set_index("regime")
    assert found["n_sessions"].to_dict() == {"unfavorable": 1, "neutral": 1, "favorable": 2}
    assert found["sign_right_share"].fillna(-1).to_dict() == {"unfavorable": 0.0, "neutral": -1, "favorable": 1.0}
