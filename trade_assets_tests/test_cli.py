"""The commands as a person meets them: what they print, what they write, and how they refuse."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from trade_assets import from_features
from trade_assets.cli import app
from trade_assets.domain import calendar
from trade_assets.resources.workers import Workers

SESSIONS = calendar.sessions_between(pd.Timestamp("2016-01-04"), pd.Timestamp("2017-10-31"))
NAMES = [f"S{i:02d}" for i in range(25)]
FILES = ["equity.csv", "metrics.json", "trades.csv", "weights.csv"]


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """A terminal of known width without colours, and fits in this process."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(from_features, "Workers", lambda count: Workers(1))


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def refused(*arguments):
    """The error of a command that must fail in one plain sentence."""
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


def predictions(n=40, *, every=10, seed=0, known=True):
    """Predictions every n-th session with the return over the next ten, open where that is not over."""
    rng = np.random.default_rng(seed)
    wealth = np.exp(np.cumsum(rng.normal(0.0005, 0.02, (len(SESSIONS), len(NAMES))), axis=0))
    places = np.arange(0, n * every, every)
    ahead = wealth[places + 10] / wealth[places] - 1
    frame = pd.DataFrame({"date": np.repeat(SESSIONS[places], len(NAMES)), "ticker": NAMES * n})
    frame["prediction"] = (0.1 * ahead + rng.normal(0, 0.05, ahead.shape)).ravel()
    return frame.assign(actual=ahead.ravel()) if known else frame


def signals():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "date": SESSIONS,
            "tft_p50": rng.normal(0.005, 0.01, len(SESSIONS)),
            "meta_prob_success": rng.uniform(0.45, 0.85, len(SESSIONS)),
        }
    )


@pytest.fixture
def own(tmp_path):
    """Paths of a predictions file, a signals file and an output directory."""
    predictions().to_parquet(tmp_path / "ridge_stacking_predictions_1.parquet", index=False)
    signals().to_csv(tmp_path / "signals.csv", index=False)
    return tmp_path / "ridge_stacking_predictions_1.parquet", tmp_path / "signals.csv", tmp_path / "out"


def manage(own, *more):
    preds, given, out = own
    return invoke("portfolio", "--ridge-preds", preds, "--market-signals", given, "--outdir", out, *more)


def read(own, name):
    return pd.read_csv(own[2] / name)


def metrics(own):
    return json.loads((own[2] / "metrics.json").read_text())


def test_a_portfolio_is_written_and_summed_up(own):
    result = manage(own)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in own[2].iterdir()) == FILES
    newest = SESSIONS[390]
    assert f"Rebalance of {newest.date()}" in result.stdout
    assert all(name in result.stdout for name in ["CASH", "CAGR", "Sharpe", *FILES])
    weights = read(own, "weights.csv")
    assert list(weights) == ["date", "ticker", "weight"]
    held = weights[(weights["date"] == str(newest.date())) & (weights["ticker"] != "CASH")]
    assert len(held) == 10
    assert all(ticker in result.stdout for ticker in held["ticker"])
    assert (weights.groupby("date")["weight"].sum() - 1).abs().max() <= 1e-9
    assert weights["weight"].max() <= 1
    assert held["weight"].max() <= 0.15 + 1e-12


def test_trades_have_the_columns_people_know_and_add_up(own):
    manage(own)
    trades = read(own, "trades.csv")
    columns = ["date", "ticker", "action", "prev_weight", "target_weight", "delta_weight", "delta_vs_prev_target"]
    assert list(trades) == columns
    assert set(trades["action"]) == {"BUY", "ADD", "HOLD", "REDUCE", "SELL"}
    moved = trades[trades["action"].isin(["ADD", "REDUCE", "SELL"])]
    assert (moved["delta_weight"] - (moved["target_weight"] - moved["prev_weight"])).abs().min() < 1e-12
    assert "-0.0," not in (own[2] / "trades.csv").read_text()


