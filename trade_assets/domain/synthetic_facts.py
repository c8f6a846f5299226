"""What the companies of the synthetic market file, when it becomes known, and who is in its index."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from trade_assets.domain import synthetic_draws
from trade_assets.domain.synthetic_draws import FILINGS, Traits

QUALITY_MEMORY = 0.9  # of the characteristic from one quarter to the next
LAG_DAYS, LATE_LAG_DAYS, LATE_SHARE = (20, 60), (90, 200), 0.03
AVAILABLE_HOUR_UTC = 12


@dataclass(frozen=True)
class Filings:
    """The reports of every stock and quarter.

    Attributes
    ----------
    period_ends : ndarray of datetime64[D], shape (Q,)
    available : ndarray of datetime64[D], shape (Q, N)
        First day on which the report may be used.
    quality : ndarray of shape (Q, N)
        The planted characteristic, standard normal.
    exists : ndarray of bool, shape (Q, N)
        False where the stock is not listed, or the report lies ahead of the last session.
    news : dict
        Quarters and stocks whose report is first known at the close of a session, by its number.
    """

    period_ends: np.ndarray
    available: np.ndarray
    quality: np.ndarray
    exists: np.ndarray
    news: dict[int, tuple[np.ndarray, np.ndarray]]
    _newest: np.ndarray

    def learn(self, t: int, quality: np.ndarray) -> None:
        """Put into ``quality`` what is first known at the close of ``t``; an older quarter never wins."""
        for quarter, stock in zip(*self.news.get(t, ((), ())), strict=True):
            if quarter > self._newest[stock]:
                self._newest[stock], quality[stock] = quarter, self.quality[quarter, stock]


def filings(sessions: pd.DatetimeIndex, stocks: Traits, *, seed: int) -> Filings:
    """The reports that become known during ``sessions``."""
    days = sessions.to_numpy().astype("datetime64[D]")
    months = np.arange(days[0].astype("datetime64[M]"), days[-1].astype("datetime64[M]") + 1)
    closing = months[months.astype(int) % 3 == 2]
    period_ends = (closing + 1).astype("datetime64[D]") - 1
    quarters, width = len(period_ends), len(stocks.symbols)
    draws = [_quarter(number, width, seed) for number in range(quarters)]
    uniform = np.array([u for u, _ in draws]).reshape(quarters, 2, width)
    available = period_ends[:, None] + _lag_days(uniform[:, 0], uniform[:, 1]).astype("timedelta64[D]")
    known = days.searchsorted(available)
    first_day = np.append(days, np.datetime64("9999-01-01"))[np.minimum(stocks.first, len(days))]
    exists = (known < len(days)) & (known <= stocks.last) & (period_ends[:, None] >= first_day)
    return Filings(
        period_ends,
        available,
        _quality([n for _, n in draws]).reshape(quarters, width),
        exists,
        _news(known, exists),
        np.full(width, -1),
    )


def facts(
    sessions: pd.DatetimeIndex, stocks: Traits, reports: Filings, bars: dict[str, np.ndarray], *, seed: int
) -> pd.DataFrame:
    """Every figure of every report, one row each."""
    figures = _figures(sessions, stocks, reports, bars, seed)
    quarter, stock = np.nonzero(reports.exists)
    ends = reports.period_ends[quarter]
    available = reports.available[quarter, stock].astype("datetime64[us]") + np.timedelta64(AVAILABLE_HOUR_UTC, "h")
    focus = np.array(["Q1", "Q2", "Q3", "Q4"])[(ends.astype("datetime64[M]").astype(int) % 12) // 3]
    names = pd.array(stocks.symbols, dtype="str")
    each = pd.DataFrame(
        {
            "symbol": names[stock],
            "period_end": ends.astype("datetime64[us]"),
            "period_focus": pd.array(focus, dtype="str"),
            "available_utc": pd.DatetimeIndex(available, tz="UTC"),
        }
    )
    return pd.concat([each.assign(fact=n, value=v[quarter, stock]) for n, v in figures.items()], ignore_index=True)


def membership(sessions: pd.DatetimeIndex, stocks: Traits) -> pd.DataFrame:
    """First and last day of every stock in the index, of those that have joined."""
    joined = np.flatnonzero((stocks.joins < len(sessions)) & (stocks.joins <= stocks.leaves))
    leaves = stocks.leaves[joined]
    last = sessions[np.minimum(leaves, len(sessions) - 1)].to_series(index=pd.RangeIndex(len(joined)))
    return pd.DataFrame(
        {
            "symbol": pd.array([stocks.symbols[i] for i in joined], dtype="str"),
            "first_session": sessions[stocks.joins[joined]],
            "last_session": last.where(leaves < len(sessions)),
            "sector": pd.array(stocks.sectors[joined], dtype="str"),
        }
    )


def _figures(
    sessions: pd.DatetimeIndex, stocks: Traits, reports: Filings, bars: dict[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """USD, shares or USD a share, each of shape (Q, N); none but ``quality`` says anything about returns."""
    count, width = reports.exists.shape
    noise = [synthetic_draws.blocks(seed, FILINGS, 1_000 + q, width, _five_normals) for q in range(count)]
    noise = np.array(noise).reshape(count, 5, width)
    revenues = stocks.shares * stocks.price_usd * 0.15 * np.exp(np.cumsum(0.01 + 0.04 * noise[:, 0], axis=0))
    net_income = revenues * (stocks.margin + 0.03 * noise[:, 1])
    assets = 5 * revenues * np.exp(0.1 * noise[:, 2])
    return {
        "revenues": np.round(revenues),
        "net_income": np.round(net_income),
        "assets": np.round(assets),
        "equity": np.round(assets * np.clip(0.45 + 0.05 * noise[:, 3], 0.1, 0.9)),
        "cash_flow_op": np.round(1.2 * net_income + 0.02 * revenues * noise[:, 4]),
        "shares_outstanding": np.round(stocks.shares * _splits_so_far(sessions, reports, bars, width)),
        "dividend": np.round(_dividends_of_quarter(sessions, reports, bars, width), 4),
        "quality": reports.quality,
    }


def _splits_so_far(sessions: pd.DatetimeIndex, reports: Filings, bars: dict[str, np.ndarray], width: int) -> np.ndarray:
    level = np.cumprod(np.nan_to_num(bars["split_ratio"][:, :width], nan=1.0), axis=0)
    return level[np.maximum(_last_session(sessions, reports), 0)]


def _dividends_of_quarter(
    sessions: pd.DatetimeIndex, reports: Filings, bars: dict[str, np.ndarray], width: int
) -> np.ndarray:
    paid = np.cumsum(np.nan_to_num(bars["dividend"][:, :width]), axis=0)
    return np.diff(paid[np.maximum(_last_session(sessions, reports), 0)], axis=0, prepend=0.0)


def _last_session(sessions: pd.DatetimeIndex, reports: Filings) -> np.ndarray:
    return sessions.to_numpy().astype("datetime64[D]").searchsorted(reports.period_ends, side="right") - 1


def _quarter(number: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    uniform = synthetic_draws.blocks(
        seed, FILINGS, 2 * number, width, lambda rng: rng.random((2, synthetic_draws.BLOCK))
    )
    normal = synthetic_draws.blocks(
        seed, FILINGS, 2 * number + 1, width, lambda rng: rng.standard_normal(synthetic_draws.BLOCK)
    )
    return uniform, normal


def _five_normals(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((5, synthetic_draws.BLOCK))


def _lag_days(late: np.ndarray, place: np.ndarray) -> np.ndarray:
    ordinary = LAG_DAYS[0] + place * (LAG_DAYS[1] - LAG_DAYS[0])
    slow = LATE_LAG_DAYS[0] + place * (LATE_LAG_DAYS[1] - LATE_LAG_DAYS[0])
    return np.where(late < LATE_SHARE, slow, ordinary).astype(int)


def _quality(normals: list[np.ndarray]) -> np.ndarray:
    values: list[np.ndarray] = []
    for normal in normals:
        values.append(normal if not values else QUALITY_MEMORY * values[-1] + np.sqrt(1 - QUALITY_MEMORY**2) * normal)
    return np.array(values)


def _news(known: np.ndarray, exists: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    quarter, stock = np.nonzero(exists)
    order = np.argsort(known[quarter, stock], kind="stable")
    when, quarter, stock = known[quarter, stock][order], quarter[order], stock[order]
    bounds = np.flatnonzero(np.diff(when, prepend=-1, append=-2))
    return {int(when[a]): (quarter[a:b], stock[a:b]) for a, b in pairwise(bounds)}
