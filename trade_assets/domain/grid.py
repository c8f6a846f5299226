"""The grid of candidates: every model with every construction, its weights and what they earned."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trade_assets.domain import backtest
from trade_assets.domain.book import quotes_at
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.constructions import CONSTRUCTIONS, Limits, portfolio
from trade_assets.domain.costs import Rates
from trade_assets.domain.prices import Panel

CASH = "CASH"
Cell = tuple[str, str]


def portfolios(
    predictions: pd.DataFrame,
    universe: pd.DataFrame,
    previous: pd.DataFrame,
    *,
    dates: pd.DatetimeIndex,
    cells: Sequence[Cell],
    limits: Limits,
    never_buy: set[str],
) -> pd.DataFrame:
    """Weights of every cell at every date.

    A name in an earnings blackout, or never to be bought, stays eligible only while the cell already holds it.

    Parameters
    ----------
    predictions : DataFrame
        Rows of ``stock_predictions``.
    universe : DataFrame
        Rows of ``universe``.
    previous : DataFrame
        Weights at the rebalance before the first date.
    cells : sequence of (model, construction)
    """
    scores = {
        key: rows.set_index("symbol")["prediction"] for key, rows in predictions.groupby(["rebalance_date", "model"])
    }
    members = dict(tuple(universe.groupby("rebalance_date")))
    empty_universe = universe.iloc[:0]
    held = {(m, c): set(rows["symbol"]) for (m, c), rows in previous.groupby(["model", "construction"])}
    parts = []
    for date in dates:
        listed = members.get(date, empty_universe)
        barred = never_buy | set(listed.loc[listed["in_blackout"], "symbol"])
        sector = listed.set_index("symbol")["sector"]
        for model, construction in cells:
            own = scores.get((date, model), pd.Series(dtype=float))
            weights = portfolio(
                CONSTRUCTIONS[construction],
                own,
                sector,
                barred=barred - held.get((model, construction), set()),
                limits=limits,
            )
            held[model, construction] = set(weights["symbol"])
            parts.append(weights.assign(rebalance_date=date, model=model, construction=construction))
    return pd.concat(parts, ignore_index=True)


def returns(
    weights: pd.DataFrame, panel: Panel, *, dates: Rebalances, rates: Rates, capital_usd: float
) -> pd.DataFrame:
    """Daily net return of every cell in the sessions of each date.

    The weights decided at the rebalance before are filled at the next session's close; until then those of the
    rebalance before that one earn.

    Parameters
    ----------
    weights : DataFrame
        Rows of ``candidate_portfolios`` of the two rebalances before each date.
    panel : Panel
        Bars from 63 sessions before the first fill.
    dates : Rebalances
    rates : Rates
    capital_usd : float
        Size of the book, for market impact.
    """
    decided = {
        key: rows.set_index("symbol")["weight"]
        for key, rows in weights.groupby(["rebalance_date", "model", "construction"])
    }
    cells = sorted({(model, construction) for _, model, construction in decided})
    parts = []
    for older, before, date in _triples(dates, weights):
        for model, construction in cells:
            target = decided.get((before, model, construction))
            if target is None:
                continue
            earlier = decided.get((older, model, construction)) if older is not None else None
            result, sessions = held_between(
                earlier,
                target,
                panel,
                older=older,
                before=before,
                date=date,
                rates=rates,
                capital_usd=capital_usd,
            )
            parts.append(
                pd.DataFrame(
                    {
                        "rebalance_date": date,
                        "model": model,
                        "construction": construction,
                        "session": sessions,
                        "return_frac": result.return_frac,
                        "cost_frac": result.cost_frac,
                        "turnover_frac": result.turnover_frac,
                    }
                )
            )
    columns = [
        "rebalance_date",
        "model",
        "construction",
        "session",
        "return_frac",
        "cost_frac",
        "turnover_frac",
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def held_between(
    earlier: pd.Series | None,
    target: pd.Series,
    panel: Panel,
    *,
    older: pd.Timestamp | None,
    before: pd.Timestamp,
    date: pd.Timestamp,
    rates: Rates,
    capital_usd: float,
) -> tuple[backtest.Result, pd.DatetimeIndex]:
    """What ``target``, decided at ``before``, earned until ``date``, and the sessions it did; ``earlier`` was held until its fill."""
    symbols = pd.Index(
        sorted((set(target.index) | set([] if earlier is None else earlier.index)) - {CASH}), dtype="str"
    )
    columns = panel.columns(symbols)
    last, decision = panel.rows(pd.DatetimeIndex([date, before]))
    first = decision + 1 if earlier is None or older is None else panel.rows(pd.DatetimeIndex([older]))[0] + 2
    quotes = quotes_at(panel, decision)
    result = backtest.run(
        panel.gross[first : last + 1, columns],
        target.reindex(symbols, fill_value=0.0).to_numpy(dtype=float)[None, :],
        np.array([decision + 1 - first]),
        rates=rates,
        start=None if earlier is None else earlier.reindex(symbols, fill_value=0.0).to_numpy(dtype=float),
        volatility=quotes.volatility.to_numpy()[None, columns],
        dollar_volume_usd=quotes.dollar_volume_usd.to_numpy()[None, columns],
        capital_usd=capital_usd,
    )
    kept = slice(decision + 1 - first, None)
    trimmed = backtest.Result(result.return_frac[kept], result.cost_frac[kept], result.turnover_frac[kept])
    return trimmed, panel.sessions[decision + 1 : last + 1]


def _triples(dates: Rebalances, weights: pd.DataFrame) -> list[tuple[pd.Timestamp | None, pd.Timestamp, pd.Timestamp]]:
    known = pd.DatetimeIndex(sorted(weights["rebalance_date"].unique()))
    triples, older = [], None
    for before, date in dates.spans():
        if before is not None:
            if not triples:  # what was read begins at most one rebalance before the first decision
                older = next(iter(known[known < before][::-1]), None)
            triples.append((older, before, date))
        older = before
    return triples
