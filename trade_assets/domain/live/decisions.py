"""The decisions of stored sessions, made again from what is stored."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from trade_assets.domain.live import day, run
from trade_assets.domain.live import entries as ledger
from trade_assets.domain.live.day import Decision, Inputs, Market, Strategy
from trade_assets.domain.live.entries import Entry
from trade_assets.domain.prices import Panel


def every(
    sessions: pd.DatetimeIndex,
    book: pd.DataFrame,
    signals: pd.DataFrame,
    panel: Panel,
    entries: Sequence[Entry],
    strategies: Sequence[Strategy],
    inputs: Mapping[pd.Timestamp, Inputs],
) -> Iterator[tuple[pd.Timestamp, str, Decision]]:
    """Session, strategy and decision of every session in which the strategy has a book.

    Parameters
    ----------
    sessions : DatetimeIndex
    book : DataFrame
        Rows of ``live_book`` of the sessions and of up to a year before them.
    signals : DataFrame
        ``live_signals`` of the sessions.
    panel : Panel
    entries : sequence of Entry
    strategies : sequence of Strategy
    inputs : mapping of session to its inputs
    """
    for session in sessions:
        known, market = (
            ledger.known_at(entries, session),
            Market(panel, int(panel.rows(pd.DatetimeIndex([session]))[0])),
        )
        for strategy in strategies:
            own = book[(book["strategy"] == strategy.name) & (book["session"] <= session)]
            if not (own["session"] == session).any():
                continue
            wanted = signals[(signals["session"] == session) & (signals["strategy"] == strategy.name)]
            yield session, strategy.name, day.decide(strategy, run.newest(own), wanted, market, known, inputs[session])
