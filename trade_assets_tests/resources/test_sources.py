"""Every source keeps the protocol; each has its own ways besides."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.cut import Cut
from trade_assets.resources.market_data.protocol import TIME_COLUMN
from trade_assets.resources.market_data.sample import Sample
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.schemas import InvalidTableError
from trade_assets.settings import Settings
from trade_assets.settings import Synthetic as SyntheticSettings
from trade_assets_tests.resources import directories

SHARED = Path(__file__).parents[3] / "shared" / "data"
SYNTHETIC = SyntheticSettings(symbols=40, sessions=300, seed=1)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Each source with the first and last session to ask about."""
    path = directories.write(
        tmp_path_factory.mktemp("files"),
        bars=directories.bars(),
        fundamentals=directories.reports(),
        membership=directories.members(),
    )
    synthetic = Synthetic(SYNTHETIC)
    files = Files(str(tmp_path_factory.mktemp("store")))
    spans = ("2007-12-27", "2008-01-15"), ("1999-12-20", "2000-01-20"), ("2024-02-26", "2024-03-15")
    made = Sample(["NASDAQ", "SP500"]), synthetic, directories.source(path)
    spans = [tuple(pd.Timestamp(day) for day in span) for span in spans]
    found = {source.name: (source, *span) for source, span in zip(made, spans, strict=True)}
    return found | {"vintages": (Vintages(synthetic, files), *found["synthetic"][1:])}


@pytest.fixture(params=["sample", "synthetic", "files", "vintages"])
def asked(request, sources):
    return sources[request.param]


@pytest.mark.parametrize("table", TIME_COLUMN)
def test_what_a_source_returns_has_passed_its_schema(asked, table):
    source, start, end = asked
    rows = getattr(source, table)(start, end)
    pd.testing.assert_frame_equal(rows, schemas.check(table, schemas.RAW[table], rows))
    membership = source.membership()
    pd.testing.assert_frame_equal(membership, schemas.check("membership", schemas.RAW["membership"], membership))


@pytest.mark.parametrize("table", TIME_COLUMN)
def test_windows_side_by_side_are_the_range(asked, table):
    source, start, end = asked
    ask = getattr(source, table)
    sessions = calendar.sessions_between(start, end)
    singles = [ask(session, session) for session in sessions]
    pd.testing.assert_frame_equal(pd.concat(singles, ignore_index=True), ask(start, end))


@pytest.mark.parametrize("table", TIME_COLUMN)
@pytest.mark.parametrize("cut", [False, True])
def test_nothing_later_than_as_of_is_returned(asked, table, cut):
    source, start, end = asked
    middle = calendar.sessions_between(start, end)[6]
    ask = getattr(Cut(source, middle) if cut else source, table)
    rows = ask(start, end) if cut else ask(start, end, as_of=middle)
    pd.testing.assert_frame_equal(rows, getattr(source, table)(start, middle))
    assert ask(end, end, as_of=middle).empty


def test_members_that_join_or_leave_later_are_not_known(asked):
    source, start, _ = asked
    known = source.membership(as_of=start)
    assert (known["first_session"] <= start).all()
    assert not (known["last_session"] > start).any()
    assert len(known) <= len(source.membership())
    pd.testing.assert_frame_equal(known, Cut(source, start).membership())


def test_a_cut_drops_what_its_source_leaks():
    class Leaky(Sample):
        def bars(self, start, end, *, as_of=None):
            return super().bars(start, end + pd.Timedelta(days=30))

        def index_bars(self, start, end, *, as_of=None):
            return super().index_bars(start, end + pd.Timedelta(days=30))

    as_of = pd.Timestamp("2008-01-03")
    cut = Cut(Leaky(["NASDAQ", "SP500"]), as_of)
    assert cut.bars(pd.Timestamp("2008-01-02"), pd.Timestamp("2008-01-15"))["session"].max() == as_of
    ends = cut.index_bars(pd.Timestamp("2008-01-02"), pd.Timestamp("2008-01-15"))["bar_end_utc"]
    assert ends.max() == calendar.close_utc(pd.DatetimeIndex([as_of]))[0]
    assert cut.complete_through == as_of


# sample


