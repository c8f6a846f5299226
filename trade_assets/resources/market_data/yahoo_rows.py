"""What was traded, out of Yahoo's daily history.

At every split Yahoo restates the sessions before it: their prices, volumes and dividends are put in terms of the
new shares. Multiplied back by the splits after a session they are what was traded on it, whenever one asks.
Yahoo keeps six decimals in single precision; what is multiplied back is therefore rounded to the finest grid of
ticks that this leaves apart, else a price would differ in its last digits from one split to the next.

1. The answer must reach the present: a split that it does not hold cannot be taken out.
2. The row of a session depends on that session and on what lies between it and the one traded before, alone.
"""

import numpy as np
import pandas as pd

from trade_assets.domain import calendar
from trade_assets.schemas import BAR_VALUES

PRICES = ["Open", "High", "Low", "Close"]
# Ticks a USD: sixty-fourths and hundredths of a cent, sixty-fourths and cents, sixteenths and cents, cents, …
GRIDS = np.array([40_000.0, 6_400.0, 400.0, 100.0, 10.0, 1.0])
SIXTH_DECIMAL, SINGLE_PRECISION = 0.5e-6, 2.0**-24
DIVIDEND_DECIMALS = 4
LARGE_SPLIT, UNADJUSTED_TOLERANCE = np.log(1.4), 0.1


def as_traded(answer: pd.DataFrame, symbol: str) -> pd.DataFrame:
    """The bars of ``symbol`` in the columns of the raw table ``bars``, one row a session it was traded on.

    Parameters
    ----------
    answer : DataFrame
        What ``Ticker.history`` gives without any adjustment of its own, up to the present: ``Open, High, Low, Close``
        and ``Dividends`` in USD, ``Volume`` in shares, all split-adjusted, ``Stock Splits`` in new shares for one
        old or 0, by day in the exchange's time zone. ``Capital Gains`` are in the dividends already.

    Returns
    -------
    DataFrame
        Sorted by session. Rows without a price, and on days the exchange was closed, are left out; their actions
        take effect in the next row. A price of 0 is null; high and low hold the open and the close.

    Raises
    ------
    KeyError
        If the answer lacks a column.
    """
    answer = answer.sort_index()
    sessions = pd.DatetimeIndex(answer.index).tz_localize(None).normalize().as_unit("us")
    splits = answer["Stock Splits"].to_numpy(float)
    splits = np.where(splits > 0, splits, 1.0)
    later = np.append(np.cumprod(splits[::-1])[::-1][1:], 1.0)[: len(splits)]
    prices = answer[PRICES].to_numpy(float) * later[:, None]
    ticks = _ticks(prices[:, 3], later)[:, None]
    frame = pd.DataFrame(np.rint(prices * ticks) / ticks, columns=["open", "high", "low", "close"])
    frame = frame.where(frame > 0)
    frame["high"] = frame.max(axis=1).where(frame["high"].notna())
    frame["low"] = frame[["open", "low", "close"]].min(axis=1).where(frame["low"].notna())
    frame["volume"] = np.rint(answer["Volume"].to_numpy(float) / later)
    traded = frame["close"].notna() & calendar.is_session(sessions)
    until = traded[::-1].cumsum()[::-1].to_numpy()  # the same for a traded row and the untraded ones before it
    cash = answer["Dividends"].fillna(0.0).reset_index(drop=True).groupby(until).transform("sum").to_numpy()
    frame["split_ratio"] = pd.Series(splits).groupby(until).transform("prod")
    frame["dividend"] = _dividends(cash * later, later)
    rows = frame.assign(session=sessions, symbol=symbol, adjustment_factor=np.nan, price_basis="raw")
    columns = ["session", "symbol", *BAR_VALUES, "split_ratio", "dividend", "adjustment_factor", "price_basis"]
    return rows.loc[traded, columns].reset_index(drop=True)


def unadjusted_splits(rows: pd.DataFrame) -> list[pd.Timestamp]:
    """Sessions with a split that Yahoo reports and has not yet applied to the prices before it.

    Such prices have moved by the inverse of the split, where those of an adjusted history hardly move.
    """
    ratio = rows["split_ratio"].to_numpy(float)
    move = ratio * rows["close"].to_numpy(float) / rows["close"].shift().to_numpy(float)
    found = (np.abs(np.log(ratio)) > LARGE_SPLIT) & (np.abs(np.log(move * ratio)) < UNADJUSTED_TOLERANCE)
    return rows.loc[found, "session"].to_list()


def _ticks(close: np.ndarray, later: np.ndarray) -> np.ndarray:
    error = np.abs(close) * SINGLE_PRECISION + later * SIXTH_DECIMAL
    return GRIDS[np.argmax(error[:, None] < 0.5 / GRIDS, axis=1)]


def _dividends(cash: np.ndarray, later: np.ndarray) -> np.ndarray:
    decimals = np.clip(np.floor(-np.log10(2 * SIXTH_DECIMAL * later)), 0, DIVIDEND_DECIMALS)
    return np.rint(cash * 10**decimals) / 10**decimals
