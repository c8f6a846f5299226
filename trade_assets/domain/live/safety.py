"""What must hold before an order is offered: each check a number, its limit, and the verdict in words.

An error on any check of a strategy means no orders of that strategy; a warning is shown beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.acceptance import Gate, Severity
from trade_assets.domain.book import CASH
from trade_assets.domain.live.orders import Proposal, increase

TOLERANCE = 1e-9
BUCKETS = ("large_cap", "mid_cap", "small_cap")


@dataclass(frozen=True)
class Limits:
    """What binds the orders of one strategy; None where a limit does not apply to it."""

    max_position_frac: float
    max_sector_weight: float | None
    max_turnover: float
    single_trade_warn: float
    single_trade_max: float
    max_cost_frac: float
    max_daily_trades: int
    max_missing_frac: float
    max_bucket_weight: Mapping[str, float] | None
    min_large_cap_weight: float


@dataclass(frozen=True)
class Plan:
    """The orders of one strategy, and the book they would make.

    Attributes
    ----------
    after : DataFrame
        ``symbol, weight, is_increase, sector, size_bucket`` after the orders, without cash.
    cash_frac : float
    """

    proposal: Proposal
    after: pd.DataFrame
    cash_frac: float
    equity_usd: float
    n_missing: int
    n_symbols: int


def plan(proposal: Proposal, book: pd.DataFrame, wanted: pd.DataFrame, missing: set[str]) -> Plan:
    """What a book would be after its orders, before their costs.

    Parameters
    ----------
    proposal : Proposal
    book : DataFrame
        Rows of ``live_book`` of one strategy and session.
    wanted : DataFrame
        ``symbol, sector, size_bucket``; symbols that are held alone have neither.
    missing : set of str
        Symbols held or wanted without a bar in this session; one that is wanted alone has no order either.
    """
    equity = float(book["value_usd"].sum())
    held = book[(book["symbol"] != CASH) & (book["shares"] > 0)].set_index("symbol")["value_usd"]
    moved = proposal.orders.set_index("symbol")["notional_usd"]
    value = held.add(moved, fill_value=0.0)
    after = pd.DataFrame({"symbol": value.index, "weight": value.to_numpy() / equity if equity > 0 else 0.0})
    after["is_increase"] = after["symbol"].map(moved > 0).fillna(False).astype(bool)
    known = wanted.drop_duplicates("symbol")[["symbol", "sector", "size_bucket"]]
    after = after.merge(known, on="symbol", how="left", validate="one_to_one")
    cash = float(book.loc[book["symbol"] == CASH, "value_usd"].sum()) - float(moved.sum())
    return Plan(
        proposal, after, cash / equity if equity > 0 else 0.0, equity, len(missing), len({*after["symbol"], *missing})
    )


def checks(plan: Plan, limits: Limits) -> tuple[Gate, ...]:
    """Every check of the orders of one strategy, in the order of the requirements."""
    return (
        weights_sum(plan), positions(plan, limits), sectors(plan, limits), long_only(plan), turnover(plan, limits),
        prices(plan, limits), single_trade(plan, limits), cost(plan, limits), size_buckets(plan, limits),
        count(plan, limits), liquidity(plan), never_short_of_cash(plan),
    )  # fmt: skip


def weights_sum(plan: Plan) -> Gate:
    """Weights and cash are the whole book."""
    off = abs(float(plan.after["weight"].sum()) + plan.cash_frac - 1.0)
    return _most("Weights and cash sum to 1", "R-190", off, TOLERANCE, f"Weights and cash differ from 1 by {off:.1e}.")


def positions(plan: Plan, limits: Limits) -> Gate:
    """No buy makes a position too large; one that grew there by itself is a warning."""
    bought = _largest(plan.after[plan.after["is_increase"]])
    worst = _largest(plan.after)
    name, limit = "Largest position", limits.max_position_frac + TOLERANCE
    if bought.weight > limit:
        return _most(name, "R-191", bought.weight, limits.max_position_frac, f"{bought.symbol} would be {bought.weight:.1%} of the book, at most {limits.max_position_frac:.1%}.")  # fmt: skip
    told = f"{worst.symbol} is {worst.weight:.1%} of the book" if worst.symbol else "Nothing is held"
    return _most(name, "R-191", worst.weight, limit, f"{told}, buys stop at {limits.max_position_frac:.1%}.", severity="warn")  # fmt: skip


def sectors(plan: Plan, limits: Limits) -> Gate:
    """No sector is too large, where sectors are known and something is bought."""
    name, limit = "Largest sector", limits.max_sector_weight
    known = plan.after["sector"].notna()
    if limit is None or not known.any():
        why = "this strategy has no sectors" if limit is None else "the source gives no sectors"
        return Gate(name, "R-192", float("nan"), limit or float("nan"), True, "warn", f"Not checked: {why}.")
    by_sector = plan.after.assign(sector=plan.after["sector"].fillna("unknown")).groupby("sector")
    weight, grows = by_sector["weight"].sum(), by_sector["is_increase"].any()
    too_large = weight[grows & (weight > limit + 1e-6)]
    among = too_large if len(too_large) else weight
    worst, value = str(among.idxmax()), float(among.max())
    told = f"{worst} is {value:.1%} of the book, at most {limit:.0%}."
    return _most(name, "R-192", value, limit + 1e-6, told, severity="error" if grows[worst] else "warn")


def long_only(plan: Plan) -> Gate:
    """Nothing is sold short."""
    least = float(plan.after["weight"].min()) if len(plan.after) else 0.0
    return _least("Long only", "R-193", least, -TOLERANCE, f"Smallest weight {least:.2%}.")


def turnover(plan: Plan, limits: Limits) -> Gate:
    """New risk of one session; de-risking and the first build are free."""
    value = increase(plan.proposal.orders)
    if plan.proposal.is_first_build:
        return Gate("Turnover into new risk", "R-194", value, limits.max_turnover, True, "warn", f"First build: {value:.0%} of the book is bought, no limit applies.")  # fmt: skip
    told = f"{value:.1%} of the book goes into new risk, at most {limits.max_turnover:.0%}."
    return _most("Turnover into new risk", "R-194", value, limits.max_turnover + TOLERANCE, told)


def prices(plan: Plan, limits: Limits) -> Gate:
    """A symbol without a price does not trade; too many of them, and nothing does."""
    share = plan.n_missing / plan.n_symbols if plan.n_symbols else 0.0
    told = f"{plan.n_missing} of {plan.n_symbols} symbols have no price of this session"
    if not plan.n_missing:
        return Gate("Valid prices", "R-195", 0.0, 0.0, True, "error", f"{told}.")
    limit = limits.max_missing_frac
    severity: Severity = "error" if share > limit else "warn"
    return Gate("Valid prices", "R-195", share, limit, False, severity, f"{told}; those do not trade, above {limit:.0%} nothing does.")  # fmt: skip


def single_trade(plan: Plan, limits: Limits) -> Gate:
    """One buy, as a share of the book."""
    orders = plan.proposal.orders
    value = float(orders["weight_change"].max()) if len(orders) else 0.0
    if plan.proposal.is_first_build:
        return Gate("Largest buy", "R-196", value, limits.single_trade_max, True, "warn", f"First build: the largest buy is {value:.1%} of the book, no limit applies.")  # fmt: skip
    told = f"The largest buy is {max(value, 0.0):.1%} of the book, warns above {limits.single_trade_warn:.0%}, at most {limits.single_trade_max:.0%}."
    if value > limits.single_trade_max + TOLERANCE:
        return Gate("Largest buy", "R-196", value, limits.single_trade_max, False, "error", told)
    return _most("Largest buy", "R-196", value, limits.single_trade_warn + TOLERANCE, told, severity="warn")


def cost(plan: Plan, limits: Limits) -> Gate:
    """What the orders would cost, as a share of the book."""
    value = float(plan.proposal.orders["cost_est_usd"].sum()) / plan.equity_usd if plan.equity_usd > 0 else 0.0
    told = f"Estimated costs are {value:.3%} of the book, at most {limits.max_cost_frac:.2%}."
    return _most("Estimated costs", "R-197", value, limits.max_cost_frac, told)


def size_buckets(plan: Plan, limits: Limits) -> Gate:
    """Shares of large, mid-sized and small companies in what is invested, where sizes are known."""
    name = "Sizes of companies"
    if limits.max_bucket_weight is None or not plan.after["size_bucket"].notna().any():
        why = "this strategy holds no companies" if limits.max_bucket_weight is None else "the source gives no sizes"
        return Gate(name, "R-202", float("nan"), float("nan"), True, "warn", f"Not checked: {why}.")
    invested = float(plan.after["weight"].sum())
    share = plan.after.groupby("size_bucket")["weight"].sum() / invested if invested > 0 else pd.Series(dtype=float)
    over = {b: float(share.get(b, 0.0)) for b in BUCKETS if share.get(b, 0.0) > limits.max_bucket_weight[b] + TOLERANCE}
    large = float(share.get("large_cap", 0.0))
    told = "Of what is invested " + ", ".join(
        f"{share.get(b, 0.0):.0%} is {b.replace('_', ' ')} (at most {limits.max_bucket_weight[b]:.0%})" for b in BUCKETS
    )
    is_short = invested > 0 and large < limits.min_large_cap_weight - TOLERANCE
    told += f"; at least {limits.min_large_cap_weight:.0%} large." if is_short else "."
    grows = bool(plan.after["is_increase"].any())
    worst = max(over, key=lambda bucket: over[bucket], default="")
    value, limit = (over[worst], limits.max_bucket_weight[worst]) if worst else (large, limits.min_large_cap_weight)
    return Gate(name, "R-202", value, limit, not (over or is_short), "error" if grows else "warn", told)


def count(plan: Plan, limits: Limits) -> Gate:
    """Orders of one session."""
    n = int((plan.proposal.orders["shares"] != 0).sum())
    return _most("Orders today", "R-179", n, limits.max_daily_trades, f"{n} orders, at most {limits.max_daily_trades}.")


def liquidity(plan: Plan) -> Gate:
    """Orders that are large beside a day's volume."""
    flagged = plan.proposal.orders[plan.proposal.orders["liquidity_warning"]]
    worst = float(np.nanmax([0.0, *plan.proposal.orders["volume_share"]]))
    named = f": {', '.join(flagged['symbol'].head(5))}" if len(flagged) else ""
    told = f"{len(flagged)} orders are large beside a day's volume{named}; the largest is {worst:.2%} of it."
    return Gate("Liquidity", "R-201", float(len(flagged)), 0.0, not len(flagged), "warn", told)


def never_short_of_cash(plan: Plan) -> Gate:
    """Cash after the orders."""
    told = f"{plan.cash_frac:.1%} of the book is cash after the orders."
    return _least("Cash after the orders", "F-58", plan.cash_frac, -TOLERANCE, told)


@dataclass(frozen=True)
class _Largest:
    symbol: str
    weight: float


def _largest(after: pd.DataFrame) -> _Largest:
    if not len(after):
        return _Largest("", 0.0)
    row = after.loc[after["weight"].idxmax()]
    return _Largest(row["symbol"], float(row["weight"]))


def _most(name: str, requirement: str, value: float, limit: float, told: str, *, severity: Severity = "error") -> Gate:
    return Gate(name, requirement, value, limit, value <= limit, severity, told)


def _least(name: str, requirement: str, value: float, limit: float, told: str) -> Gate:
    return Gate(name, requirement, value, limit, value >= limit, "error", told)
