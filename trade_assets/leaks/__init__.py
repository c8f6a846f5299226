"""Planted faults, to show that the proofs bite: each replaces one function of the system for a while.

A leak takes the original function and gives the leaky one. What it leaks is real: the later rows are in the
arguments of a range run, or in the source. A fault of the order does not look ahead: what it gives depends on how
the system was run.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from trade_assets.leaks import events, order, portfolio, raw, stocks
from trade_assets.leaks.planting import Function, replaced

LEAKS: dict[str, tuple[str, Callable[[Function], Function]]] = {
    "centred_window": ("trade_assets.domain.windows:level_mean", stocks.centred_window),
    "whole_sample_scale": ("trade_assets.domain.features:assemble", stocks.whole_sample_scale),
    "later_close": ("trade_assets.domain.prices:panel", raw.later_close),
    "outcome_of_the_next_window": ("trade_assets.domain.labels:outcomes", stocks.outcome_of_the_next_window),
    "bars_without_a_cut": ("trade_assets.resources.market_data.vintages:Vintages.bars", raw.bars_without_a_cut),
    "restated_fundamentals": ("trade_assets.domain.point_in_time:Filings.known", raw.restated_fundamentals),
    "todays_universe": ("trade_assets.domain.universe:universe", raw.todays_universe),
    "cache_of_the_process": ("trade_assets.domain.features:assemble", stocks.cache_of_the_process),
    "one_date_alone": ("trade_assets.domain.features:assemble", stocks.one_date_alone),
    "ranks_across_dates": ("trade_assets.domain.folds:ranked", stocks.ranks_across_dates),
    "selection_on_all_rows": ("trade_assets.domain.folds:labelled", stocks.selection_on_all_rows),
    "event_on_the_next_bar": ("trade_assets.domain.events.bar_features:cusum", events.event_on_the_next_bar),
    "barriers_from_the_path": ("trade_assets.domain.events.geometry:events", events.barriers_from_the_path),
    "missing_purge": ("trade_assets.domain.events.folds:final_fold", events.missing_purge),
    "calibrator_on_the_test_block": (
        "trade_assets.domain.events.folds:final_fold",
        events.calibrator_on_the_test_block,
    ),
    "parameters_of_later_trials": ("trade_assets.domain.tuned:in_force_table", events.parameters_of_later_trials),
    "utility_one_session_early": ("trade_assets.domain.allocator.utility:labels", events.utility_one_session_early),
    "champion_by_later_returns": ("trade_assets.domain.evidence:at_decisions", portfolio.champion_by_later_returns),
    "covariance_of_the_whole_panel": ("trade_assets.domain.grid:Moves", portfolio.covariance_of_the_whole_panel),
    "signal_of_the_last_date": ("trade_assets.domain.gates:scale_exposure", portfolio.signal_of_the_last_date),
}
FAULTS: dict[str, tuple[str, Callable[[Function], Function]]] = {
    "running_sum": ("trade_assets.resources.market_data.vintages:Vintages.bars", order.running_sum),
    "number_of_threads": ("trade_assets.resources.market_data.vintages:Vintages.bars", order.number_of_threads),
    "order_of_a_set": ("trade_assets.resources.market_data.vintages:Vintages.bars", order.order_of_a_set),
    "order_of_arrival": ("trade_assets.resources.market_data.vintages:_in_order", order.order_of_arrival),
}


def planted(name: str) -> AbstractContextManager[None]:
    """Plant a leak, or a fault of the order, for as long as the context lasts; raises ``ValueError`` for another name."""
    if name not in LEAKS | FAULTS:
        raise ValueError(f"the leak must be one of {', '.join(LEAKS)}, was {name!r}")
    return replaced(*(LEAKS | FAULTS)[name])
