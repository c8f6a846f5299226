"""What Yahoo does not answer, or answers halfway, is an error with a name and never a table with less in it."""

import logging

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain import calendar
from trade_assets.resources.files import Files
from trade_assets.resources.market_data.vendor_calls import VendorError
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.resources.market_data.yahoo_rows import PRICES
from trade_assets_tests.resources.fake_yahoo import traded
from trade_assets_tests.resources.test_yahoo import END, START, source, vendor

__all__ = ["vendor"]
TROUBLES = ["dns", "timeout", "429", "500", "500 with a reason", "another shape"]


@pytest.mark.reliability("14")
@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_that_passes_is_waited_for(vendor, kind):
    vendor.broken = {"BRK-B": [kind] * 4}
    assert len(source(vendor).bars(END, END)) == 5
    assert vendor.asked.count("BRK-B") == 5
    assert vendor.slept == [2.0, 4.0, 8.0, 16.0]


@pytest.mark.reliability("14")
@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_that_stays_is_an_error_after_five_tries_and_nothing_is_sealed(vendor, kind, tmp_path, figure):
    figure(f"Yahoo: {len(TROUBLES)} troubles, 5 tries each, pauses of 2, 4, 8 and 16 s")
    vendor.broken = {"BRK-B": [kind] * 99}
    with pytest.raises(VendorError) as told:
        Vintages(source(vendor), Files(str(tmp_path)), clock=vendor.clock).bars(START, END)
    assert vendor.asked.count("BRK-B") == 5
    assert {vendor.asked.count(symbol) for symbol in ("AAA", "NEW", "QQQ", "SPY")} == {1}
    message = (
        "yfinance source: daily bars of 2024-02-26 to 2024-03-15 are missing for 1 of 5 symbols after 5 rounds: BRK-B."
    )
    assert str(told.value).startswith(message)
    said = {"dns": "DNSError: Could not resolve host", "429": "Too Many Requests", "timeout": "TimeoutError"}
    assert said.get(kind, "BRK-B: ") in str(told.value)
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.reliability("14")
def test_half_of_the_symbols_is_an_error_that_names_the_other_half(vendor, figure):
    figure("half of the symbols and an empty answer: named")
    del vendor.market["AAA"]
    vendor.edit = lambda symbol, answer: answer.iloc[:0] if symbol == "SPY" else answer
    yahoo = source(vendor)
    with pytest.raises(VendorError, match=r"2 of 5 symbols after 5 rounds: AAA, SPY\. .*AAA: .*delisted.*SPY: .*empty"):
        yahoo.bars(START, END)
    assert len(vendor.asked) == 5 + 4 * 2
    vendor.market["AAA"], vendor.edit = traded("2023-01-03", "2024-12-31"), lambda symbol, answer: answer
    vendor.asked.clear()
    assert len(yahoo.bars(END, END)) == 5
    assert vendor.asked == ["AAA", "SPY"]


@pytest.mark.reliability("14")
def test_a_vendor_that_is_down_is_not_asked_for_every_symbol_again_and_again(vendor):
    symbols = tuple(f"S{i}" for i in range(200))
    vendor.broken = {symbol: ["dns"] * 99 for symbol in symbols}
    with pytest.raises(VendorError, match="missing for 200 of 200 symbols"):
        source(vendor, symbols, []).bars(START, END)
    assert (len(vendor.asked), len(vendor.slept)) == (50, 4)


def test_a_vendor_that_comes_back_is_asked_for_all(vendor):
    symbols = tuple(f"S{i}" for i in range(30))
    vendor.market |= {symbol: traded("2024-01-02", "2024-12-31") for symbol in symbols}
    vendor.broken = {symbol: ["429"] for symbol in symbols[:25]}
    assert len(source(vendor, symbols, []).bars(END, END)) == 30


def test_ten_symbols_that_are_gone_do_not_hide_the_others(vendor):
    symbols = tuple(f"S{i:02}" for i in range(30))
    vendor.market |= {symbol: traded("2024-01-02", "2024-12-31") for symbol in symbols[10:]}
    with pytest.raises(VendorError, match="missing for 10 of 30 symbols") as told:
        source(vendor, symbols, []).bars(END, END)
    assert len(vendor.asked) <= 20 + 5 * 10
    assert ", ".join(symbols[:10]) in str(told.value)


