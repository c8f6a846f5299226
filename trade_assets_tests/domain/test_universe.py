"""Universe rules: each says no by its own name, and none uses what came later."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, prices, universe
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS, filed_facts, market_bars

OFF = universe.Rules(1, None, None, None, membership=False, blackout_sessions=2)
SIZES = universe.SizeLimits(10e9, 2e9, 50e6, 5e6)
DATES = pd.DatetimeIndex(SESSIONS[[79, 89]])
NO_FACTS = filed_facts(0, symbols=1).iloc[:0]
NO_LIST = pd.DataFrame({"symbol": [], "first_session": [], "last_session": [], "sector": []}).astype(
    {"symbol": "str", "first_session": "datetime64[us]", "last_session": "datetime64[us]", "sector": "str"}
)


def rules(**changes):
    return universe.Rules(**{**vars(OFF), **changes})


def listed(frame, *, facts=NO_FACTS, membership=NO_LIST, own=OFF, dates=DATES, legs=(), lookback=80, sizes=SIZES):
    return universe.universe(
        prices.panel(frame),
        universe.adjusted_symbols(frame),
        facts,
        membership,
        dates=dates,
        legs=list(legs),
        lookback_sessions=lookback,
        rules=own,
        sizes=sizes,
    )


def still(symbols="ABC", sessions=100, volume=1e6):
    """Bars at 10 USD of every session."""
    names = [3 * letter for letter in symbols]
    frame = pd.DataFrame([(s, name) for s in SESSIONS[:sessions] for name in names], columns=["session", "symbol"])
    values = {"open": 10.0, "high": 10.0, "low": 10.0, "close": 10.0, "volume": volume}
    return frame.assign(**values, split_ratio=1.0, dividend=0.0, adjustment_factor=np.nan, price_basis="raw")


def reason_of(frame, symbol="BBB", at=DATES[0], **given_):
    rows = listed(frame, **given_).set_index(["rebalance_date", "symbol"])
    assert (rows["is_member"] == rows["exclusion_reason"].isna()).all()
    return rows.loc[(at, symbol), "exclusion_reason"]


def edited(frame, column, value, *, sessions=SESSIONS, symbol="BBB"):
    return frame.assign(
        **{column: frame[column].mask((frame["symbol"] == symbol) & frame["session"].isin(sessions), value)}
    )


def without(frame, sessions, symbol="BBB"):
    return frame[~((frame["symbol"] == symbol) & frame["session"].isin(sessions))]


EXCLUDED = {
    "index leg": (still(), {"legs": ["BBB"]}),
    "no bar on this date": (without(still(), [DATES[0]]), {}),
    "not in the index list": (still(), {"own": rules(membership=True), "membership": "others"}),
    "fewer than 70 sessions of history": (without(still(), SESSIONS[:11]), {"own": rules(min_history_sessions=70)}),
    "price too low": (still(), {"own": rules(min_price_usd=10.01)}),
    "dollar volume too low": (edited(still(), "volume", 9e4), {"own": rules(min_dollar_volume_usd=1e6)}),
    "not among the first 2 by dollar volume": (edited(still(), "volume", 9e5), {"own": rules(first_n=2)}),
}


def membership(*rows):
    frame = pd.DataFrame(rows, columns=["symbol", "first_session", "last_session", "sector"])
    return frame.astype(NO_LIST.dtypes.to_dict())


@pytest.mark.parametrize("reason", EXCLUDED)
def test_a_stock_is_excluded_by_the_rule_it_breaks(reason):
    frame, changes = EXCLUDED[reason]
    if changes.get("membership") == "others":
        changes = {**changes, "membership": membership(("AAA", SESSIONS[0], None, "Tech"))}
    assert reason_of(frame, **changes) == reason


def test_a_stock_that_breaks_no_rule_is_a_member():
    strict = rules(min_history_sessions=80, min_price_usd=10.0, min_dollar_volume_usd=1e7, first_n=3)
    assert listed(still(), own=strict)["is_member"].all()


def test_an_adjusted_price_is_not_judged_and_an_absent_volume_is_not_either():
    frame = edited(edited(still(), "price_basis", "adjusted"), "volume", np.nan)
    assert pd.isna(reason_of(frame, own=rules(min_price_usd=11.0, min_dollar_volume_usd=1e6)))
    assert reason_of(frame, symbol="AAA", own=rules(min_price_usd=11.0)) == "price too low"


def test_without_a_list_the_source_has_no_rule_of_membership():
    assert listed(still(), own=rules(membership=True))["is_member"].all()


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(0, None, True), (79, None, True), (80, None, False), (0, 79, True), (0, 78, False), (0, 200, True)],
)
def test_membership_is_that_of_the_date(first, last, expected):
    own = membership(("BBB", SESSIONS[first], None if last is None else SESSIONS[last], "Tech"))
    reason = reason_of(still(), membership=own, own=rules(membership=True))
    assert pd.isna(reason) == expected


def test_a_stock_that_came_back_has_the_sector_of_its_last_entry_so_far():
    own = membership(("BBB", SESSIONS[0], SESSIONS[85], "Tech"), ("BBB", SESSIONS[86], None, "Health"))
    rows = listed(still(), membership=own).set_index(["symbol", "rebalance_date"])["sector"]
    assert rows["BBB"].tolist() == ["Tech", "Health"]
    assert rows["AAA"].isna().all()


def test_a_stock_without_a_bar_in_the_look_back_is_not_listed():
    frame = without(still(), SESSIONS[5:])
    assert "BBB" not in set(listed(frame, lookback=75)["symbol"])
    assert reason_of(frame, lookback=76) == "no bar on this date"


def test_size_is_market_value_or_else_dollar_volume():
    facts = (
        filed_facts(0, symbols=1).iloc[:2].assign(symbol=["AAA", "BBB"], fact="shares_outstanding", value=[1e9, 1e8])
    )
    facts = facts.assign(available_utc=pd.Timestamp("2017-02-01", tz="UTC"), period_end=pd.Timestamp("2016-12-31"))
    frame = edited(still(volume=1e6), "volume", np.nan, symbol="CCC")
    rows = listed(frame, facts=facts).set_index(["rebalance_date", "symbol"]).loc[DATES[0], "size_bucket"]
    assert rows[["AAA", "BBB"]].tolist() == ["large_cap", "small_cap"]
    assert pd.isna(rows["CCC"])
    assert set(listed(still(volume=1e6))["size_bucket"]) == {"mid_cap"}


@FEW
@given(seed=SEEDS, cut=st.integers(80, 90))
def test_bars_facts_and_entries_that_come_later_change_no_byte(seed, cut):
    facts, frame = filed_facts(seed % 50, symbols=4), market_bars(seed, sessions=100, symbols=5)
    own = membership(("AAA", SESSIONS[0], None, "Tech"), ("CCC", SESSIONS[cut], None, "Tech"))
    strict = {
        "own": rules(min_history_sessions=60, min_price_usd=20.0, first_n=3, membership=bool(seed % 2)),
        "dates": DATES[:1],
    }
    known = facts[facts["available_utc"] <= calendar.close_utc(SESSIONS[[cut - 1]])[0]]
    past = frame[frame["session"] <= SESSIONS[cut - 1]]
    early = listed(past, facts=known, membership=own.iloc[:1], **strict)
    late = listed(frame, facts=facts, membership=own, **strict)
    assert_same_bytes(early, late[late["symbol"].isin(past["symbol"])].reset_index(drop=True))
    assert set(early["symbol"]) == set(late["symbol"])


@FEW
@given(seed=SEEDS, nobody_traded=st.integers(12, 88))
def test_a_range_of_dates_lists_what_the_last_date_alone_lists(seed, nobody_traded):
    frame, facts = market_bars(seed, sessions=90, symbols=5), filed_facts(seed % 50, symbols=4)
    frame = without(frame, SESSIONS[10:])  # its last bar lies just outside the look-back
    frame = frame[(frame["session"] != SESSIONS[nobody_traded]) | frame["session"].isin(DATES)]
    own = {"facts": facts, "own": rules(min_history_sessions=60, first_n=3), "lookback": 80}
    alone = listed(frame[frame["session"] >= SESSIONS[10]], dates=DATES[1:], **own)
    together = listed(frame, **own)
    assert_same_bytes(together[together["rebalance_date"] == DATES[1]].reset_index(drop=True), alone)
