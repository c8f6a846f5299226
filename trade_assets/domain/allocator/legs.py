"""The event engine's two sleeves as the allocator reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

QQQ, SPY = "qqq", "spy"
ROLES = (QQQ, SPY)


@dataclass(frozen=True)
class Legs:
    """Sleeves session by session.

    Attributes
    ----------
    sessions : DatetimeIndex of shape (sessions,)
    gross : ndarray of shape (sessions, 2)
        One plus the net return of each sleeve; 1 where a leg is absent.
    position : ndarray of shape (sessions, 2)
        Size of the sleeve's position after the close, share of its capital.
    engine : ndarray of shape (sessions,)
        Return of the event book itself.
    present : tuple of two bools
        Which legs there are.
    """

    sessions: pd.DatetimeIndex
    gross: np.ndarray
    position: np.ndarray
    engine: np.ndarray
    present: tuple[bool, bool]

    def rows(self, sessions: pd.DatetimeIndex) -> np.ndarray:
        """Places of ``sessions``; raises ``ValueError`` for one that is not there."""
        places = self.sessions.get_indexer(sessions)
        if (places < 0).any():
            raise ValueError(f"event_book has no session {sessions[places < 0][0].date()}")
        return places

    def neutral(self) -> float:
        """Share of the NASDAQ leg before anything is known: half, or all of it where it is alone."""
        return {(True, False): 1.0, (False, True): 0.0}.get(self.present, 0.5)


def legs_of(event_book: pd.DataFrame, symbols: Sequence[str | None], sessions: pd.DatetimeIndex) -> Legs:
    """Arrange rows of ``event_book`` by session and role.

    Parameters
    ----------
    event_book : DataFrame
        Rows of these sessions, and perhaps of more.
    symbols : sequence of two
        The NASDAQ leg and the S&P leg; None where the source has none.
    sessions : DatetimeIndex
        Sessions wanted, ascending.
    """
    rows = event_book[event_book["session"].isin(sessions)]
    gross, position = np.ones((len(sessions), 2)), np.zeros((len(sessions), 2))
    present = [False, False]
    for place, symbol in enumerate(symbols):
        own = rows[rows["symbol"] == symbol].set_index("session") if symbol is not None else rows.iloc[:0]
        if not len(own):
            continue
        absent = sessions.difference(own.index)
        if len(absent):
            raise ValueError(f"event_book has no row of {symbol} for session {absent[0].date()}")
        gross[:, place] = 1.0 + own["return_frac"].reindex(sessions).to_numpy()
        position[:, place] = np.abs(own["position_frac"].reindex(sessions).to_numpy())
        present[place] = True
    book = rows.drop_duplicates("session").set_index("session")["book_return_frac"].reindex(sessions)
    return Legs(sessions, gross, position, book.fillna(0.0).to_numpy(), (present[0], present[1]))