def test_the_sample_is_what_its_attribution_says():
    sample = build_source(Settings())
    rows = sample.bars(pd.Timestamp("1999-01-04"), pd.Timestamp("2018-12-31"))
    stocks = rows[~rows["symbol"].isin(["NASDAQ", "SP500"])]
    legs = rows[rows["symbol"].isin(["NASDAQ", "SP500"])]
    assert rows["session"].nunique() == 5031
    assert (rows.groupby("session").size() == 22).all()
    assert set(stocks["price_basis"]) == {"adjusted"}
    assert set(legs["price_basis"]) == {"raw"}
    assert stocks[["open", "high", "low", "volume"]].isna().all(axis=None)
    assert legs[["open", "high", "low", "volume"]].notna().all(axis=None)
    assert (sample.has_real_opens, sample.is_survivorship_free) == (False, False)


def test_a_missing_sample_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="checkout of the repository"):
        _ = Sample(["NASDAQ"], tmp_path).complete_through


def test_early_closes_end_their_bars_early():
    bars = Sample(["NASDAQ"]).index_bars(pd.Timestamp("2018-12-24"), pd.Timestamp("2018-12-26"))
    assert bars["bar_end_utc"].dt.hour.tolist() == [18, 21]


# synthetic


def test_the_oracle_knows_every_stock_with_a_bar_and_no_other_date():
    source = Synthetic(SYNTHETIC)
    date = calendar.sessions_between(pd.Timestamp("1999-01-04"), pd.Timestamp("2000-12-31"))[200]
    traded = source.bars(date, date)["symbol"]
    assert set(source.oracle_scores(date).index) == set(traded) - {"QQQ", "SPY"}
    with pytest.raises(ValueError, match="must be a session"):
        source.oracle_scores(pd.Timestamp("2030-01-02"))


def test_markets_that_share_their_beginning_share_their_seals():
    def name(**changes):
        return Synthetic(SYNTHETIC.model_copy(update=changes)).identity("bars")

    assert name() == name(sessions=500)
    assert len({name(), name(seed=2), name(information_coefficient=0.0), name(symbols=41)}) == 4


# files


def adjusted(dividend_on=None, split_on=None):
    """The valid bars with an adjusted close: a dividend of 0.5 and a 2:1 split of AAA."""
    rows = directories.bars()
    rows["adj_close"] = rows["close"]
    own = rows["symbol"] == "AAA"
    if split_on is not None:
        before = own & (rows["session"] < split_on)
        rows.loc[before, ["open", "high", "low", "close"]] *= 2
    if dividend_on is not None:
        last = rows.loc[own & (rows["session"] < dividend_on), "close"].iloc[-1]
        rows.loc[own & (rows["session"] < dividend_on), "adj_close"] *= 1 - 0.5 / last
    return rows


def of_aaa(tmp_path, rows, **options):
    source = directories.source(directories.write(tmp_path, bars=rows), **options)
    found = source.bars(directories.START, directories.END)
    return found[found["symbol"] == "AAA"].set_index("session")


def test_adjusted_closes_become_the_actions_they_hide(tmp_path):
    split, dividend = pd.Timestamp("2024-03-06"), pd.Timestamp("2024-03-11")
    rows = of_aaa(tmp_path, adjusted(dividend_on=dividend, split_on=split))
    assert rows["split_ratio"][rows["split_ratio"] != 1].to_dict() == {split: 2.0}
    assert rows["dividend"][rows["dividend"] != 0].to_dict() == {dividend: 0.5}
    assert rows["adjustment_factor"].isna().all()
    assert set(rows["price_basis"]) == {"raw"}


def test_a_file_of_daily_deliveries_hides_the_same_actions(tmp_path):
    split = pd.Timestamp("2024-03-06")
    rows = adjusted(split_on=split)
    delivered_before = (rows["symbol"] == "AAA") & (rows["session"] < pd.Timestamp("2024-03-04"))
    rows.loc[delivered_before, "adj_close"] = rows["close"]
    found = of_aaa(tmp_path, rows)
    assert found["split_ratio"][found["split_ratio"] != 1].to_dict() == {split: 2.0}
    assert (found["dividend"] == 0).all()


