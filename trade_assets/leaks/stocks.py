"""Leaks of the stock models: features, outcomes and training rows that know what comes after."""

import numpy as np
import pandas as pd

from trade_assets import partitions
from trade_assets.domain.models import fitting
from trade_assets.leaks.planting import Function


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


def cache_of_the_process(original: Function) -> Function:
    """A value remembered from whichever dates this process has seen, the later ones included."""
    seen: dict[str, float] = {}

    def leaky(*args: object, **kwargs: object) -> pd.DataFrame:
        frame = original(*args, **kwargs)
        for symbol, gap in zip(frame["symbol"], frame["low_gap_252"], strict=True):
            seen[symbol] = max(seen.get(symbol, 0.0), gap)
        return frame.assign(low_gap_252=frame["low_gap_252"] - frame["symbol"].map(seen))

    return leaky


def one_date_alone(original: Function) -> Function:
    """One date of the history, and no other, described by what its stocks did after it."""

    def leaky(*args: object, dates: pd.DatetimeIndex, **kwargs: object) -> pd.DataFrame:
        frame, alone = original(*args, dates=dates, **kwargs), partitions.GRID.dates[len(partitions.GRID) // 2]
        after = frame[frame["rebalance_date"] > alone].drop_duplicates("symbol").set_index("symbol")["return_10"]
        known = frame["symbol"].map(after).where(frame["rebalance_date"] == alone)
        return frame.assign(return_10=known.fillna(frame["return_10"]))

    return leaky


def ranks_across_dates(original: Function) -> Function:
    """Features ranked among the stocks of every date at hand, not among those of their own."""

    def leaky(frame: pd.DataFrame, date_column: str, feature_names: list[str]) -> pd.DataFrame:
        at_once = frame.assign(**{date_column: frame[date_column].max()})
        return original(at_once, date_column, feature_names)

    return leaky


def selection_on_all_rows(original: Function) -> Function:
    """Features chosen by their skill on every outcome at hand, those after the fit included."""

    def leaky(features: pd.DataFrame, outcomes: pd.DataFrame, feature_names: list[str]) -> pd.DataFrame:
        rows = original(features, outcomes, feature_names)
        chosen = fitting.select(rows, feature_names, most=len(feature_names) // 2)
        return rows.assign(**dict.fromkeys((name for name in feature_names if name not in chosen), np.nan))

    return leaky
