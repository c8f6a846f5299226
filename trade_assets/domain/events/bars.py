"""Bars of the index legs on one grid of instants, cut by the exchange's own hours.

A bar belongs to the first instant of the grid at or after its end, so a source finer than the grid is
summed up, and a bar that is missing is a row without a price, never a shorter window. Bars after a
close belong to the next session.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, prices
from trade_assets.domain.events.barriers import Path
from trade_assets.domain.prices import Panel


def grid(sessions: pd.DatetimeIndex, *, minutes: int | None, first_idx: int = 0) -> pd.DataFrame:
    """The ends of all bars of ``sessions``.

    Parameters
    ----------
    sessions : DatetimeIndex, naive exchange dates, ascending
    minutes : int, optional
        Length of a bar, counted from the open; the last bar of a session ends at its close, early or not.
        None is one bar a session.
    first_idx : int
        ``t_idx`` of the first bar.

    Returns
    -------
    DataFrame
        ``bar_end_utc, session, t_idx, bar`` (number in the session, from 0), ``bar_start_utc`` and
        ``session_bars`` (bars of that session).
    """
    opens, closes = calendar.open_utc(sessions), calendar.close_utc(sessions)
    counts = bars_in(sessions, minutes=minutes)
    of = np.repeat(np.arange(len(sessions)), counts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    length = pd.Timedelta(days=1) if minutes is None else pd.Timedelta(minutes=minutes)
    start = opens[of] + number * length
    end = np.minimum((start + length).as_unit("us").asi8, closes[of].asi8)
    return pd.DataFrame(
        {
            "bar_end_utc": pd.DatetimeIndex(end.view("M8[us]"), tz="UTC"),
            "session": sessions[of],
            "t_idx": first_idx + np.arange(len(of)),
            "bar": number,
            "bar_start_utc": start.as_unit("us"),
            "session_bars": counts[of],
        }
    )


def bars_in(sessions: pd.DatetimeIndex, *, minutes: int | None) -> np.ndarray:
    """Bars of each session; early closes have fewer."""
    if minutes is None:
        return np.ones(len(sessions), dtype=int)
    length = (calendar.close_utc(sessions) - calendar.open_utc(sessions)) // pd.Timedelta(minutes=1)
    return -(-np.asarray(length, dtype=int) // minutes)


def on_grid(bars: pd.DataFrame, of: pd.DataFrame, windows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Bars of a source summed up to the bars of a grid.

    Parameters
    ----------
    bars : DataFrame
        ``bar_end_utc, symbol, open, high, low, close, volume``, at the grid's frequency or finer.
    of : DataFrame
        A :func:`grid` that reaches the last bar.
    windows : DataFrame, optional
        ``session, rebalance_date``: each window is judged apart, so that what a range refuses a single date refuses too.

    Returns
    -------
    DataFrame
        The same columns and ``session``; one row a symbol and instant of the grid that has a bar. What one of its parts
        lacks it lacks too; the open is that of the first.

    Raises
    ------
    ValueError
        If on most sessions of a window a symbol has a bar alone, or bars that lie two bars of the grid apart or more.
    """
    ends = pd.DatetimeIndex(of["bar_end_utc"])
    place = ends.searchsorted(pd.DatetimeIndex(bars["bar_end_utc"]))
    rows = bars.assign(bar_end_utc=ends[place], session=of["session"].to_numpy()[place])
    rows = rows.iloc[np.argsort(pd.DatetimeIndex(bars["bar_end_utc"]).asi8, kind="stable")]
    groups = rows.groupby(["bar_end_utc", "symbol"], sort=True)
    whole = pd.DataFrame(
        {
            "open": groups["open"].first(skipna=False),
            "high": groups["high"].max(skipna=False),
            "low": groups["low"].min(skipna=False),
            "close": groups["close"].last(),
            "volume": groups["volume"].sum(skipna=False),
            "session": groups["session"].first(),
        }
    ).reset_index()
    together = pd.Series(0, whole.index)
    apart = together if windows is None else whole["session"].map(windows.set_index("session")["rebalance_date"])
    for _, inside in whole.groupby(apart):
        _refuse_coarser(inside, of)
    return whole


