"""Exports: the files and the page a person opens, for the newest rebalance."""

from collections.abc import Callable

import dagster as dg
import pandas as pd

from trade_assets.assets import portfolio, stocks
from trade_assets.assets.partitioned import OWNERS
from trade_assets.domain import caveats, exported, report
from trade_assets.resources.exports import Exports
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.tables import MissingPartitionError, TableStore
from trade_assets.settings import Settings


@dg.asset(
    group_name="exports",
    deps=[portfolio.performance, portfolio.trades, portfolio.target_weights, stocks.stock_predictions],
    owners=OWNERS,
    kinds={"csv", "html"},
)
def exports(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    fingerprint_of: dg.ResourceParam[object],
    market_data: dg.ResourceParam[MarketData],
    exports: dg.ResourceParam[Exports],
) -> None:
    """Weights, trades, equity, metrics, signals, predictions and the tear sheet, as files."""
    read = _reader(tables, fingerprint_of)
    keys = tables.keys("performance")
    if not keys:
        raise MissingPartitionError("exports: nothing is stored yet; materialise the rebalance job first")
    returns, signals, targets = (
        read("portfolio_returns", keys),
        read("market_signals", keys),
        read("target_weights", keys),
    )
    trades, predictions = read("trades", keys), read("stock_predictions", keys)
    outcomes, newest = read("stock_outcomes", keys), keys[-1:]
    performance = read("performance", newest)
    written = [
        exports.csv("weights.csv", exported.weights(targets)),
        exports.csv("trades.csv", exported.trades(trades)),
        exports.csv("equity.csv", exported.equity(returns)),
        exports.json("metrics.json", exported.metrics(performance)),
        exports.parquet("market_signals.parquet", exported.signals(signals)),
        exports.parquet("ridge_stacking_predictions.parquet", exported.predictions(predictions, outcomes)),
    ]
    newest_trades = trades[trades["rebalance_date"] == keys[-1]]
    page = report.tear_sheet(
        returns=returns,
        signals=signals,
        rank_ic=exported.rank_ics(predictions, outcomes),
        target=targets[targets["rebalance_date"] == keys[-1]],
        trades=newest_trades,
        champion=read("champion_model", newest),
        notes=caveats.of(
            read("universe", newest),
            newest_trades,
            returns,
            read("bars", newest),
            source=settings.data.source,
            legs=settings.index_legs().symbols(),
        ),
        facts={
            "Source": settings.data.source,
            "History from": str(settings.history.start),
            "As of": keys[-1],
            "Settings": settings.fingerprint(frozenset(type(settings).model_fields) - {"store"}),
        },
        labels=report.LABELS | exported.labels(settings.index_legs().model_dump()),
    )
    written.append(exports.text("tear_sheet.html", page))
    context.add_output_metadata(
        {
            "as_of": keys[-1],
            "equity": dg.MetadataValue.md(report.sparkline_markdown(returns["equity_usd"].to_numpy())),
            **{path.name: dg.MetadataValue.path(str(path)) for path in written},
        }
    )


def _reader(tables: TableStore, fingerprint_of: Callable[[str], str]) -> Callable[[str, list[str]], pd.DataFrame]:
    return lambda asset, keys: tables.read(asset, keys, fingerprint=fingerprint_of(asset))[0]