def test_equity_grows_by_the_metrics_it_is_summed_up_in(own):
    manage(own)
    equity, figures = read(own, "equity.csv"), metrics(own)["metrics"]
    assert equity["equity"].iloc[0] == 100_000
    assert len(equity) == 41
    growth = equity["equity"].iloc[-1] / 100_000
    days = (pd.Timestamp(equity["date"].iloc[-1]) - pd.Timestamp(equity["date"].iloc[0])).days
    returns = equity["return"].to_numpy()[1:]
    assert figures["total_return"] == pytest.approx(growth - 1)
    assert figures["cagr"] == pytest.approx(growth ** (365.25 / days) - 1)
    assert figures["sharpe_ratio"] == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(25.2))
    assert figures["max_drawdown"] == pytest.approx((equity["equity"] / equity["equity"].cummax() - 1).min())
    assert figures["turnover"] == pytest.approx(equity["turnover_frac"].to_numpy()[1:].mean())


def test_every_metric_is_defined_beside_its_value(own):
    manage(own)
    content = metrics(own)
    assert set(content["metrics"]) | {"by_regime", "equal_weight"} == set(content["definitions"])
    assert content["options"]["horizon_days"] == 10
    assert content["settings"]["portfolio"]["costs_bps"] == 1.0


def test_the_same_files_give_the_same_bytes(own):
    manage(own)
    first = {name: (own[2] / name).read_bytes() for name in FILES}
    manage(own)
    assert first == {name: (own[2] / name).read_bytes() for name in FILES}


def test_costs_come_out_of_equity(own, tmp_path, monkeypatch):
    from trade_assets import settings

    manage(own)
    paid = metrics(own)["metrics"]
    monkeypatch.setenv("TRADE_ASSETS__PORTFOLIO__COSTS_BPS", "50")
    settings.load.cache_clear()
    try:
        manage(own)
    finally:
        monkeypatch.undo()
        settings.load.cache_clear()
    assert metrics(own)["metrics"]["cost_annual"] > 10 * paid["cost_annual"]
    assert metrics(own)["metrics"]["total_return"] < paid["total_return"]


def test_daily_predictions_are_refused_with_numbers_and_remedies(own):
    predictions(120, every=1).to_parquet(own[0], index=False)
    message = refused("portfolio", "--ridge-preds", own[0], "--market-signals", own[1], "--outdir", own[2])
    for part in (
        "--horizon-days 10",
        "2016-01-04 and 2016-01-05 lie 1 apart",
        "--rebalance-step 10",
        "--overlap tranches",
    ):
        assert part in message
    assert not own[2].exists()


def test_the_remedies_a_refusal_names_work(own):
    predictions(120, every=1).to_parquet(own[0], index=False)
    assert manage(own, "--rebalance-step", 10).exit_code == 0
    plain = metrics(own)
    assert plain["metrics"]["n_rebalances"] == 12
    result = manage(own, "--overlap", "tranches")
    assert result.exit_code == 0
    assert "10 tranches" in result.stdout
    split = metrics(own)
    assert split["metrics"]["n_rebalances"] == 120
    assert split["options"]["tranches"] == 10
    assert abs(split["metrics"]["total_return"] - plain["metrics"]["total_return"]) < 0.5
    assert (read(own, "weights.csv").groupby("date")["weight"].sum() - 1).abs().max() <= 1e-9


def test_overlapping_returns_are_not_compounded_as_if_they_were_apart(own):
    frame = predictions(120, every=1).assign(actual=0.02, prediction=1.0)
    frame.to_parquet(own[0], index=False)
    signals()[["date"]].assign(exposure_scalar=1.0).to_csv(own[1], index=False)
    manage(own, "--overlap", "tranches")
    assert metrics(own)["metrics"]["total_return"] < 1.02**12 - 1 < 1.02**120 - 1


