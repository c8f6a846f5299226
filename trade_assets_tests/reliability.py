"""What ``make prove`` measures: every line of the reliability table, its target, and the figure its tests reached.

A test that measures a line is marked ``@pytest.mark.reliability("4")`` and tells what it reached through the fixture
``figure``. It runs in every suite with a small ``count``; ``make prove`` runs the marked tests alone with the full one,
prints one table and writes it to ``--table=FILE``. A line without a test fails.
"""

import datetime as dt
import os
import platform
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("EXAMPLES", "10"))  # generated inputs a property; 100 in ``make check``
FULL = os.environ.get("RELIABILITY") == "full"
LONGEST = "11"  # begun first: it keeps one process busy while the others do the rest
PASSED, FAILED, SKIPPED = "pass", "FAIL", "skipped"


@dataclass(frozen=True)
class Line:
    """A promise: what is done to the system, and what must come of it."""

    what: str
    target: str


LINES = {
    "1": Line("kill -9 at seeded points of a backfill of 20 partitions, then run again", "50 kills: 0 torn, 0 lost, 0 duplicated, hashes equal, leftovers swept"),
    "1 day": Line("kill -9 at points of a trading day, then run again", "20 kills: no order lost or placed twice, hashes equal"),
    "2": Line("killed between rename and event", "the next run reconciles"),
    "3": Line("no space: full device, file size limit, full SQLite", "a named error, the old artifact intact"),
    "4": Line("bit flips and truncations of every kind of artifact", "100 and 100 a kind: named errors, 0 dead processes, 0 wrong numbers"),
    "5 freed": Line("a killed run", "failed and its slot freed within 60 s"),
    "5 daemons": Line("two daemons, ten ticks", "ten effective runs"),
    "6": Line("daily and bi-weekly runs at once", "20 times: hashes equal the serial ones"),
    "input": Line("malformed inputs, through the files source and the commands", "at least 40: named errors, nothing written"),
    "frames": Line("generated frames", "1,000: valid or a named error"),
    "7 dates": Line("truncation proof of the sample and of 100 synthetic stocks", "every date; 30 dates: 0 differing artifacts"),
    "7 leaks": Line("planted leaks", "at least 12, all caught, the first artifact named"),
    "7 covered": Line("assets the proof covers", "all of them"),
    "8": Line("range = singles = chunks, threads, shuffled rows, hash seed", "identical bytes"),
    "9": Line("golden run", "expected statistics to stated tolerances"),
    "10": Line("checks, each broken on purpose", "every check fails on its fault"),
    "11": Line("markets without a signal", "anything ever promoted in no more than chance at 5 % allows: 16 of 200"),
    "12": Line("published and independent values", "equal to stated tolerances"),
    "13": Line("daylight saving, early closes, special closures, UTC midnight, leap day", "every case"),
    "14": Line("data source down, slow, refusing, empty or half there", "at most five tries, then a named error; stale data: no orders"),
    "15": Line("a failing channel", "never fails a run, adds at most 10 s"),
    "16": Line("no network at all", "the sample runs"),
    "17": Line("what listens: the Dagster UI; MLflow is a database, there is no web service of our own", "loopback only, whatever is asked"),
    "18": Line("script, SQL and formula corpora in names and reasons", "inert in pages, exports, messages, ledger"),
    "19": Line("canary secrets", "0 hits in logs, databases, reports"),
    "20": Line("unsafe loading: pickle and its like in the source, an evil artifact", "none; it never runs"),
}  # fmt: skip


def count(quick: int, full: int) -> int:
    """How often a test repeats: the full number in ``make prove``, the quick one in every suite."""
    return full if FULL else quick


@pytest.fixture
def figure(record_property):
    """Tell the table what this test reached, in a few words."""
    return lambda text: record_property("figure", text)


def pytest_addoption(parser):
    parser.addoption("--table", type=Path, help="write the table of the reliability lines to this file")


def pytest_configure(config):
    config.addinivalue_line("markers", "reliability(line): measures this line of the reliability table")
    settings.register_profile(
        "suite",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
        max_examples=count(EXAMPLES, 100),
    )
    settings.load_profile("suite")


def pytest_collection_modifyitems(items):
    for item in items:
        for mark in item.iter_markers("reliability"):
            if mark.args[0] not in LINES:
                raise pytest.UsageError(
                    f"{item.nodeid}: the line must be one of {', '.join(LINES)}, was {mark.args[0]!r}"
                )
            item.user_properties.append(("line", mark.args[0]))
    if FULL:
        items.sort(key=lambda item: ("line", LONGEST) not in item.user_properties)


def pytest_terminal_summary(terminalreporter, config):
    if not FULL or hasattr(config, "workerinput"):  # a worker knows only its own tests
        return
    rows = list(table(terminalreporter.stats))
    for row in rows:
        terminalreporter.write_line(" | ".join(row))
    if config.getoption("--table"):
        config.getoption("--table").write_text(page(rows))


def table(stats):
    """A row a line: number, what, target, figure, outcome."""
    reports = defaultdict(list)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in stats.get(outcome, []):
            if report.when == "call" or outcome != "passed":
                for name, line in report.user_properties:
                    if name == "line":
                        reports[line].append((outcome, report))
    for number, line in LINES.items():
        yield (number, line.what, line.target, *_outcome(reports[number]))


def _outcome(reports):
    if not reports:
        return "no test ran", FAILED
    outcomes = [outcome for outcome, _ in reports]
    told = [text for _, report in reports for name, text in report.user_properties if name == "figure"]
    passed = outcomes.count("passed")
    figures = "; ".join(dict.fromkeys(told)) or f"{passed} of {len(outcomes)} tests"
    if passed + outcomes.count("skipped") < len(outcomes):
        return figures, FAILED
    return figures, PASSED if passed else SKIPPED


def page(rows):
    """The table as a page of the docs."""
    head = [
        "# Reliability",
        "",
        "What `make prove` reached when it last ran: "
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, version {version('trade-assets')}, Python {platform.python_version()}.",
        "",
        "| line | what is done | target | reached | |",
        "|---|---|---|---|---|",
    ]
    return "\n".join(head + [f"| {' | '.join(text.replace('|', '/') for text in row)} |" for row in rows]) + "\n"
