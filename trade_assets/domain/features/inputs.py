"""What price and volume features are computed from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.prices import Panel


@dataclass(frozen=True)
class Market:
    """A panel with what many features share.

    Attributes
    ----------
    panel : Panel
    gross, log_return : ndarrays of shape (sessions, symbols)
        Total return of the session plus one, and its logarithm.
    index_log_return : ndarray of shape (sessions, 1)
        The same of the market index; NaN where the source has none.
    """

    panel: Panel
    gross: np.ndarray
    log_return: np.ndarray
    index_log_return: np.ndarray


def market(panel: Panel, *, index_symbol: str | None) -> Market:
    """Derive what features share; ``index_symbol`` is the column that stands for the market."""
    with np.errstate(divide="ignore"):
        log_return = np.log(panel.gross)
    index = np.full((len(panel.sessions), 1), np.nan)
    if index_symbol in panel.symbols:
        index = log_return[:, panel.columns(pd.Index([index_symbol]))]
    return Market(panel, panel.gross, log_return, index)
