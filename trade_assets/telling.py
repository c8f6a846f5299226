"""Who is told what of a session or of a failed run: each message once, and no channel can fail what called it."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

import dagster as dg
import pandas as pd

from trade_assets import partitions
from trade_assets.domain.live import messages
from trade_assets.domain.live.messages import Message
from trade_assets.domain.live.run import RECORD_SESSIONS
from trade_assets.domain.report.daily import DailyTables, Day, find
from trade_assets.resources.notified import Notified
from trade_assets.resources.notifier import Notifier
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Notifications

NAMES = tuple(f.name for f in fields(DailyTables) if f.name != "live_book")


def read(session: pd.Timestamp, tables: TableStore) -> Day:
    """The day of a session that is stored."""
    key, stored = partitions.key_of(session), tables.keys("live_book")
    own = {name: tables.read(name, [key])[0] for name in NAMES}
    book = tables.read("live_book", [k for k in stored if k <= key][-RECORD_SESSIONS:])[0]
    return find(DailyTables(live_book=book, **own), session, next_decision=partitions.rebalance_after(session))


def tell_day(day: Day, asked: Notifications, notifier: Notifier, notified: Notified) -> list[str]:
    """Send the messages of a session that are asked for and were not sent; returns their kinds."""
    made = messages.of_day(
        day,
        kill_switch=asked.send_on_kill_switch,
        failed_safety=asked.send_on_failed_safety,
        daily_summary=asked.send_daily_summary,
    )
    return _tell(made, partitions.key_of(day.session), notifier, notified)


def tell_failure(
    about: str, job: str, step: str, reason: str, asked: Notifications, notifier: Notifier, notified: Notified
) -> list[str]:
    """Send that a run failed, once for each ``about``; returns the kinds sent."""
    made = [messages.failed_run(job, step, reason)] if asked.send_on_failed_run else []
    return _tell(made, about, notifier, notified)


def step_failure(events: Iterable[dg.DagsterEvent]) -> tuple[str, str] | None:
    """The step a run failed in, and why, in the words of the innermost error; None where no step failed."""
    for event in events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            return str(event.step_key), error.message.strip() if error else "no reason was recorded"
    return None


def _tell(made: Sequence[Message], about: str, notifier: Notifier, notified: Notified) -> list[str]:
    channels = notifier.channels
    new = [m for m in made if channels and notified.claim(about, m.kind, m.subject)]
    failed = notifier.notify_all([(m.subject, m.body) for m in new])
    lost = [m for m, names in zip(new, failed, strict=True) if len(names) == len(channels)]
    for message in lost:
        notified.release(about, message.kind)
    return [m.kind for m in new if m not in lost]
