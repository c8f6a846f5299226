"""What a candidate would have earned at other costs, with other capital, or filled later: its stored weights, run again.

Nothing is chosen anew: a dearer market would have made other weights, which is not asked here.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from trade_assets.domain import grid_returns, metrics
from trade_assets.domain.book import quotes_at
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.costs import Rates, has_impact
from trade_assets.domain.prices import Panel

COST_MULTIPLES = (0.0, 1.0, 2.0, 3.0, 4.0)
CAPITALS_USD = (1e4, 1e5, 1e6, 1e7, 1e8)
DELAYS = (0, 1, 2)
COLUMNS = ["kind", "at", "cagr", "sharpe", "max_drawdown", "cost_a_year", "n_sessions"]


@dataclass(frozen=True)
class Case:
    """Circumstances of a run.

    Attributes
    ----------
    cost_multiple : float, >= 0
        Factor on commission, half-spread and impact.
    capital_usd : float, > 0
        Size of the book, which market impact grows with.
    delay_sessions : int, >= 0
        Sessions a fill comes later than the session after the decision.
    """

    cost_multiple: float
    capital_usd: float
    delay_sessions: int


def returns(weights: pd.DataFrame, panel: Panel, *, dates: Rebalances, rates: Rates, case: Case) -> pd.DataFrame:
    """Daily net returns of stored weights under the circumstances of a case.

    Parameters
    ----------
    weights : DataFrame
        Rows of ``candidate_portfolios`` of the two rebalances before each date.
    panel : Panel
        Bars from 63 sessions before the first fill to the last date.
    dates : Rebalances
    rates : Rates
    case : Case

    Returns
    -------
    DataFrame
        Columns of :data:`grid_returns.COLUMNS`; with a delay ``rebalance_date`` is the session the delayed decision
        ends at, and the sessions before its first fill are missing.

    Raises
    ------
    ValueError
        If the cost multiple is negative, the capital not positive, or the delay as long as the time between two dates.
    """
    if case.cost_multiple < 0 or not case.capital_usd > 0 or case.delay_sessions < 0:
        raise ValueError(f"cost_multiple and delay_sessions must be >= 0 and capital_usd > 0, was {case}")
    if case.delay_sessions:
        weights, dates = _delayed(weights, panel, dates, case.delay_sessions)
    k = case.cost_multiple
    dearer = Rates(rates.commission_bps * k, rates.half_spread_bps * k, rates.impact_coefficient * k)
    return grid_returns.returns(weights, panel, dates=dates, rates=dearer, capital_usd=case.capital_usd)


def table(weights: pd.DataFrame, panel: Panel, *, dates: Rebalances, rates: Rates, capital_usd: float) -> pd.DataFrame:
    """Figures of one candidate at each cost multiple, capital and delay, all over the same sessions.

    Parameters
    ----------
    weights, panel, dates, rates
        As for :func:`returns`; the weights are of one candidate.
    capital_usd : float
        Of the cases that do not vary it.

    Returns
    -------
    DataFrame
        ``kind`` (cost, capital, delay), ``at``, ``cagr``, ``sharpe``, ``max_drawdown``, ``cost_a_year`` (share of the
        book), ``n_sessions``; empty without two sessions of returns. The first sessions, which the longest delay does
        not have, are left out everywhere.
    """
    own = Case(1.0, capital_usd, 0)
    cases = [
        *(("cost", multiple, replace(own, cost_multiple=multiple)) for multiple in COST_MULTIPLES),
        *(("capital", capital, replace(own, capital_usd=capital)) for capital in CAPITALS_USD),
        *(("delay", float(delay), replace(own, delay_sessions=delay)) for delay in DELAYS),
    ]
    run = {
        case: returns(weights, panel, dates=dates, rates=rates, case=case)
        for case in dict.fromkeys(c for *_, c in cases)
    }
    latest = run[replace(own, delay_sessions=DELAYS[-1])]
    if len(latest) < 2:
        return pd.DataFrame(columns=COLUMNS)
    first = latest["session"].min()
    rows = [(kind, at, *_figures(run[case], first)) for kind, at, case in cases]
    return pd.DataFrame(rows, columns=COLUMNS)


def impact_known_frac(weights: pd.DataFrame, panel: Panel) -> float:
    """Share of the positions wanted whose market impact can be estimated; NaN without one."""
    known: list[np.ndarray] = []
    stocks = weights[(weights["symbol"] != grid_returns.CASH) & (weights["weight"] > 0)]
    for date, rows in stocks.groupby("rebalance_date"):
        quotes = quotes_at(panel, int(panel.rows(pd.DatetimeIndex([date]))[0]))
        at = panel.columns(rows["symbol"])
        known.append(has_impact(quotes.volatility.to_numpy()[at], quotes.dollar_volume_usd.to_numpy()[at]))
    return float(np.concatenate(known).mean()) if known else np.nan


def _delayed(weights: pd.DataFrame, panel: Panel, dates: Rebalances, delay: int) -> tuple[pd.DataFrame, Rebalances]:
    """Every decision moved later, the last date left where it is: there the prices end."""
    decided = pd.DatetimeIndex(sorted(weights["rebalance_date"].unique())).union(dates.dates)
    rows = panel.rows(decided)
    if len(rows) > 1 and delay >= np.diff(rows).min():
        raise ValueError(f"delay_sessions must be less than the sessions between two dates, was {delay}")
    moved = dict(zip(decided, panel.sessions[np.minimum(rows + delay, len(panel.sessions) - 1)], strict=True))
    inside = weights[weights["rebalance_date"] < dates.dates[-1]]
    later = inside.assign(rebalance_date=inside["rebalance_date"].map(moved))
    ends = pd.DatetimeIndex([*(moved[date] for date in dates.dates[:-1]), dates.dates[-1]])
    return later, Rebalances(ends, dates.ordinals, None if dates.before is None else moved.get(dates.before))


def _figures(rows: pd.DataFrame, first: pd.Timestamp) -> tuple[float, float, float, float, int]:
    shown = rows[rows["session"] >= first].sort_values("session")
    daily, sessions = shown["return_frac"].to_numpy(), pd.DatetimeIndex(shown["session"])
    years = metrics.years_over(sessions[0], sessions[-1])
    return (
        metrics.cagr(daily, sessions),
        metrics.sharpe_ratio(daily),
        metrics.max_drawdown(daily),
        float(shown["cost_frac"].sum()) / years,
        len(daily),
    )