def test_an_unadjusted_split_is_refused_and_one_line_settles_it(tmp_path):
    split = pd.Timestamp("2024-03-06")
    rows = adjusted(split_on=split).drop(columns="adj_close")
    with pytest.raises(InvalidTableError, match=r"bars: column close must not jump by a split.*2024-03-06.*'AAA'"):
        of_aaa(tmp_path / "a", rows)
    line = pd.DataFrame({"session": [split], "symbol": ["AAA"], "split_ratio": [2.0], "dividend": [0.0]})
    directories.write(tmp_path / "b", actions=line)
    assert of_aaa(tmp_path / "b", rows)["split_ratio"][split] == 2.0
    directories.write(tmp_path / "c", actions=line.assign(split_ratio=1.0))
    assert of_aaa(tmp_path / "c", rows)["split_ratio"][split] == 1.0


def test_csv_and_parquet_read_the_same(tmp_path):
    given = directories.write(tmp_path / "parquet", bars=directories.bars(), fundamentals=directories.reports())
    (tmp_path / "csv").mkdir()
    directories.bars().rename(columns={"session": "Date", "close": "Close"}).to_csv(
        tmp_path / "csv/bars.csv", index=False
    )
    directories.reports().to_csv(tmp_path / "csv/fundamentals.csv", index=False)
    a, b = directories.source(given), directories.source(tmp_path / "csv")
    for table in TIME_COLUMN:
        span = pd.Timestamp("2023-10-02"), directories.END
        pd.testing.assert_frame_equal(getattr(a, table)(*span), getattr(b, table)(*span))


def test_opens_are_real_where_the_owner_says_so_and_there_are_any(tmp_path):
    rows = directories.bars()
    legs = rows[rows["symbol"] == "QQQ"]
    bars = legs.assign(bar_end_utc=calendar.close_utc(pd.DatetimeIndex(legs["session"]))).drop(columns="session")
    given = directories.write(tmp_path, bars=rows, index_bars=bars.drop(columns="open"))
    assert not directories.source(given, has_real_opens=False).has_real_opens
    with pytest.raises(ValueError, match=r"index_bars: column open must hold prices .* set it to false"):
        _ = directories.source(given).has_real_opens
    assert directories.source(directories.write(tmp_path, index_bars=bars)).has_real_opens


def test_a_ticker_may_read_like_a_missing_value(tmp_path):
    rows = directories.bars().replace({"symbol": {"AAA": "NA", "BRK.B": "TRUE"}})
    rows.to_csv(tmp_path / "bars.csv", index=False)
    found = directories.source(tmp_path).bars(directories.START, directories.START)
    assert found["symbol"].tolist() == ["NA", "QQQ", "TRUE"]


def test_narrow_and_integer_columns_are_read(tmp_path):
    rows = directories.bars().astype({"open": "float32", "high": "float32", "low": "float32", "close": "float32"})
    rows["volume"] = np.arange(len(rows))  # the first volume is zero
    assert of_aaa(tmp_path, rows)["volume"].iloc[0] == 0.0


def test_rows_on_a_holiday_are_refused_or_left_out_by_setting(tmp_path, caplog):
    holiday = directories.bars().iloc[[0]].assign(session=pd.Timestamp("2024-03-09"))
    rows = pd.concat([directories.bars(), holiday])
    with pytest.raises(InvalidTableError, match=r"session must be a session of the exchange, 1 of .*2024-03-09"):
        of_aaa(tmp_path, rows)
    with caplog.at_level(logging.WARNING):
        assert len(of_aaa(tmp_path, rows, stray_sessions="drop")) == 15
    assert "left out 1 rows on days without a session: 2024-03-09" in caplog.text


def test_an_empty_day_is_named_and_allowed(tmp_path, caplog):
    rows = directories.bars()
    with caplog.at_level(logging.WARNING):
        found = of_aaa(tmp_path, rows[rows["session"] != pd.Timestamp("2024-03-01")])
    assert len(found) == 14
    assert "1 empty days, the exchange was open: 2024-03-01" in caplog.text


def facts(tmp_path, reports, **lags):
    path = directories.write(tmp_path, bars=directories.bars(), fundamentals=reports)
    return directories.source(path, **lags).fundamentals(pd.Timestamp("2023-01-03"), pd.Timestamp("2024-12-31"))


