"""Performance of the allocated book tells of what there is, and of nothing else."""

import numpy as np
import pandas as pd

from trade_assets.domain import calendar
from trade_assets.domain.allocator import performance
from trade_assets_tests import allocator_tables


def told(book: pd.DataFrame) -> pd.DataFrame:
    days = pd.DatetimeIndex(book["session"])
    dates = calendar.rebalances(days[0], days[0], days[-1], every=10)
    dates = dates.between(*(pd.Timestamp(of) for of in (book["rebalance_date"].min(), book["rebalance_date"].max())))
    nothing = pd.DataFrame(columns=performance.COLUMNS)
    fits = allocator_tables.made(40).allocator_models
    return performance.table(book, fits, nothing, dates=dates, grid_dates=dates, year=allocator_tables.YEAR)


def test_an_index_without_a_bar_has_no_performance_rather_than_one_of_nothing():
    book = allocator_tables.made(40).allocated_book
    whole, without = told(book), told(book.assign(index_spy_return_frac=np.nan))
    assert "index_spy" in set(whole["book"])
    pd.testing.assert_frame_equal(without, whole[whole["book"] != "index_spy"].reset_index(drop=True), check_exact=True)
