"""What a person gives the commands and cannot be right: one plain sentence, a status, and nothing written."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from trade_assets import settings
from trade_assets.cli import app
from trade_assets.desk import paper
from trade_assets.domain.features import FEATURES
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.settings import load
from trade_assets_tests.domain.models.test_models import fit, rows
from trade_assets_tests.resources.test_own_files import cell, features, predictions, signals

FILLS = "date,strategy,ticker,shares,price,cost\n"
OPENED = pd.Timestamp("2015-12-01").as_unit("us")
JUNK = b"PAR1 this is no parquet PAR1"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A directory with what a person has, some of it spoilt, and a store and a ledger in it."""
    for name, value in {
        "STORE__URL": tmp_path / "store",
        "LIVE__OUTPUT_DIR": tmp_path / "live",
        "LIVE__LEDGER_URI": f"sqlite:///{tmp_path / 'ledger' / 'ledger.db'}",
    }.items():
        monkeypatch.setenv(f"TRADE_ASSETS__{name}", str(value))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    for name, frame in FRAMES.items():
        frame().to_csv(tmp_path / name, index=False) if name.endswith("csv") else frame().to_parquet(tmp_path / name)
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "directory").mkdir()
    settings.load.cache_clear()
    yield tmp_path
    settings.load.cache_clear()


FRAMES = {
    "preds.csv": predictions,
    "signals.csv": signals,
    "features.csv": features,
    "no_prediction.csv": lambda: predictions().drop(columns="prediction"),
    "no_rows.csv": lambda: predictions().iloc[:0],
    "null.csv": lambda: predictions().assign(prediction=np.nan),
    "infinite.csv": lambda: cell("prediction", np.inf)(predictions()),
    "twice.csv": lambda: pd.concat([predictions(), predictions().iloc[[2]]]),
    "climbing.csv": lambda: cell("ticker", "../AAA")(predictions()),
    "formula.csv": lambda: cell("ticker", "=SUM(A1)")(predictions()),
    "unicode.csv": lambda: cell("ticker", "ÄA🚀")(predictions()),
    "long.csv": lambda: cell("ticker", "A" * 300)(predictions()),
    "nul.parquet": lambda: cell("ticker", "A\0B")(predictions()),
    "lists.parquet": lambda: predictions().assign(prediction=[[1.0]] * len(predictions())),
    "bools.parquet": lambda: predictions().assign(prediction=True),
    "american.csv": lambda: predictions().assign(date="03/04/2018"),
    "exposed.csv": lambda: signals().assign(exposure_scalar=1.5),
    "unsigned.csv": lambda: signals().drop(columns="meta_prob_success"),
    "free.csv": lambda: cell("close", 0)(features()),
    "endless.csv": lambda: cell("close", np.inf)(features()),
    "weekend.csv": lambda: cell("date", "2018-01-06")(
        features().assign(date=lambda f: f["date"].dt.strftime("%Y-%m-%d"))
    ),
    "repeated.csv": lambda: pd.concat([features(), features().iloc[[0]]]),
}
CONTENTS = {
    "junk.parquet": JUNK,
    "empty.csv": b"",
    "bytes.csv": b"date,ticker,prediction\n2018-01-02,\xff\xfe,1\n",
    "ragged.csv": b"date,ticker,prediction\n2018-01-02,AAA,1,2,3\n",
    "model.txt": b"tree\nversion=v4\nnum_class=1\n",
    "fills.csv": (FILLS + "2015-12-02,stocks,AAA,5,10,1\n").encode(),
    "fills_short.csv": b"date,strategy,ticker\n2015-12-02,stocks,AAA\n",
    "fills_negative.csv": (FILLS + "2015-12-02,stocks,AAA,5,-10,1\n").encode(),
    "fills_nobody.csv": (FILLS + "2015-12-02,bonds,AAA,5,10,1\n").encode(),
    "fills_none.csv": (FILLS + "2015-12-02,stocks,AAA,5,10,1\n2015-12-02,stocks,BBB,0,10,1\n").encode(),
    "fills_sunday.csv": (FILLS + "2015-12-06,stocks,AAA,5,10,1\n").encode(),
    "backup.db": b"no database at all",
}
FEATURE = next(iter(FEATURES))
MODEL_SHA256 = hashlib.sha256(CONTENTS["model.txt"]).hexdigest()
PORTFOLIO = "portfolio --ridge-preds {preds} --market-signals {signals} --outdir {place}/out"
SIGNALS = "market-signals --in {place}/%s --out {place}/%s"
RECORD = "record --actor me --date %s --strategy %s --symbol %s --shares %s --price %s --cost %s"
COMPARE = "compare --baseline {place}/%s"
NATIVE = COMPARE + " --sha256 %s --algorithm %s --features %s"


