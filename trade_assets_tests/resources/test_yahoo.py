"""Yahoo through a stand-in for its package: what is served, and what happens when the vendor does not answer."""

import sys

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.vendor_calls import VendorError
from trade_assets.resources.market_data.vintages import BarsNotYetThereError, Vintages
from trade_assets.resources.market_data.yahoo import Yahoo
from trade_assets.settings import Data, Settings
from trade_assets.settings import Yahoo as YahooSettings
from trade_assets_tests.resources.fake_yahoo import FakeYahoo, traded

START, END = pd.Timestamp("2024-02-26"), pd.Timestamp("2024-03-15")
EVENING = "2024-03-15 20:30"
MARKET = {
    "AAA": traded("2023-01-03", "2024-12-31", splits={"2024-03-06": 2.0}, dividends={"2024-03-11": 0.25}),
    "BRK-B": traded("2023-01-03", "2024-12-31", price=400.0),
    "NEW": traded("2024-03-13", "2024-12-31", price=30.0),
    "QQQ": traded("2023-01-03", "2024-12-31", price=430.0),
    "SPY": traded("2023-01-03", "2024-12-31", price=510.0, dividends={"2024-03-15": 1.59}),
}
STOCKS, LEGS = ("AAA", "BRK-B", "NEW"), ["QQQ", "SPY"]


@pytest.fixture
def vendor(monkeypatch):
    fake = FakeYahoo(MARKET, EVENING)
    monkeypatch.setitem(sys.modules, "yfinance", fake)
    return fake


def source(vendor, symbols=STOCKS, legs=LEGS):
    return Yahoo(symbols, legs, clock=vendor.clock, sleep=vendor.slept.append)


def test_the_bars_are_what_was_traded_with_its_actions(vendor):
    rows = source(vendor).bars(START, END)
    pd.testing.assert_frame_equal(rows, schemas.check("bars", schemas.RAW["bars"], rows))
    assert sorted(set(rows["symbol"])) == ["AAA", "BRK-B", "NEW", "QQQ", "SPY"]
    assert set(rows["price_basis"]) == {"raw"}
    for symbol, truth in MARKET.items():
        mine = rows[rows["symbol"] == symbol].set_index("session")
        wanted = truth.loc[START:END]
        pd.testing.assert_frame_equal(mine[list(wanted)], wanted, check_exact=True, check_names=False, check_freq=False)


def test_index_bars_are_the_days_of_the_legs_and_the_rest_is_empty(vendor):
    yahoo = source(vendor)
    rows = yahoo.index_bars(START, END)
    pd.testing.assert_frame_equal(rows, schemas.check("index_bars", schemas.RAW["index_bars"], rows))
    assert set(rows["symbol"]) == set(vendor.asked) == {"QQQ", "SPY"}
    assert rows["bar_end_utc"].drop_duplicates().tolist() == list(
        calendar.close_utc(calendar.sessions_between(START, END))
    )
    pd.testing.assert_frame_equal(yahoo.fundamentals(START, END), schemas.RAW["fundamentals"].empty())
    pd.testing.assert_frame_equal(yahoo.membership(), schemas.RAW["membership"].empty())
    assert (yahoo.has_real_opens, yahoo.is_survivorship_free) == (True, False)
    assert source(vendor, legs=[]).index_bars(START, END).empty


@pytest.mark.parametrize("table", ["bars", "index_bars"])
def test_windows_side_by_side_are_the_range_and_as_of_ends_it(vendor, table):
    ask = getattr(source(vendor), table)
    sessions = calendar.sessions_between(START, END)
    singles = [getattr(source(vendor), table)(session, session) for session in sessions]
    pd.testing.assert_frame_equal(pd.concat(singles, ignore_index=True), ask(START, END))
    pd.testing.assert_frame_equal(ask(START, END, as_of=sessions[4]), ask(START, sessions[4]))
    assert ask(END, END, as_of=START).empty


def test_one_answer_serves_until_the_next_session_is_complete(vendor):
    yahoo = source(vendor)
    yahoo.bars(START, START)
    yahoo.bars(START, END)
    yahoo.index_bars(START, END)
    assert len(vendor.asked) == 5
    yahoo.bars(START - pd.Timedelta(days=30), END)
    assert len(vendor.asked) == 10
    vendor.now += pd.Timedelta(days=3)
    yahoo.bars(START, END)
    assert len(vendor.asked) == 15


