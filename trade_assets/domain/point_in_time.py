"""Reported figures as they were known at a close: the last period filed, in its last filing so far."""

import numpy as np
import pandas as pd

ANNUAL_PERIODS = {"FY": 1.0, "Q1": 4.0, "Q2": 4.0, "Q3": 4.0, "Q4": 4.0, "SPOT": 1.0}
YEAR_DAYS = (350, 380)  # between a period's end and that of the same period a year before


def known_facts(facts: pd.DataFrame, *, close_utc: pd.Timestamp, max_age_days: int = 400) -> pd.DataFrame:
    """What was known at one close, see :meth:`Filings.known`; to ask about many closes, keep the ``Filings``."""
    return Filings(facts).known(close_utc, max_age_days=max_age_days)


def in_blackout(facts: pd.DataFrame, *, sessions_close_utc: pd.DatetimeIndex, sessions: int) -> pd.Index:
    """Symbols that filed within the last ``sessions`` sessions, see :meth:`Filings.in_blackout`."""
    return Filings(facts).in_blackout(sessions_close_utc, sessions=sessions)


class Filings:
    """Filed figures put in order once, to be asked what was known at one close after the other.

    Parameters
    ----------
    facts : DataFrame
        Columns of the ``fundamentals`` table, rows in any order.
    """

    def __init__(self, facts: pd.DataFrame) -> None:
        key = ["symbol", "fact", "period_end", "period_focus"]
        self._rows = facts.sort_values([*key, "available_utc"], kind="stable", ignore_index=True)
        self._available = _ticks(self._rows["available_utc"])
        self._period_end = pd.DatetimeIndex(self._rows["period_end"]).to_numpy().astype("datetime64[D]").astype(int)
        self._series = _numbered(self._rows, ["symbol", "fact"])
        self._period = _numbered(self._rows, key)
        # periods of one series and focus in a row, by their end
        self._calendar = _numbered(self._rows, ["symbol", "fact", "period_focus"]) * 1_000_000 + self._period_end

    def known(self, close_utc: pd.Timestamp, *, max_age_days: int = 400) -> pd.DataFrame:
        """Latest figures that were public at ``close_utc``.

        Parameters
        ----------
        close_utc : Timestamp, UTC
            The close; a figure available at that instant is known.
        max_age_days : int
            Days after availability beyond which a figure is no longer the latest.

        Returns
        -------
        DataFrame
            One row a symbol and fact, columns ``symbol, fact, value, annual_factor, period_end, available_utc,
            value_year_before``: the figure of the latest period as last filed by then, what multiplies it to a
            year, and the same period's figure a year earlier (null where unknown).
        """
        now, age = _tick(close_utc), max_age_days * 86_400_000_000
        public = np.flatnonzero((self._available <= now) & (self._available > now - 2 * age))
        periods = public[_is_last(self._period[public])]
        recent = periods[self._available[periods] > now - age]
        recent = recent[np.lexsort((self._available[recent], self._period_end[recent], self._series[recent]))]
        latest = recent[_is_last(self._series[recent])]
        rows = self._rows.take(latest)
        return pd.DataFrame(
            {
                "symbol": rows["symbol"].array,
                "fact": rows["fact"].array,
                "value": rows["value"].array,
                "annual_factor": rows["period_focus"].map(ANNUAL_PERIODS).astype(float).array,
                "period_end": rows["period_end"].array,
                "available_utc": rows["available_utc"].array,
                "value_year_before": self._year_before(latest, periods),
            }
        )

    def _year_before(self, latest: np.ndarray, periods: np.ndarray) -> np.ndarray:
        periods = periods[np.argsort(self._calendar[periods], kind="stable")]
        ends, wanted = self._calendar[periods], self._calendar[latest]
        place = np.searchsorted(ends, wanted - YEAR_DAYS[0], side="right") - 1
        found = (place >= 0) & (ends[np.maximum(place, 0)] >= wanted - YEAR_DAYS[1])
        value = self._rows["value"].to_numpy(dtype=float)
        return np.where(found, value[periods[np.maximum(place, 0)]], np.nan)

    def in_blackout(self, sessions_close_utc: pd.DatetimeIndex, *, sessions: int) -> pd.Index:
        """Symbols that filed within the last ``sessions`` sessions; ``sessions_close_utc`` are the closes up to now."""
        if sessions == 0 or not len(self._rows) or not len(sessions_close_utc):
            return pd.Index([], dtype="str")
        since = sessions_close_utc[max(0, len(sessions_close_utc) - 1 - sessions)]
        recent = (self._available > _tick(since)) & (self._available <= _tick(sessions_close_utc[-1]))
        rows = self._rows.take(np.flatnonzero(recent))
        return pd.Index(rows.loc[rows["availability"] == "filed", "symbol"].unique())


def _tick(instant: pd.Timestamp) -> int:
    return int(instant.as_unit("us").asm8.astype(int))


def _ticks(instants: pd.Series) -> np.ndarray:
    return pd.DatetimeIndex(instants).as_unit("us").asi8


def _numbered(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return rows.groupby(columns, sort=False).ngroup().to_numpy()


def _is_last(group: np.ndarray) -> np.ndarray:
    return np.append(group[1:] != group[:-1], True)[: len(group)]