@pytest.mark.parametrize("more", [(), ("--overlap", "tranches")])
def test_what_was_decided_by_a_date_does_not_change_with_later_rows(own, more):
    frame = predictions(40, every=5 if more else 10)
    frame.to_parquet(own[0], index=False)
    manage(own, *more)
    whole = {name: (own[2] / name).read_text().splitlines() for name in ("weights.csv", "trades.csv")}
    today = frame["date"].unique()[27]
    then = frame[frame["date"] <= today]
    ends = dict(zip(SESSIONS[:-10], SESSIONS[10:], strict=True))
    then = then.assign(actual=then["actual"].where(then["date"].map(ends) <= today))
    then.to_parquet(own[0], index=False)
    signals().query("date <= @today").to_csv(own[1], index=False)
    manage(own, *more)
    for name, lines in whole.items():
        assert (own[2] / name).read_text().splitlines() == [
            line for line in lines if line.startswith("date") or line[:10] <= str(today.date())
        ]


def test_without_outcomes_there_are_orders_but_no_record(own):
    predictions(known=False).to_parquet(own[0], index=False)
    result = manage(own)
    assert result.exit_code == 0
    assert "without drift" in " ".join(result.stdout.split())
    assert sorted(path.name for path in own[2].iterdir()) == ["metrics.json", "trades.csv", "weights.csv"]
    assert set(metrics(own)["metrics"]) == {"n_rebalances", "n_periods", "turnover", "turnover_annual", "cost_annual"}
    trades = read(own, "trades.csv")
    last = trades[trades["date"] == trades["date"].max()].set_index("ticker")
    before = trades[trades["date"] == trades["date"].unique()[-2]].set_index("ticker")
    traded = before["prev_weight"] + before["delta_weight"]
    assert (last["prev_weight"] - traded.reindex(last.index).fillna(0)).abs().max() < 1e-3


def test_equity_of_an_earlier_run_is_pointed_out(own):
    manage(own)
    predictions(known=False).to_parquet(own[0], index=False)
    assert "equity.csv is of an earlier run" in " ".join(manage(own).stdout.split())


def test_a_stale_signal_buys_nothing_and_says_so(own):
    signals().iloc[:300].to_csv(own[1], index=False)
    result = manage(own)
    assert "out of date" in result.stdout
    trades, weights = read(own, "trades.csv"), read(own, "weights.csv")
    late = str(SESSIONS[302].date())
    assert not trades[trades["date"] > late]["action"].isin(["BUY", "ADD"]).any()
    cash = weights[(weights["ticker"] == "CASH") & (weights["date"] > late)]["weight"]
    assert (cash >= 0.4 - 1e-9).all()
    assert any("out of date" in note for note in metrics(own)["notes"])


def test_dates_before_the_first_signal_are_left_out_and_counted(own):
    signals().iloc[105:].to_csv(own[1], index=False)
    assert "11 of 40 prediction dates lie before the first market signal" in " ".join(manage(own).stdout.split())
    assert read(own, "weights.csv")["date"].iloc[0] == str(SESSIONS[110].date())


@pytest.mark.parametrize(
    ("options", "names", "most"),
    [(("--top-n", 5, "--max-weight", 0.3), 5, 0.3), (("--top-n", 3, "--max-weight", 0.2), 3, 0.2), ((), 10, 0.15)],
)
def test_names_and_caps_are_those_asked_for(own, options, names, most):
    signals()[["date"]].assign(exposure_scalar=1.0).to_csv(own[1], index=False)
    manage(own, *options)
    stocks = read(own, "weights.csv").query("ticker != 'CASH'")
    assert (stocks.groupby("date").size() == names).all()
    assert stocks["weight"].max() == pytest.approx(most)


