"""Leaks of the event engine, its searches and the allocator."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from trade_assets.leaks.planting import Function


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
