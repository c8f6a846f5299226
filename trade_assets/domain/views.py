"""Views of the book: the orders of each rebalance, and daily returns beside the benchmarks."""

from itertools import pairwise

import numpy as np
import pandas as pd

from trade_assets.domain import book, grid_returns, market_state, trades
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.costs import Rates
from trade_assets.domain.prices import Panel
from trade_assets.domain.trades import Policy, sequential_sum

CASH = "CASH"
VOLATILITY_SESSIONS = 63


def orders(
    book_rows: pd.DataFrame, targets: pd.DataFrame, panel: Panel, *, dates: Rebalances, policy: Policy
) -> pd.DataFrame:
    """Rows of the ``trades`` table: from the drifted holdings at each date to its targets.

    Parameters
    ----------
    book_rows : DataFrame
        ``portfolio_book`` of the dates.
    targets : DataFrame
        ``target_weights`` of the dates and of the rebalance before them.
    """
    parts = []
    by_date, books = (
        dict(tuple(targets.groupby("rebalance_date"))),
        dict(tuple(book_rows.groupby("rebalance_date"))),
    )
    for before, date in dates.spans():
        held, target = book.restored(books[date]), by_date[date]
        row = panel.rows(pd.DatetimeIndex([date]))[0]
        decided = trades.decide(
            held.table(),
            target[target["symbol"] != CASH],
            cash_usd=held.cash_usd,
            quotes=book.quotes_at(panel, row),
            policy=policy,
        )
        earlier = by_date[before].set_index("symbol")["weight"] if before in by_date else pd.Series(dtype=float)
        change = decided["target_weight"] - decided["symbol"].map(earlier).astype(float).fillna(0.0)
        parts.append(decided.assign(rebalance_date=date, delta_vs_prev_target=change))
    return pd.concat(parts, ignore_index=True)


def daily_returns(
    book_rows: pd.DataFrame,
    universe: pd.DataFrame,
    panel: Panel,
    *,
    dates: Rebalances,
    legs: dict[str, str | None],
    rates: Rates,
    capital_usd: float,
) -> pd.DataFrame:
    """Rows of the ``portfolio_returns`` table.

    Parameters
    ----------
    book_rows : DataFrame
        ``portfolio_book`` of the dates and of the rebalance before them.
    universe : DataFrame
        ``universe`` of the two rebalances before each date.
    panel : Panel
    legs : dict
        ``qqq`` and ``spy`` to their symbols.
    """
    days = _days(book_rows)
    equal = _equal_weight(universe, panel, dates=dates, rates=rates, capital_usd=capital_usd)
    rows = dates.sessions()[["rebalance_date", "session"]].merge(
        days, on=["rebalance_date", "session"], validate="one_to_one"
    )
    rows = rows.merge(equal, on="session", how="left", validate="one_to_one")
    rows["equal_weight_return_frac"] = rows["equal_weight_return_frac"].astype(float).fillna(0.0)
    own = panel.sessions.get_indexer(pd.DatetimeIndex(rows["session"]))
    for leg, symbol in legs.items():
        rows[f"{leg}_return_frac"] = market_state.leg_returns(panel, symbol=symbol)[own]
    return rows


def portfolio_volatility(weights: pd.DataFrame, panel: Panel, dates: pd.DatetimeIndex) -> pd.Series:
    """Yearly volatility of each date's weights over the 63 sessions before it, by date; NaN where there are fewer."""
    out = {}
    by_date = dict(tuple(weights[weights["symbol"] != CASH].groupby("rebalance_date")))
    for date in dates:
        row = panel.rows(pd.DatetimeIndex([date]))[0]
        if date not in by_date or row + 1 < VOLATILITY_SESSIONS:
            out[date] = np.nan
            continue
        held = by_date[date].sort_values("symbol")
        columns = panel.columns(pd.Index(held["symbol"]))
        moves = panel.gross[row + 1 - VOLATILITY_SESSIONS : row + 1, columns] - 1
        daily = np.ascontiguousarray(np.nan_to_num(moves)) @ held["weight"].to_numpy()
        out[date] = float(np.std(daily, ddof=1) * np.sqrt(book.SESSIONS_PER_YEAR))
    return pd.Series(out, dtype=float)


def _days(book_rows: pd.DataFrame) -> pd.DataFrame:
    held = book_rows.sort_values(["session", "symbol"], ignore_index=True)
    is_stock, sessions = (held["symbol"] != CASH).to_numpy(), held["session"].to_numpy()
    value, cost = held["value_usd"].to_numpy(), held["cost_usd"].to_numpy()
    stocks, traded = np.where(is_stock, value, 0.0), np.where(is_stock, held["traded_usd"].to_numpy(), 0.0)
    bounds = [0, *(np.flatnonzero(sessions[1:] != sessions[:-1]) + 1), len(held)]
    rows = []
    last_equity = np.nan
    for day in (slice(first, end) for first, end in pairwise(bounds)):
        equity = sequential_sum(value[day])
        bought, sold = sequential_sum(np.maximum(traded[day], 0)), sequential_sum(np.maximum(-traded[day], 0))
        base = equity if np.isnan(last_equity) else last_equity
        rows.append(
            {
                "rebalance_date": held["rebalance_date"].iat[day.start],
                "session": held["session"].iat[day.start],
                "return_frac": equity / base - 1,
                "equity_usd": equity,
                "exposure_frac": sequential_sum(stocks[day]) / equity,
                "turnover_frac": max(bought, sold) / base,
                "cost_usd": sequential_sum(cost[day]),
            }
        )
        last_equity = equity
    return pd.DataFrame(rows)


def _equal_weight(
    universe: pd.DataFrame, panel: Panel, *, dates: Rebalances, rates: Rates, capital_usd: float
) -> pd.DataFrame:
    members = universe[universe["is_member"]]
    count = members.groupby("rebalance_date")["symbol"].transform("count")
    weights = members[["rebalance_date", "symbol"]].assign(model="universe", construction="equal", weight=1.0 / count)
    held = grid_returns.returns(weights, panel, dates=dates, rates=rates, capital_usd=capital_usd)
    return held[["session", "return_frac"]].rename(columns={"return_frac": "equal_weight_return_frac"})
