"""Two index legs of seeded bars with a known edge, or none, as a source of market data.

Log returns are noise around a drift nobody sees: a slow process whose past the moves of the bars betray. With
``edge`` 0 there is no drift; with 0.1 its spread is a tenth of a bar's volatility.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.domain.events import bars
from trade_assets.resources.market_data import protocol

PERSISTENCE = 0.97
SUBSTEPS = 8  # ticks inside a bar, from which its high and low come


@dataclass
class LegMarket:
    """Bars of QQQ and SPY on the exchange's grid, and their daily bars; no stocks, no facts, no list.

    ``minutes`` None is one bar a session; ``volatility`` is that of a bar, as a log return.
    """

    start: str
    end: str
    minutes: int | None
    edge: float
    volatility: float = 0.004
    seed: int = 42
    name = "leg_market"
    has_real_opens = True
    is_survivorship_free = True

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session."""
        return self._grid["session"].iloc[-1]

    def identity(self, table: str) -> str:
        """One name for one market."""
        return f"{self.name}-{self.minutes}-{self.edge}-{self.volatility}-{self.seed}-{self.start}-{self.end}/{table}"

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Bars of both legs."""
        return protocol.within("index_bars", self._index_bars, start, end, as_of)

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of both legs."""
        return protocol.within("bars", self._bars, start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """No facts."""
        return schemas.RAW["fundamentals"].empty()

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """No list."""
        return schemas.RAW["membership"].empty()

    @cached_property
    def _grid(self) -> pd.DataFrame:
        return bars.grid(
            calendar.sessions_between(pd.Timestamp(self.start), pd.Timestamp(self.end)), minutes=self.minutes
        )

    @cached_property
    def _index_bars(self) -> pd.DataFrame:
        rng = np.random.default_rng(self.seed)
        n, common = len(self._grid), rng.normal(size=(len(self._grid), SUBSTEPS))
        parts = []
        for symbol, level in (("QQQ", 50.0), ("SPY", 120.0)):
            noise = 0.7 * common + np.sqrt(1 - 0.49) * rng.normal(size=(n, SUBSTEPS))
            drift = _slow(rng.normal(size=n)) * self.edge
            steps = self.volatility * (noise / np.sqrt(SUBSTEPS) + drift[:, None] / SUBSTEPS)
            log_price = np.log(level) + np.cumsum(steps.ravel()).reshape(n, SUBSTEPS)
            opened = np.concatenate([[np.log(level)], log_price[:-1, -1]])
            path = np.column_stack([opened, log_price])
            parts.append(
                pd.DataFrame(
                    {
                        "bar_end_utc": self._grid["bar_end_utc"],
                        "symbol": symbol,
                        "open": np.exp(path[:, 0]),
                        "high": np.exp(path.max(axis=1)),
                        "low": np.exp(path.min(axis=1)),
                        "close": np.exp(path[:, -1]),
                        "volume": rng.integers(1_000_000, 5_000_000, n).astype(float),
                    }
                )
            )
        return schemas.check("leg market", schemas.RAW["index_bars"], pd.concat(parts, ignore_index=True))

    @cached_property
    def _bars(self) -> pd.DataFrame:
        days = bars.on_grid(
            self._index_bars, bars.grid(self._grid["session"].drop_duplicates().pipe(pd.DatetimeIndex), minutes=None)
        )
        plain = {"split_ratio": 1.0, "dividend": 0.0, "adjustment_factor": np.nan, "price_basis": "raw"}
        return schemas.check("leg market", schemas.RAW["bars"], days.drop(columns="bar_end_utc").assign(**plain))


def _slow(noise: np.ndarray) -> np.ndarray:
    """An autoregressive process of unit spread."""
    out, scale = np.empty(len(noise)), np.sqrt(1 - PERSISTENCE**2)
    level = noise[0]
    for i, shock in enumerate(noise.tolist()):
        level = PERSISTENCE * level + scale * shock
        out[i] = level
    return out
