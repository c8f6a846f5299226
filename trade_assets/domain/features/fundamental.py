"""Fundamentals: figures as filed, each by the moment it became public. Null where nothing was filed.

A feature takes :class:`Reported`, the facts of one date as columns by symbol.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Reported:
    """Facts known at one close, arrays of shape (symbols,) by fact name.

    Attributes
    ----------
    value, annual, year_before : DataFrames (symbols by facts)
        The latest figure, the same scaled to a year, and the figure of the same period a year earlier.
    close : ndarray of shape (symbols,)
        Raw close, for figures per share.
    age_days : ndarray of shape (symbols,)
        Days since the last filing.
    """

    value: pd.DataFrame
    annual: pd.DataFrame
    year_before: pd.DataFrame
    close: np.ndarray
    age_days: np.ndarray

    def of(self, fact: str) -> np.ndarray:
        """The latest figure; NaN where unknown."""
        return _column(self.value, fact)

    def annual_of(self, fact: str) -> np.ndarray:
        """A flow scaled to a year; NaN where unknown."""
        return _column(self.annual, fact)

    def growth_of(self, fact: str) -> np.ndarray:
        """Change over the same period a year earlier, per unit of its size."""
        before = _column(self.year_before, fact)
        return _ratio(self.of(fact) - before, np.abs(before))


def reported(known: pd.DataFrame, *, symbols: pd.Index, close: np.ndarray, close_utc: pd.Timestamp) -> Reported:
    """Arrange :func:`point_in_time.known_facts` by symbol."""

    row, (column, names) = symbols.get_indexer(pd.Index(known["symbol"])), pd.factorize(known["fact"])
    wanted = row >= 0

    def wide(values: pd.Series) -> pd.DataFrame:
        out = np.full((len(symbols), len(names)), np.nan)
        out[row[wanted], column[wanted]] = values.to_numpy(dtype=float)[wanted]
        return pd.DataFrame(out, index=symbols, columns=names)

    last_filed = known.groupby("symbol")["available_utc"].max().reindex(symbols)
    age = (close_utc - last_filed).dt.total_seconds().to_numpy(dtype=float, na_value=np.nan) / 86_400
    return Reported(
        wide(known["value"]),
        wide(known["value"] * known["annual_factor"]),
        wide(known["value_year_before"]),
        close,
        age,
    )


def _column(frame: pd.DataFrame, fact: str) -> np.ndarray:
    return frame[fact].to_numpy(dtype=float) if fact in frame else np.full(len(frame), np.nan)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


FUNDAMENTAL = {
    "earnings_yield": lambda f: f.annual_of("eps_diluted") / f.close,
    "return_on_equity": lambda f: _ratio(f.annual_of("net_income"), f.of("equity")),
    "return_on_assets": lambda f: _ratio(f.annual_of("net_income"), f.of("assets")),
    "asset_turnover": lambda f: _ratio(f.annual_of("revenues"), f.of("assets")),
    "accruals": lambda f: _ratio(f.annual_of("net_income") - f.annual_of("cash_flow_op"), f.of("assets")),
    "equity_ratio": lambda f: _ratio(f.of("equity"), f.of("assets")),
    "cash_ratio": lambda f: _ratio(f.of("cash"), f.of("assets")),
    "revenue_growth": lambda f: f.growth_of("revenues"),
    "income_growth": lambda f: f.growth_of("net_income"),
    "asset_growth": lambda f: f.growth_of("assets"),
    "quality_score": lambda f: f.of("quality"),
    "days_since_filing": lambda f: f.age_days,
}
