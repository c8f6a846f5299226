"""The rebalance assets at a session between two rebalances: the next partition, cut short at that session's close.

The same functions read the same windows of what is stored and leave nothing behind. What they say of the session is what
the whole partition will say of it, since nothing in it looks ahead. No model is fitted: those of the newest rebalance stay
in force.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from trade_assets import partitions, schemas, settings
from trade_assets.assets import allocator, events, market_data, market_gate, stocks
from trade_assets.assets.partitioned import Narrowed
from trade_assets.domain.calendar import Rebalances
from trade_assets.resources.tables import TableStore

CHAIN = (
    market_data.bars,
    market_data.index_bars,
    market_data.fundamentals,
    market_gate.market_forecasts,
    market_gate.market_signals,
    stocks.stock_features,
    stocks.base_predictions,
    stocks.stock_predictions,
    events.bar_features,
    events.events,
    events.event_outcomes,
    events.event_scores,
    events.event_book,
    allocator.allocator_features,
    allocator.allocation,
)
SECTIONS = tuple(
    sorted({s for a in CHAIN for spec in a.specs for s in spec.metadata["settings"].split(", ")} & settings.SECTIONS)
)  # of the settings, that the chain reads
KEPT = 16  # sessions: two assets of one range ask for the same
CARRIED = ("universe", "base_models", "stack_models")  # decided at a rebalance and in force until the next


class Between:
    """What the assets of the live day ask for a session; the newest few are kept.

    Parameters
    ----------
    resources : mapping of name to resource
        What the assets of the chain ask for, the store among them.
    """

    def __init__(self, resources: Mapping[str, Any]) -> None:
        self._resources = dict(resources)
        self._kept: dict[pd.Timestamp, AtSession] = {}

    def at(self, session: pd.Timestamp) -> "AtSession":
        """The tables of a session."""
        if session not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[session] = AtSession(
                session, self._resources["tables"], self._resources["fingerprint_of"], self._resources
            )
        return self._kept[session]


class AtSession:
    """Tables at one session, computed when first asked for.

    Parameters
    ----------
    session : Timestamp
        A session at or after the first rebalance.
    tables : TableStore
    fingerprint_of : callable
        Asset name to the fingerprint of the settings it reads.
    resources : mapping of name to resource
        What the assets of the chain ask for.
    """

    def __init__(
        self,
        session: pd.Timestamp,
        tables: TableStore,
        fingerprint_of: Callable[[str], str],
        resources: Mapping[str, Any],
    ) -> None:
        self._tables, self._fingerprint_of, self._resources = tables, fingerprint_of, resources
        self._session, self._rebalance = session, partitions.rebalance_at(session)
        self._dates: Rebalances | None = None
        if self._rebalance is not None and self._rebalance != session:
            self._dates = partitions.GRID.cut_at(session)
        self._made: dict[str, pd.DataFrame] = {}

    def table(self, name: str) -> pd.DataFrame:
        """Rows of the partition that ends with the session."""
        if self._rebalance is None:
            return schemas.TABLES[name].empty()
        if self._dates is None:
            return self._stored(name, [self._rebalance])
        if name not in self._made:
            self._made[name] = self._carried(name) if name in CARRIED else self._computed(name)
        return self._made[name]

    def _computed(self, name: str) -> pd.DataFrame:
        assert self._dates is not None
        asset = next(a for a in CHAIN if a.key.to_user_string() == name)
        function = asset.op.compute_fn.decorated_fn.__wrapped__  # type: ignore[union-attr]
        given: dict[str, Any] = {}
        for parameter in inspect.signature(function).parameters:
            if parameter == "dates":
                given[parameter] = self._dates
            elif parameter == "previous":
                given[parameter] = self._stored(name, [self._dates.before])
            elif parameter == "settings":
                given[parameter] = self._narrowed(asset, name)
            elif parameter in asset.op.ins:
                given[parameter] = self._window(parameter, asset.op.ins[parameter].metadata or {})
            else:
                given[parameter] = self._resources[parameter]
        return schemas.check(name, schemas.TABLES[name], function(**given))

    def _narrowed(self, asset: dg.AssetsDefinition, name: str) -> Narrowed:
        sections = next(iter(asset.specs)).metadata["settings"].split(", ")
        return Narrowed(self._resources["settings"], name, tuple(sections))

    def _window(self, name: str, window: Mapping[str, Any]) -> pd.DataFrame:
        assert self._dates is not None
        wanted = self._dates.whole.window(self._session, last=window.get("last", 1), lag=window.get("lag", 0))
        legs = self._resources["settings"].index_legs().symbols() if window.get("symbols") else None
        stored = [date for date in wanted if date != self._session]
        parts = [self._stored(name, stored, legs)] if stored else []
        if self._session in wanted:
            own = self.table(name)
            parts.append(own if legs is None else own[own["symbol"].isin(legs)])
        return schemas.concat(name, parts)

    def _carried(self, name: str) -> pd.DataFrame:
        return self._stored(name, [self._rebalance]).assign(rebalance_date=self._session)

    def _stored(
        self, name: str, dates: Sequence[pd.Timestamp | None], symbols: Sequence[str] | None = None
    ) -> pd.DataFrame:
        keys = [partitions.key_of(date) for date in dates if date is not None]
        return self._tables.read(name, keys, fingerprint=self._fingerprint_of(name), symbols=symbols)[0]
