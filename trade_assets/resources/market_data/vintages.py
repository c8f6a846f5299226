"""The vintage store: a source whose past never changes.

The first answer about a session is sealed and served ever after; what the vendor restates later is
recorded as a later vintage and reported, never put in its place. So a backfill and a live run read
the same rows, in the order of their schema, whatever order the source sends them in.
"""

from collections.abc import Callable

import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import protocol
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.market_data.restatements import Restatements, changes
from trade_assets.resources.market_data.sealed_files import Log, Parts
from trade_assets.resources.market_data.seals import Seals

SESSIONS_ASKED_AT_ONCE = 252


class BarsNotYetThereError(LookupError):
    """A session was asked for before the source has its rows."""


def utc_now() -> pd.Timestamp:
    """The instant now."""
    return pd.Timestamp.now("UTC")


class Vintages:
    """Market data served from sealed rows, and from ``inner`` the first time.

    Parameters
    ----------
    inner : MarketData
        Source asked about sessions that are not sealed.
    files : Files
        Where the seals lie, under ``vintages/``. On a local disk any number of processes may seal at
        once; behind a URL one at a time.
    clock : callable
        The instant now, UTC; decides what is sealed on its own day, and never what a table holds.
    """

    def __init__(self, inner: MarketData, files: Files, *, clock: Callable[[], pd.Timestamp] = utc_now) -> None:
        self._inner, self._clock = inner, clock
        self._seals = {table: Seals(files, _directory(inner, table), table) for table in protocol.TIME_COLUMN}
        self._snapshots = Log(files, _directory(inner, "membership"))
        self._snapshot_rows = Parts(files, _directory(inner, "membership"), schemas.RAW["membership"])
        self._restatements = restatements_of(inner, files)

    @property
    def name(self) -> str:
        """Name of the source behind."""
        return self._inner.name

    @property
    def has_real_opens(self) -> bool:
        """Whether the source has opens one could have traded at."""
        return self._inner.has_real_opens

    @property
    def is_survivorship_free(self) -> bool:
        """Whether the source has symbols that have left."""
        return self._inner.is_survivorship_free

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session that is sealed, or that the source has."""
        sealed = self._seals["bars"].last()
        return self._inner.complete_through if sealed is None else max(sealed, self._inner.complete_through)

    def identity(self, table: str) -> str:
        """Name of the series of rows."""
        return self._inner.identity(table)

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of ``[start, end]`` as first seen; raises :class:`BarsNotYetThereError`."""
        return self._served("bars", start, end, as_of)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of the index legs in the sessions ``[start, end]`` as first seen."""
        return self._served("index_bars", start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available in the sessions ``[start, end]`` as first seen."""
        return self._served("fundamentals", start, end, as_of)

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Index members known at ``as_of``, from the first snapshot that reaches it."""
        wanted = self.complete_through if as_of is None else as_of
        while (entry := self._snapshot_reaching(wanted)) is None:
            through = self._inner.complete_through
            if through < wanted:
                raise self._not_yet("members", wanted, f"the source ends {through:%Y-%m-%d}")
            part = self._snapshot_rows.put(_in_order("membership", self._inner.membership()))
            self._snapshots.append(
                {"sealed_utc": self._clock().isoformat(), "through": f"{through:%Y-%m-%d}", "sha256": part}
            )
        rows = self._snapshot_rows.frame([self._snapshot_rows.get(entry["sha256"])])
        return protocol.members_known(rows, as_of)

    def vintage_exact(self, start: pd.Timestamp, end: pd.Timestamp, *, table: str = "bars") -> bool:
        """Whether every session in ``[start, end]`` was sealed within one session of its close."""
        sessions = calendar.sessions_between(start, end)
        self._seal(table, sessions)
        return all(self._seals[table][session].vintage_exact for session in sessions)

    def refresh(self, start: pd.Timestamp, end: pd.Timestamp, *, now: pd.Timestamp) -> pd.DataFrame:
        """Ask the source again about the sealed sessions in ``[start, end]``; record what it restates.

        Returns
        -------
        DataFrame
            One row a changed value: see ``restatements.COLUMNS``. What is served does not change.
        """
        asked = calendar.sessions_between(start, min(end, self._inner.complete_through))
        reports = []
        for table, seals in self._seals.items():
            sealed = asked.difference(seals.missing(asked))
            for block in _blocks(sealed):
                fresh = _in_order(table, getattr(self._inner, table)(block[0], block[-1]))
                fresh = fresh[protocol.sessions_of(table, fresh).isin(block)]
                reports.append(changes(table, seals.read(block), fresh))
        return self._restatements.record(pd.concat(reports, ignore_index=True) if reports else None, now=now)

    def _served(self, table: str, start: pd.Timestamp, end: pd.Timestamp, as_of: pd.Timestamp | None) -> pd.DataFrame:
        sessions = calendar.sessions_between(start, end if as_of is None else min(end, as_of))
        self._seal(table, sessions)
        return self._seals[table].read(sessions)

    def _seal(self, table: str, sessions: pd.DatetimeIndex) -> None:
        missing = self._seals[table].missing(sessions)
        if len(missing) == 0:
            return
        now = self._clock()
        self._refuse_absent(table, missing[-1], now)
        exact = _own_days(missing, now)
        for block in _blocks(missing):
            frame = _in_order(table, getattr(self._inner, table)(block[0], block[-1]))
            frame = frame[protocol.sessions_of(table, frame).isin(block)]
            self._seals[table].add(block, frame, exact=exact, now=now)

    def _refuse_absent(self, table: str, last: pd.Timestamp, now: pd.Timestamp) -> None:
        through = self._inner.complete_through
        if last > through:
            raise self._not_yet(table, last, f"the source ends {through:%Y-%m-%d}")
        if calendar.close_utc(pd.DatetimeIndex([last]))[0] > now:
            raise self._not_yet(table, last, "it has not closed")

    def _not_yet(self, what: str, session: pd.Timestamp, why: str) -> BarsNotYetThereError:
        return BarsNotYetThereError(
            f"{self.name} source: {what} of session {session:%Y-%m-%d} are not there yet, {why}"
        )

    def _snapshot_reaching(self, date: pd.Timestamp) -> dict | None:
        for reload in (False, True):
            if reload:
                self._snapshots.reload()
            for entry in self._snapshots.entries:
                if pd.Timestamp(entry["through"]) >= date:
                    return entry
        return None


def restatements_of(inner: MarketData, files: Files) -> Restatements:
    """What the source was seen to restate of the rows sealed in ``files``."""
    return Restatements(files, _directory(inner, "restatements"))


def _directory(inner: MarketData, table: str) -> str:
    return f"vintages/{inner.identity(table)}"


def _in_order(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(schemas.RAW[table].key(), kind="stable", ignore_index=True)


def _blocks(sessions: pd.DatetimeIndex) -> list[pd.DatetimeIndex]:
    return [sessions[i : i + SESSIONS_ASKED_AT_ONCE] for i in range(0, len(sessions), SESSIONS_ASKED_AT_ONCE)]


def _own_days(sessions: pd.DatetimeIndex, now: pd.Timestamp) -> set[pd.Timestamp]:
    """Those of ``sessions`` after which at most one more has closed by ``now``."""
    recent = calendar.sessions_between(
        now.tz_localize(None).normalize() - pd.Timedelta(days=20), now.tz_localize(None).normalize()
    )
    closed = recent[calendar.close_utc(recent) <= now]
    return set(sessions[sessions >= closed[-2]])
