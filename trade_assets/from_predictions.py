"""The portfolio manager as a command: a person's own predictions in, weights, trades and their record out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from trade_assets.domain import (
    exported,
    overlap,
    period_metrics,
    predictions_caveats,
    predictions_portfolio,
    signals_as_of,
    tranches,
)
from trade_assets.domain.constructions import Limits
from trade_assets.domain.costs import Rates
from trade_assets.domain.gates import CASH, Thresholds
from trade_assets.domain.overlap import OverlappingOutcomesError, Schedule
from trade_assets.domain.trades import Policy
from trade_assets.resources import own_files
from trade_assets.resources.exports import Exports
from trade_assets.resources.own_files import Given
from trade_assets.settings import MarketGate, Portfolio, Settings, load

Overlap = Literal["refuse", "tranches"]
TRADES = ["date", "ticker", "action", "prev_weight", "target_weight", "delta_weight", "delta_vs_prev_target"]
USED = {
    "costs_bps", "slippage_bps", "max_turnover", "hold_band_frac", "hold_band_share", "min_trade_usd", "never_buy",
    "cash_return_frac", "initial_capital_usd",
}  # fmt: skip
MOST_SHOWN = 30
SHOWN = {
    "cagr": "CAGR",
    "volatility": "volatility",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "drawdown",
}


@dataclass(frozen=True)
class Options:
    """What the command was told; what it was not told comes from the settings."""

    top_n: int
    rebalance_step: int
    horizon_days: int
    max_weight: float
    overlap: Overlap

    @classmethod
    def of(
        cls,
        portfolio: Portfolio,
        *,
        top_n: int | None = None,
        rebalance_step: int | None = None,
        horizon_days: int | None = None,
        max_weight: float | None = None,
        overlap: Overlap = "refuse",
    ) -> "Options":
        """The options told, the rest from the settings; raises ``ValueError`` for a weight out of range."""
        if max_weight is not None and not 0 < max_weight <= 1:
            raise ValueError(f"--max-weight must lie above 0 and not above 1, was {max_weight:g}")
        return cls(
            top_n=portfolio.top_n if top_n is None else top_n,
            rebalance_step=portfolio.rebalance_step if rebalance_step is None else rebalance_step,
            horizon_days=portfolio.horizon_days if horizon_days is None else horizon_days,
            max_weight=portfolio.max_weight if max_weight is None else max_weight,
            overlap=overlap,
        )


@dataclass(frozen=True)
class Work:
    """The book: when it was rebalanced, on which signals, what came of it, and what to know about it."""

    schedule: Schedule
    in_force: pd.DataFrame
    outcomes: Mapping[pd.Timestamp, pd.Series]
    result: tranches.Result
    notes: list[str]


@dataclass(frozen=True)
class Record:
    """Metrics of the book; with known outcomes its equity, its record by regime, and equal weight beside it."""

    metrics: dict[str, float]
    equal_weight: dict[str, float]
    equity: pd.DataFrame | None = None
    by_regime: pd.DataFrame | None = None


def portfolio(ridge_preds: str, market_signals: Path, outdir: Path, options: Options, console: Console) -> None:
    """Manage a portfolio on a predictions file; nothing is written unless everything worked."""
    settings = load()
    if outdir.exists() and not outdir.is_dir():
        raise NotADirectoryError(f"--outdir must be a directory, but {outdir} is a file")
    predictions, signals = own_files.predictions(ridge_preds), own_files.signals(market_signals)
    with _progress(console) as progress:
        work = manage(predictions, signals, options, settings, progress)
    record = measure(predictions.table, work, settings)
    written = _write(Exports(outdir), predictions, work, record, options, settings)
    _summary(work, record, options, console)
    for given in (predictions, signals):
        if given.left_out:
            names = ", ".join(sorted(given.left_out))
            console.print(f"not read from {given.files[0].name}: {names}", style="dim", soft_wrap=True, markup=False)
    if record.equity is None and (outdir / "equity.csv").exists():
        console.print(
            f"note: {outdir / 'equity.csv'} is of an earlier run", style="yellow", soft_wrap=True, markup=False
        )
    console.print("Files  " + "\n       ".join(map(str, written)), soft_wrap=True, markup=False, highlight=False)


def manage(predictions: Given, signals: Given, options: Options, settings: Settings, progress: Progress) -> Work:
    """Rank, weigh and trade at every rebalance there is a market signal for."""
    gate, chosen, table = settings.market_gate, settings.portfolio, predictions.table
    dates = pd.DatetimeIndex(table["date"].unique())
    completed = signals_as_of.completed(signals.table, thresholds_of(gate))
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
        policy=policy_of(chosen),
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


def policy_of(portfolio: Portfolio) -> Policy:
    """The graph's rules for orders, in weights: without prices there are no whole shares, without volume no impact."""
    return Policy(
        hold_band_frac=portfolio.hold_band_frac,
        hold_band_share=portfolio.hold_band_share,
        min_trade_usd=portfolio.min_trade_usd,
        max_turnover=portfolio.max_turnover,
        whole_shares=False,
        rates=Rates(portfolio.costs_bps, portfolio.slippage_bps, portfolio.impact_coefficient),
    )


def thresholds_of(gate: MarketGate) -> Thresholds:
    """What separates the regimes, and what each allows."""
    return Thresholds(
        gate.favorable, gate.unfavorable, gate.favorable_exposure, gate.neutral_exposure, gate.unfavorable_exposure
    )


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


