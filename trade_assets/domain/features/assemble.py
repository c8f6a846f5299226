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
    values = np.array([feature(market)[rows] for feature in price.values()])  # (feature, date, symbol)
    closes = calendar.close_utc(dates)
    by_date, filings = dict(tuple(members.groupby("rebalance_date"))), point_in_time.Filings(facts)
    keys, blocks = [], []
    for position, date in enumerate(dates):
        if date not in by_date:
            continue
        # sorted, because a sector's mean depends on the order of its members in the last bit
        part = by_date[date][["rebalance_date", "symbol", "sector"]].sort_values("symbol", ignore_index=True)
        columns = market.panel.columns(pd.Index(part["symbol"]))
        figures = reported(
            filings.known(closes[position]),
            symbols=pd.Index(part["symbol"]),
            close=market.panel.carried[rows[position], columns],
            close_utc=closes[position],
        )
        own = np.column_stack([*values[:, position, columns], *(feature(figures) for feature in fact.values())])
        frame = pd.DataFrame(own, columns=[*price, *fact]).assign(sector=part["sector"])
        keys.append(part[["rebalance_date", "symbol"]])
        blocks.append(np.column_stack([own, *(feature(frame).to_numpy() for feature in cross.values())]))
    names = [*price, *fact, *cross]
    if not blocks:
        return pd.DataFrame(columns=["rebalance_date", "symbol", *names])
    block = np.concatenate(blocks)
    finite = pd.DataFrame(np.where(np.isinf(block), np.nan, block), columns=names)
    return pd.concat([pd.concat(keys, ignore_index=True), finite], axis=1)
