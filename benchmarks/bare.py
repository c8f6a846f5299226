"""The graph without Dagster: every function called once for all dates, its tables kept in memory.

Inputs are narrowed to the windows their assets declare, and every table is checked as the store would
check it, so that what comes out is what the store holds.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import dagster as dg
import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.automation import rebalance_job
from trade_assets.definitions import build_definitions
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.models import MODELS
from trade_assets.resources import table_io
from trade_assets.resources.tables import TableStore
from trade_assets.resources.workers import Workers

Clock = Callable[[], float]


class Silent:
    """Stands in for the context of a run: whatever is reported goes nowhere."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


class Artifacts:
    """Model texts in memory, under numbers that look like hashes."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def put(self, texts: Iterable[str]) -> list[str]:
        """Keep each text; returns their addresses in order."""
        addresses = []
        for text in texts:
            addresses.append(f"{len(self._texts):064x}")
            self._texts[addresses[-1]] = text
        return addresses

    def get(self, address: str) -> str:
        """The text at ``address``."""
        return self._texts[address]


class Fits(Workers):
    """Fits one after the other in this process; keeps the CPU they took, and what they gave.

    With ``recorded`` nothing is fitted: the results of an earlier run are handed out again.
    """

    def __init__(self, recorded: Mapping[str, list] | None = None) -> None:
        super().__init__(1)
        self.cpu_seconds: dict[str, float] = {}
        self.results: dict[str, list] = {}
        self._recorded = recorded

    def map(self, function, jobs, *, few: int = 0) -> Iterator:
        """Results in the order of the jobs."""
        name = function.__module__.rsplit(".", 1)[-1]
        given = iter(self._recorded[name]) if self._recorded is not None else None
        for job in jobs:
            started = time.process_time()
            result = function(job) if given is None else next(given)
            self.cpu_seconds[name] = self.cpu_seconds.get(name, 0.0) + time.process_time() - started
            self.results.setdefault(name, []).append(result)
            yield result

    def total(self) -> float:
        """CPU seconds of all fits."""
        return sum(self.cpu_seconds.values())


@contextmanager
def clocked_learners() -> Iterator[Callable[[], float]]:
    """Time what the learners of the stock models do, from arrays to a model; gives what reads the CPU seconds."""
    spent, own = [0.0], dict(MODELS)

    def clocked(function: Callable) -> Callable:
        def timed(*args: object) -> object:
            started = time.process_time()
            result = function(*args)
            spent[0] += time.process_time() - started
            return result

        return timed

    for name, learner in own.items():
        MODELS[name] = replace(learner, search=clocked(learner.search), fit=clocked(learner.fit))
    try:
        yield lambda: spent[0]
    finally:
        MODELS.update(own)


class Graph:
    """The assets of the rebalance job in order, and the tables they have given so far.

    Attributes
    ----------
    tables : dict of asset name to its whole table
    function_seconds, table_seconds : dict of asset name to CPU seconds
        In the function itself; in checking its table and cutting the windows it reads.
    wall_seconds : dict of asset name to the seconds all of it took, other processes included
    """

    def __init__(self, resources: Mapping[str, object], *, only: Sequence[str] = ()) -> None:
        self._resources = resources
        self._assets = [
            a for a in _in_order() if not only or {a.key.to_user_string(), *a.group_names_by_key.values()} & {*only}
        ]
        self.tables: dict[str, pd.DataFrame] = {}
        self.function_seconds: dict[str, float] = {}
        self.table_seconds: dict[str, float] = {}
        self.wall_seconds: dict[str, float] = {}

    def run(self, dates: Rebalances) -> None:
        """Compute every asset for ``dates``, on what has been computed before them."""
        for asset in self._assets:
            name, begun = asset.key.to_user_string(), time.perf_counter()
            started = time.process_time()
            arguments = self._arguments(asset, dates)
            called = time.process_time()
            result = _function(asset)(**arguments)
            returned = time.process_time()
            self._keep(name, result, dates)
            self.function_seconds[name] = self.function_seconds.get(name, 0.0) + returned - called
            ours = called - started + time.process_time() - returned
            self.table_seconds[name] = self.table_seconds.get(name, 0.0) + ours
            self.wall_seconds[name] = self.wall_seconds.get(name, 0.0) + time.perf_counter() - begun

    def _arguments(self, asset: dg.AssetsDefinition, dates: Rebalances) -> dict[str, Any]:
        name, parameters = asset.key.to_user_string(), _parameters(asset)
        arguments = {p: self._resources[p] for p in parameters if p in self._resources}
        own = {"dates": dates, "context": Silent(), "previous": self._rows(name, _before(dates))}
        arguments |= {p: value for p, value in own.items() if p in parameters}
        for upstream, given in asset.op.ins.items():
            arguments[upstream] = self._window(upstream, dates, **(given.metadata or {}))
        return arguments

    def _window(
        self, name: str, dates: Rebalances, last: int | None = 1, lag: int = 0, symbols: str | None = None
    ) -> pd.DataFrame:
        grid = partitions.GRID
        newest, oldest = (grid.window(date, last=last, lag=lag) for date in (dates.dates[-1], dates.dates[0]))
        start = oldest[0] if len(oldest) else grid.dates[0]
        keys = newest if last is None else grid.dates[(grid.dates >= start) & (grid.dates <= newest.max())]
        legs = self._resources["settings"].index_legs().symbols()  # type: ignore[attr-defined]
        return self._rows(name, keys, symbols and legs)

    def _rows(self, name: str, keys: pd.DatetimeIndex, symbols: Sequence[str] | None = None) -> pd.DataFrame:
        if name not in self.tables or not len(keys):
            return schemas.TABLES[name].empty()
        table = self.tables[name]
        dates = table[schemas.TABLES[name].partition]
        inside = (dates >= keys[0]) & (dates <= keys[-1])
        if symbols is not None:
            inside &= table["symbol"].isin(symbols)
        return table[inside].reset_index(drop=True)

    def _keep(self, name: str, result: pd.DataFrame, dates: Rebalances) -> None:
        checked, before = schemas.check(name, schemas.TABLES[name], result), self.tables.get(name)
        self.tables[name] = checked if before is None else pd.concat([before, checked], ignore_index=True)


class StoredGraph(Graph):
    """The same on the real store: windows are read and verified, tables written, a file a partition."""

    def __init__(self, resources: Mapping[str, object], tables: TableStore) -> None:
        super().__init__(resources)
        self._tables = tables

    def _rows(self, name: str, keys: pd.DatetimeIndex, symbols: Sequence[str] | None = None) -> pd.DataFrame:
        return self._tables.read(name, [partitions.key_of(date) for date in keys], symbols=symbols)[0]

    def _keep(self, name: str, result: pd.DataFrame, dates: Rebalances) -> None:
        frames = table_io.split(name, result, [partitions.key_of(date) for date in dates.dates])
        list(self._tables.write(name, frames, fingerprint="", code_version="", inputs={}))


def _in_order() -> Iterator[dg.AssetsDefinition]:
    definitions = build_definitions()
    layer = definitions.resolve_job_def(rebalance_job.name).asset_layer
    by_key = {key: a for a in definitions.assets or [] if isinstance(a, dg.AssetsDefinition) for key in a.keys}
    for key in layer.asset_graph.toposorted_asset_keys:
        if key in layer.executable_asset_keys:
            yield by_key[key]


def _function(asset: dg.AssetsDefinition) -> Callable[..., pd.DataFrame]:
    return asset.op.compute_fn.decorated_fn.__wrapped__  # type: ignore[union-attr]


def _parameters(asset: dg.AssetsDefinition) -> list[str]:
    code = _function(asset).__code__
    return list(code.co_varnames[: code.co_argcount])


def _before(dates: Rebalances) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([] if dates.before is None else [dates.before])