def _write(
    exports: Exports, predictions: Given, work: Work, record: Record, options: Options, settings: Settings
) -> list[Path]:
    names = {"rebalance_date": "date", "symbol": "ticker", "held_weight": "prev_weight"}
    trades = work.result.trades.rename(columns=names)
    written = [
        exports.csv("weights.csv", exported.weights(work.result.weights)),
        exports.csv("trades.csv", trades[TRADES]),
        *([] if record.equity is None else [exports.csv("equity.csv", record.equity)]),
        exports.json("metrics.json", _metrics(predictions, work, record, options, settings)),
    ]
    return written


def _metrics(predictions: Given, work: Work, record: Record, options: Options, settings: Settings) -> dict[str, object]:
    chosen, equity = settings.portfolio, record.equity
    meant = period_metrics.definitions(
        work.schedule,
        horizon_sessions=options.horizon_days,
        commission_bps=chosen.costs_bps,
        half_spread_bps=chosen.slippage_bps,
    )
    present = {*record.metrics} | (set() if equity is None else {"equal_weight", "by_regime"})
    return {
        "metrics": record.metrics,
        "equal_weight": record.equal_weight,
        "by_regime": [] if record.by_regime is None else record.by_regime.to_dict("records"),
        "definitions": {name: text for name, text in meant.items() if name in present},
        "options": asdict(options) | {"tranches": work.schedule.tranches},
        "settings": {
            "portfolio": chosen.model_dump(mode="json", include=USED),
            "market_gate": asdict(thresholds_of(settings.market_gate)),
        },
        "data": {
            "predictions": [path.name for path in predictions.files],
            "first_rebalance": str(work.schedule.dates[0].date()),
            "last_rebalance": str(work.schedule.dates[-1].date()),
            "last_outcome": None if equity is None else str(equity["date"].iloc[-1].date()),
        },
        "notes": work.notes,
    }


def _progress(console: Console) -> Progress:
    name, unit = TextColumn("{task.description:<8}"), TextColumn("rebalances")
    return Progress(name, BarColumn(), MofNCompleteColumn(), unit, TimeElapsedColumn(), console=console)


def _summary(work: Work, record: Record, options: Options, console: Console) -> None:
    signal, newest = work.in_force.iloc[-1], work.schedule.dates[-1]
    console.print(
        f"\n[bold]Rebalance of {newest.date()}[/]: market {signal['market_regime']}, "
        f"exposure {signal['exposure_scalar']:.0%}"
        + (f" [yellow](signal of {signal['signal_date'].date()}, out of date)[/]" if signal["is_stale"] else "")
    )
    console.print(_holdings(work.result, newest, record.equity is not None))
    if record.equity is not None:
        console.print(_figures(record, work.schedule, options))
    for note in work.notes:
        console.print(f"note: {note}", style="yellow", markup=False, highlight=False)


def _holdings(result: tranches.Result, newest: pd.Timestamp, has_drift: bool) -> Table:
    table = Table(title="What to hold, and the orders that get there", title_justify="left")
    for name in ("ticker", "target", "held" if has_drift else "was", "order", "change"):
        table.add_column(name, justify="left" if name in ("ticker", "order") else "right")
    trades = result.trades[result.trades["rebalance_date"] == newest]
    shown = trades if len(trades) <= MOST_SHOWN else trades[trades["action"] != "HOLD"]
    for row in shown.sort_values(["target_weight", "symbol"], ascending=[False, True]).itertuples():
        change = f"{row.delta_weight:+.2%}" if row.delta_weight else ""
        table.add_row(str(row.symbol), f"{row.target_weight:.2%}", f"{row.held_weight:.2%}", str(row.action), change)
    if len(shown) < len(trades):
        rest = trades[trades["action"] == "HOLD"]
        sums = rest["target_weight"].sum(), rest["held_weight"].sum()
        table.add_row(f"{len(rest)} others", f"{sums[0]:.2%}", f"{sums[1]:.2%}", "HOLD", "")
    weights = result.weights[result.weights["rebalance_date"] == newest]
    cash = weights.loc[weights["symbol"] == CASH, "weight"].iloc[0]
    held, change = 1 - trades["held_weight"].sum(), -trades["delta_weight"].sum()
    table.add_row(CASH, f"{cash:.2%}", f"{held:.2%}", "", f"{change:+.2%}" if trades["delta_weight"].any() else "")
    return table


def _figures(record: Record, schedule: Schedule, options: Options) -> Table:
    assert record.equity is not None
    first, last = record.equity["date"].iloc[0].date(), record.equity["date"].iloc[-1].date()
    in_tranches = f" in {schedule.tranches} tranches" if schedule.tranches > 1 else ""
    title = f"{first} to {last}, {record.metrics['n_periods']} outcomes of {options.horizon_days} sessions{in_tranches}"
    table = Table(
        Column(no_wrap=True),
        *[Column(name, justify="right") for name in SHOWN.values()],
        title=title,
        title_justify="left",
    )
    for name, values in (("portfolio", record.metrics), ("every name*", record.equal_weight)):
        table.add_row(name, *[_written(metric, values[metric]) for metric in SHOWN])
    figures = record.metrics
    table.caption = (
        f"net of costs of {figures['cost_annual']:.2%} a year; turnover {figures['turnover']:.0%} a rebalance, "
        f"{figures['turnover_annual']:.1f} times a year; rank IC {figures['mean_rank_ic']:.3f}; "
        f"win rate {figures['win_rate']:.0%}\n"
        "* held equally, without costs"
    )
    table.caption_justify = "left"
    return table


def _written(metric: str, value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.2f}" if metric in ("sharpe_ratio", "calmar") else f"{value:.1%}"
