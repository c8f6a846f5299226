"""The trading day: from the book of the session before to this session's, and to the orders for the next.

One function decides, and whoever asks gets the same: the book that must know which orders were placed, the table of
orders, and the report of what was checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from trade_assets.domain import book as backtested
from trade_assets.domain import calendar
from trade_assets.domain.acceptance import Gate
from trade_assets.domain.live import account as accounts
from trade_assets.domain.live import book as books
from trade_assets.domain.live import entries as ledger
from trade_assets.domain.live import kill_switch, orders, safety
from trade_assets.domain.live.account import Account
from trade_assets.domain.live.book import Book
from trade_assets.domain.live.entries import Entry
from trade_assets.domain.live.orders import Proposal
from trade_assets.domain.prices import Panel
from trade_assets.domain.trades import Quotes

PROPOSED, BLOCKED, HELD, PLACED, SHOWN = "proposed", "blocked", "held", "placed", "shown"
KILL_SWITCH = "kill switch"  # who trips it where nobody does


@dataclass(frozen=True)
class Strategy:
    """The numbers one strategy trades by."""

    name: str
    terms: orders.Terms
    limits: safety.Limits
    kill_switch: kill_switch.Limits
    is_validated: bool = True  # if not, the checks of orders warn and forbid nothing


@dataclass(frozen=True)
class Market:
    """Bars up to a session and what is known of it.

    Attributes
    ----------
    panel : Panel
    row : int, of the session
    """

    panel: Panel
    row: int

    @property
    def session(self) -> pd.Timestamp:
        """The session."""
        return self.panel.sessions[self.row]

    def quotes(self) -> Quotes:
        """Prices of this session, NaN where there is no bar; volatility and volume as the backtest knows them."""
        known = backtested.quotes_at(self.panel, self.row)
        return Quotes(
            pd.Series(self.panel.close[self.row], self.panel.symbols), known.volatility, known.dollar_volume_usd
        )


@dataclass(frozen=True)
class Inputs:
    """What is known of a session besides its bars and its book.

    Attributes
    ----------
    checks : tuple of Gate
        Of the data, the champion and the market signal; the same for every strategy.
    backtest_sharpe : float
        Annual Sharpe ratio the backtest of the stocks has shown by then; NaN where there is none.
    """

    checks: tuple[Gate, ...]
    backtest_sharpe: float


@dataclass(frozen=True)
class Decision:
    """What one strategy is to do after a session.

    Attributes
    ----------
    proposal : Proposal
    checks : tuple of Gate
    account : Account
    stopped : Entry or None
        What tripped the kill switch, where it is tripped.
    """

    proposal: Proposal
    checks: tuple[Gate, ...]
    account: Account
    stopped: Entry | None

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Checks that forbid orders."""
        return tuple(check for check in self.checks if not check.passed and check.severity == "error")

    @property
    def may_trade(self) -> bool:
        """Whether orders may be offered."""
        return not self.failed and self.stopped is None


def decide(
    strategy: Strategy,
    record: pd.DataFrame,
    wanted: pd.DataFrame,
    market: Market,
    known: Sequence[Entry],
    inputs: Inputs,
) -> Decision:
    """Orders of one strategy after the close of a session, and whether they may be offered.

    Parameters
    ----------
    strategy : Strategy
    record : DataFrame
        Its rows of ``live_book`` of up to a year, the last of this session.
    wanted : DataFrame
        Its rows of ``live_signals`` of this session.
    market : Market
    known : sequence of Entry
        What the ledger says up to this session.
    inputs : Inputs
    """
    own = record[record["session"] == market.session]
    quotes, targets = market.quotes(), wanted[wanted["symbol"] != backtested.CASH]
    proposal = orders.propose(own, targets, quotes, strategy.terms)
    account = accounts.account(accounts.daily(record), since=ledger.last_reset(known, strategy.name))
    symbols = {*proposal.orders["symbol"], *targets.loc[targets["target_weight"] > 0, "symbol"]}
    missing = {s for s in symbols if pd.isna(quotes.price.get(s, float("nan")))}
    plan = safety.plan(proposal, own, targets, missing)
    backtest = inputs.backtest_sharpe if strategy.name == "stocks" else float("nan")
    of_orders = safety.checks(plan, strategy.limits)
    if not strategy.is_validated:
        of_orders = tuple(replace(check, severity="warn") for check in of_orders)
    found = (
        *inputs.checks,
        *of_orders,
        *kill_switch.rules(account, backtest, strategy.kill_switch),
    )
    return Decision(proposal, found, account, ledger.is_tripped(known, strategy.name))


def trips(decision: Decision) -> tuple[Gate, ...]:
    """Rules of the kill switch that fire in this session."""
    names = {"Daily loss", "Drawdown", "Worse than the backtest"}
    return tuple(check for check in decision.failed if check.name in names)


@dataclass(frozen=True)
class Broker:
    """How orders become fills: simulated by the bars, or recorded by a person."""

    is_paper: bool
    fill: str
    cash_return_frac: float


