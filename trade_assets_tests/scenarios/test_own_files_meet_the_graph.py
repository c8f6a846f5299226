"""The commands on one's own files are the graph's own functions: given the graph's inputs they give its outputs."""

from rich.progress import Progress

from trade_assets import from_features, from_predictions
from trade_assets.domain import exported
from trade_assets.domain.models.stacking import STACK
from trade_assets.resources import own_files
from trade_assets.resources.workers import Workers
from trade_assets.settings import load
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.scenarios import system


def read(table, keys):
    return system.TableStore(system.base()).read(table, keys)[0]


def test_market_signals_of_the_index_alone_have_the_bytes_of_the_graph(history, tmp_path):
    bars, legs = read("bars", history), load().index_legs()
    closes = bars.pivot(index="session", columns="symbol", values="close")[[legs.qqq, legs.spy]]
    closes.rename(columns={legs.qqq: "close", legs.spy: "spy_close"}).rename_axis("date").to_parquet(
        tmp_path / "in.parquet"
    )
    given = own_files.features(tmp_path / "in.parquet")
    seed = load().market_gate.seed
    made, _ = from_features.compute(given, load(), seed=seed, workers=Workers(1), progress=Progress(disable=True))
    expected = read("market_signals", history)
    assert expected["meta_prob_success"].notna().any()
    assert_same_bytes(made, expected[made.columns].reset_index(drop=True))


def test_targets_from_the_exported_files_are_those_of_the_stack_in_rank_decay(history, tmp_path):
    predictions = exported.predictions(read("stock_predictions", history), read("stock_outcomes", history))
    predictions.to_parquet(tmp_path / "ridge.parquet")
    signals = read("market_signals", history)
    exported.signals(signals).to_csv(tmp_path / "signals.csv", index=False)
    options = from_predictions.Options.of(load().portfolio)
    work = from_predictions.manage(
        own_files.predictions(str(tmp_path / "ridge.parquet")),
        own_files.signals(tmp_path / "signals.csv"),
        options,
        load(),
        Progress(disable=True),
    )
    grid = read("candidate_portfolios", history)
    cell = grid[(grid["model"] == STACK) & (grid["construction"] == "rank_decay") & (grid["symbol"] != "CASH")]
    exposure = signals.set_index("session")["exposure_scalar"]
    cell = cell.assign(weight=cell["weight"] * cell["rebalance_date"].map(exposure))
    made = work.result.weights[work.result.weights["symbol"] != "CASH"]
    both = cell.merge(made, on=["rebalance_date", "symbol"], how="outer", suffixes=("", "_made"), validate="one_to_one")
    assert len(made) > 0
    assert (both["weight"] - both["weight_made"]).abs().max() < 1e-12
