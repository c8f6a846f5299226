"""A source that is half there, empty or late on the day of a rebalance: the day ends, and nothing trades on old prices."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from trade_assets import partitions
from trade_assets.definitions import build_resources
from trade_assets.desk import daily, paper
from trade_assets.domain import calendar
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.exports import Exports
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.resources.studies import Unstored
from trade_assets.resources.tracking import Untracked
from trade_assets.settings import load
from trade_assets_tests.live_books import entry
from trade_assets_tests.reliability import FULL
from trade_assets_tests.scenarios.system import over_base, without_a_fit

pytestmark = pytest.mark.reliability("14")


class Vendor:
    """The sample without some symbols in one session, or without what comes after one."""

    def __init__(self, inner):
        self._inner, self.without, self.on, self.through = inner, set(), None, None

    def __getattr__(self, name):
        return getattr(self._inner, name)

    @property
    def complete_through(self):
        return self.through or self._inner.complete_through

    def bars(self, start, end, *, as_of=None):
        rows = self._inner.bars(start, end, as_of=as_of)
        return rows[~((rows["session"] == self.on) & rows["symbol"].isin(self.without))].reset_index(drop=True)


@pytest.fixture(scope="module")
def eve(history, tmp_path_factory):
    """The directory of a paper book that holds ten stocks on the eve of a rebalance that is not computed yet."""
    directory = tmp_path_factory.mktemp("eve")
    made, session = opened(directory), calendar.session_before(without_a_fit(), 1)
    made.ledger.create()
    opening = entry("cash", "deposit", session, paper.at_close(session), amount_usd=20_000.0)
    made.ledger.append([opening, *holdings(made.vendor, session)])
    made.compute(session)
    return directory


@pytest.fixture
def desk(eve, tmp_path):
    """A copy of that book."""
    return opened(shutil.copytree(eve, tmp_path / "desk"))


def opened(directory):
    today = without_a_fit()
    safety = load().live.safety.model_copy(update={"require_manual_approval": False})
    own = load().model_copy(update={"live": load().live.model_copy(update={"dry_run": False, "safety": safety})})
    vendor = Vendor(build_source(own))
    ledger = BookLedger(f"sqlite:///{directory / 'ledger.db'}", clock=paper.at_close)
    resources = build_resources(
        own, files=over_base(directory / "store", partitions.key_of(today)), ledger=ledger, live_files=Exports(directory / "live"),
        market_data=Vintages(vendor, Files(str(directory / "seals"))), tracking=Untracked(), studies=Unstored(),
    )  # fmt: skip
    pages = directory / "live"
    made = SimpleNamespace(vendor=vendor, today=today, tables=resources["tables"], ledger=ledger, pages=pages)
    made.compute = lambda session: daily.compute(session, resources, unlogged_instance())
    return made


def holdings(vendor, session):
    rows = vendor.bars(session, session)
    own = rows[~rows["symbol"].isin(["NASDAQ", "SP500"])].sort_values("symbol").head(10)
    return [
        entry(f"has {r.symbol}", "position", session, paper.at_close(session), symbol=r.symbol, shares=np.floor(8_000 / r.close), price_usd=r.close)
        for r in own.itertuples()
    ]  # fmt: skip


def stocks(day):
    return next(s for s in day.strategies if s.name == "stocks")


def check(day, name):
    return next(c for c in stocks(day).checks if c.name == name)


def page(desk):
    return (desk.pages / partitions.key_of(desk.today) / "report.html").read_text()


def held(desk):
    rows = desk.tables.read("live_book", [partitions.key_of(calendar.session_before(desk.today, 1))])[0]
    names = rows.loc[(rows["strategy"] == "stocks") & (rows["symbol"] != "CASH") & (rows["shares"] > 0), "symbol"]
    assert len(names) == 10
    return sorted(names)


def everything(desk):
    return set(desk.vendor._inner.bars(desk.today, desk.today)["symbol"])


def refuse_what_is_not_there_yet(desk):
    """A source that ends a session early ends the day with a named error; nothing of it is stored or ordered."""
    entries = desk.ledger.entries()
    desk.vendor.through = calendar.session_before(desk.today, 1)
    with pytest.raises(
        RuntimeError, match=rf"failed: .*of session {desk.today:%Y-%m-%d} are not there yet, the source ends"
    ):
        desk.compute(desk.today)
    assert partitions.key_of(desk.today) not in desk.tables.keys("live_book")
    assert desk.ledger.entries() == entries
    desk.vendor.through = None


def test_half_of_the_symbols_missing_stops_those_alone_and_the_page_names_them(desk, figure):
    refuse_what_is_not_there_yet(desk)
    own = held(desk)
    others = sorted(everything(desk) - {*own, "NASDAQ", "SP500"})
    desk.vendor.on, desk.vendor.without = desk.today, {*own[: len(own) // 2], *others[: len(others) // 2]}
    day = desk.compute(desk.today)
    gone = desk.vendor.without
    orders = desk.tables.read("live_orders", [partitions.key_of(desk.today)])[0]
    assert not set(orders.loc[orders["shares"] != 0, "symbol"]) & gone
    assert set(stocks(day).orders["symbol"])
    rows = stocks(day).holdings.set_index("symbol")
    assert set(rows.index[rows["is_price_stale"]]) == set(own) & gone
    found = check(day, "Valid prices")
    assert (found.passed, found.severity) == (False, "warn")
    assert f"{len(set(own) & gone)} of " in found.sentence
    assert found.sentence in page(desk)
    assert page(desk).count('<span class="warn">no price today</span>') == len(set(own) & gone)
    figure("a source that ends a session early: a named error, no orders")
    figure("half of the symbols missing: those do not trade")


@pytest.mark.skipif(not FULL, reason="another rebalance: make prove runs it")
def test_more_than_half_of_a_book_without_prices_trades_nothing_and_says_why(desk, figure):
    desk.vendor.on, desk.vendor.without = desk.today, set(held(desk)[2:])
    others = sorted(everything(desk) - {*held(desk), "NASDAQ", "SP500"})
    desk.vendor.without |= set(others[3:])
    day = desk.compute(desk.today)
    assert stocks(day).status == "blocked"
    assert "Valid prices" in [c.name for c in stocks(day).failed]
    assert not [e for e in desk.ledger.entries() if e.kind == "order" and e.session == desk.today and e.strategy == "stocks"]  # fmt: skip
    assert "above 50% nothing does" in page(desk)
    figure("more: no orders")


@pytest.mark.skipif(not FULL, reason="another rebalance: make prove runs it")
def test_a_session_without_a_bar_trades_nothing_and_says_why(desk, figure):
    desk.vendor.on, desk.vendor.without = desk.today, everything(desk)
    day = desk.compute(desk.today)
    assert "Data of today" in [c.name for c in stocks(day).failed]
    assert not [e for e in desk.ledger.entries() if e.kind == "order" and e.session == desk.today]
    assert f"There is no bar of {desk.today:%Y-%m-%d}: nothing trades on old prices." in page(desk)
    figure("an empty session: no orders")
