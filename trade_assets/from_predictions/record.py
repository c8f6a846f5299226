"""The record of the book: what it traded and, where outcomes are known, what it earned."""

from dataclasses import dataclass

import pandas as pd

from trade_assets.domain import period_metrics, predictions_portfolio
from trade_assets.from_predictions.book import Work
from trade_assets.settings import Settings


@dataclass(frozen=True)
class Record:
    """Metrics of the book; with known outcomes its equity, its record by regime, and equal weight beside it."""

    metrics: dict[str, float]
    equal_weight: dict[str, float]
    equity: pd.DataFrame | None = None
    by_regime: pd.DataFrame | None = None


def measure(predictions: pd.DataFrame, work: Work, settings: Settings) -> Record:
    """What the book traded and, where outcomes are known, what it earned."""
    schedule, periods, outcomes = work.schedule, work.result.periods, work.outcomes
    figures: dict[str, float] = {"n_rebalances": len(schedule), "n_periods": len(outcomes)}
    figures |= period_metrics.turnover(periods, schedule)
    if not outcomes:
        return Record(figures, {})
    equity = period_metrics.equity(periods, outcomes, schedule, capital_usd=settings.portfolio.initial_capital_usd)
    days = pd.DatetimeIndex(equity["date"])
    own, equal = equity["return"].to_numpy(), equity["equal_weight_return_frac"].to_numpy()
    by_tranche = period_metrics.of_tranches(periods)
    figures |= period_metrics.performance(own, days, by_tranche, schedule)
    figures["mean_rank_ic"] = predictions_portfolio.mean_rank_ic(predictions, schedule)
    return Record(
        figures,
        period_metrics.performance(equal, days, period_metrics.of_equal_weight(outcomes, schedule), schedule),
        equity,
        period_metrics.by_regime(periods, work.in_force.set_index("session")["market_regime"], schedule),
    )
