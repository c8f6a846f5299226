"""Approval: a person lets the proposed orders of a session go, or leaves some out and says why."""

from collections.abc import Sequence

import pandas as pd
from rich.console import Console

from trade_assets import partitions
from trade_assets.desk.saying import required, strategy_of, tell
from trade_assets.domain import calendar
from trade_assets.domain.live import day
from trade_assets.domain.live.entries import Entry, cutoffs, is_tripped
from trade_assets.due import closed_session
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.broker import build_broker
from trade_assets.resources.files import Files
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings, load


def approve(date: str | None, strategy: str, actor: str, without: Sequence[str], reason: str, console: Console) -> None:
    """Place the proposed orders of a session, those of ``without`` apart.

    Raises
    ------
    ValueError
        If nothing is proposed, it is too late, the strategy was stopped since, or an order is left out without a reason
        or after it was placed.
    """
    settings = load()
    session, ledger = closed_session(date), BookLedger(settings.live.ledger_uri)
    orders = proposed(settings, session, strategy_of(strategy))
    required(actor, "actor")
    absent = sorted(set(without) - set(orders["symbol"]))
    if absent:
        raise ValueError(f"--without must name a proposed order: {', '.join(orders['symbol'])}; was {absent[0]}")
    if without:
        required(reason, "reason")
    refuse_late(session, ledger)
    refuse_stopped(strategy, ledger)
    known = {entry.id for entry in ledger.entries()}
    gone = [symbol for symbol in without if day.order_id(session, strategy, symbol) in known]
    if gone:
        raise ValueError(f"{gone[0]} was placed already and cannot be left out; record what was traded")
    now = pd.Timestamp.now("UTC")
    kept = orders[~orders["symbol"].isin(without)]
    placed = day.order_entries(
        kept, strategy, session=session, recorded_utc=now, actor=actor, reason=reason or "approved"
    )
    left = [
        Entry(
            f"left out {day.order_id(session, strategy, symbol)}", "override", session, now, strategy=strategy, symbol=symbol,
            actor=actor, reason=reason, detail={"order": day.order_id(session, strategy, symbol)},
        )
        for symbol in without
    ]  # fmt: skip
    ledger.append([*placed, *left])
    told = build_broker(settings).send(session, strategy, placed)
    tell(console, f"{len(placed)} order{'s' if len(placed) != 1 else ''} of {session:%Y-%m-%d} placed by {actor}" + (f", {len(left)} left out: {', '.join(without)}" if left else "") + f". {told}")  # fmt: skip


def proposed(settings: Settings, session: pd.Timestamp, strategy: str) -> pd.DataFrame:
    """The orders of a session that wait for a person; raises ``ValueError`` where there are none."""
    rows = TableStore(Files(settings.store.url)).read("live_orders", [partitions.key_of(session)])[0]
    own = rows[(rows["strategy"] == strategy) & (rows["shares"] != 0)]
    waiting = own[own["status"] == day.PROPOSED]
    if settings.live.dry_run:
        raise ValueError("live.dry_run is true: orders are shown and none can be placed; set it to false to trade")
    if not len(waiting):
        status = own["status"].iloc[0] if len(own) else "nothing to trade"
        raise ValueError(f"no order of {strategy} waits for approval on {session:%Y-%m-%d}: {status}")
    return waiting


def refuse_stopped(strategy: str, ledger: BookLedger) -> None:
    """Raise ``ValueError`` where the kill switch tripped, be it after the orders were shown."""
    stopped = is_tripped(ledger.entries(), strategy)
    if stopped is not None:
        raise ValueError(
            f"the kill switch of {strategy} tripped on {stopped.session:%Y-%m-%d}: {stopped.reason}; nothing is placed until "
            "it is reset"
        )


def refuse_late(session: pd.Timestamp, ledger: BookLedger) -> None:
    """Raise ``ValueError`` where a fill of the orders would be made up afterwards.

    That is once the next session was computed, or has closed since the orders were shown. A past session that is played
    today is shown after both, and its orders wait for the next command.
    """
    following, entries = calendar.session_after(session, 1), ledger.entries()
    close = calendar.close_utc(pd.DatetimeIndex([following]))[0]
    shown = cutoffs(entries).get(session, close)
    if shown < close <= pd.Timestamp.now("UTC") or any(day > session for day in cutoffs(entries)):
        raise ValueError(
            f"the orders of {session:%Y-%m-%d} were for {following:%Y-%m-%d}, which is over: they lapsed; record what was traded"
        )
