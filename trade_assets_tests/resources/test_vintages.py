"""The vintage store: the first answer is the answer."""

import threading

import pandas as pd
import pytest

from trade_assets.domain import calendar
from trade_assets.resources.files import Files
from trade_assets.resources.market_data.cut import Cut
from trade_assets.resources.market_data.protocol import TIME_COLUMN
from trade_assets.resources.market_data.restated import Restated
from trade_assets.resources.market_data.sealed_files import CorruptSealError
from trade_assets.resources.market_data.shuffled import Shuffled
from trade_assets.resources.market_data.synthetic import Synthetic
from trade_assets.resources.market_data.vintages import BarsNotYetThereError, Vintages, restatements_of
from trade_assets.settings import Synthetic as SyntheticSettings
from trade_assets_tests.resources import directories

START, END = pd.Timestamp("1999-04-01"), pd.Timestamp("1999-09-30")
NOW = pd.Timestamp("2024-03-18 12:00", tz="UTC")


class Restating:
    """A source whose closes can be scaled, rows taken away and sessions withheld."""

    def __init__(self, inner, scale=1.0, without=None, through=None):
        self._inner, self.scale, self.without, self.through = inner, scale, without, through
        self.asked = 0

    def __getattr__(self, name):
        return getattr(self._inner, name)

    @property
    def complete_through(self):
        return self.through or self._inner.complete_through

    def bars(self, start, end, *, as_of=None):
        self.asked += 1
        rows = self._inner.bars(start, end, as_of=as_of)
        rows = rows[(rows["symbol"] != self.without) & (rows["session"] <= self.complete_through)]
        return rows.assign(**{c: rows[c] * self.scale for c in ("open", "high", "low", "close")}).reset_index(drop=True)


@pytest.fixture(scope="module")
def market():
    return Synthetic(SyntheticSettings(symbols=40, sessions=300, seed=1))


@pytest.fixture
def files(tmp_path):
    return Files(str(tmp_path))


@pytest.mark.parametrize("table", TIME_COLUMN)
def test_what_is_served_is_what_the_source_said(market, files, table):
    fresh, again = Vintages(market, files), Vintages(market, files)
    said = getattr(market, table)(START, END)
    pd.testing.assert_frame_equal(getattr(fresh, table)(START, END), said)
    pd.testing.assert_frame_equal(getattr(again, table)(START, END), said)
    assert len(said)


@pytest.mark.parametrize("table", TIME_COLUMN)
def test_rows_the_source_sends_in_another_order_are_served_in_that_of_the_schema(market, files, table):
    said, mixed = getattr(market, table)(START, END), getattr(Shuffled(market, 7), table)(START, END)
    assert not mixed.equals(said)
    served = getattr(Vintages(Shuffled(market, 7), files), table)(START, END)
    pd.testing.assert_frame_equal(served, said)


def test_members_the_source_sends_in_another_order_are_served_in_that_of_the_schema(market, files):
    assert not Shuffled(market, 7).membership(as_of=END).equals(market.membership(as_of=END))
    served = Vintages(Shuffled(market, 7), files).membership(as_of=END)
    pd.testing.assert_frame_equal(served, Vintages(market, files).membership(as_of=END))


def test_a_refresh_in_another_order_restates_nothing(market, files):
    Vintages(market, files).bars(START, END)
    again = Restating(Shuffled(market, 7))
    again.identity = market.identity  # the same series, sent in another order
    assert Vintages(again, files).refresh(START, END, now=NOW).empty
    assert again.asked


def test_sealed_rows_outlive_a_change_of_the_source(market, files):
    first = Vintages(market, files).bars(START, END)
    changed = Restating(market, scale=2.0)
    pd.testing.assert_frame_equal(Vintages(changed, files).bars(START, END), first)
    assert changed.asked == 0


def test_ranges_that_overlap_are_sealed_once_each_session(market, files):
    vintages = Vintages(market, files)
    middle = pd.Timestamp("1999-06-30")
    first = vintages.bars(middle, middle)
    changed = Vintages(Restating(market, scale=2.0), files)
    rows = changed.bars(START, END)
    pd.testing.assert_frame_equal(rows[rows["session"] == middle].reset_index(drop=True), first)
    assert rows["session"].is_monotonic_increasing
    doubled = market.bars(START, END)["close"].where(rows["session"] == middle, 2 * market.bars(START, END)["close"])
    pd.testing.assert_series_equal(rows["close"], doubled)


