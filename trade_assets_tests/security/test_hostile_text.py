"""Text of attackers stays text: in pages, exported files, messages and the ledger; no table takes it for a symbol."""

import csv
import dataclasses
from html.parser import HTMLParser

import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain import report
from trade_assets.domain.live import messages
from trade_assets.domain.report import daily, marked
from trade_assets.resources.exports import FORMULA, Exports
from trade_assets.resources.files import Files
from trade_assets.resources.records import Records
from trade_assets_tests.domain import test_report
from trade_assets_tests.domain.live import test_messages
from trade_assets_tests.live_books import held_rows
from trade_assets_tests.resources.ledger_writers import at, made, numbered
from trade_assets_tests.security.corpora import ALL, FORMULAS, SQL, XSS

JOINED = " ".join(ALL)
HARMLESS = "harmless"
SESSION = test_messages.SESSION.as_unit("us")


class Shape(HTMLParser):
    """The elements of a page with their attributes' names, and its scripts; what is written between them apart."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self._in = [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self._in = tag

    def handle_endtag(self, tag):
        self.elements.append((f"/{tag}", ()))
        self._in = ""

    def handle_comment(self, data):
        self.elements.append(("comment", (data,)))

    def handle_data(self, data):
        if self._in != "script":
            self.text.append(data)


def shape(page):
    return Shape(test_report.own_html(page))


def tear_sheet(text):
    given = test_report.frames(n=60)
    for name in ("target", "trades"):
        given[name]["symbol"] = given[name]["symbol"].replace({"AAA": text})
    for name in ("reason", "model"):
        given["champion"][name] = text
    given["rank_ic"]["model"] = text
    given["signals"]["tft_source"] = text
    given |= {"notes": [text], "facts": {text: text}}
    return report.tear_sheet(**given, labels=dict.fromkeys(report.LABELS, text))


def day_of(text):
    gate = dataclasses.replace(test_messages.TRIPPED, sentence=text)
    of = test_messages.strategy(gate, title=text)
    of = dataclasses.replace(of, orders=of.orders.assign(symbol=text), verdict=text)
    return test_messages.day(of, headline=text)


@pytest.mark.reliability("18")
def test_a_page_with_hostile_text_has_the_elements_of_one_without(figure):
    for build in (tear_sheet, daily_page):
        wanted = shape(build(HARMLESS)).elements
        assert len(wanted) > 50
        for text in (JOINED, *XSS[:4]):
            found = shape(build(text))
            assert found.elements == wanted, text
    assert XSS[0] in "".join(shape(tear_sheet(XSS[0])).text)
    figure(f"{len(ALL)} texts: no new element, attribute or script in the pages")


def rows_of(table, **values):
    """One row of a table, with its other numbers zero and its other texts harmless."""
    zero = {"date": SESSION, "text": HARMLESS, "float64": 0.5, "int64": 1, "bool": False}
    made = {name: (c.isin or (zero[c.kind],))[0] for name, c in schemas.TABLES[table].columns.items()}
    return pd.DataFrame([made | values])


def daily_page(text):
    own = {"strategy": "stocks", "symbol": "AAA"}
    signals = rows_of("live_signals", **own, sector=text)
    tables = daily.DailyTables(
        live_signals=signals, live_book=held_rows({"AAA": 0.4}, session=SESSION),
        live_orders=rows_of("live_orders", **own, side="SELL", shares=-1.0, status="proposed"),
        safety_report=rows_of("safety_report", strategy="stocks", name=text, requirement=text, sentence=text, severity="error"),
        live_market=rows_of("live_market", tft_source=text),
        live_reasons=rows_of("live_reasons", symbol="AAA", name=text), monitoring=rows_of("monitoring", area=text, name=text, sentence=text, severity="warn"),
        reconciliation=rows_of("reconciliation", **own, reason=text),
    )  # fmt: skip
    return daily.daily_report(daily.find(tables, SESSION, next_decision=None), facts={text: text})


@pytest.mark.reliability("18")
def test_no_table_takes_hostile_text_for_a_symbol(figure):
    table = schemas.Table({"rebalance_date": schemas.TABLES["bars"].columns["rebalance_date"], "symbol": schemas.TICKER}, ("symbol",))  # fmt: skip
    refused = []
    for text in ALL:
        frame = pd.DataFrame({"rebalance_date": [pd.Timestamp("2016-01-04")], "symbol": [text]})
        try:
            schemas.check("x", table, frame)
        except schemas.InvalidTableError:
            refused.append(text)
    assert [text for text in ALL if text not in refused] == ["NULL"]  # four letters, a symbol like any other
    figure(f"{len(refused)} of {len(ALL)} refused as a symbol")


@pytest.mark.reliability("18")
def test_no_exported_cell_is_a_formula_and_each_text_is_one_cell(tmp_path, figure):
    rows = pd.DataFrame({"reason": list(ALL), "weight": -0.5})
    path = Exports(tmp_path).csv("x.csv", rows)
    with path.open(newline="") as file:
        back = list(csv.reader(file))
    assert len(back) == len(ALL) + 1
    assert {len(cells) for cells in back} == {2}
    assert [cells[0] for cells in back[1:] if cells[0].startswith(FORMULA)] == []
    assert sum(cells[0].startswith("'") and cells[0][1:].startswith(FORMULA) for cells in back) >= 14
    figure(f"{len(FORMULAS)} formulas escaped")


@pytest.mark.reliability("18")
def test_the_names_of_columns_are_no_formula_either(tmp_path):
    path = Exports(tmp_path).csv("x.csv", pd.DataFrame({"=1+1": [1.0], "weight": [-0.5]}))
    assert not path.read_text().startswith(FORMULA)


@pytest.mark.reliability("18")
def test_a_message_is_plain_text_with_a_subject_of_one_line(figure):
    for text in ALL:
        for message in messages.of_day(day_of(text), kill_switch=True, failed_safety=True, daily_summary=True):
            assert message.subject.isprintable(), message.subject
            assert len(message.subject) <= messages.MAX_SUBJECT
            assert "\r" not in message.body
            assert "\0" not in message.body
    figure("subjects of one printable line")


@pytest.mark.reliability("18")
def test_the_ledger_gives_back_what_was_written_and_does_nothing_else(tmp_path, figure):
    ledger, plain = at(made(tmp_path / "ledger.db")), numbered(len(ALL))
    entries = [dataclasses.replace(e, symbol=t, actor=t, reason=t, detail={t: t}, id=f"{i} {t}") for i, (e, t) in enumerate(zip(plain, ALL, strict=True))]  # fmt: skip
    ledger.append(entries)
    assert at(tmp_path / "ledger.db").entries() == entries
    assert len(list(tmp_path.iterdir())) <= 3  # the ledger, its log and index; no other database was attached
    figure(f"{len(SQL)} SQL texts came back verbatim")


@pytest.mark.reliability("18")
def test_records_give_back_what_was_written(tmp_path):
    records = Records(Files(str(tmp_path)))
    at_first = pd.Timestamp("2016-01-04", tz="UTC")
    texts = [t for t in ALL if t.strip()]
    for i, text in enumerate(texts):
        records.append("rollback", recorded_utc=at_first + pd.Timedelta(seconds=i), actor=text, reason=text, model=text)
    back = records.read("rollback")
    for column in ("actor", "reason", "model"):
        assert back[column].tolist() == texts
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json"}


@pytest.mark.reliability("18")
def test_markdown_holds_no_markup_of_theirs():
    for text in ALL:
        shown = marked.inert(text)
        assert "\n" not in shown
        for i, character in enumerate(shown):
            assert character not in "<>`[]|*" or shown[i - 1] == "\\", text
