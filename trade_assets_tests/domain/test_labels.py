"""Outcomes: what a member earned from one rebalance to the next, and only that."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import labels, prices
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SESSIONS, bars, market_bars

EVERY = 10
WINDOWS = [(SESSIONS[i], SESSIONS[i + EVERY]) for i in (9, 19)]


def members_of(frame, *, blackout=()):
    rows = frame.loc[frame["session"].isin([start for start, _ in WINDOWS]), ["session", "symbol"]]
    return rows.rename(columns={"session": "rebalance_date"}).assign(in_blackout=rows["symbol"].isin(blackout))


def outcomes(frame, windows=WINDOWS, last=30, **marks):
    panel = prices.panel(frame, sessions=SESSIONS[:last])
    return labels.outcomes(panel, members_of(frame, **marks), windows=windows, monitoring_sessions=5)


@given(frame=bars(min_sessions=30, max_sessions=40))
def test_an_outcome_is_the_return_of_a_share_bought_at_the_first_close(frame):
    frame = frame[frame["session"].isin(SESSIONS[:30])]
    found = outcomes(frame)
    gross = reference.gross(frame, SESSIONS[:30], max_missing=prices.MAX_GAP_SESSIONS)
    for row in found.itertuples():
        first, last = row.feature_date, row.rebalance_date
        assert row.return_frac == pytest.approx(
            reference.label(gross, SESSIONS[:30], row.symbol, first, last), abs=1e-12
        )
        fifth = SESSIONS[SESSIONS.get_loc(first) + 5]
        assert row.return_5_frac == pytest.approx(
            reference.label(gross, SESSIONS[:30], row.symbol, first, fifth), abs=1e-12
        )
        assert row.is_delisted == frame[(frame["session"] == last) & (frame["symbol"] == row.symbol)].empty
    assert len(found) == len(members_of(frame))


@given(frame=bars(min_sessions=30, max_sessions=40), data=st.data())
def test_bars_after_the_last_date_and_long_before_the_first_change_no_byte(frame, data):
    whole, start = outcomes(frame), data.draw(st.integers(0, 2))
    kept = frame[frame["session"].isin(SESSIONS[start:30])]
    panel = prices.panel(kept, sessions=SESSIONS[start:30])
    assert_same_bytes(labels.outcomes(panel, members_of(frame), windows=WINDOWS, monitoring_sessions=5), whole)


@given(frame=bars(min_sessions=30, max_sessions=40))
def test_two_windows_at_once_are_the_two_apart(frame):
    assert_same_bytes(outcomes(frame), pd.concat([outcomes(frame, [w]) for w in WINDOWS], ignore_index=True))


def test_a_name_that_leaves_earns_to_its_last_close_and_is_cash_from_then_on():
    frame = market_bars(4, sessions=30, symbols=2)
    gone = frame[(frame["symbol"] != "BBB") | (frame["session"] <= SESSIONS[12])]
    row = outcomes(gone).set_index(["feature_date", "symbol"]).loc[(SESSIONS[9], "BBB")]
    gross = reference.gross(gone, SESSIONS[:30], max_missing=prices.MAX_GAP_SESSIONS)
    assert row["is_delisted"]
    assert row["return_frac"] == pytest.approx(reference.label(gross, SESSIONS, "BBB", SESSIONS[9], SESSIONS[12]))


def test_the_target_is_the_rank_of_the_return_and_ties_share_it():
    frame = market_bars(4, sessions=30, symbols=3)
    twin = pd.concat([frame, frame[frame["symbol"] == "CCC"].assign(symbol="DDD")])
    found = outcomes(twin.sort_values(["session", "symbol"], ignore_index=True))
    for _, rows in found.groupby("feature_date"):
        target = rows.set_index("symbol")["target"]
        assert target["CCC"] == target["DDD"]
        assert target.sum() == pytest.approx(0)
        assert list(np.argsort(rows["return_frac"], kind="stable")) == list(np.argsort(rows["target"], kind="stable"))


def test_a_blackout_goes_with_the_date_the_features_are_of():
    found = outcomes(market_bars(4, sessions=30, symbols=3), blackout=("BBB",))
    assert (found["in_blackout"] == (found["symbol"] == "BBB")).all()


def test_a_date_without_members_has_no_outcomes():
    frame = market_bars(4, sessions=30, symbols=3)
    panel = prices.panel(frame)
    nobody = labels.outcomes(panel, members_of(frame).iloc[:0], windows=WINDOWS, monitoring_sessions=5)
    assert len(nobody) == 0
    assert list(nobody.columns) == list(outcomes(frame).columns)