def test_bad_input_is_refused_in_a_sentence_and_nothing_is_written(own):
    preds, given, out = own
    bad = own[0].with_name("bad.csv")
    predictions().assign(prediction="high").to_csv(bad, index=False)
    arguments = ["portfolio", "--market-signals", given, "--outdir", out, "--ridge-preds"]
    assert re.search(r"bad.csv: column prediction must be a number, 1000 of 1000 rows", refused(*arguments, bad))
    gap = predictions()
    gap.loc[gap["date"] == gap["date"].unique()[3], "actual"] = np.nan
    gap.to_csv(bad, index=False)
    assert "bad.csv: column actual must be known up to a date" in refused(*arguments, bad)
    assert "there is no file" in refused(*arguments, out / "none.csv")
    assert "no file matches" in refused(*arguments, f"{out}/**/*.csv")
    assert "--max-weight must lie above 0" in refused(*arguments, preds, "--max-weight", 0)
    signals().tail(1).assign(date=pd.Timestamp("2019-06-03")).to_csv(bad, index=False)
    late = refused("portfolio", "--ridge-preds", preds, "--market-signals", bad, "--outdir", out)
    assert "the first market signal is of 2019-06-03, after the last prediction" in late
    assert "is a file" in refused("portfolio", "--ridge-preds", preds, "--market-signals", given, "--outdir", preds)
    assert not out.exists()


def test_brackets_in_a_name_are_not_taken_for_markup(tmp_path):
    assert "[bold]x[/bold].csv" in refused(
        "portfolio", "--ridge-preds", "[bold]x[/bold].csv", "--market-signals", "s.csv", "--outdir", tmp_path / "o"
    )


