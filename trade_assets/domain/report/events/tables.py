"""What the report of the event engine reads: tables of the whole history, and the terms the engine works under."""

from dataclasses import dataclass, fields

import pandas as pd

KEYS = ["decision_utc", "symbol", "side"]
ORDER = (
    "rebalance_date",
    "session",
    "bar_end_utc",
    *KEYS,
    "action",
    "window",
    "book",
    "metric",
    "study",
    "parameter",
    "model",
)


@dataclass(frozen=True)
class EventTables:
    """Rows of the tables of these names, all rebalances; ``index_bars`` of the newest only."""

    events: pd.DataFrame
    event_outcomes: pd.DataFrame
    event_scores: pd.DataFrame
    event_bands: pd.DataFrame
    calibrated_models: pd.DataFrame
    tuned_parameters: pd.DataFrame
    event_book: pd.DataFrame
    mock_event_book: pd.DataFrame
    event_trades: pd.DataFrame
    event_performance: pd.DataFrame
    index_bars: pd.DataFrame

    def in_order(self) -> "EventTables":
        """The same rows in one order, whatever order they came in."""
        return EventTables(**{field.name: _in_order(getattr(self, field.name)) for field in fields(self)})


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values([name for name in ORDER if name in rows], kind="stable", ignore_index=True)


WHOLE = tuple(field.name for field in fields(EventTables) if field.name != "index_bars")


@dataclass(frozen=True)
class Terms:
    """Settings the report reads numbers against.

    Attributes
    ----------
    capital_usd : float
        Money the book begins with, for figures in USD.
    horizon_bars : int
        Bars a position is held at most.
    probability : {"net", "target"}
        What p is the chance of.
    classifier : str
        Model whose p is used.
    band_miss_rate : float
        Share of outcomes the conformal band may miss.
    drawdown_warn, drawdown_stop : float
        Drawdown of the soft gate; of the hard gate, at which everything is closed.
    min_trades_per_month : float
        Entries a month the engine is asked for.
    opens_are_real : bool
        Whether entries fill at the open of the next bar, or at its close.
    legs : tuple of pairs
        What a leg is (``qqq``, ``spy``) and the symbol that stands for it.
    """

    capital_usd: float
    horizon_bars: int
    probability: str
    classifier: str
    band_miss_rate: float
    drawdown_warn: float
    drawdown_stop: float
    min_trades_per_month: float
    opens_are_real: bool
    legs: tuple[tuple[str, str], ...]
