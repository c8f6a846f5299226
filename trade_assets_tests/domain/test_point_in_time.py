"""Figures as they were known: nothing before it was public, the last filing of the last period."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import point_in_time
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, filed_facts

SEEN = ["symbol", "fact", "value", "annual_factor", "period_end", "available_utc", "value_year_before"]
CLOSES = st.integers(0, 1500).map(lambda n: pd.Timestamp("2015-03-01 21:00", tz="UTC") + pd.Timedelta(days=n))


def filing(period_end, focus, available, value, *, symbol="AAA", fact="revenues"):
    return {
        "symbol": symbol,
        "fact": fact,
        "period_end": pd.Timestamp(period_end),
        "period_focus": focus,
        "available_utc": pd.Timestamp(available, tz="UTC"),
        "value": value,
        "availability": "filed",
    }


def known(*filings, at):
    return point_in_time.known_facts(pd.DataFrame(filings), close_utc=pd.Timestamp(at, tz="UTC"))


@FEW
@given(seed=SEEDS, close=CLOSES)
def test_figures_public_only_later_change_no_byte(seed, close):
    facts = filed_facts(seed, symbols=2)
    found = point_in_time.known_facts(facts, close_utc=close)
    assert (found["available_utc"] <= close).all()
    assert_same_bytes(found, point_in_time.known_facts(facts[facts["available_utc"] <= close], close_utc=close))


@FEW
@given(seed=SEEDS, close=CLOSES)
def test_figures_older_than_twice_the_age_allowed_change_no_byte(seed, close):
    facts = filed_facts(seed, symbols=2)
    recent = facts[facts["available_utc"] > close - pd.Timedelta(days=800)]
    assert_same_bytes(
        point_in_time.known_facts(facts, close_utc=close), point_in_time.known_facts(recent, close_utc=close)
    )


@FEW
@given(seed=SEEDS, shuffle=SEEDS, close=CLOSES)
def test_the_order_of_the_filings_changes_no_byte(seed, shuffle, close):
    facts = filed_facts(seed, symbols=2)
    shuffled = facts.sample(frac=1, random_state=shuffle)
    assert_same_bytes(
        point_in_time.known_facts(facts, close_utc=close),
        point_in_time.known_facts(shuffled, close_utc=close),
    )


@FEW
@given(seed=SEEDS, close=CLOSES)
def test_each_figure_is_the_one_a_loop_finds(seed, close):
    facts = filed_facts(seed, symbols=2)
    expected = {}
    public = facts[(facts["available_utc"] <= close) & (facts["available_utc"] > close - pd.Timedelta(days=400))]
    for row in public.sort_values("available_utc").itertuples():
        last = expected.get((row.symbol, row.fact))
        if last is None or (row.period_end, row.available_utc) >= (last.period_end, last.available_utc):
            expected[row.symbol, row.fact] = row
    found = point_in_time.known_facts(facts, close_utc=close)
    assert list(found.columns) == SEEN
    assert {(r.symbol, r.fact): (r.value, r.period_end) for r in found.itertuples()} == {
        key: (row.value, row.period_end) for key, row in expected.items()
    }


def test_an_amendment_counts_from_the_moment_it_is_public():
    filings = [
        filing("2016-12-31", "FY", "2017-02-01 22:00", 10.0),
        filing("2016-12-31", "FY", "2017-06-01 12:00", 7.0),
    ]
    assert known(*filings, at="2017-06-01 11:59")["value"].tolist() == [10.0]
    assert known(*filings, at="2017-06-01 12:00")["value"].tolist() == [7.0]


def test_an_amendment_of_an_old_period_does_not_hide_the_latest_one():
    filings = [filing("2017-03-31", "Q1", "2017-05-01", 3.0), filing("2016-12-31", "FY", "2017-06-01", 7.0)]
    assert known(*filings, at="2017-07-01")["value"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("before", "focus", "expected"),
    [
        ("2016-03-31", "Q1", 2.0),
        ("2016-03-26", "Q1", 2.0),  # years of 52 or 53 weeks
        ("2016-03-31", "FY", None),
        ("2015-03-31", "Q1", None),
        ("2016-06-30", "Q1", None),
    ],
)
def test_a_year_before_is_the_same_period_of_the_year_before(before, focus, expected):
    filings = [filing("2017-03-31", "Q1", "2017-05-01", 3.0), filing(before, focus, "2016-05-01", 2.0)]
    found = known(*filings, at="2017-05-02")
    assert found["annual_factor"].tolist() == [4.0]
    assert (
        found["value_year_before"].isna().all()
        if expected is None
        else found["value_year_before"].tolist() == [expected]
    )


def test_the_year_before_is_as_last_restated_by_then():
    filings = [
        filing("2017-03-31", "Q1", "2017-05-01", 3.0),
        filing("2016-03-31", "Q1", "2016-05-01", 2.0),
        filing("2016-03-31", "Q1", "2017-06-01", 1.0),
    ]
    assert known(*filings, at="2017-05-15")["value_year_before"].tolist() == [2.0]
    assert known(*filings, at="2017-06-15")["value_year_before"].tolist() == [1.0]


def test_a_figure_lapses_when_nothing_is_filed_for_too_long():
    one = filing("2016-12-31", "FY", "2017-02-01", 10.0)
    assert len(known(one, at="2018-03-07")) == 1
    assert len(known(one, at="2018-03-09")) == 0


CLOSE = pd.DatetimeIndex(["2017-05-01 20:00", "2017-05-02 20:00", "2017-05-03 20:00", "2017-05-04 20:00"], tz="UTC")


@pytest.mark.parametrize(
    ("available", "sessions", "expected"),
    [
        ("2017-05-02 20:00", 2, False),
        ("2017-05-02 20:01", 2, True),
        ("2017-05-04 20:00", 2, True),
        ("2017-05-04 20:01", 2, False),
        ("2017-05-04 12:00", 0, False),
        ("2017-05-01 20:01", 30, True),
    ],
)
def test_a_blackout_lasts_the_sessions_after_a_filing_and_knows_of_none_ahead(available, sessions, expected):
    facts = pd.DataFrame([filing("2017-03-31", "Q1", available, 3.0)])
    found = point_in_time.in_blackout(facts, sessions_close_utc=CLOSE, sessions=sessions)
    assert list(found) == (["AAA"] if expected else [])


def test_a_filing_date_that_is_only_assumed_makes_no_blackout():
    facts = pd.DataFrame([filing("2017-03-31", "Q1", "2017-05-04 12:00", 3.0)]).assign(availability="assumed")
    assert len(point_in_time.in_blackout(facts, sessions_close_utc=CLOSE, sessions=2)) == 0
