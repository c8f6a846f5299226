"""Leaks of what is held: the candidates, the champion, the exposure."""

from typing import Any

import pandas as pd

from trade_assets.leaks.planting import Function


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
