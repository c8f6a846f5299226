"""Planted look-ahead, to show that the proof bites: each leak replaces one function of the system for a while.

A leak takes the original function and gives the leaky one. What it leaks is real: the later rows are in the
arguments of a range run, or in the source.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

Function = Callable[..., Any]


def centred_window(original: Function) -> Function:
    """A moving average centred on its date instead of ending there."""

    def leaky(gross: np.ndarray, n: int) -> np.ndarray:
        ahead = n // 2
        return (
            np.concatenate([original(gross, n)[ahead:], original(gross, n)[-ahead:]])
            if len(gross) > ahead
            else original(gross, n)
        )

    return leaky


def whole_sample_scale(original: Function) -> Function:
    """Features scaled by their spread over every date at hand."""

    def leaky(*args: object, **kwargs: object) -> pd.DataFrame:
        frame = original(*args, **kwargs)
        frame["volatility_21"] = frame["volatility_21"] / frame["volatility_21"].std()
        return frame

    return leaky


def later_close(original: Function) -> Function:
    """A missing or present close of a stock filled from the session after it."""

    def leaky(bars: pd.DataFrame, **kwargs: object) -> object:
        if "sessions" in kwargs:  # bars of the event engine, on their own grid
            return original(bars, **kwargs)
        moved = bars.sort_values("session").groupby("symbol")["close"].shift(-1)
        return original(bars.assign(close=moved.fillna(bars["close"])), **kwargs)

    return leaky


def outcome_of_the_next_window(original: Function) -> Function:
    """Outcomes joined one rebalance early: what a cross-section will earn, beside its features."""

    def leaky(panel: object, members: pd.DataFrame, *, windows: list, monitoring_sessions: int) -> pd.DataFrame:
        rows = original(panel, members, windows=windows, monitoring_sessions=monitoring_sessions)
        later = rows.groupby("symbol")[["return_frac", "target"]].shift(-1)
        return rows.assign(
            return_frac=later["return_frac"].fillna(rows["return_frac"]),
            target=later["target"].fillna(rows["target"]),
        )

    return leaky


def bars_without_a_cut(original: Function) -> Function:
    """The source asked for a session more than has closed."""

    def leaky(
        self: object, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        rows = original(self, start, end, as_of=as_of)
        ahead = original(self, start, end + pd.Timedelta(days=7), as_of=None)
        later = ahead[ahead["session"] > end].drop_duplicates("symbol").set_index("symbol")["close"]
        newest = rows["session"] == end
        return rows.assign(
            dividend=rows["dividend"]
            + np.where(newest, rows["symbol"].map(later).astype(float).fillna(0.0) * 1e-3, 0.0)
        )

    return leaky


def cache_of_the_process(original: Function) -> Function:
    """A value remembered from whichever dates this process has seen, the later ones included."""
    seen: dict[str, float] = {}

    def leaky(*args: object, **kwargs: object) -> pd.DataFrame:
        frame = original(*args, **kwargs)
        for symbol, gap in zip(frame["symbol"], frame["low_gap_252"], strict=True):
            seen[symbol] = max(seen.get(symbol, 0.0), gap)
        return frame.assign(low_gap_252=frame["low_gap_252"] - frame["symbol"].map(seen))

    return leaky


def signal_of_the_last_date(original: Function) -> Function:
    """The exposure of every date taken from the newest signal at hand."""

    def leaky(weights: pd.DataFrame, signals: pd.DataFrame, **kwargs: object) -> pd.DataFrame:
        newest = signals.sort_values("session")["exposure_scalar"].iloc[-1]
        return original(
            weights,
            signals.assign(
                exposure_scalar=0.5 * signals["exposure_scalar"] + 0.4 * newest + 0.01 * len(signals) / 1000
            ),
            **kwargs,
        )

    return leaky


def event_on_the_next_bar(original: Function) -> Function:
    """Events found by the return of the bar after theirs."""

    def leaky(log_returns: np.ndarray, thresholds: np.ndarray, **start: float) -> object:
        return original(np.append(log_returns[1:], log_returns[-1:]), thresholds, **start)

    return leaky


def barriers_from_the_path(original: Function) -> Function:
    """Barriers as wide as the moves that follow, from whichever bars are at hand."""

    def leaky(found: pd.DataFrame, ahead: pd.DataFrame, **kwargs: object) -> pd.DataFrame:
        rows = original(found, ahead, **kwargs)
        later = rows.groupby("symbol")["volatility"].shift(-1).fillna(rows["volatility"])
        return rows.assign(a_tp=rows["a_tp"] * (later / rows["volatility"]))

    return leaky


def missing_purge(original: Function) -> Function:
    """Training rows whose label ends after the models are made."""

    def leaky(rows: pd.DataFrame, instant: pd.Timestamp, **kwargs: object) -> object:
        told = rows["label_end_utc"].where(rows["decision_utc"] > instant, rows["decision_utc"])
        return original(rows.assign(label_end_utc=told), instant, **kwargs)

    return leaky


def calibrator_on_the_test_block(original: Function) -> Function:
    """Probabilities calibrated on the events they are then judged by."""

    def leaky(rows: pd.DataFrame, instant: pd.Timestamp, **kwargs: object) -> object:
        fold, tested = original(rows, instant, **kwargs), rows[rows["decision_utc"] > instant]
        return replace(fold, calibration=tested.assign(weight=1.0)) if len(tested) else fold

    return leaky


def parameters_of_later_trials(original: Function) -> Function:
    """Every date tuned by the best of all trials at hand."""

    def leaky(trials: pd.DataFrame, previous: pd.DataFrame, own: dict, dates: Any, **kwargs: object) -> pd.DataFrame:
        everywhere = [trials.assign(rebalance_date=date) for date in dates.dates]
        return original(pd.concat(everywhere, ignore_index=True), previous, own, dates, **kwargs)

    return leaky


def utility_one_session_early(original: Function) -> Function:
    """What a weight was worth joined a session early: beside it, the utility of the decision after."""

    def leaky(*args: object, **kwargs: object) -> object:
        values, drift, chosen = original(*args, **kwargs)
        return np.concatenate([values[1:], values[-1:]]), drift, chosen

    return leaky


def champion_by_later_returns(original: Function) -> Function:
    """Candidates judged on what they earned after the decision too."""

    def leaky(returns: pd.DataFrame, *, dates: pd.DatetimeIndex, **kwargs: object) -> object:
        newest = pd.DatetimeIndex([returns["rebalance_date"].max()])
        of_the_newest = original(returns, dates=newest, **kwargs).values()
        return {date: found for date in dates for found in of_the_newest}

    return leaky


def covariance_of_the_whole_panel(original: Function) -> Function:
    """Covariances estimated on every session at hand, those after the decision included."""

    def leaky(panel: Any, date: pd.Timestamp, before: pd.Timestamp | None) -> object:
        moves = original(panel, date, before)
        moves.returns = pd.DataFrame(panel.gross - 1.0, columns=panel.symbols)
        return moves

    return leaky


LEAKS: dict[str, tuple[str, Callable[[Function], Function]]] = {
    "centred_window": ("trade_assets.domain.windows:level_mean", centred_window),
    "whole_sample_scale": ("trade_assets.domain.features:assemble", whole_sample_scale),
    "later_close": ("trade_assets.domain.prices:panel", later_close),
    "outcome_of_the_next_window": ("trade_assets.domain.labels:outcomes", outcome_of_the_next_window),
    "bars_without_a_cut": ("trade_assets.resources.market_data.vintages:Vintages.bars", bars_without_a_cut),
    "cache_of_the_process": ("trade_assets.domain.features:assemble", cache_of_the_process),
    "event_on_the_next_bar": ("trade_assets.domain.events.bar_features:cusum", event_on_the_next_bar),
    "barriers_from_the_path": ("trade_assets.domain.events.geometry:events", barriers_from_the_path),
    "missing_purge": ("trade_assets.domain.events.folds:final_fold", missing_purge),
    "calibrator_on_the_test_block": ("trade_assets.domain.events.folds:final_fold", calibrator_on_the_test_block),
    "parameters_of_later_trials": ("trade_assets.domain.tuned:in_force_table", parameters_of_later_trials),
    "utility_one_session_early": ("trade_assets.domain.allocator.utility:labels", utility_one_session_early),
    "champion_by_later_returns": ("trade_assets.domain.evidence:at_decisions", champion_by_later_returns),
    "covariance_of_the_whole_panel": ("trade_assets.domain.grid:Moves", covariance_of_the_whole_panel),
    "signal_of_the_last_date": ("trade_assets.domain.gates:scale_exposure", signal_of_the_last_date),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Plant a leak for as long as the context lasts; raises ``ValueError`` for a name that is not known."""
    if name not in LEAKS:
        raise ValueError(f"the leak must be one of {', '.join(LEAKS)}, was {name!r}")
    place, leak = LEAKS[name]
    module, _, path = place.partition(":")
    owner = import_module(module)
    *outer, attribute = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, attribute)
    setattr(owner, attribute, leak(original))
    try:
        yield
    finally:
        setattr(owner, attribute, original)
