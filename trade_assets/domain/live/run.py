"""The books of every strategy, session by session; what it decides on the way is written to the ledger at once.

A range is the same as its sessions one by one: whatever a session needs of the one before is in the rows of the book or
in the ledger, and an entry offered again is the entry that is there.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd

from trade_assets.domain import calendar
from trade_assets.domain.live import book as books
from trade_assets.domain.live import day
from trade_assets.domain.live import entries as ledger
from trade_assets.domain.live.day import Broker, Inputs, Market, Strategy
from trade_assets.domain.live.entries import Entry
from trade_assets.domain.prices import Panel

RECORD_SESSIONS = 253  # of the book a decision looks back on: a year of returns


class Journal(Protocol):
    """The ledger as the live day uses it."""

    def entries(self) -> list[Entry]:
        """Every entry in the order recorded."""
        ...

    def append(self, entries: Sequence[Entry]) -> None:
        """Add those that are not there yet."""
        ...

    def seal(self, session: pd.Timestamp) -> pd.Timestamp:
        """The instant up to which a session knows what was recorded; fixed when first asked for."""
        ...


class MissingSessionError(LookupError):
    """A session of the book that was not computed."""


def run(
    sessions: pd.DatetimeIndex,
    previous: pd.DataFrame,
    signals: pd.DataFrame,
    panel: Panel,
    journal: Journal,
    *,
    strategies: Sequence[Strategy],
    broker: Broker,
    inputs: Mapping[pd.Timestamp, Inputs],
    places_orders: bool,
) -> pd.DataFrame:
    """Rows of ``live_book``; a strategy has none before the first session that knows of its money.

    Parameters
    ----------
    sessions : DatetimeIndex, ascending
    previous : DataFrame
        The table's rows of up to a year before them.
    signals : DataFrame
        ``live_signals`` of the sessions.
    panel : Panel
        Bars of the sessions and enough before them.
    journal : Journal
    strategies, broker : numbers they trade by, and what fills their orders
    inputs : mapping of session to its inputs
    places_orders : bool
        Whether orders that pass every check are placed without a person.
    """
    by_strategy = {s.name: previous[previous["strategy"] == s.name] for s in strategies}
    made = []
    for session in sessions:
        for strategy in strategies:
            _refuse_gap(by_strategy[strategy.name], journal.entries(), session, strategy.name)
        cutoff, row = journal.seal(session), int(panel.rows(pd.DatetimeIndex([session]))[0])
        for strategy in strategies:
            rows = _session(
                by_strategy[strategy.name], Market(panel, row), journal, cutoff, strategy=strategy, broker=broker
            )
            if rows is None:
                continue
            record = newest(pd.concat([by_strategy[strategy.name], rows], ignore_index=True))
            by_strategy[strategy.name] = record
            made.append(rows)
            wanted = signals[(signals["session"] == session) & (signals["strategy"] == strategy.name)]
            decision = day.decide(
                strategy, record, wanted, Market(panel, row), ledger.known_at(journal.entries(), session), inputs[session],
            )  # fmt: skip
            journal.append(_trips(decision, strategy, session, cutoff))
            if places_orders and decision.may_trade:
                journal.append(
                    day.order_entries(decision.proposal.orders, strategy.name, session=session, recorded_utc=cutoff, actor="settings", reason="no approval is asked for")
                )  # fmt: skip
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=books.COLUMNS)


def newest(record: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last year of sessions."""
    kept = sorted(record["session"].unique())[-RECORD_SESSIONS:]
    return record[record["session"] >= kept[0]] if kept else record


def _session(
    record: pd.DataFrame, market: Market, journal: Journal, cutoff: pd.Timestamp, *, strategy: Strategy, broker: Broker
) -> pd.DataFrame | None:
    session, entries = market.session, journal.entries()
    if not _money(ledger.known_at(entries, session), strategy.name):
        return None
    yesterday = calendar.session_before(session, 1)
    stored = record[record["session"] == yesterday]
    news = [e for e in ledger.news(entries, yesterday, session) if e.strategy == strategy.name]
    orders = [e for e in ledger.placed(entries, yesterday, strategy.name) if e.recorded_utc <= cutoff]
    before = Market(market.panel, market.row - 1).quotes() if market.row else None
    _, rows, made = day.after_session(
        books.restored(stored) if len(stored) else books.EMPTY, market, before, news, orders,
        strategy=strategy, broker=broker, close_utc=calendar.close_utc(pd.DatetimeIndex([session]))[0],
    )  # fmt: skip
    journal.append(made)
    return rows


def _refuse_gap(record: pd.DataFrame, entries: Sequence[Entry], session: pd.Timestamp, strategy: str) -> None:
    """Before the session is sealed: one sealed and computed later than the next would count an entry twice."""
    yesterday = calendar.session_before(session, 1)
    if (record["session"] == yesterday).any():
        return
    if yesterday in ledger.cutoffs(entries):
        owed = _money(ledger.known_at(entries, yesterday), strategy)
    else:
        owed = [e for e in _money(entries, strategy) if e.session < session]
    if owed:
        raise MissingSessionError(
            f"live_book: the {strategy} book of {yesterday:%Y-%m-%d} is not stored; compute that session first"
        )


def _money(entries: Sequence[Entry], strategy: str) -> list[Entry]:
    return [e for e in entries if e.strategy == strategy and e.kind in ("deposit", "position")]


def _trips(decision: day.Decision, strategy: Strategy, session: pd.Timestamp, cutoff: pd.Timestamp) -> list[Entry]:
    fired = day.trips(decision)
    if not fired or decision.stopped is not None:
        return []
    return [
        Entry(
            id=f"trip {session:%Y-%m-%d} {strategy.name}", kind="trip", session=session, recorded_utc=cutoff, strategy=strategy.name,
            actor=day.KILL_SWITCH, reason=" ".join(gate.sentence for gate in fired), detail={"rules": ", ".join(g.name for g in fired)},
        )
    ]  # fmt: skip
