"""A session's bars are the same whenever they are asked for: the splits that came since are taken out."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar
from trade_assets.resources.market_data import yahoo_rows
from trade_assets.resources.market_data.yahoo import Yahoo
from trade_assets_tests.generators import FEW
from trade_assets_tests.resources.fake_yahoo import FakeYahoo, told

SESSIONS = calendar.sessions_between(pd.Timestamp("2024-01-02"), pd.Timestamp("2024-06-28"))
VALUES = ["open", "high", "low", "close", "volume", "split_ratio", "dividend"]
FORWARD = [2.0, 3.0, 1.5, 4.0, 7.0, 10.0, 20.0, 4 / 3]


@st.composite
def markets(draw, ratios=(*FORWARD, 1 / 8, 0.1)):
    """What was traded: cents at any level, a small range a day, up to three splits and three dividends."""
    level = draw(st.integers(100, 200_000))
    steps = draw(st.lists(st.integers(-3, 3), min_size=len(SESSIONS), max_size=len(SESSIONS)))
    truth = pd.DataFrame({"close": level * 1.01 ** np.cumsum(steps)}, SESSIONS)
    truth["split_ratio"], truth["dividend"] = 1.0, 0.0
    days = st.sampled_from(list(SESSIONS[1:]))
    for day in draw(st.lists(days, max_size=3, unique=True)):
        truth.loc[day, "split_ratio"] = draw(st.sampled_from(ratios))
    for day in draw(st.lists(days, max_size=3, unique=True)):
        truth.loc[day, "dividend"] = draw(st.integers(1, 500)) / 100
    truth["close"] = np.maximum(np.rint(truth["close"] / np.cumprod(truth["split_ratio"])), 1.0) / 100
    truth["open"], truth["low"] = truth["close"], np.maximum(np.round(truth["close"] * 0.99, 2), 0.01)
    truth["high"] = np.round(truth["close"] * 1.01, 2)
    volume = draw(st.lists(st.integers(0, 10**9), min_size=5, max_size=5))
    return truth.assign(volume=np.resize(np.array(volume, float), len(truth)))


@given(markets(), st.integers(5, len(SESSIONS) - 1), st.integers(5, len(SESSIONS) - 1))
def test_prices_and_actions_do_not_depend_on_how_much_later_history_was_fetched(truth, one, other):
    shown = [
        told(truth, pd.Timestamp(SESSIONS[i], tz="UTC") + pd.Timedelta(hours=21), "2024-01-02") for i in (one, other)
    ]
    both = min(one, other) + 1
    first, second = (yahoo_rows.as_traded(answer, "AAA").iloc[:both] for answer in shown)
    same = [c for c in first if c != "volume"]
    pd.testing.assert_frame_equal(first[same], second[same], check_exact=True)
    wanted = truth[VALUES].iloc[:both].reset_index(drop=True).drop(columns="volume")
    pd.testing.assert_frame_equal(first[wanted.columns], wanted, check_exact=True, check_freq=False)


@given(markets(ratios=FORWARD), st.integers(5, len(SESSIONS) - 1))
def test_volumes_do_not_either_where_no_shares_were_merged_since(truth, now):
    answer = told(truth, pd.Timestamp(SESSIONS[now], tz="UTC") + pd.Timedelta(hours=21), "2024-01-02")
    assert yahoo_rows.as_traded(answer, "AAA")["volume"].tolist() == truth["volume"].iloc[: now + 1].tolist()


@FEW
@given(truth=markets(ratios=FORWARD), days=st.data())
def test_the_source_serves_the_same_bars_on_every_later_day(truth, days):
    asked, later = sorted(days.draw(st.lists(st.integers(20, len(SESSIONS) - 1), min_size=2, max_size=2)))
    with pytest.MonkeyPatch.context() as patched:
        fake = FakeYahoo({"AAA": truth}, "2024-01-02")
        patched.setitem(sys.modules, "yfinance", fake)
        found = []
        for now in (asked, later):
            fake.now = calendar.close_utc(SESSIONS[[now]])[0] + pd.Timedelta(hours=1)
            source = Yahoo(("AAA",), [], clock=fake.clock, sleep=fake.slept.append)
            found.append(source.bars(SESSIONS[10], SESSIONS[asked]))
    pd.testing.assert_frame_equal(*found, check_exact=True)


@pytest.mark.parametrize(
    ("told_close", "told_cash", "split", "close", "cash"),
    [
        (0.1283479928970337, 0.0, 224.0, 28.75, 0.0),  # a first day of 1980, 28 3/4, five splits since
        (182.6300048828125, 0.24, 1.0, 182.63, 0.24),
        (21.156250, 0.000536, 224.0, 4739.0, 0.12),
        (27.03125, 0.69394, 1.0, 27.03125, 0.6939),  # a thirty-second
        (5.59375, 0.0, 1.0, 5.59375, 0.0),
    ],
)
def test_what_rounding_left_is_put_back_on_its_tick(told_close, told_cash, split, close, cash):
    days = pd.DatetimeIndex(["2024-03-14", "2024-03-15"], tz="America/New_York")
    answer = pd.DataFrame(dict.fromkeys(yahoo_rows.PRICES, told_close), days)
    answer = answer.assign(Volume=2240, Dividends=[told_cash, 0.0], **{"Stock Splits": [0.0, split]})
    row = yahoo_rows.as_traded(answer, "AAA").iloc[0]
    assert (row["close"], row["dividend"], row["volume"]) == (close, cash, 2240 / split)