def test_a_narrow_terminal_still_shows_the_figures(own, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    shown = manage(own).stdout
    assert all(word in shown for word in ["portfolio", "volatility", "Sharpe", "drawdown"])
    assert "\x1b" not in shown


def closes(n=420, seed=3):
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0004, 0.012, (n, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    prices = 100 * np.exp(np.cumsum(moves, axis=0))
    return pd.DataFrame({"date": SESSIONS[:n], "close": prices[:, 0], "spy_close": prices[:, 1]})


def with_forecasts(n=420):
    rng = np.random.default_rng(4)
    middle = rng.normal(0.002, 0.01, n)
    return closes(n).assign(tft_p10=middle - 0.03, tft_p50=middle, tft_p90=middle + 0.03)


def signal(tmp_path, frame, *more, out="signals.csv"):
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    return invoke("market-signals", "--in", tmp_path / "in.parquet", "--out", tmp_path / out, *more)


SIGNAL_COLUMNS = [
    "date", "tft_p10", "tft_p50", "tft_p90", "tft_source",
    "meta_prob_success", "market_regime", "exposure_scalar", "is_stale",
]  # fmt: skip


@pytest.mark.parametrize(("make", "source"), [(closes, "lightgbm_quantiles"), (with_forecasts, "file")])
def test_market_signals_are_written_for_every_session_and_summed_up(tmp_path, make, source):
    result = signal(tmp_path, make())
    assert result.exit_code == 0, result.output
    rows = pd.read_csv(tmp_path / "signals.csv")
    assert list(rows) == SIGNAL_COLUMNS
    assert rows["date"].tolist() == [str(day.date()) for day in SESSIONS[:420]]
    assert rows["tft_source"].iloc[-1] == source
    assert rows["meta_prob_success"].notna().any()
    exposure = rows["market_regime"].map({"favorable": 1.0, "neutral": 0.6, "unfavorable": 0.2})
    assert (rows["exposure_scalar"] == exposure).all()
    assert f"As of {SESSIONS[419].date()}" in result.stdout
    assert "sign right" in result.stdout


@pytest.mark.parametrize("make", [closes, with_forecasts])
@pytest.mark.parametrize("last", [301, 365, 396])
def test_cutting_the_input_changes_no_earlier_row(tmp_path, make, last):
    signal(tmp_path, make(), out="whole.csv")
    signal(tmp_path, make().iloc[: last + 1], out="cut.csv")
    whole, cut = ((tmp_path / name).read_bytes().splitlines() for name in ("whole.csv", "cut.csv"))
    assert cut == whole[: len(cut)]
    assert len(cut) == last + 2


def test_changing_the_future_changes_no_earlier_row(tmp_path):
    signal(tmp_path, closes(), out="one.csv")
    other = closes()
    other.loc[390:, "close"] *= 3
    signal(tmp_path, other, out="two.csv")
    one, two = ((tmp_path / name).read_bytes().splitlines() for name in ("one.csv", "two.csv"))
    assert one[:391] == two[:391]
    assert one[391:] != two[391:]


def test_a_seed_is_one_result(tmp_path):
    for name, seed in (("a.parquet", 42), ("b.parquet", 42), ("c.parquet", 7)):
        signal(tmp_path, with_forecasts(), "--seed", seed, out=name)
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.parquet", "b.parquet", "c.parquet"))
    assert a == b
    assert a != c


def test_a_short_series_is_neutral_and_says_why(tmp_path):
    result = signal(tmp_path, closes(40))
    assert result.exit_code == 0
    assert "too short" in result.stdout
    assert set(pd.read_csv(tmp_path / "signals.csv")["market_regime"]) == {"neutral"}


def test_a_forecast_that_is_missing_for_days_is_stale(tmp_path):
    frame = with_forecasts()
    frame.loc[400:403, "tft_p50"] = np.nan
    signal(tmp_path, frame)
    rows = pd.read_csv(tmp_path / "signals.csv")
    assert rows["is_stale"].iloc[399:405].tolist() == [False, False, True, True, True, False]
    assert (rows.loc[rows["is_stale"], "exposure_scalar"] <= 0.6).all()


def test_missing_sessions_and_raw_prices_are_pointed_out(tmp_path):
    frame = closes().drop(columns="spy_close").drop(index=range(380, 384))
    frame.loc[390:, "close"] /= 2
    result = signal(tmp_path, frame)
    said = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "4 sessions have no row" in said
    assert "must be adjusted for splits" in said
    assert "there is no spy_close" in said
    assert len(pd.read_csv(tmp_path / "signals.csv")) == 416


def test_the_signals_written_are_signals_a_portfolio_reads(own, tmp_path):
    signal(tmp_path, with_forecasts(), out="signals.parquet")
    predictions(40).to_parquet(own[0], index=False)
    assert manage((own[0], tmp_path / "signals.parquet", own[2])).exit_code == 0


def test_bad_features_are_refused_and_nothing_is_written(tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    closes(30).drop(columns="close").to_csv(path, index=False)
    assert "in.csv: column close is missing" in refused("market-signals", "--in", path, "--out", out)
    closes(30).assign(close=-1.0).to_csv(path, index=False)
    assert "in.csv: column close must be > 0, 30 of 30" in refused("market-signals", "--in", path, "--out", out)
    closes(30).to_csv(path, index=False)
    assert "must end in .parquet or .csv" in refused("market-signals", "--in", path, "--out", tmp_path / "out.txt")
    assert "must not be the file that is read" in refused("market-signals", "--in", path, "--out", path)
    assert "there is no file" in refused("market-signals", "--in", tmp_path / "no.csv", "--out", out)
    assert not out.exists()


@pytest.mark.parametrize("command", ["portfolio", "market-signals"])
def test_help_names_every_option_with_a_sentence(command):
    shown = invoke(command, "--help")
    assert shown.exit_code == 0
    options = {
        "portfolio": ["--ridge-preds", "--overlap", "--max-weight"],
        "market-signals": ["--in", "--out", "--seed"],
    }
    assert all(option in shown.stdout for option in options[command])


def test_the_page_names_every_command_and_every_option():
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text()
    for name, command in get_command(app).commands.items():
        assert f"`{name}`" in page
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        assert [option for option in options - {"--help"} if f"`{option}`" not in page] == []


def test_the_page_names_every_column_written(own):
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text()
    manage(own)
    for name in ("weights.csv", "trades.csv", "equity.csv"):
        assert f"`{', '.join(read(own, name))}`" in page
    assert f"`{', '.join(SIGNAL_COLUMNS)}`" in page
