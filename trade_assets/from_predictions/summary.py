"""What the command shows on the console: progress, the orders of the newest rebalance, the record, the files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from trade_assets.domain import tranches
from trade_assets.domain.gates import CASH
from trade_assets.domain.overlap import Schedule
from trade_assets.from_predictions.book import Work
from trade_assets.from_predictions.options import Options
from trade_assets.from_predictions.record import Record
from trade_assets.resources.own_files import Given

MOST_SHOWN = 30
SHOWN = {
    "cagr": "CAGR",
    "volatility": "volatility",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "drawdown",
}


def progress(console: Console) -> Progress:
    """The bars of ranking and trading, counted in rebalances."""
    name, unit = TextColumn("{task.description:<8}"), TextColumn("rebalances")
    return Progress(name, BarColumn(), MofNCompleteColumn(), unit, TimeElapsedColumn(), console=console)


def show(work: Work, record: Record, options: Options, console: Console) -> None:
    """Print the newest rebalance, the record where there is one, and what to know about both."""
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


def show_files(written: list[Path], read: Sequence[Given], record: Record, outdir: Path, console: Console) -> None:
    """Print which columns were not read, whether a file of an earlier run is left, and what was written."""
    for given in read:
        if given.left_out:
            names = ", ".join(sorted(given.left_out))
            console.print(f"not read from {given.files[0].name}: {names}", style="dim", soft_wrap=True, markup=False)
    if record.equity is None and (outdir / "equity.csv").exists():
        console.print(
            f"note: {outdir / 'equity.csv'} is of an earlier run", style="yellow", soft_wrap=True, markup=False
        )
    console.print("Files  " + "\n       ".join(map(str, written)), soft_wrap=True, markup=False, highlight=False)


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