def preds(name):
    return PORTFOLIO.replace("{preds}", "{place}/" + name).replace("{signals}", "{place}/signals.csv")


def given(name):
    return PORTFOLIO.replace("{preds}", "{place}/preds.csv").replace("{signals}", "{place}/" + name)


COMMANDS = [
    (preds("no_prediction.csv"), "no_prediction.csv: column prediction is missing"),
    (preds("no_rows.csv"), "no_rows.csv: the file must have rows, has none"),
    (preds("null.csv"), "null.csv: column prediction must hold numbers, all 21 rows are null"),
    (preds("infinite.csv"), "infinite.csv: column prediction must be finite"),
    (preds("twice.csv"), "twice.csv: column date, ticker rows must be unique"),
    (preds("climbing.csv"), "climbing.csv: column ticker must match"),
    (preds("formula.csv"), "formula.csv: column ticker must match"),
    (preds("unicode.csv"), "unicode.csv: column ticker must match"),
    (preds("long.csv"), "long.csv: column ticker must match"),
    (preds("nul.parquet"), "nul.parquet: column ticker must match"),
    (preds("lists.parquet"), "lists.parquet: column prediction must be a number"),
    (preds("bools.parquet"), "bools.parquet: column prediction must hold numbers"),
    (preds("american.csv"), "american.csv: column date must be a date, year-month-day"),
    (preds("junk.parquet"), "junk.parquet cannot be read"),
    (preds("empty.csv"), "empty.csv cannot be read"),
    (preds("bytes.csv"), "bytes.csv cannot be read"),
    (preds("ragged.csv"), "ragged.csv cannot be read"),
    (preds("directory"), "directory is a directory"),
    (preds("nowhere.csv"), "there is no file"),
    (given("exposed.csv"), "exposed.csv: column exposure_scalar must be <= 1"),
    (given("unsigned.csv"), "unsigned.csv: column exposure_scalar is missing"),
    (preds("preds.csv") + " --max-weight nan", "--max-weight must lie above 0"),
    (preds("preds.csv") + " --max-weight 1.5", "--max-weight must lie above 0"),
    (preds("preds.csv").replace("/out", "/preds.csv"), "preds.csv is a file"),
    (preds("preds.csv").replace("/out", "/preds.csv/deeper"), "preds.csv"),
    (SIGNALS % ("free.csv", "s.csv"), "free.csv: column close must be > 0"),
    (SIGNALS % ("endless.csv", "s.csv"), "endless.csv: column close must be finite"),
    (SIGNALS % ("weekend.csv", "s.csv"), "weekend.csv: column date must be a session of the exchange"),
    (SIGNALS % ("repeated.csv", "s.csv"), "repeated.csv: column date rows must be unique"),
    (SIGNALS % ("preds.csv", "s.csv"), "preds.csv: column close is missing"),
    (SIGNALS % ("features.csv", "s.xlsx"), "must end in .parquet or .csv"),
    (SIGNALS % ("features.csv", "features.csv"), "must not be the file that is read"),
    (COMPARE % "preds.csv", "nothing is stored yet: run trade-assets run first"),
    (COMPARE % "preds.csv" + " --sha256 00", "a model file needs --sha256, --algorithm and --features together"),
    (RECORD % ("soon", "stocks", "AAA", 5, 10, 1), "--date must be a date like 2018-12-31, was 'soon'"),
    (RECORD % ("2015-12-06", "stocks", "AAA", 5, 10, 1), "2015-12-06 is not a closed live session"),
    (RECORD % ("2015-12-02", "bonds", "AAA", 5, 10, 1), "record: column strategy must be one of stocks"),
    (RECORD % ("2015-12-02", "stocks", "aaa", 5, 10, 1), "record: column ticker must match"),
    (RECORD % ("2015-12-02", "stocks", "=A", 5, 10, 1), "record: column ticker must match"),
    (RECORD % ("2015-12-02", "stocks", "CASH", 5, 10, 1), "CASH"),
    (RECORD % ("2015-12-02", "stocks", "AAA", 0, 10, 1), "shares must not be 0"),
    (RECORD % ("2015-12-02", "stocks", "AAA", "nan", 10, 1), "record: column shares must"),
    (RECORD % ("2015-12-02", "stocks", "AAA", "inf", 10, 1), "record: column shares must be finite"),
    (RECORD % ("2015-12-02", "stocks", "AAA", 5, 0, 1), "record: column price must be > 0"),
    (RECORD % ("2015-12-02", "stocks", "AAA", 5, "inf", 1), "record: column price must be finite"),
    (RECORD % ("2015-12-02", "stocks", "AAA", 5, 10, -1), "record: column cost must be >= 0"),
    ("record --actor me --file {place}/fills_short.csv", "fills_short.csv: column shares, price, cost is missing"),
    ("record --actor me --file {place}/fills_negative.csv", "fills_negative.csv: column price must be > 0"),
    ("record --actor me --file {place}/fills_nobody.csv", "fills_nobody.csv: column strategy must be one of"),
    ("record --actor me --file {place}/fills_none.csv", "shares must not be 0: 2015-12-02 BBB"),
    ("record --actor me --file {place}/fills_sunday.csv", "2015-12-06 is not a closed live session"),
    ("record --actor me --file {place}/junk.parquet", "junk.parquet cannot be read"),
    ("record --actor me --file {place}/nowhere.csv", "there is no file"),
    ("record --actor  --file {place}/fills.csv", "--actor must say"),
    ("rollback --model mlp --construction hrp --actor me --reason why", "only a pair that was in force"),
    ("ledger open --actor me", "is open already"),
    ("ledger deposit --amount 0 --actor me --reason why", "--amount must not be 0"),
    ("ledger deposit --amount nan --actor me --reason why", "amount_usd must be a finite number, was nan"),
    ("ledger deposit --amount inf --actor me --reason why", "amount_usd must be a finite number, was inf"),
    ("ledger deposit --amount 5 --actor me --reason why --strategy bonds", "bonds"),
    ("ledger deposit --amount 5 --actor me --reason why --date 2015-12-06", "not a closed live session"),
    ("ledger deposit --amount 5 --actor me --reason ", "--reason must say"),
    ("ledger position --symbol AAA --shares 0 --price 5 --actor me --reason why", "--shares must not be 0"),
    ("ledger position --symbol AAA --shares 5 --price -5 --actor me --reason why", "--price must be above 0"),
    ("ledger position --symbol AAA --shares nan --price 5 --actor me --reason why", "shares must be a finite number"),
    ("ledger position --symbol ../A --shares 5 --price 5 --actor me --reason why", "symbol"),
    ("ledger rename --symbol AAA --actor me --reason why", "a symbol becomes another"),
    ("ledger rename --symbol AAA --to BBB --ratio -1 --actor me --reason why", "a symbol becomes another"),
    ("ledger rename --symbol AAA --to =B --actor me --reason why", "to"),
    ("ledger backup --to {place}/preds.csv", "preds.csv is there already; a backup never replaces a file"),
    ("ledger restore --from {place}/nowhere.db", "there is no file"),
    ("ledger restore --from {place}/backup.db", "backup.db cannot be used"),
    ("kill-switch reset --actor me --reason why --strategy bonds", "bonds"),
]  # fmt: skip
USAGE = [
    "portfolio",
    preds("preds.csv") + " --top-n 0",
    preds("preds.csv") + " --top-n many",
    preds("preds.csv") + " --overlap maybe",
    preds("preds.csv") + " --rebalance-step -1",
    SIGNALS % ("features.csv", "s.csv") + " --seed -1",
    "compare",
    "rollback --model mlp",
    "record --actor me --shares many",
    "ledger deposit --amount much --actor me --reason why",
    "ledger show --last 0",
    "run --last 0",
    "ui --port 99999",
    "sell --everything",
]
NATIVES = [
    (NATIVE % ("model.txt", "0" * 64, "lightgbm", "momentum_20"), "model.txt: sha256 must be 000"),
    (NATIVE % ("model.txt", MODEL_SHA256, "svm", "momentum_20"), "algorithm must be one of"),
    (NATIVE % ("model.txt", MODEL_SHA256, "lightgbm", "gossip"), "features must be among those of stock_features"),
    (NATIVE % ("model.txt", MODEL_SHA256, "lightgbm", FEATURE), "no lightgbm model of 1 features can be read from it"),
    (COMPARE % "no_prediction.csv", "no_prediction.csv: column prediction is missing"),
    (COMPARE % "junk.parquet", "junk.parquet cannot be read"),
    (COMPARE % "nowhere.csv", "there is no file"),
    (COMPARE % "directory", "is a directory"),
]
FILES = {
    "brackets that never close": (b"portfolio: {top_n: 3", "settings.yaml cannot be read"),
    "a tab": (b"portfolio:\n\ttop_n: 3", "settings.yaml cannot be read"),
    "a list": (b"- portfolio", "settings.yaml must hold sections"),
    "a word": (b"portfolio", "settings.yaml must hold sections"),
    "no text": (b"\xff\xfe\x00portfolio", "settings.yaml cannot be read"),
    "NUL": (b"portfolio: {top_n: \x00}", "settings.yaml cannot be read"),
    "a Python object": (b"portfolio: !!python/object/apply:os.getpid []", "settings.yaml cannot be read"),
    "a section that is a number": (b"portfolio: 3", "portfolio:"),
    "an unknown section": (b"portfolios: {top_n: 3}", "portfolios"),
    "an unknown key": (b"portfolio: {top_m: 3}", "portfolio.top_m"),
    "text for a number": (b"portfolio: {top_n: many}", "portfolio.top_n"),
    "no number": (b"portfolio: {max_weight: .nan}", "portfolio.max_weight"),
    "past the range": (b"portfolio: {max_weight: 1.5}", "portfolio.max_weight"),
    "an infinite cost": (b"portfolio: {costs_bps: .inf}", "portfolio.costs_bps"),
    "no date": (b"history: {start: yesterday}", "history.start"),
    "sections that disagree": (b"labels: {horizon_sessions: 5}", "must equal history.rebalance_every"),
}  # fmt: skip
VARIABLES = {
    "TRADE_ASSETS__PORTFOLLIO__TOP_N": ("3", "unknown settings in the environment: TRADE_ASSETS__PORTFOLLIO__TOP_N"),
    "TRADE_ASSETS__PORTFOLIO__TOP_M": ("3", "portfolio.top_m"),
    "TRADE_ASSETS__PORTFOLIO__TOP_N": ("", "portfolio.top_n"),
    "TRADE_ASSETS__PORTFOLIO": ("{top_n", "portfolio"),
    "TRADE_ASSETS__MARKET_GATE__FAVORABLE": ("nan", "market_gate"),
    "TRADE_ASSETS_FILE": ("nowhere.yaml", "TRADE_ASSETS_FILE must name a file"),
}
HOW_MANY = len(COMMANDS) + len(USAGE) + len(NATIVES) + len(FILES) + len(VARIABLES)


