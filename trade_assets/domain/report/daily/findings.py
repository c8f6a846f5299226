"""What the page of a session says, found in its tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.acceptance import Gate
from trade_assets.domain.book import CASH
from trade_assets.domain.live import account as accounts
from trade_assets.domain.live import orders as order_rules
from trade_assets.domain.live import reconciliation
from trade_assets.domain.report.sparkline import sparkline_svg
from trade_assets.domain.report.writing import usd

NAMES = {"stocks": "Stock portfolio", "events": "Event engine", "allocator": "Allocated legs"}
NOT_ACCEPTED = " It buys only once it has passed its own gates (live.safety.require_acceptance): see its report."
ORDER = ("SELL", "REDUCE", "BUY", "ADD")


@dataclass(frozen=True)
class DailyTables:
    """Rows of the tables of these names: of this session, of ``live_book`` up to a year."""

    live_signals: pd.DataFrame
    live_book: pd.DataFrame
    live_orders: pd.DataFrame
    safety_report: pd.DataFrame
    live_market: pd.DataFrame
    live_reasons: pd.DataFrame
    monitoring: pd.DataFrame
    reconciliation: pd.DataFrame


@dataclass(frozen=True)
class StrategyDay:
    """One strategy after one session.

    Attributes
    ----------
    status : str
        ``stopped``, ``blocked``, ``proposed``, ``placed``, ``shown`` or ``nothing``.
    verdict : str
        What to do, in a sentence.
    orders : DataFrame
        Rows of ``live_orders`` that trade, sells first, the largest first.
    holdings : DataFrame
        Rows of ``live_book`` of this session without cash, by falling value.
    checks : tuple of Gate
    days : DataFrame
        See :func:`trade_assets.domain.live.account.daily`.
    """

    name: str
    title: str
    status: str
    verdict: str
    orders: pd.DataFrame
    holdings: pd.DataFrame
    checks: tuple[Gate, ...]
    days: pd.DataFrame
    drawdown_frac: float
    growth_svg: str

    @property
    def today(self) -> pd.Series:
        """Figures of this session."""
        return self.days.iloc[-1]

    @property
    def costs(self) -> dict[str, float]:
        """Estimated costs of the orders."""
        return order_rules.total_costs(self.orders)

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Checks that forbid orders."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "error")

    @property
    def warned(self) -> tuple[Gate, ...]:
        """Checks that warn."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "warn")


@dataclass(frozen=True)
class Why:
    """Why a stock has its weight.

    Attributes
    ----------
    signal : Series
        Its row of ``live_signals``.
    order : Series or None
        Its row of ``live_orders``.
    parts : DataFrame
        ``name, value`` of the contributions to its score, the largest first; they sum to it.
    steps : DataFrame
        ``name, value`` of what its place in the portfolio is worth, where the construction goes by places.
    """

    signal: pd.Series
    order: pd.Series | None
    parts: pd.DataFrame
    steps: pd.DataFrame


@dataclass(frozen=True)
class Day:
    """The whole session.

    Attributes
    ----------
    headline : str
        What to do, in a few words.
    next_decision : Timestamp or None
        Next rebalance date.
    market : Series or None
        Row of ``live_market``.
    reasons : tuple of Why
        Of the stocks wanted, best first, and of those just below the cut.
    monitoring, reconciliation : DataFrame
        Rows of the tables of that name.
    """

    session: pd.Timestamp
    headline: str
    decided_at: pd.Timestamp | None
    next_decision: pd.Timestamp | None
    strategies: tuple[StrategyDay, ...]
    market: pd.Series | None
    reasons: tuple[Why, ...]
    monitoring: pd.DataFrame
    reconciliation: pd.DataFrame

    @property
    def alarms(self) -> pd.DataFrame:
        """Readings that warn."""
        return self.monitoring[self.monitoring["severity"] != "ok"]

    @property
    def shortfall(self) -> dict[str, float]:
        """Parts of the shortfall of this session's fills, and their sum, USD."""
        return {name: float(self.reconciliation[name].sum()) for name in (*reconciliation.PARTS, "shortfall_usd")}

    @property
    def equity_usd(self) -> float:
        """Of all strategies."""
        return sum(float(s.today["equity_usd"]) for s in self.strategies)

    @property
    def pnl_usd(self) -> float:
        """Of all strategies, this session."""
        return sum(float(s.today["pnl_usd"]) for s in self.strategies)

    @property
    def cash_usd(self) -> float:
        """Of all strategies."""
        return sum(float(s.today["cash_usd"]) for s in self.strategies)


def find(tables: DailyTables, session: pd.Timestamp, *, next_decision: pd.Timestamp | None) -> Day:
    """The day of a session.

    Parameters
    ----------
    tables : DailyTables
    session : Timestamp
    next_decision : Timestamp or None
    """
    found = []
    for name, title in NAMES.items():
        book = tables.live_book[tables.live_book["strategy"] == name]
        if (book["session"] == session).any():
            orders, checks = (t[t["strategy"] == name] for t in (tables.live_orders, tables.safety_report))
            wanted = tables.live_signals[tables.live_signals["strategy"] == name]
            waits = name != "stocks" and len(wanted) > 0 and not wanted["may_increase"].any()
            found.append(_strategy(name, title, session, book, orders, checks, next_decision, waits=waits))
    stocks = tables.live_signals[tables.live_signals["strategy"] == "stocks"]
    decided = stocks["decided_at"].max() if len(stocks) else None
    return Day(
        session, _headline(found), None if pd.isna(decided) else decided, next_decision, tuple(found),
        tables.live_market.iloc[0] if len(tables.live_market) else None, _reasons(tables), tables.monitoring, tables.reconciliation,
    )  # fmt: skip