def test_a_session_the_source_does_not_have_is_refused_and_nothing_is_sealed(market, files, tmp_path):
    vintages = Vintages(Restating(market, through=pd.Timestamp("1999-06-29")), files)
    with pytest.raises(BarsNotYetThereError, match="bars of session 1999-06-30 are not there yet"):
        vintages.bars(START, pd.Timestamp("1999-06-30"))
    assert not list(tmp_path.rglob("*.*"))


def test_a_session_that_has_not_closed_is_refused(market, files):
    noon = pd.Timestamp("1999-06-30 16:00", tz="UTC")
    with pytest.raises(BarsNotYetThereError, match="has not closed"):
        Vintages(market, files, clock=lambda: noon).bars(pd.Timestamp("1999-06-30"), pd.Timestamp("1999-06-30"))


def test_an_empty_day_and_the_time_before_the_source_are_sealed_empty(tmp_path):
    rows = directories.bars()
    empty = pd.Timestamp("2024-03-01")
    source = directories.source(directories.write(tmp_path / "in", bars=rows[rows["session"] != empty]))
    vintages = Vintages(source, Files(str(tmp_path / "store")), clock=lambda: NOW)
    assert vintages.bars(empty, empty).empty
    assert vintages.bars(pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-31")).empty
    later = directories.source(directories.write(tmp_path / "late", bars=rows))
    assert Vintages(later, Files(str(tmp_path / "store")), clock=lambda: NOW).bars(empty, empty).empty


def test_history_in_bulk_is_not_exact_and_its_own_day_is(market, files):
    evening = pd.Timestamp("1999-06-30 22:00", tz="UTC")
    vintages = Vintages(market, files, clock=lambda: evening)
    vintages.bars(START, pd.Timestamp("1999-06-30"))
    own, bulk = pd.Timestamp("1999-06-29"), pd.Timestamp("1999-06-28")
    assert vintages.vintage_exact(own, pd.Timestamp("1999-06-30"))
    assert not vintages.vintage_exact(bulk, pd.Timestamp("1999-06-30"))


def test_a_restatement_is_reported_and_recorded_once_and_never_served(market, files):
    first = Vintages(market, files).bars(START, END)
    changed = Vintages(Restating(market, scale=1.01, without="S0003"), files)
    report = changed.refresh(START, START, now=NOW)
    assert set(report["kind"]) == {"restated", "withdrawn"}
    close = report[(report["column"] == "close") & (report["kind"] == "restated")]
    assert close["change_frac"].to_numpy() == pytest.approx(0.01)
    assert set(report.loc[report["kind"] == "withdrawn", "symbol"]) == {"S0003"}
    changed.refresh(START, START, now=NOW)
    assert len(files.names(f"vintages/{market.identity('restatements')}/log", ".json")) == 1
    pd.testing.assert_frame_equal(Vintages(market, files).bars(START, END), first)


def test_a_source_that_says_the_same_has_no_restatements(market, files):
    vintages = Vintages(market, files)
    for table in TIME_COLUMN:
        getattr(vintages, table)(START, END)
    assert vintages.refresh(START, END, now=NOW).empty


@pytest.mark.parametrize("kind", ["parts", "log"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_a_damaged_seal_is_named(market, files, tmp_path, kind, damage):
    Vintages(market, files).bars(START, START)
    Vintages(market, files).bars(END, END)
    path = sorted((tmp_path / "vintages").glob(f"*/bars/{kind}/*"))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if damage != "delete":
        path.write_bytes(content if damage == "flip" else content[: len(content) // 2])
    with pytest.raises(CorruptSealError, match="bars"):
        pd.concat([Vintages(market, files).bars(session, session) for session in (START, END)])


def test_many_writers_at_once_end_in_one_truth(market, tmp_path):
    gate = threading.Barrier(6)

    class Waiting(Restating):
        def bars(self, start, end, *, as_of=None):
            rows = super().bars(start, end, as_of=as_of)
            gate.wait(timeout=30)
            return rows

    answers = {}

    def seal(number):
        start = START + pd.Timedelta(days=7 * number)
        source = Waiting(market, scale=1.0 + number)
        answers[number] = Vintages(source, Files(str(tmp_path))).bars(start, pd.Timestamp("1999-06-30"))

    threads = [threading.Thread(target=seal, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    truth = Vintages(Restating(market, scale=99.0), Files(str(tmp_path)))
    for rows in answers.values():
        pd.testing.assert_frame_equal(rows, truth.bars(rows["session"].iloc[0], pd.Timestamp("1999-06-30")))
    assert not list(tmp_path.rglob("*.partial"))


def test_an_index_list_keeps_its_past_and_learns_its_future(market, files):
    class Listing(Restating):
        def membership(self, *, as_of=None):
            return self._inner.membership(as_of=as_of).assign(sector=self.without)

    early = Vintages(Listing(market, without="Energy", through=pd.Timestamp("1999-06-30")), files)
    assert set(early.membership(as_of=START)["sector"]) == {"Energy"}
    late = Vintages(Listing(market, without="Utilities"), files)
    assert set(late.membership(as_of=START)["sector"]) == {"Energy"}
    assert set(late.membership(as_of=END)["sector"]) == {"Utilities"}
    assert set(late.membership()["sector"]) == {"Utilities"}


def test_a_cut_of_the_sealed_rows_is_the_sealed_rows(market, files, tmp_path):
    vintages = Vintages(market, files)
    vintages.bars(START, END)
    as_of = pd.Timestamp("1999-06-30")
    scratch = Vintages(Cut(Vintages(Restating(market, scale=3.0), files), as_of), Files(str(tmp_path / "scratch")))
    for table in TIME_COLUMN:
        expected = getattr(vintages, table)(START, as_of)
        pd.testing.assert_frame_equal(getattr(scratch, table)(START, as_of), expected)
    with pytest.raises(BarsNotYetThereError):
        scratch.bars(START, END)


def test_sealed_sessions_are_whole_sessions_of_the_calendar(market, files):
    vintages = Vintages(market, files)
    rows = vintages.bars(pd.Timestamp("1999-05-29"), pd.Timestamp("1999-06-06"))
    assert rows["session"].nunique() == len(
        calendar.sessions_between(pd.Timestamp("1999-05-29"), pd.Timestamp("1999-06-06"))
    )


def test_what_was_seen_between_two_instants_is_news_with_the_last_judgement(market, files):
    first = Vintages(market, files)
    first.bars(START, END)
    log = restatements_of(market, files)
    hour = pd.Timedelta(hours=1)
    assert log.news(None, NOW) == (0, None)
    changed = Vintages(Restating(market, scale=1.01), files).refresh(START, START, now=NOW)
    assert log.news(None, NOW) == (len(changed), None)
    log.judge(4, now=NOW + hour)
    assert log.news(None, NOW) == (len(changed), None)
    assert log.news(None, NOW + hour) == (len(changed), 4)
    assert log.news(NOW, NOW + hour) == (0, 4)
    assert log.news(NOW + hour, NOW + 2 * hour) == (0, None)


@pytest.mark.parametrize("table", TIME_COLUMN)
def test_restated_rows_take_the_place_of_the_sealed_ones_and_all_else_stays(market, files, table):
    sealed = Vintages(market, files)
    for name in TIME_COLUMN:
        getattr(sealed, name)(START, END)
    source = Restating(market, scale=1.01, without="S0003")
    changed = sealed_changes(source, files)
    one = changed[changed["symbol"].isin(["S0001", "S0003"])]
    tried, asked = Restated(sealed, source, one), source.asked
    rows, before = getattr(tried, table)(START, END), getattr(sealed, table)(START, END)
    if table != "bars":
        pd.testing.assert_frame_equal(rows, before)
        return
    expected = before[~((before["symbol"] == "S0003") & (before["session"] == START))].reset_index(drop=True)
    own = (expected["symbol"] == "S0001") & (expected["session"] == START)
    assert own.sum() == 1
    for column in ("open", "high", "low", "close"):
        expected.loc[own, column] *= 1.01
    pd.testing.assert_frame_equal(rows, expected)
    assert source.asked == asked + 1
    day = START - pd.Timedelta(days=1)
    pd.testing.assert_frame_equal(tried.bars(START, END, as_of=day), sealed.bars(START, END, as_of=day))


def sealed_changes(source, files):
    return Vintages(source, files).refresh(START, START, now=NOW)
