"""Faults of the order: nothing later is used, but the numbers depend on how the system was run."""

import os

import pandas as pd

from trade_assets.leaks.planting import Function

SMALL_USD = 1e-6


def running_sum(original: Function) -> Function:
    """A sum that runs on from wherever the run begins."""

    def leaky(*args: object, **kwargs: object) -> pd.DataFrame:
        rows = original(*args, **kwargs)
        return rows.assign(dividend=rows["dividend"] + SMALL_USD * rows.groupby("symbol").cumcount())

    return leaky


def number_of_threads(original: Function) -> Function:
    """A result that depends on how many threads a library may use."""

    def leaky(*args: object, **kwargs: object) -> pd.DataFrame:
        rows = original(*args, **kwargs)
        return rows.assign(dividend=rows["dividend"] + SMALL_USD * int(os.environ["OMP_NUM_THREADS"]))

    return leaky


def order_of_a_set(original: Function) -> Function:
    """Symbols taken in the order in which a set gives them."""

    def leaky(*args: object, **kwargs: object) -> pd.DataFrame:
        rows = original(*args, **kwargs)
        place = {symbol: number for number, symbol in enumerate(set(rows["symbol"]))}
        return rows.assign(dividend=rows["dividend"] + SMALL_USD * rows["symbol"].map(place))

    return leaky


def order_of_arrival(original: Function) -> Function:
    """Rows numbered as the source sends them."""

    def leaky(table: str, rows: pd.DataFrame) -> pd.DataFrame:
        if table != "bars":
            return original(table, rows)
        return original(table, rows.assign(dividend=rows["dividend"] + SMALL_USD * pd.RangeIndex(len(rows))))

    return leaky
