"""Yahoo's daily bars through the extra ``yfinance``; ``docs/data.md`` says what they are good for."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar, corporate_actions
from trade_assets.resources.market_data import daily_legs, yahoo_rows
from trade_assets.resources.market_data.vendor_calls import VendorError, ask_all
from trade_assets.resources.market_data.vintages import utc_now

LOG = logging.getLogger(__name__)
COMPLETE_AFTER = pd.Timedelta(minutes=30)  # from the close; before that a bar of the day still changes
LEAD = pd.Timedelta(days=10)  # fetched before the first session, for actions that wait for the next traded day
SUSPECT_TOLERANCE = 0.02


@dataclass(frozen=True)
class Held:
    """One answer: the bars of a symbol from session ``first`` on, asked for when ``through`` was complete."""

    first: pd.Timestamp
    through: pd.Timestamp
    rows: pd.DataFrame


class Yahoo:
    """Market data from Yahoo: survivors only, no fundamentals, no index list.

    Every answer reaches from the first session asked for to the present, so that later splits can be taken out of
    it; it is held until the next session is complete.

    Parameters
    ----------
    symbols, legs : sequence of str
        Symbols as Yahoo writes them; the legs need not be among the symbols.
    clock : callable
        The instant now, UTC; decides which session is complete.
    sleep : callable
        Waits the given seconds between tries.
    """

    name = "yfinance"
    has_real_opens = True
    is_survivorship_free = False

    def __init__(
        self,
        symbols: tuple[str, ...],
        legs: list[str],
        *,
        clock: Callable[[], pd.Timestamp] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._symbols, self._legs = sorted({*symbols, *legs}), list(legs)
        self._clock, self._sleep = clock, sleep
        self._held: dict[str, Held] = {}

    @property
    def complete_through(self) -> pd.Timestamp:
        """Newest session that closed at least 30 minutes ago."""
        ready = self._clock() - COMPLETE_AFTER
        day = ready.tz_localize(None).normalize()
        recent = calendar.sessions_between(day - pd.Timedelta(days=15), day)
        return recent[calendar.close_utc(recent) <= ready][-1]

    def identity(self, table: str) -> str:
        """Other symbols, or other legs, are other rows."""
        chosen = json.dumps([self._symbols, sorted(self._legs)])
        return f"{self.name}/{table}-{hashlib.sha256(chosen.encode()).hexdigest()[:12]}"

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the complete sessions in ``[start, end]``, raw prices with their actions.

        Raises
        ------
        VendorError
            If a symbol has no row on or after the last of them, after five tries. One listed later has such a row.
        """
        rows = self._rows(self._symbols, start, end, as_of)
        return schemas.check("yfinance source, bars", schemas.RAW["bars"], rows)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the legs, stamped with the close of their session; raises like :meth:`bars`."""
        rows = daily_legs.of(self._rows(self._legs, start, end, as_of), self._legs)
        return schemas.check("yfinance source, index_bars", schemas.RAW["index_bars"], rows)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """No facts: Yahoo does not say when they became known."""
        return schemas.RAW["fundamentals"].empty()

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """No list: Yahoo has none."""
        return schemas.RAW["membership"].empty()

    def _rows(
        self, symbols: list[str], start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None
    ) -> pd.DataFrame:
        through = self.complete_through
        sessions = calendar.sessions_between(start, min(end, through, through if as_of is None else as_of))
        if len(sessions) == 0 or not symbols:
            return schemas.RAW["bars"].empty()
        first, last = sessions[0], sessions[-1]
        self._ask([s for s in symbols if not self._holds(s, first, last, through)], first, last, through)
        parts = [self._held[symbol].rows for symbol in symbols]
        return pd.concat([rows[rows["session"].between(first, last)] for rows in parts], ignore_index=True)

    def _holds(self, symbol: str, first: pd.Timestamp, last: pd.Timestamp, through: pd.Timestamp) -> bool:
        held = self._held.get(symbol)
        return (
            held is not None
            and held.through == through
            and held.first <= first
            and held.rows["session"].iloc[-1] >= last
        )

    def _ask(self, symbols: list[str], first: pd.Timestamp, last: pd.Timestamp, through: pd.Timestamp) -> None:
        if not symbols:
            return
        yfinance = _library()

        def ask(symbol: str) -> None:
            self._held[symbol] = Held(first, through, _checked(self._history(yfinance, symbol, first), symbol, last))

        # Where an answer has another shape than usual, the library fails on it with the last three.
        failures = (OSError, yfinance.exceptions.YFException, json.JSONDecodeError, KeyError, IndexError, TypeError)
        asked = f"daily bars of {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        ask_all(ask, symbols, source=self.name, asked=asked, failures=failures, sleep=self._sleep)

    def _history(self, yfinance: ModuleType, symbol: str, first: pd.Timestamp) -> pd.DataFrame:
        # The library keeps answers, errors too, about time zones and about ranges that lie in the past: a second try
        # would read the first one's. And its download() is empty where the network is down.
        yfinance.data.YfData.cache_get.cache_clear()
        end = self._clock() + pd.Timedelta(days=2)
        return yfinance.Ticker(symbol).history(
            start=f"{first - LEAD:%Y-%m-%d}",
            end=f"{end:%Y-%m-%d}",
            interval="1d",
            auto_adjust=False,
            back_adjust=False,
            actions=True,
            raise_errors=True,
        )


def _checked(answer: pd.DataFrame, symbol: str, last: pd.Timestamp) -> pd.DataFrame:
    rows = answer if answer.empty else yahoo_rows.as_traded(answer, symbol)
    if rows.empty:
        raise VendorError("the answer is empty")
    if rows["session"].iloc[-1] < last:
        raise VendorError(f"the bars end {rows['session'].iloc[-1]:%Y-%m-%d}, those of {last:%Y-%m-%d} are expected")
    if halfway := yahoo_rows.unadjusted_splits(rows):
        raise VendorError(f"the prices before {halfway[0]:%Y-%m-%d} are not adjusted for the split it reports then")
    jumps = corporate_actions.suspected_splits(rows, tolerance=SUSPECT_TOLERANCE, spare_reverted=False)
    for session in rows.loc[jumps, "session"]:
        LOG.warning("yfinance source, bars: %s %s jumps like a split without an action", symbol, session.date())
    return rows


def _library() -> ModuleType:
    try:
        import yfinance  # type: ignore[reportMissingImports]
    except ImportError as missing:
        raise RuntimeError(
            f"data.source is 'yfinance', and its package is not there ({missing}): pip install 'trade_assets[yfinance]'"
        ) from None
    # Else the library reports a network that is down as a symbol without a time zone, possibly delisted.
    yfinance.config.debug.hide_exceptions = False
    return yfinance
