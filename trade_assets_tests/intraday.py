"""Generated bars of index legs within sessions, with the actions of their daily bars."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import calendar

LEGS = ("QQQ", "SPY")
Actions = Mapping[tuple[str, str], float]


def sessions(first: str, last: str) -> pd.DatetimeIndex:
    """The exchange's sessions from one day to another."""
    return calendar.sessions_between(pd.Timestamp(first), pd.Timestamp(last))


def ends(days: pd.DatetimeIndex, minutes: int | None) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """Session and end of every bar, the slow way: on from the open until the close is reached."""
    opens, closes = calendar.open_utc(days), calendar.close_utc(days)
    for day, instant, close in zip(days, opens, closes, strict=True):
        while instant < close:
            instant = close if minutes is None else min(instant + pd.Timedelta(minutes=minutes), close)
            yield day, instant


def market(
    seed: int,
    days: pd.DatetimeIndex,
    *,
    minutes: int | None,
    symbols: tuple[str, ...] = LEGS,
    splits: Actions | None = None,
    dividends: Actions | None = None,
    missing: float = 0.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raw bars of the legs, and their daily bars.

    Parameters
    ----------
    minutes : int, optional
        Length of a bar; one a session by default.
    splits, dividends : mapping of (day, symbol) to ratio or USD, optional
    missing : float
        Share of the bars that are absent; daily bars never are.
    """
    rng = np.random.default_rng(seed)
    session, end = (pd.DatetimeIndex(x).as_unit("us") for x in zip(*ends(days, minutes), strict=True))
    intraday, daily = [], []
    for symbol in symbols:
        split, dividend = (_of_days(a, symbol, days, none) for a, none in ((splits, 1.0), (dividends, 0.0)))
        bars = _walk(rng, len(end)).assign(bar_end_utc=end, symbol=symbol, session=session)
        since = pd.Series(split.cumprod(), index=days).loc[session].to_numpy()
        bars = bars.assign(**{c: bars[c] / since for c in ("open", "high", "low", "close")})
        intraday.append(bars[rng.random(len(bars)) >= missing])
        whole = bars.groupby("session", as_index=False).agg(
            open=("open", "first"), high=("high", "max"), low=("low", "min"), close=("close", "last"), volume=("volume", "sum")
        )  # fmt: skip
        daily.append(whole.assign(symbol=symbol, split_ratio=split, dividend=dividend))
    columns = ["bar_end_utc", "symbol", "open", "high", "low", "close", "volume"]
    bars = pd.concat(intraday, ignore_index=True).sort_values(["bar_end_utc", "symbol"], ignore_index=True)
    return bars[columns], pd.concat(daily, ignore_index=True).assign(adjustment_factor=np.nan, price_basis="raw")


def coarser(bars: pd.DataFrame, days: pd.DatetimeIndex, *, minutes: int) -> pd.DataFrame:
    """The same bars put together to longer ones, as a vendor would."""
    of = [end for _, end in ends(days, minutes)]
    longer = bars.assign(bar_end_utc=[of[bisect_left(of, end)] for end in bars["bar_end_utc"]])
    whole = longer.groupby(["bar_end_utc", "symbol"], as_index=False).agg(
        open=("open", "first"), high=("high", "max"), low=("low", "min"), close=("close", "last"), volume=("volume", "sum")
    )  # fmt: skip
    return whole.assign(bar_end_utc=whole["bar_end_utc"].dt.as_unit("us"))


def _walk(rng: np.random.Generator, bars: int) -> pd.DataFrame:
    close = rng.uniform(50, 500) * np.exp(np.cumsum(rng.normal(0, 0.003, bars)))
    open_ = np.append(close[0], close[:-1]) * np.exp(rng.normal(0, 0.001, bars))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.001, bars)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.001, bars)))
    volume = np.round(np.exp(rng.normal(11, 0.4, bars)))
    return pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": volume})


def _of_days(actions: Actions | None, symbol: str, days: pd.DatetimeIndex, none: float) -> np.ndarray:
    return np.array([(actions or {}).get((f"{day:%Y-%m-%d}", symbol), none) for day in days])
