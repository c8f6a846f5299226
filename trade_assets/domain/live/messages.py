"""What a person is told of a session or of a failed run: plain text, with a subject that fits a line.

Who is told, and how, is decided elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

from trade_assets.domain.report.daily.findings import Day, StrategyDay
from trade_assets.domain.report.writing import usd

MAX_SUBJECT = 79  # characters
MAX_REASON = 2000
SWITCH = "Kill switch"


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes
    ----------
    kind : str
        What it is about: of a session there is one of each kind.
    subject : str
        One line of at most ``MAX_SUBJECT`` characters.
    body : str
        Plain text.
    """

    kind: str
    subject: str
    body: str


def of_day(day: Day, *, kill_switch: bool, failed_safety: bool, daily_summary: bool) -> list[Message]:
    """The messages of a session, the most urgent first.

    Parameters
    ----------
    day : Day
    kill_switch, failed_safety, daily_summary : bool
        Kinds that are asked for; a kind without a cause gives no message.
    """
    asked: list[tuple[bool, Callable[[Day], Message | None]]] = [
        (kill_switch, stopped), (failed_safety, unsafe), (daily_summary, summary),
    ]  # fmt: skip
    made = [write(day) for wanted, write in asked if wanted]
    return [message for message in made if message is not None]


def stopped(day: Day) -> Message | None:
    """The strategies the kill switch has stopped; None where it is armed."""
    lines = [f"{s.title}: {gate.sentence}" for s in day.strategies for gate in s.failed if gate.name == SWITCH]
    names = [s.title.lower() for s in day.strategies if any(gate.name == SWITCH for gate in s.failed)]
    if not lines:
        return None
    told = [*lines, "", "Nothing is traded until it is reset: trade-assets kill-switch reset --strategy …"]
    return _message("kill_switch", f"{day.session:%Y-%m-%d} kill switch: {', '.join(names)} stopped", told)


def unsafe(day: Day) -> Message | None:
    """The checks that forbid orders, the kill switch apart; None where all passed."""
    lines = [
        f"{s.title}, {gate.name}: {gate.sentence}" for s in day.strategies for gate in s.failed if gate.name != SWITCH
    ]
    if not lines:
        return None
    count = f"{len(lines)} check{'s' if len(lines) != 1 else ''} failed"
    return _message("failed_safety", f"{day.session:%Y-%m-%d} no orders: {count}", [*lines, "", *_states(day)])


def summary(day: Day) -> Message:
    """What to do, what it is worth, and what would be traded."""
    due = [] if day.next_decision is None else [f"Next decision: close of {day.next_decision:%Y-%m-%d}."]
    strategies = [line for s in day.strategies for line in ("", _state(s), s.verdict, *_orders(s))]
    return _message("daily_summary", f"{day.session:%Y-%m-%d} {day.headline}", [f"{day.headline}.", *due, *strategies])


def failed_run(job: str, step: str, reason: str) -> Message:
    """A run that failed, where, and why."""
    told = [f"Job: {job}", f"Step: {step}", f"Reason: {reason.strip()[:MAX_REASON]}"]
    return _message("failed_run", f"Run failed: {job}, {step}", told)


def _states(day: Day) -> list[str]:
    return [_state(strategy) for strategy in day.strategies]


def _state(strategy: StrategyDay) -> str:
    today = strategy.today
    return f"{strategy.title}: equity {usd(today['equity_usd'])}, today {today['pnl_usd']:+,.0f} USD."


def _orders(strategy: StrategyDay) -> list[str]:
    return [
        f"  {row['action']} {row['symbol']} {row['shares']:+,.10g} at {row['price_usd']:,.2f}"
        for row in strategy.orders.to_dict("records")
    ]


def _message(kind: str, subject: str, lines: list[str]) -> Message:
    line = " ".join(_printable(subject).split())
    short = line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"
    return Message(kind, short, "\n".join(_printable(part) for line in lines for part in line.split("\n")))


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