def everything(directory):
    """Every file, but what SQLite keeps beside a database that is read."""
    there = (p for p in directory.rglob("*") if not p.name.endswith(("-wal", "-shm")))
    return {p.relative_to(directory): p.read_bytes() if p.is_file() else None for p in there}


def refused(place, text, status=1):
    """What a command says that must fail, having written nothing."""
    arguments = [part.replace("{place}", str(place)) for part in text.split(" ")]
    before = everything(place)
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    assert everything(place) == before
    return result.stderr


def opened():
    """A ledger that is open, closed again."""
    ledger = BookLedger(load().live.ledger_uri)
    ledger.create()
    ledger.append(paper.opening(load(), OPENED))
    ledger.close()
    return ledger


@pytest.mark.reliability("input")
def test_commands_refuse_what_cannot_be_right_in_one_sentence(place, figure):
    ledger = opened()
    entries = ledger.entries()
    ledger.close()
    said = {text: refused(place, text) for text, _ in COMMANDS}
    unlike = [
        f"{text} must say {told!r}, said {said[text]!r}"
        for text, told in COMMANDS
        if not said[text].startswith("error: ") or told not in said[text] or said[text].count("\n") != 1
    ]
    assert not unlike, "\n".join(unlike)
    assert ledger.entries() == entries
    figure(f"{HOW_MANY} malformed arguments and settings of commands")