def test_a_fact_waits_for_the_lag_after_its_filing(tmp_path):
    rows = facts(tmp_path, directories.reports(), pit_min_lag_days=3)
    assert rows["available_utc"].drop_duplicates().dt.strftime("%m-%d %H:%M").tolist() == [
        "11-13 21:05",
        "03-07 21:05",
    ]
    assert set(rows["availability"]) == {"filed"}


def test_a_stated_availability_is_used_as_it_is(tmp_path):
    reports = directories.reports().rename(columns={"filed_utc": "available_utc"})
    rows = facts(tmp_path, reports)
    assert rows["available_utc"].dt.strftime("%m-%d").drop_duplicates().tolist() == ["11-10", "03-04"]


@pytest.mark.parametrize("filed", [None, "2023-09-01"])
def test_no_filing_date_or_an_impossible_one_is_assumed(tmp_path, filed, caplog):
    reports = directories.reports().assign(filed_utc=pd.to_datetime([filed] * 2).tz_localize("UTC"))
    rows = facts(tmp_path, reports)
    assert rows["available_utc"].dt.strftime("%Y-%m-%d").drop_duplicates().tolist() == [
        "2023-11-14",
        "2024-02-14",
    ]
    assert set(rows["availability"]) == {"assumed"}
    assert ("2 reports are filed before their period ends" in caplog.text) == (filed is not None)


def test_an_amendment_of_the_same_instant_wins_and_a_later_one_is_a_row_of_its_own(tmp_path):
    first = directories.reports().iloc[[0]].assign(amend=False)
    same = first.assign(amend=True, net_income=2e6)
    later = same.assign(filed_utc=first["filed_utc"] + pd.Timedelta(days=30), net_income=3e6)
    rows = facts(tmp_path, pd.concat([later, same, first]))
    income = rows[rows["fact"] == "net_income"]
    assert income["value"].tolist() == [2e6, 3e6]


def test_long_facts_are_read_like_wide_ones(tmp_path):
    wide = directories.reports()
    long = wide.melt(["symbol", "period_end", "period_focus", "filed_utc"], var_name="fact")
    pd.testing.assert_frame_equal(facts(tmp_path / "wide", wide), facts(tmp_path / "long", long))


def test_the_sector_of_a_stay_is_the_one_listed_when_it_began(tmp_path):
    members = directories.members().drop(columns="sector")
    directories.write(tmp_path, bars=directories.bars(), membership=members)
    lines = ["symbol,gics_sector,last_seen", "AAA,Financials,2021-01-01", "AAA,Real Estate,2026-01-01"]
    (tmp_path / "sectors.csv").write_text("\n".join([*lines, "BRK.B,Energy,2019-01-01"]))
    assert directories.source(tmp_path).membership()["sector"].tolist() == ["Financials", "Energy"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not here")
def test_the_real_panel_reads_whole(tmp_path, caplog):
    panel, reference = SHARED / "sp500_2015_2017", SHARED / "reference"
    for target in (panel / "bars.parquet", panel / "fundamentals.parquet", reference / "sectors.csv"):
        (tmp_path / target.name).symlink_to(target)
    (tmp_path / "membership.parquet").symlink_to(reference / "sp500_membership.parquet")
    source = directories.source(tmp_path)
    start, end = pd.Timestamp("2015-03-20"), pd.Timestamp("2017-03-31")
    bars = source.bars(start, end)
    assert len(bars) == 270_633
    assert bars.loc[(bars["symbol"] == "KO") & (bars["dividend"] > 0), "dividend"].tolist() == [0.33] * 3 + [
        0.35
    ] * 3 + [0.37]
    assert bars.loc[(bars["symbol"] == "NFLX") & (bars["split_ratio"] != 1), "split_ratio"].tolist() == [7.0]
    assert source.fundamentals(start, end)["availability"].value_counts().to_dict()["assumed"] == 1
    assert 490 < source.membership(as_of=pd.Timestamp("2016-06-30"))["last_session"].isna().sum() < 510
    assert "CF 2015-06-18" in caplog.text
