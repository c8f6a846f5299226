"""Exports: the files and the pages a person opens, for the newest rebalance."""

import dagster as dg
import pandas as pd

from trade_assets.assets import allocator, allocator_policies, events, portfolio, stocks, tuning
from trade_assets.assets.exporting import facts_of, legs_of, reader_of
from trade_assets.assets.partitioned import OWNERS
from trade_assets.assets.production import production_model as production_model  # one of the group
from trade_assets.assets.selection_exports import selection_exports as selection_exports  # and this
from trade_assets.domain import caveats, exported, exported_allocator, exported_events, report
from trade_assets.domain.allocator import tunable
from trade_assets.domain.report import allocator as allocator_page
from trade_assets.domain.report import events as event_page
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
    read = reader_of(tables, fingerprint_of)
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
        facts=facts_of(settings, keys[-1]),
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


@dg.asset(
    group_name="exports",
    deps=[
        events.event_performance,
        events.event_trades,
        events.event_bands,
        events.calibrated_models,
        tuning.tuned_parameters,
    ],
    owners=OWNERS,
    kinds={"csv", "html"},
)
def event_exports(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    fingerprint_of: dg.ResourceParam[object],
    market_data: dg.ResourceParam[MarketData],
    exports: dg.ResourceParam[Exports],
) -> None:
    """The report of the event engine, its trades, equity, folds, models and figures, as files."""
    keys = tables.keys("event_performance")
    if not keys:
        raise MissingPartitionError("event_exports: nothing is stored yet; materialise the rebalance job first")
    read = reader_of(tables, fingerprint_of)
    stored = event_page.EventTables(
        **{name: read(name, keys) for name in event_page.WHOLE}, index_bars=read("index_bars", keys[-1:])
    )
    found = event_page.find(stored, _terms(settings, opens_are_real=market_data.has_real_opens))
    facts = facts_of(settings, keys[-1])
    written = [
        exports.text("event_report.html", event_page.event_report(found, facts=facts)),
        exports.text("step3_report.md", event_page.markdown(found, facts=facts)),
        exports.json("event_summary.json", exported_events.summary(found)),
        exports.json("event_portfolio_summary.json", exported_events.portfolio_summary(found)),
        exports.json("step3_model_registry.json", exported_events.registry(found)),
        exports.csv("event_equity.csv", exported_events.equity(found)),
        exports.csv("event_trades.csv", exported_events.trades(stored.event_trades)),
        exports.csv("event_folds.csv", exported_events.folds(stored.event_performance)),
        exports.csv("event_contributions.csv", found.contributions),
    ]
    context.add_output_metadata(
        {
            "as_of": keys[-1],
            "is_accepted": found.is_accepted,
            "equity": dg.MetadataValue.md(
                report.sparkline_markdown(exported_events.equity(found)["engine_equity"].to_numpy())
            ),
            **{path.name: dg.MetadataValue.path(str(path)) for path in written},
        }
    )


@dg.asset(
    group_name="exports",
    deps=[
        allocator.allocator_report,
        allocator.allocation,
        allocator.allocator_models,
        allocator.allocator_parameters,
        allocator.allocator_fold_manifest,
    ],
    owners=OWNERS,
    kinds={"csv", "html"},
)
def allocator_exports(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    fingerprint_of: dg.ResourceParam[object],
    exports: dg.ResourceParam[Exports],
) -> None:
    """The report of the allocator, its weights, equity, folds and verdict, as files."""
    keys = tables.keys("allocator_report")
    if not keys:
        raise MissingPartitionError("allocator_exports: nothing is stored yet; materialise the rebalance job first")
    read = reader_of(tables, fingerprint_of)
    stored = allocator_page.AllocatorTables(
        **{name: read(name, keys) for name in allocator_page.WHOLE},
        **{name: read(name, keys[-1:]) for name in allocator_page.NEWEST},
    )
    found = allocator_page.find(stored, _allocator_terms(settings, read("allocator_parameters", keys[-2:]), keys))
    facts = facts_of(settings, keys[-1])
    written = [
        exports.text("allocator_report.html", allocator_page.allocator_report(found, facts=facts)),
        exports.text("allocator_report.md", allocator_page.markdown(found, facts=facts)),
        exports.json("allocator_summary.json", exported_allocator.summary(found)),
        exports.csv("allocator_weights.csv", exported_allocator.weights(stored.allocation)),
        exports.csv("allocator_equity.csv", exported_allocator.equity(stored.allocated_book)),
        exports.csv("allocator_folds.csv", exported_allocator.folds(stored.allocator_report)),
    ]
    context.add_output_metadata(
        {
            "as_of": keys[-1],
            "is_accepted": found.is_accepted,
            "equity": dg.MetadataValue.md(report.sparkline_markdown(stored.allocated_book["equity"].to_numpy())),
            **{path.name: dg.MetadataValue.path(str(path)) for path in written},
        }
    )


def _allocator_terms(settings: Settings, tuned: pd.DataFrame, keys: list[str]) -> allocator_page.Terms:
    own, before = settings.allocator, pd.Timestamp(keys[-2]) if len(keys) > 1 else None
    return allocator_page.Terms(
        rulebook=tunable.in_force(allocator_policies.policy(settings), tuned, before).rulebook,
        limits=allocator_policies.acceptance_limits(settings),
        horizon_sessions=own.horizon_sessions,
        buckets=own.buckets,
        constant_mix_sessions=own.constant_mix_sessions,
        legs=legs_of(settings),
    )


def _terms(settings: Settings, *, opens_are_real: bool) -> event_page.Terms:
    events, limits = settings.events, settings.risk
    return event_page.Terms(
        capital_usd=limits.initial_capital_usd,
        horizon_bars=events.horizon_bars,
        probability=events.probability,
        classifier=events.classifier,
        band_miss_rate=events.band_miss_rate,
        drawdown_warn=limits.drawdown_warn,
        drawdown_stop=limits.drawdown_stop,
        min_trades_per_month=events.tuning.min_trades_per_month,
        opens_are_real=opens_are_real,
        legs=legs_of(settings),
    )
