"""Values as JSON takes them: plain numbers, text and dates."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def plain(row: Mapping, drop: tuple[str, ...] = ()) -> dict[str, object]:
    """A row of a table, name to value."""
    return {name: value(item) for name, item in row.items() if name not in drop}


def value(item: object) -> object:
    """A scalar without its array type."""
    return item.item() if isinstance(item, np.generic) else item


def day(date: pd.Timestamp | None) -> str | None:
    """A date as YYYY-MM-DD; None where there is none."""
    return None if date is None or pd.isna(date) else f"{date:%Y-%m-%d}"