@pytest.mark.reliability("13")
@pytest.mark.parametrize(
    ("now", "through"),
    [
        ("2024-03-15 20:29", "2024-03-14"),
        ("2024-03-15 20:30", "2024-03-15"),
        ("2024-03-18 03:00", "2024-03-15"),
        ("2024-11-29 18:29", "2024-11-27"),  # the day after Thanksgiving closes at 13:00
        ("2024-11-29 18:30", "2024-11-29"),
    ],
)
def test_a_session_is_complete_half_an_hour_after_its_close_and_not_served_before(vendor, now, through):
    vendor.now = pd.Timestamp(now, tz="UTC")
    yahoo = source(vendor)
    assert yahoo.complete_through == pd.Timestamp(through)
    assert yahoo.bars(START, pd.Timestamp("2024-12-31"))["session"].max() == pd.Timestamp(through)


def test_an_early_close_ends_its_bar_early(vendor):
    vendor.now = pd.Timestamp("2024-12-02 21:30", tz="UTC")
    ends = source(vendor).index_bars(pd.Timestamp("2024-11-29"), pd.Timestamp("2024-12-02"))["bar_end_utc"]
    assert ends.dt.hour.drop_duplicates().tolist() == [18, 21]


def test_the_same_answer_is_sealed_once_and_a_later_split_restates_nothing(vendor, tmp_path):
    vendor.market["AAA"] = traded("2023-01-03", "2024-12-31", splits={"2024-03-06": 2.0, "2024-06-10": 3.0})
    files = Files(str(tmp_path))
    first = Vintages(source(vendor), files, clock=vendor.clock)
    rows, legs = first.bars(START, END), first.index_bars(START, END)
    sealed, asked = sorted(tmp_path.rglob("*.*")), len(vendor.asked)
    vendor.now = pd.Timestamp("2024-08-01 21:00", tz="UTC")
    again = Vintages(source(vendor), files, clock=vendor.clock)
    pd.testing.assert_frame_equal(again.bars(START, END), rows)
    pd.testing.assert_frame_equal(again.index_bars(START, END), legs)
    assert (sorted(tmp_path.rglob("*.*")), len(vendor.asked)) == (sealed, asked)
    assert again.refresh(START, END, now=vendor.now).empty


def test_a_day_that_is_not_over_is_not_sealed(vendor, tmp_path):
    vendor.now = pd.Timestamp("2024-03-15 18:00", tz="UTC")
    with pytest.raises(BarsNotYetThereError, match="yfinance source: bars of session 2024-03-15 are not there yet"):
        Vintages(source(vendor), Files(str(tmp_path)), clock=vendor.clock).bars(END, END)
    assert not vendor.asked


def test_other_symbols_or_legs_are_another_series(vendor):
    given = {("AAA", "NEW"): LEGS, ("AAA",): LEGS, ("AAA", "NEW", "BRK-B"): LEGS, ("AAA", "QQQ", "SPY", "NEW"): ["QQQ"]}
    for table in ("bars", "index_bars", "membership"):
        names = {source(vendor, symbols, legs).identity(table) for symbols, legs in given.items()}
        assert len(names) == 4
        assert source(vendor, ("NEW", "AAA", "AAA")).identity(table) in names


def test_settings_choose_it_and_name_its_legs(vendor, monkeypatch):
    chosen = YahooSettings(symbols=("AAA",), index_legs={"qqq": "ONEQ", "spy": None})
    settings = Settings(data=Data(source="yfinance", yfinance=chosen))
    assert settings.index_legs().symbols() == ["ONEQ"]
    built = build_source(settings)
    assert (built.name, built.identity("bars")) == ("yfinance", Yahoo(("AAA",), ["ONEQ"]).identity("bars"))
    with pytest.raises(ValueError, match=r"data\.yfinance\.symbols must name symbols"):
        Settings(data=Data(source="yfinance"))
    with pytest.raises(ValueError, match="pattern"):
        YahooSettings(symbols=("aapl",))


def test_a_missing_package_says_what_to_install(vendor, monkeypatch):
    monkeypatch.setitem(sys.modules, "yfinance", None)
    yahoo = source(vendor)
    assert yahoo.complete_through == END
    with pytest.raises(RuntimeError, match=r"pip install 'trade_assets\[yfinance\]'"):
        yahoo.bars(START, END)


def test_the_package_tells_its_errors_and_a_bug_is_none_of_them(vendor):
    yahoo = source(vendor)
    vendor.edit = lambda symbol, answer: 1 / 0
    with pytest.raises(ZeroDivisionError):
        yahoo.bars(START, END)
    assert vendor.config.debug.hide_exceptions is False
    assert issubclass(VendorError, OSError)