def _refuse_coarser(rows: pd.DataFrame, of: pd.DataFrame) -> None:
    placed = rows.merge(of[["bar_end_utc", "bar", "session_bars"]], on="bar_end_utc", validate="many_to_one")
    sessions = placed.groupby(["symbol", "session"])
    step = placed.assign(step=sessions["bar"].diff()).groupby(["symbol", "session"])["step"].median()  # null of one bar
    held, needed = sessions.size(), sessions["session_bars"].first()
    is_coarser = ~(step < 2) & (needed > 1)
    for symbol, share in is_coarser.groupby("symbol").mean().items():
        if share > 0.5:
            raise ValueError(
                f"index_bars: {symbol} has {held[symbol].median():.0f} bars a session where events.bar_minutes asks for "
                f"{needed[symbol].median():.0f}; choose a longer bar, or none for one bar a session"
            )


def gaps(bars: pd.DataFrame, of: pd.DataFrame) -> pd.DataFrame:
    """Bars of the grid that a symbol lacks, by session, between its first bar and its last: ``symbol, session, n_missing, n_expected``."""
    parts = []
    for symbol, held in bars.groupby("symbol"):
        inside = of[of["bar_end_utc"].between(held["bar_end_utc"].min(), held["bar_end_utc"].max())]
        absent = inside[~inside["bar_end_utc"].isin(held["bar_end_utc"])]
        counted = absent.groupby("session", as_index=False).agg(
            n_missing=("bar", "size"), n_expected=("session_bars", "first")
        )
        parts.append(counted.assign(symbol=symbol))
    columns = ["symbol", "session", "n_missing", "n_expected"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


@dataclass(frozen=True)
class LegBars:
    """Bars of the legs side by side on a grid.

    Attributes
    ----------
    grid : DataFrame
        See :func:`grid`.
    panel : Panel
        Arrays of shape (bars, legs), its ``sessions`` the bar ends; ``gross`` counts splits and dividends in the first
        bar of their session.
    """

    grid: pd.DataFrame
    panel: Panel

    @property
    def symbols(self) -> list[str]:
        """The legs, sorted."""
        return list(self.panel.symbols)

    def path(self, symbol: str) -> Path:
        """What a position in ``symbol`` goes through, bar by bar."""
        of, p = self.panel.columns([symbol])[0], self.panel
        with np.errstate(invalid="ignore", divide="ignore"):
            return Path(
                log_return=np.log(p.gross[:, of]),
                log_open=np.log(p.open[:, of] / p.close[:, of]),
                log_high=np.log(p.high[:, of] / p.close[:, of]),
                log_low=np.log(p.low[:, of] / p.close[:, of]),
            )

    def places(self, t_idx: pd.Series) -> np.ndarray:
        """Rows of the grid at which the bars ``t_idx`` stand."""
        return t_idx.to_numpy() - int(self.grid["t_idx"].iloc[0])


def leg_bars(bars: pd.DataFrame, daily: pd.DataFrame, of: pd.DataFrame, symbols: list[str]) -> LegBars:
    """Arrange bars of the legs on a grid, with the actions of their daily bars.

    Parameters
    ----------
    bars : DataFrame
        Rows of ``index_bars``.
    daily : DataFrame
        Rows of ``bars`` of the legs: their splits, dividends, adjustment factors.
    of : DataFrame
        The :func:`grid`; bars outside it are not read.
    symbols : list of str
        The legs; one without a bar is a column without a price.
    """
    rows = bars[bars["symbol"].isin(symbols)].sort_values(["symbol", "bar_end_utc"], kind="stable")
    actions = daily[["session", "symbol", "split_ratio", "dividend", "adjustment_factor", "price_basis"]]
    joined = rows.merge(actions, on=["session", "symbol"], how="left", validate="many_to_one")
    is_first = ~joined.duplicated(["session", "symbol"])
    split = joined["split_ratio"].where(is_first, 1.0).fillna(1.0)
    dividend = joined["dividend"].where(is_first, 0.0).fillna(0.0)
    joined = joined.assign(
        session=pd.DatetimeIndex(joined["bar_end_utc"]).tz_localize(None), split_ratio=split, dividend=dividend
    )
    absent = [s for s in symbols if s not in set(joined["symbol"])]
    if absent:
        none = pd.DataFrame({"session": pd.Timestamp(0).as_unit("us"), "symbol": absent, "price_basis": "raw"})
        joined = pd.concat([joined, none.reindex(columns=joined.columns)], ignore_index=True)
    ends = pd.DatetimeIndex(of["bar_end_utc"]).tz_localize(None)
    return LegBars(of, prices.panel(joined, sessions=ends))
