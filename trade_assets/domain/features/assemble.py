"""Puts the families together into the cross-section of each rebalance date."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, point_in_time
from trade_assets.domain.features.fundamental import Reported, reported
from trade_assets.domain.features.inputs import Market


def assemble(
    market: Market,
    facts: pd.DataFrame,
    members: pd.DataFrame,
    *,
    dates: pd.DatetimeIndex,
    price: Mapping[str, Callable[[Market], np.ndarray]],
    fact: Mapping[str, Callable[[Reported], np.ndarray]],
    cross: Mapping[str, Callable[[pd.DataFrame], pd.Series]],
) -> pd.DataFrame:
    """Features of the members at each date.

    Parameters
    ----------
    market : Market
        Bars that reach back at least as far as the longest window before the first date.
    facts : DataFrame
        Columns of the ``fundamentals`` table.
    members : DataFrame
        ``rebalance_date``, ``symbol``, ``sector`` of the names to describe.
    dates : DatetimeIndex
    price, fact, cross : registries of the families

    Returns
    -------
    DataFrame
        ``rebalance_date``, ``symbol`` and one float column a feature, null where an input is absent.
    """
    rows = market.panel.rows(dates)
    values = {name: feature(market)[rows] for name, feature in price.items()}
    closes = calendar.close_utc(dates)
    by_date = dict(tuple(members.groupby("rebalance_date")))
    parts = []
    for position, date in enumerate(dates):
        if date not in by_date:
            continue
        # sorted, because a sector's mean depends on the order of its members in the last bit
        part = by_date[date][["rebalance_date", "symbol", "sector"]].sort_values("symbol", ignore_index=True)
        columns = market.panel.columns(pd.Index(part["symbol"]))
        frame = part.assign(**{name: array[position, columns] for name, array in values.items()})
        known = point_in_time.known_facts(facts, close_utc=closes[position])
        figures = reported(
            known,
            symbols=pd.Index(part["symbol"]),
            close=market.panel.carried[rows[position], columns],
            close_utc=closes[position],
        )
        frame = frame.assign(**{name: feature(figures) for name, feature in fact.items()})
        parts.append(frame.assign(**{name: feature(frame) for name, feature in cross.items()}))
    names = ["rebalance_date", "symbol", *price, *fact, *cross]
    return _finite(pd.concat(parts, ignore_index=True)[names]) if parts else pd.DataFrame(columns=names)


def _finite(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.replace([np.inf, -np.inf], np.nan)
