"""What it means here that two results are the same: every bit of them."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
import pandas as pd

T = TypeVar("T")


def assert_same_bytes(left, right) -> None:
    """Arrays, series, frames and texts are equal to the last bit, kinds and column order included.

    Any NaN equals any other: a table does not store which one it was. Zero and minus zero differ.
    """
    if isinstance(left, pd.DataFrame):
        assert list(left.columns) == list(right.columns), f"columns {list(left.columns)} != {list(right.columns)}"
        for column in left.columns:
            _same(left[column].to_numpy(), right[column].to_numpy(), f"column {column}")
    elif isinstance(left, pd.Series):
        _same(left.index.to_numpy(), right.index.to_numpy(), "index")
        _same(left.to_numpy(), right.to_numpy(), "values")
    elif isinstance(left, np.ndarray):
        _same(left, right, "array")
    else:
        assert type(left) is type(right)
        assert left == right


def _same(left: np.ndarray, right: np.ndarray, where: str) -> None:
    assert left.shape == right.shape, f"{where}: shape {left.shape} != {right.shape}"
    assert left.dtype.kind == right.dtype.kind, f"{where}: {left.dtype} != {right.dtype}"
    if left.dtype.kind != "f":
        same = (left == right) | (pd.isna(left) & pd.isna(right))
    else:
        assert left.dtype == right.dtype, f"{where}: {left.dtype} != {right.dtype}"
        bits = {4: np.uint32, 8: np.uint64}[left.dtype.itemsize]
        same = np.ascontiguousarray(left).view(bits) == np.ascontiguousarray(right).view(bits)
        same |= np.isnan(left) & np.isnan(right)
    if not np.all(same):
        place = tuple(int(i) for i in np.argwhere(~np.asarray(same))[0])
        count = int((~np.asarray(same)).sum())
        raise AssertionError(
            f"{where}: {count} of {same.size} differ, first at {place}: {left[place]!r} != {right[place]!r}"
        )


def in_another_process(function: Callable[..., T], *arguments: object) -> T:
    """What the function gives in a fresh process, to which its arguments are sent."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