def test_bars_that_end_too_early_are_an_error(vendor):
    vendor.edit = lambda symbol, answer: answer.iloc[:-1] if symbol == "AAA" else answer
    with pytest.raises(VendorError, match=r"AAA: .*the bars end 2024-03-14, those of 2024-03-15 are expected"):
        source(vendor).bars(START, END)
    assert source(vendor).bars(START, END - pd.Timedelta(days=1))["session"].max() == END - pd.Timedelta(days=1)


def test_a_symbol_listed_later_has_no_rows_before(vendor):
    rows = source(vendor).bars(START, END)
    assert rows.loc[rows["symbol"] == "NEW", "session"].min() == pd.Timestamp("2024-03-13")
    assert source(vendor, ("NEW",), []).bars(START, START).empty


def test_a_split_the_prices_do_not_show_yet_is_an_error(vendor):
    def halfway(symbol, answer):
        before = answer.index < pd.Timestamp("2024-03-06", tz="America/New_York")
        if symbol == "AAA":
            answer.loc[before, PRICES] *= 2
        return answer

    vendor.edit = halfway
    with pytest.raises(VendorError, match="prices before 2024-03-06 are not adjusted for the split"):
        source(vendor).bars(START, END)


def test_a_jump_like_a_split_without_one_is_named(vendor, caplog):
    def silent(symbol, answer):
        return answer.assign(
            **{"Stock Splits": 0.0}, Close=answer["Close"] * np.where(answer["Stock Splits"] > 0, 2, 1)
        )

    vendor.edit = silent
    with caplog.at_level(logging.WARNING):
        source(vendor).bars(START, END)
    assert "AAA 2024-03-06 jumps like a split without an action" in caplog.text


def test_an_action_on_a_day_without_a_price_takes_effect_on_the_next(vendor):
    vendor.market["AAA"] = traded(
        "2023-01-03", "2024-12-31", splits={"2024-03-06": 2.0}, dividends={"2024-03-05": 0.5, "2024-03-07": 0.3}
    )

    def gaps(symbol, answer):
        days = answer.index.tz_localize(None).isin(pd.to_datetime(["2024-03-05", "2024-03-06"]))
        answer.loc[days, PRICES] = np.nan
        return answer

    vendor.edit = gaps
    rows = source(vendor, ("AAA",), []).bars(START, END).set_index("session")
    assert pd.Timestamp("2024-03-05") not in rows.index
    assert rows["split_ratio"][rows["split_ratio"] != 1].to_dict() == {pd.Timestamp("2024-03-07"): 2.0}
    assert rows["dividend"][rows["dividend"] != 0].to_dict() == {pd.Timestamp("2024-03-07"): 0.25 + 0.3}
    alone = source(vendor, ("AAA",), []).bars(pd.Timestamp("2024-03-07"), pd.Timestamp("2024-03-07"))
    pd.testing.assert_frame_equal(alone, rows.loc[["2024-03-07"]].reset_index()[alone.columns])


def test_rows_of_a_holiday_are_left_out_and_odd_prices_are_put_in_order(vendor):
    def odd(symbol, answer):
        holiday = answer.iloc[[-1]].set_axis([pd.Timestamp("2024-03-09", tz="America/New_York")])
        first = answer.index == pd.Timestamp("2024-02-26", tz="America/New_York")
        second = answer.index == pd.Timestamp("2024-02-27", tz="America/New_York")
        answer = answer.assign(Open=answer["Open"].mask(first, 0.0), High=answer["High"].mask(second, 1.0))
        return pd.concat([answer, holiday])

    vendor.edit = odd
    rows = source(vendor, ("BRK-B",), []).bars(START, END).set_index("session")
    assert rows["open"].isna().tolist()[:3] == [True, False, False]
    assert rows["high"].iloc[1] == rows["close"].iloc[1]
    assert rows.index.tolist() == calendar.sessions_between(START, END).tolist()
