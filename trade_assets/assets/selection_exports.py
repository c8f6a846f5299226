"""The files and the page of the selection, for the newest rebalance."""

from dataclasses import asdict

import dagster as dg

from trade_assets import mandate
from trade_assets.assets import market_gate, portfolio, selection, selection_policies
from trade_assets.assets.exporting import facts_of, legs_of, reader_of
from trade_assets.assets.partitioned import OWNERS
from trade_assets.domain import exported_selection
from trade_assets.domain.report import selection as page
from trade_assets.resources.exports import Exports
from trade_assets.resources.tables import MissingPartitionError, TableStore
from trade_assets.settings import Settings


@dg.asset(
    group_name="exports",
    deps=[
        selection.candidate_skill,
        selection.candidate_portfolios,
        selection.candidate_returns,
        selection.candidate_evidence,
        selection.champion_model,
        market_gate.market_signals,
        portfolio.portfolio_returns,
    ],
    owners=OWNERS,
    kinds={"csv", "html"},
)
def selection_exports(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    fingerprint_of: dg.ResourceParam[object],
    exports: dg.ResourceParam[Exports],
) -> None:
    """The report of the selection, its comparisons and the record of what is in force, as files."""
    keys = tables.keys("champion_model")
    if not keys:
        raise MissingPartitionError("selection_exports: nothing is stored yet; materialise the rebalance job first")
    read = reader_of(tables, fingerprint_of)
    stored = {name: read(name, keys) for name in page.WHOLE}
    names = page.symbols_in_force(stored["candidate_portfolios"], stored["champion_model"])
    bars = tables.read("bars", keys, fingerprint=fingerprint_of("bars"), symbols=names)[0]
    found = page.find(page.SelectionTables(**stored, bars=bars), _terms(settings))
    facts = facts_of(settings, keys[-1])
    written = [
        exports.text("selection_report.html", page.selection_report(found, facts=facts)),
        exports.text("model_selection/model_selection_report.md", page.markdown(found, facts=facts)),
        exports.csv("model_selection/training_comparison.csv", exported_selection.training(found)),
        exports.csv("model_selection/backtest_comparison_matrix.csv", exported_selection.matrix(found)),
        exports.json("model_selection/backtest_detailed_results.json", exported_selection.details(found)),
        exports.csv("model_selection/regime_performance_breakdown.csv", exported_selection.regimes(found)),
        exports.text("model_selection/equity_curves.html", page.equity_page(found)),
        exports.text("model_selection/champion_vs_benchmark.html", page.champion_page(found)),
        exports.json("production/champion_metadata.json", asdict(exported_selection.metadata(found))),
    ]
    context.add_output_metadata(
        {
            "as_of": keys[-1],
            "decision": found.in_force.sentence if found.in_force else "",
            **{path.name: dg.MetadataValue.path(str(path)) for path in written},
        }
    )


def _terms(settings: Settings) -> page.Terms:
    own = settings.model_selection
    return page.Terms(
        champion=selection_policies.champion_terms(settings),
        cells=tuple(selection_policies.cells(settings)),
        window_rebalances=own.window_rebalances,
        every_rebalances=own.every_rebalances,
        legs=legs_of(settings),
        rates=mandate.cost_rates(settings.portfolio),
        capital_usd=settings.portfolio.initial_capital_usd,
    )