def after_session(
    before: Book,
    market: Market,
    quotes_before: Quotes | None,
    news: Sequence[Entry],
    placed: Sequence[Entry],
    *,
    strategy: Strategy,
    broker: Broker,
    close_utc: pd.Timestamp,
) -> tuple[Book, pd.DataFrame, list[Entry]]:
    """The book after a session, its rows, and the fills the paper broker made.

    Parameters
    ----------
    before : Book
        After the session before.
    market : Market
    quotes_before : Quotes or None
        Of the session before, from which the cost of a simulated fill follows.
    news : sequence of Entry
        What this session knows and the one before did not.
    placed : sequence of Entry
        Orders placed at the session before.
    close_utc : Timestamp
        Close of this session: when simulated fills become known.
    """
    session = books.opened(before, market.panel, market.row, cash_return_frac=broker.cash_return_frac)
    for entry in news:
        books.move(session, entry, split=books.split_since(market.panel, market.row, entry))
    made: list[Entry] = []
    known = {e.id for e in news}
    if broker.is_paper and placed and quotes_before is not None:
        held = {s: p.shares for s, p in session.positions.items()}
        inside = [order for order in placed if order.symbol in market.panel.places]
        table = pd.DataFrame(
            [(o.symbol, o.detail["action"], o.shares) for o in inside], columns=["symbol", "action", "shares"]
        )
        done = backtested.fills(
            held, session.cash_usd, table.sort_values("symbol", ignore_index=True), quotes_before, market.panel,
            market.row, policy=strategy.terms.policy, fill=broker.fill,
        )  # fmt: skip
        made = books.executions_of(done, inside, market.session, close_utc)
    for execution in [*(e for e in news if e.kind == "execution"), *(e for e in made if e.id not in known)]:
        books.fill(session, execution, split=books.split_since(market.panel, market.row, execution))
    book, rows = books.closed(before, session, market.panel, market.row, date=market.session, strategy=strategy.name)
    return book, rows, made


def order_entries(
    orders: pd.DataFrame, strategy: str, *, session: pd.Timestamp, recorded_utc: pd.Timestamp, actor: str, reason: str
) -> list[Entry]:
    """Orders that trade as entries of the ledger.

    Parameters
    ----------
    orders : DataFrame
        ``symbol, action, shares, price_usd, notional_usd, cost_est_usd``.
    strategy, session, recorded_utc, actor, reason : what is written beside each
    """
    return [
        Entry(
            id=order_id(session, strategy, row.symbol), kind="order", session=session, recorded_utc=recorded_utc, strategy=strategy,
            symbol=row.symbol, shares=row.shares, price_usd=row.price_usd, amount_usd=row.notional_usd, cost_usd=row.cost_est_usd,
            actor=actor, reason=reason, detail={"action": row.action},
        )
        for row in orders[orders["shares"] != 0].itertuples()
    ]  # fmt: skip


def order_of(execution: Entry, orders: set[str]) -> str | None:
    """Id of the order an execution answers: that of the session before, of its strategy and symbol, where there is one."""
    before = calendar.session_before(execution.session, 1)
    name = order_id(before, execution.strategy, execution.symbol)
    return name if name in orders else None


def order_id(session: pd.Timestamp, strategy: str, symbol: str) -> str:
    """Name of an order: one a session, strategy and symbol."""
    return f"order {session:%Y-%m-%d} {strategy} {symbol}"


def table(decision: Decision, strategy: str, session: pd.Timestamp, *, offered: str) -> pd.DataFrame:
    """Rows of ``live_orders``; ``offered`` is the status of orders that nothing forbids."""
    rows = decision.proposal.orders
    status = offered if decision.may_trade else BLOCKED
    return rows.assign(
        session=session, strategy=strategy, trigger=decision.proposal.trigger,
        status=rows["shares"].map(lambda shares: status if shares != 0 else HELD).astype("str"),
    )  # fmt: skip


def report(decision: Decision, strategy: str, session: pd.Timestamp) -> pd.DataFrame:
    """Rows of ``safety_report``."""
    stopped = decision.stopped
    told = "The kill switch is armed." if stopped is None else _tripped(stopped)
    switch = Gate("Kill switch", "R-200", float(stopped is not None), 0.0, stopped is None, "error", told)
    rows = [
        (session, strategy, place, c.name, c.requirement, c.value, c.limit, c.passed, c.severity, c.sentence)
        for place, c in enumerate((switch, *decision.checks))
    ]
    columns = [
        "session",
        "strategy",
        "position",
        "name",
        "requirement",
        "value",
        "limit",
        "is_passed",
        "severity",
        "sentence",
    ]
    return pd.DataFrame(rows, columns=columns)


def _tripped(trip: Entry) -> str:
    by = "" if trip.actor == KILL_SWITCH else f" by {trip.actor}"
    end = "" if trip.reason.endswith((".", "!", "?")) else "."
    return (
        f"The kill switch tripped on {trip.session:%Y-%m-%d}{by}: {trip.reason}{end} It waits for a person to reset it."
    )
