"""Market signals as a command: a person's own index series in, regime and exposure of every session out."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from trade_assets import mandate
from trade_assets.domain import calendar, index_signals, market_forecast, meta_label
from trade_assets.domain.models import quantiles
from trade_assets.resources import own_files
from trade_assets.resources.exports import Exports
from trade_assets.resources.own_files import Given
from trade_assets.resources.workers import Workers
from trade_assets.settings import MarketGate, Settings, load

FORECAST = {"num_boost_round", "num_leaves", "learning_rate", "min_data_in_leaf"}
LARGEST_MOVE = 0.3
WITHOUT = {
    "tft_p50": "forecast, {since}; there the market is neutral",
    "meta_prob_success": "probability, {since}; there it is neutral too, or unfavorable below a forecast of zero",
}


def market_signals(features: Path, out: Path, seed: int, console: Console) -> None:
    """Forecast, judge the forecasts, and write the market signals; nothing is written unless everything worked."""
    settings = load()
    _require_writable(features, out)
    given = own_files.features(features)
    for warning in _warnings(given):
        console.print(f"note: {warning}", style="yellow", highlight=False, markup=False)
    with _progress(console) as progress:
        workers = Workers(settings.store.workers)
        try:
            signals, outcomes = compute(given, settings, seed=seed, workers=workers, progress=progress)
        finally:
            workers.close()
    exports, rows = Exports(out.parent), signals.rename(columns={"session": "date"})
    written = exports.csv(out.name, rows) if out.suffix == ".csv" else exports.parquet(out.name, rows)
    _summary(signals, outcomes, settings.market_gate, console)
    if given.left_out:
        names = ", ".join(sorted(given.left_out))
        console.print(f"not read from {features.name}: {names}", style="dim", soft_wrap=True, markup=False)
    console.print(f"File  {written}", soft_wrap=True, markup=False, highlight=False)


def compute(
    given: Given, settings: Settings, *, seed: int, workers: Workers, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Signals of every session, and what the index returned after each."""
    gate, days = settings.market_gate, pd.DatetimeIndex(given.table["date"])
    state, outcomes = index_signals.state_and_outcomes(given.table, horizon_sessions=gate.horizon_sessions)
    grid = index_signals.refits(days, every=settings.history.rebalance_every)
    sessions, dates = index_signals.spans(days, grid), grid.dates[:-1]
    if "tft_p50" in given.columns:
        forecasts = index_signals.given(given.table[["date", *own_files.QUANTILES, "tft_source"]], sessions)
    else:
        rows = market_forecast.labelled(state, outcomes)
        total = index_signals.fits_due(rows, dates, min_rows=gate.min_train_rows)
        jobs = market_forecast.jobs(
            rows,
            dates,
            train_sessions=gate.train_sessions,
            min_rows=gate.min_train_rows,
            parameters=gate.model_dump(include=FORECAST) | {"seed": seed},
        )
        made = progress.track(workers.map(quantiles.fit, jobs), total=total, description="forecasts")
        forecasts = market_forecast.forecast(sessions, state, {fit.as_of: fit.texts for fit in made})
    rows = meta_label.labelled(meta_label.rows(forecasts, state), outcomes)
    total = index_signals.fits_due(rows, dates, min_rows=gate.min_train_rows)
    jobs = meta_label.jobs(rows, dates, min_rows=gate.min_train_rows, parameters=_forest(gate, seed))
    made = progress.track(workers.map(meta_label.fit, jobs), total=total, description="meta forests")
    forests = {fit.as_of: fit.text for fit in made}
    return index_signals.signals(forecasts, state, forests, grid, thresholds=mandate.thresholds(gate)), outcomes


def _forest(gate: MarketGate, seed: int) -> dict[str, object]:
    """The forest of the graph: see ``trade_assets.assets.market_gate``."""
    return {
        "n_estimators": gate.meta_trees,
        "num_leaves": gate.num_leaves,
        "min_data_in_leaf": gate.min_data_in_leaf,
        "feature_fraction_bynode": 0.33,
        "bagging_fraction": 0.632,
        "seed": seed,
    }


def _require_writable(features: Path, out: Path) -> None:
    if out.suffix not in (".parquet", ".csv"):
        raise ValueError(f"--out must end in .parquet or .csv, was {out.name!r}")
    if out.is_dir():
        raise IsADirectoryError(f"--out must be a file, but {out} is a directory")
    if out.exists() and features.exists() and out.samefile(features):
        raise ValueError(f"--out must not be the file that is read, was {out}")
    place = next(parent for parent in out.absolute().parents if parent.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise PermissionError(f"--out cannot be written, {place} is not a directory one may write to")


def _warnings(given: Given) -> list[str]:
    days, close = given.table["date"], given.table["close"]
    moves = (close / close.shift() - 1).abs()
    missing = calendar.sessions_between(days.iloc[0], days.iloc[-1]).difference(pd.DatetimeIndex(days))
    found = []
    if moves.max() > LARGEST_MOVE:
        found.append(
            f"close moved by {moves.max():.0%} up to {days[moves.idxmax()].date()}; closes must be adjusted for "
            "splits and dividends, or a split is taken for a crash"
        )
    if len(missing):
        found.append(f"{len(missing)} sessions have no row, the first {missing[0].date()}; they have no signal either")
    if "spy_close" not in given.columns:
        found.append("there is no spy_close, so the spread to the S&P 500 is not among the features")
    return found


def _progress(console: Console) -> Progress:
    name, unit = TextColumn("{task.description:<14}"), TextColumn("fits")
    return Progress(name, BarColumn(), MofNCompleteColumn(), unit, TimeElapsedColumn(), console=console)


def _summary(signals: pd.DataFrame, outcomes: pd.DataFrame, gate: MarketGate, console: Console) -> None:
    last = signals.iloc[-1]
    forecast, odds = last["tft_p50"], last["meta_prob_success"]
    console.print(
        f"\n[bold]As of {last['session'].date()}[/]: market {last['market_regime']}, "
        f"exposure {last['exposure_scalar']:.0%}" + (" [yellow]out of date[/]" if last["is_stale"] else "")
    )
    console.print(
        f"median forecast of {gate.horizon_sessions} sessions {_percent(forecast, signed=True)}, "
        f"probability that its sign is right {_percent(odds)}",
        highlight=False,
    )
    table = Table(title=f"{len(signals):,} sessions from {signals['session'].iloc[0].date()}", title_justify="left")
    table.add_column("market")
    for name in ("sessions", "share", f"next {gate.horizon_sessions} sessions, mean", "sign right"):
        table.add_column(name, justify="right")
    for row in index_signals.by_regime(signals, outcomes).to_dict("records"):
        mean, right = _percent(row["mean_return_frac"], signed=True), _percent(row["sign_right_share"])
        table.add_row(row["regime"], f"{row['n_sessions']:,}", f"{row['share']:.0%}", mean, right)
    console.print(table)
    for column, what in WITHOUT.items():
        known = signals.loc[signals[column].notna(), "session"]
        since = f"the first is of {known.iloc[0].date()}" if len(known) else "the series is too short for any"
        if len(known) < len(signals):
            note = f"note: {len(signals) - len(known):,} sessions have no {what.format(since=since)}"
            console.print(note, style="yellow", highlight=False)


def _percent(value: float, *, signed: bool = False) -> str:
    if np.isnan(value):
        return "unknown"
    return f"{value:+.1%}" if signed else f"{value:.0%}"
