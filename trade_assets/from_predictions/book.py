"""The book on a person's own predictions: when it is rebalanced, what it wants, and what it trades."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd
from rich.progress import Progress

from trade_assets import mandate
from trade_assets.domain import overlap, predictions_caveats, predictions_portfolio, signals_as_of, tranches
from trade_assets.domain.constructions import Limits
from trade_assets.domain.overlap import OverlappingOutcomesError, Schedule
from trade_assets.domain.trades import Policy
from trade_assets.from_predictions.options import Options
from trade_assets.resources.own_files import Given
from trade_assets.settings import Settings


@dataclass(frozen=True)
class Work:
    """The book: when it was rebalanced, on which signals, what came of it, and what to know about it."""

    schedule: Schedule
    in_force: pd.DataFrame
    outcomes: Mapping[pd.Timestamp, pd.Series]
    result: tranches.Result
    notes: list[str]


def manage(predictions: Given, signals: Given, options: Options, settings: Settings, progress: Progress) -> Work:
    """Rank, weigh and trade at every rebalance there is a market signal for."""
    gate, chosen, table = settings.market_gate, settings.portfolio, predictions.table
    dates = pd.DatetimeIndex(table["date"].unique())
    completed = signals_as_of.completed(signals.table, mandate.thresholds(gate))
    in_force = signals_as_of.at(dates, completed, neutral_exposure=gate.neutral_exposure)
    if in_force.empty:
        first, last = completed["date"].iloc[0].date(), dates[-1].date()
        raise ValueError(
            f"{signals.files[0]}: the first market signal is of {first}, after the last prediction of {last}"
        )
    schedule = _schedule(pd.DatetimeIndex(in_force["session"]), options)
    in_force = in_force[in_force["session"].isin(schedule.dates)].reset_index(drop=True)
    outcomes = _outcomes(predictions, schedule)
    limits = Limits(options.top_n, options.max_weight, max_sector_weight=1.0)
    ranking, trading = [progress.add_task(name, total=len(schedule)) for name in ("ranking", "trading")]
    targets = predictions_portfolio.targets(
        table,
        in_force,
        schedule,
        limits=limits,
        never_buy=set(chosen.never_buy),
        on_rebalance=lambda: progress.advance(ranking),
    )
    result = tranches.run(
        {pd.Timestamp(date): rows for date, rows in targets.groupby("rebalance_date")},
        outcomes,
        schedule,
        horizon_sessions=options.horizon_days,
        policy=_in_weights(mandate.trade_policy(chosen)),
        capital_usd=chosen.initial_capital_usd,
        cash_return_frac=chosen.cash_return_frac,
        on_rebalance=lambda: progress.advance(trading),
    )
    notes = predictions_caveats.of_input(
        table, in_force, schedule, neutral_exposure=gate.neutral_exposure, limits=limits
    ) + predictions_caveats.of_result(
        result.periods, schedule, horizon_sessions=options.horizon_days, max_turnover=chosen.max_turnover
    )
    return Work(schedule, in_force, outcomes, result, notes)


def _in_weights(policy: Policy) -> Policy:
    """The graph's rules for orders, in weights: without prices there are no whole shares, without volume no impact."""
    return replace(policy, whole_shares=False)


def _schedule(dates: pd.DatetimeIndex, options: Options) -> Schedule:
    step, horizon = options.rebalance_step, options.horizon_days
    try:
        return overlap.schedule(dates, step=step, horizon_sessions=horizon, in_tranches=options.overlap == "tranches")
    except OverlappingOutcomesError as error:
        raise ValueError(
            f"predictions look {horizon} sessions ahead (--horizon-days {horizon}), but with --rebalance-step {step} "
            f"the rebalances {error.first.date()} and {error.second.date()} lie {error.sessions_apart} apart, so the "
            f"same days would be compounded more than once; use --rebalance-step {error.step_needed}, or "
            f"--overlap tranches, which rebuilds 1/{error.tranches_needed} of the book at each rebalance"
        ) from None


def _outcomes(predictions: Given, schedule: Schedule) -> dict[pd.Timestamp, pd.Series]:
    try:
        return predictions_portfolio.outcomes(predictions.table, schedule)
    except ValueError as error:
        raise ValueError(f"{', '.join(map(str, predictions.files))}: {error}") from None