@pytest.mark.reliability("input")
@pytest.mark.parametrize("text", USAGE)
def test_commands_say_how_they_are_used(place, text):
    assert "Usage: " in refused(place, text, status=2)


@pytest.mark.reliability("input")
@pytest.mark.parametrize(("text", "told"), NATIVES)
def test_compare_refuses_files_that_cannot_be_right(place, text, told):
    stored = place / "store" / "records" / "champion_model"
    stored.mkdir(parents=True)
    (stored / "2015-01-05.json").touch()
    said = refused(place, text)
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.reliability("4")
def test_a_model_file_cut_short_does_not_end_the_process_that_compares(place):
    whole = fit("lightgbm", rows(n=100), size=3).encode()
    cut = whole[: len(whole) // 3]
    (place / "cut.txt").write_bytes(cut)
    asked = NATIVE % ("cut.txt", hashlib.sha256(cut).hexdigest(), "lightgbm", ",".join(list(FEATURES)[:5]))
    stored = place / "store" / "records" / "champion_model"
    stored.mkdir(parents=True)
    (stored / "2015-01-05.json").touch()
    assert "cut.txt: no lightgbm model of 5 features can be read from it" in refused(place, asked)


@pytest.mark.reliability("input")
@pytest.mark.parametrize("fault", FILES)
def test_settings_of_a_file_that_cannot_be_right_are_named(place, monkeypatch, fault):
    content, told = FILES[fault]
    (place / "settings.yaml").write_bytes(content)
    monkeypatch.setenv("TRADE_ASSETS_FILE", str(place / "settings.yaml"))
    said = refused(place, "ledger show")
    assert said.startswith("error: ")
    assert told in said


@pytest.mark.reliability("input")
@pytest.mark.parametrize("name", VARIABLES)
def test_settings_of_the_environment_that_cannot_be_right_are_named(place, monkeypatch, name):
    value, told = VARIABLES[name]
    monkeypatch.setenv(name, value)
    said = refused(place, "ledger show")
    assert said.startswith("error: ")
    assert told in said


@pytest.mark.parametrize(
    "text",
    [
        "ledger show",
        "ledger deposit --amount 5 --actor me --reason why",
        "ledger backup --to {place}/b.db",
        "record --actor me --file {place}/fills.csv",
    ],
)
def test_without_a_ledger_nothing_is_made_of_one(place, text):
    assert "there is no book ledger" in refused(place, text)