def _reasons(tables: DailyTables) -> tuple[Why, ...]:
    orders = tables.live_orders[tables.live_orders["strategy"] == "stocks"].set_index("symbol", drop=False)
    signals = tables.live_signals[tables.live_signals["strategy"] == "stocks"].set_index("symbol", drop=False)
    told = []
    for symbol, rows in tables.live_reasons.groupby("symbol"):
        parts, steps = rows[rows["kind"] != "step"], rows[rows["kind"] == "step"]
        ordered = parts.assign(size=-parts["value"].abs()).sort_values(["size", "name"], ignore_index=True)
        order = orders.loc[symbol] if symbol in orders.index else None
        told.append(Why(signals.loc[symbol], order, ordered[["name", "value"]], steps[["name", "value"]]))
    return tuple(
        sorted(told, key=lambda why: (why.signal["target_weight"] == 0, why.signal["rank"], why.signal["symbol"]))
    )


def _strategy(
    name: str,
    title: str,
    session: pd.Timestamp,
    book: pd.DataFrame,
    orders: pd.DataFrame,
    checks: pd.DataFrame,
    next_decision: pd.Timestamp | None,
    *,
    waits: bool,
) -> StrategyDay:
    days, gates = accounts.daily(book), tuple(_gate(row) for row in checks.sort_values("position").itertuples())
    trading = orders[orders["shares"] != 0]
    ranked = trading.assign(place=trading["action"].map(ORDER.index), size=-trading["abs_notional_usd"])
    ranked = ranked.sort_values(["place", "size", "symbol"], ignore_index=True).drop(columns=["place", "size"])
    failed = [g for g in gates if not g.passed and g.severity == "error"]
    status = _status(ranked, failed)
    held = book[(book["session"] == session) & (book["symbol"] != CASH) & (book["shares"] > 0)]
    growth = np.cumprod(1.0 + days["return_frac"].fillna(0.0).to_numpy())
    return StrategyDay(
        name, title, status, _verdict(status, name, ranked, failed, session, next_decision) + (NOT_ACCEPTED if waits and status == "nothing" else ""), ranked,
        held.sort_values(["value_usd", "symbol"], ascending=[False, True], ignore_index=True), gates, days,
        accounts.account(days, since=None).drawdown_frac, sparkline_svg(growth, width=150, height=30) if len(growth) > 1 else "",
    )  # fmt: skip


def _status(orders: pd.DataFrame, failed: list[Gate]) -> str:
    if any(gate.name == "Kill switch" for gate in failed):
        return "stopped"
    if not len(orders):
        return "nothing"
    return str(orders["status"].iloc[0])


def _verdict(
    status: str,
    name: str,
    orders: pd.DataFrame,
    failed: list[Gate],
    session: pd.Timestamp,
    next_decision: pd.Timestamp | None,
) -> str:
    bought, sold = float(orders["notional_usd"].clip(lower=0).sum()), -float(orders["notional_usd"].clip(upper=0).sum())
    sides = [f"sell {usd(sold)}"] * (sold > 0) + [f"buy {usd(bought)}"] * (bought > 0)
    count = f"{len(orders)} order{'s' if len(orders) != 1 else ''}"
    then = (
        f" The next decision is due at the close of {next_decision:%Y-%m-%d}."
        if next_decision is not None and name == "stocks"
        else ""
    )
    if status == "stopped":
        told = next(gate.sentence for gate in failed if gate.name == "Kill switch")
        return f"No orders. {told} Reset: trade-assets kill-switch reset --strategy {name} --actor … --reason …"
    if status == "blocked":
        return f"No orders: {len(failed)} check{'s' if len(failed) != 1 else ''} failed. " + " ".join(
            g.sentence for g in failed
        )
    if status == "shown":
        return f"{count} would be offered: {', '.join(sides)}. This is a dry run (live.dry_run): none can be placed."
    if status == "proposed":
        return f"{count} wait for your approval: {', '.join(sides)}. Approve: trade-assets approve --date {session:%Y-%m-%d} --strategy {name} --actor …"
    if status == "placed":
        return f"{count} placed: {', '.join(sides)}."
    return f"Nothing to trade.{then}"


def _headline(found: list[StrategyDay]) -> str:
    def named(status: str) -> list[StrategyDay]:
        return [s for s in found if s.status == status]

    if not found:
        return "No book is open"
    if named("stopped"):
        return f"Stopped by the kill switch: {', '.join(s.title.lower() for s in named('stopped'))}"
    if named("blocked"):
        return f"Blocked: {', '.join(s.title.lower() for s in named('blocked'))}"
    for status, told in (("proposed", "to approve"), ("placed", "placed"), ("shown", "in a dry run")):
        n = sum(len(s.orders) for s in named(status))
        if n:
            return f"{n} order{'s' if n != 1 else ''} {told}"
    return "Nothing to trade"


def _gate(row) -> Gate:
    return Gate(row.name, row.requirement, row.value, row.limit, bool(row.is_passed), row.severity, row.sentence)
