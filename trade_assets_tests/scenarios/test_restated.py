"""A vendor restates what is sealed: the decisions that would have been others are named, and nothing sealed changes."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from trade_assets import partitions, proof
from trade_assets.definitions import build_resources
from trade_assets.desk import daily, restated
from trade_assets.desk import ledger as desk_ledger
from trade_assets.domain import calendar
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.resources.tables import TableStore
from trade_assets.settings import load
from trade_assets_tests.scenarios import system
from trade_assets_tests.scenarios.test_commands import invoke

PRICES = ["open", "high", "low", "close"]


class Vendor:
    """The sample, but for prices of some sessions and symbols that are scaled."""

    def __init__(self, inner):
        self._inner, self.scales = inner, {}

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def bars(self, start, end, *, as_of=None):
        rows = self._inner.bars(start, end, as_of=as_of).copy()
        for (session, symbol), scale in self.scales.items():
            rows.loc[(rows["session"] == session) & (rows["symbol"] == symbol), PRICES] *= scale
        return rows


@pytest.fixture(scope="module")
def evening(history, tmp_path_factory):
    """The directory of a desk with a store of its own, on the evening of a rebalance that has been computed."""
    directory = tmp_path_factory.mktemp("evening")
    shutil.copytree(load().store.url, directory / "store")
    own, today = settings_of(directory), system.without_a_fit()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk_ledger, "load", lambda: own)
        desk_ledger.open_ledger(partitions.key_of(today), {}, "Ada", daily.Console(quiet=True))
    compute(own, today)
    return directory


def settings_of(directory):
    own = load()
    live = own.live.model_copy(update={"ledger_uri": f"sqlite:///{directory / 'ledger.db'}", "output_dir": directory / "live", "dry_run": False})  # fmt: skip
    return own.model_copy(
        update={"live": live, "store": own.store.model_copy(update={"url": str(directory / "store")})}
    )


@pytest.fixture
def desk(evening, tmp_path, monkeypatch):
    """A copy of that desk; gives settings, vendor, its session and the next."""
    own = settings_of(shutil.copytree(evening, tmp_path / "desk"))
    vendor, today = Vendor(build_source(own)), system.without_a_fit()
    monkeypatch.setattr(restated, "load", lambda: own)
    monkeypatch.setattr(restated, "build_source", lambda settings: vendor)
    return own, vendor, today, calendar.session_after(today, 1)


def compute(own, session):
    resources = build_resources(own)
    day = daily.compute(session, resources, unlogged_instance())
    return day, resources["tables"]


def sealed_and_stored(own):
    """sha256 of every file of the store but the log of what was restated."""
    root = Path(own.store.url)
    files = [path for path in root.rglob("*") if path.is_file() and "restatements" not in path.parts]
    return {path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def weights(tables, key):
    rows = tables.read("target_weights", [key])[0].set_index("symbol")["weight"]
    return rows.drop("CASH")


def asked(session, *more):
    result = invoke("restated", "--date", f"{session:%Y-%m-%d}", *more)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_restatement_names_the_decisions_it_would_change_and_the_next_page_says_how_many(desk, tmp_path):
    own, vendor, today, tomorrow = desk
    key = partitions.key_of(today)
    tables = TableStore(Files(own.store.url))
    stored = weights(tables, key)
    before = sealed_and_stored(own)
    assert "restates nothing of what is sealed; no decision changes" in asked(today)

    symbols = tables.read("universe", [key])[0]["symbol"]
    vendor.scales = {(today, symbol): 0.7 if stored.get(symbol, 0.0) else 1.4 for symbol in symbols}
    told = asked(today)
    assert sealed_and_stored(own) == before
    written = json.loads((own.live.output_dir / key / "restated.json").read_text())
    closes = {r["symbol"]: r for r in written["restatements"] if (r["table"], r["column"]) == ("bars", "close")}
    assert set(closes) == set(symbols)
    for row in closes.values():
        assert (row["session"], row["kind"]) == (key, "restated")
        assert float(row["restated"]) == pytest.approx(vendor.scales[today, row["symbol"]] * float(row["sealed"]))

    first_said = Vintages(vendor, Files(str(tmp_path / "first_said")))
    files = system.over_base(tmp_path / "again", key)
    system.materialise([key], files=files, market_data=first_said, only=proof.order_of_the_graph(["target_weights"]))
    expected = weights(TableStore(files), key)
    decisions = pd.read_csv(own.live.output_dir / key / "restated.csv", keep_default_na=False)
    named = decisions[decisions["decision"] == "weight"].set_index("symbol")
    moved = [s for s in {*stored.index, *expected.index} if abs(stored.get(s, 0.0) - expected.get(s, 0.0)) >= 1e-4]
    assert moved
    assert set(named.index) == set(moved)
    for symbol, row in named.iterrows():
        assert (row["sealed"], row["restated"]) == (
            f"{stored.get(symbol, 0.0):.2%}",
            f"{expected.get(symbol, 0.0):.2%}",
        )
    assert "order" in set(decisions["decision"])
    assert f"{len(decisions)} decisions would change" in told
    assert len(decisions) == len(written["decisions"])

    page = compute(own, tomorrow)[0]
    (reading,) = page.alarms[page.alarms["area"] == "restated"]["sentence"]
    n = len(written["restatements"])
    values = f"{n} value{'s' if n > 1 else ''}"
    assert reading == f"The vendor has restated {values} of sealed sessions; {len(decisions)} decisions would change."


def test_a_restatement_too_small_to_matter_changes_no_decision(desk):
    own, vendor, today, _ = desk
    key = partitions.key_of(today)
    symbol = TableStore(Files(own.store.url)).read("session_bars", [key])[0]["symbol"].iloc[0]
    vendor.scales = {(today, symbol): 1 + 1e-9}
    told = asked(today)
    assert "values restated" in told
    assert "No decision changes." in told
    assert "restates nothing" in asked(today, "--symbol", "ZZZ")


def test_a_dry_run_shows_the_day_and_leaves_nothing_behind(desk, monkeypatch):
    own, _, today, _ = desk
    before, entries = sealed_and_stored(own), BookLedger(own.live.ledger_uri).entries()
    monkeypatch.setattr(daily, "load", lambda: own)
    shown = invoke("daily", "--date", partitions.key_of(calendar.session_after(today, 1)), "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "Dry run: nothing was stored, and nothing can be approved." in shown.output
    assert "Stock portfolio" in shown.output
    assert sealed_and_stored(own) == before
    assert BookLedger(own.live.ledger_uri).entries() == entries
    assert not (own.live.output_dir / partitions.key_of(calendar.session_after(today, 1))).exists()
