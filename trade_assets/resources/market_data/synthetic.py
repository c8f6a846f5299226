"""The synthetic market as a source: everything a real one offers, and the truth behind it."""

import hashlib
from functools import cached_property

import numpy as np
import pandas as pd

from trade_assets import schemas, settings
from trade_assets.domain import calendar, synthetic_market
from trade_assets.resources.market_data import daily_legs, protocol


class Synthetic:
    """Market data from :mod:`trade_assets.domain.synthetic_market`, generated at the first question."""

    name = "synthetic"
    has_real_opens = True
    is_survivorship_free = True

    def __init__(self, of: settings.Synthetic) -> None:
        self._settings = of

    @property
    def complete_through(self) -> pd.Timestamp:
        """Last session of the market."""
        return self._sessions[-1]

    def identity(self, table: str) -> str:
        """One name for all markets that share their beginning: the number of sessions does not matter."""
        traits = self._settings.model_dump_json(exclude={"sessions"})
        return f"{self.name}-{hashlib.sha256(traits.encode()).hexdigest()[:12]}/{table}"

    def bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the sessions in ``[start, end]``, raw prices with their actions."""
        last = end if as_of is None else min(end, as_of)
        rows = slice(self._sessions.searchsorted(start), self._sessions.searchsorted(last, side="right"))
        session, symbol = np.nonzero(~np.isnan(self.market.bars["close"][rows]))
        values = {name: panel[rows][session, symbol] for name, panel in self.market.bars.items()}
        days, names = self._sessions[rows][session], self._names[symbol]
        frame = pd.DataFrame(
            {"session": days, "symbol": names, **values, "adjustment_factor": np.nan, "price_basis": "raw"}
        )
        return schemas.check("synthetic source, bars", schemas.RAW["bars"], frame)

    def index_bars(self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Daily bars of the two legs, stamped with the close of their session."""
        return protocol.within("index_bars", self._index_bars, start, end, as_of)

    def fundamentals(
        self, start: pd.Timestamp, end: pd.Timestamp, *, as_of: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Facts that became available in ``[start, end]``; ``quality`` carries the planted signal."""
        return protocol.within("fundamentals", self._facts, start, end, as_of)

    def membership(self, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
        """Members of the index, with their sector."""
        return protocol.members_known(self._membership, as_of)

    def oracle_scores(self, date: pd.Timestamp) -> pd.Series:
        """Expected return of the next ten sessions over the market's, known at the close of ``date``.

        No better score exists for this market; where no signal is planted, it is zero for all.

        Returns
        -------
        Series indexed by symbol, of the stocks with a bar on ``date``
        """
        place = self._sessions.get_indexer(pd.DatetimeIndex([date]))[0]
        if place < 0:
            last = f"{self.complete_through:%Y-%m-%d}"
            raise ValueError(f"date must be a session of the market, the last is {last}, was {date:%Y-%m-%d}")
        scores = self.market.expected_return_frac[place]
        return pd.Series(scores, index=self._names[: len(scores)], name="expected_return_frac").dropna()

    @cached_property
    def market(self) -> synthetic_market.Market:
        """The whole market, truth included."""
        return synthetic_market.generate(
            self._sessions,
            symbols=self._settings.symbols,
            seed=self._settings.seed,
            information_coefficient=self._settings.information_coefficient,
            delisting_rate_per_year=self._settings.delisting_rate_per_year,
        )

    @cached_property
    def _sessions(self) -> pd.DatetimeIndex:
        start, count = pd.Timestamp(self._settings.start), self._settings.sessions
        enough = start + pd.Timedelta(days=int(count * 1.5) + 15)
        return calendar.sessions_between(start, enough)[:count]

    @cached_property
    def _names(self) -> pd.api.extensions.ExtensionArray:
        return pd.array(self.market.symbols, dtype="str")

    @cached_property
    def _index_bars(self) -> pd.DataFrame:
        legs = [len(self._names) - len(synthetic_market.LEGS) + i for i in range(len(synthetic_market.LEGS))]
        daily = [
            pd.DataFrame(
                {
                    "session": self._sessions,
                    "symbol": self._names[i],
                    **{c: self.market.bars[c][:, i] for c in schemas.BAR_VALUES},
                }
            )
            for i in legs
        ]
        frame = daily_legs.of(pd.concat(daily), list(synthetic_market.LEGS))
        return schemas.check("synthetic source, index_bars", schemas.RAW["index_bars"], frame)

    @cached_property
    def _facts(self) -> pd.DataFrame:
        facts = self.market.facts.assign(availability="filed")
        return schemas.check("synthetic source, fundamentals", schemas.RAW["fundamentals"], facts)

    @cached_property
    def _membership(self) -> pd.DataFrame:
        return schemas.check("synthetic source, membership", schemas.RAW["membership"], self.market.membership)
