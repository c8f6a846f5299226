"""The proof that nothing looks ahead: rebuild a partition in a world that ends at its close, and compare.

For a date r the raw data are cut at r, every stored partition from r on is hidden, partition r of every
asset is computed again in a scratch store, and the sha256 of each is compared with what is stored. The
first asset that differs, in the order of the graph, is named. Every date has a process of its own, whose
sources, stores and caches begin with the cut.

The proof shows that nothing later was used. That what was used was joined rightly is tested apart.
"""

import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass

import dagster as dg
import pandas as pd

from trade_assets import leaks, partitions
from trade_assets.automation import rebalance_job
from trade_assets.definitions import build_definitions, build_resources
from trade_assets.resources.event_log import unlogged_instance
from trade_assets.resources.files import Files
from trade_assets.resources.market_data import build_source
from trade_assets.resources.market_data.cut import Cut
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.market_data.vintages import Vintages
from trade_assets.resources.overlay import Overlay, partitions_from
from trade_assets.resources.records import Records
from trade_assets.resources.studies import Unstored
from trade_assets.resources.tables import MissingPartitionError, TableStore
from trade_assets.resources.tracking import Untracked
from trade_assets.resources.workers import PRELOADED, Workers, end_with_the_owner
from trade_assets.settings import Settings, load
from trade_assets.telling import step_failure

CUT = "nothing later"
LEAK_RANGE = 3  # a leak shows only where the later data are at hand: the leaky side is a range


class RebuildError(RuntimeError):
    """A partition that could not be computed from what was knowable at its close."""

    def __init__(self, asset: str, reason: str) -> None:
        super().__init__(asset, reason)  # as given, so that it can cross to another process
        self.asset, self.reason = asset, reason

    def __str__(self) -> str:
        return f"{self.asset}: {self.reason}"


@dataclass(frozen=True)
class Verdict:
    """What the rebuild of one date gave, in the order of the graph.

    Attributes
    ----------
    key : str
    differing : tuple of str
        Assets whose rebuilt partition has another sha256.
    compared : tuple of str
        All assets compared.
    failure : str or None
        Why the partition could not be rebuilt from what was knowable, or why it had to differ, where that is known.
    hashes : tuple of str
        The sha256 each of ``compared`` was rebuilt to; empty where it failed.
    variation : str
        What was different in the rebuild.
    """

    key: str
    differing: tuple[str, ...]
    compared: tuple[str, ...]
    failure: str | None = None
    hashes: tuple[str, ...] = ()
    variation: str = CUT

    @property
    def first(self) -> str | None:
        """The first asset that differs; None where all are the same."""
        return self.differing[0] if self.differing else None


def prove(
    keys: Sequence[str], *, leak: str | None = None, processes: int = 2, assets: Sequence[str] = ()
) -> Iterator[Verdict]:
    """Verdicts of the dates as they come in.

    With ``leak`` the system has that leak on both sides: what it gives where later data are at hand takes the
    place of the store, and what it gives in the cut world is compared with that. ``assets`` narrows both to these and
    what they are made of; by default it is the whole graph.
    """
    names = order_of_the_graph(assets)
    with ExitStack() as stack:
        pool = stack.enter_context(_fresh_processes(processes))
        stored = {key: load().store.url for key in keys}
        if leak is not None:
            stored = {key: stack.enter_context(tempfile.TemporaryDirectory()) for key in keys}
            for done in [pool.submit(leaky_range, key, leak, stored[key], names) for key in keys]:
                done.result()
        for done in as_completed([pool.submit(judge, key, stored[key], names, leak) for key in keys]):
            yield done.result()


def prove_from_scratch(keys: Sequence[str]) -> Iterator[Verdict]:
    """Verdicts of every date from the first on, each rebuilt on what was rebuilt before it and on nothing stored.

    The cut moves with the key, a fresh process each: a range would repeat any leak that stays inside it.
    """
    names = order_of_the_graph()
    with tempfile.TemporaryDirectory() as scratch, _fresh_processes(1) as pool:
        for key in keys:
            yield pool.submit(judge, key, load().store.url, names, scratch=scratch).result()


def judge(
    key: str, stored_url: str, names: Sequence[str], leak: str | None = None, scratch: str | None = None
) -> Verdict:
    """Rebuild the named assets of one date in this process, which must not have computed anything before, and compare.

    They are rebuilt on the stored partitions before it, or where ``scratch`` names a store, on that alone.
    """
    own = tempfile.TemporaryDirectory() if scratch is None else nullcontext(scratch)
    with own as directory, leaks.planted(leak) if leak else nullcontext():
        settings, files = load(), Files(directory)
        data = Vintages(Cut(stored_source(settings), pd.Timestamp(key)), files)
        try:
            rebuild(settings, [key], files, names, data, alone=scratch is not None)
        except RebuildError as failed:
            return Verdict(key, (failed.asset,), tuple(names), str(failed))
        return compared(key, names, TableStore(files), TableStore(Files(stored_url)))


def compared(key: str, names: Sequence[str], found: TableStore, stored: TableStore, *, variation: str = CUT) -> Verdict:
    """The verdict on a date that has been rebuilt into ``found``."""
    hashes = tuple(found.record(name, key).sha256 for name in names)
    differing = [n for n, own in zip(names, hashes, strict=True) if own != stored.record(n, key).sha256]
    why = _other_code(found, stored, differing[:1], key)
    return Verdict(key, tuple(differing), tuple(names), why, hashes, variation)


def _other_code(found: TableStore, stored: TableStore, differing: list[str], key: str) -> str | None:
    for name in differing:
        then, now = stored.record(name, key).code_version, found.record(name, key).code_version
        if then != now:
            return f"it was stored by code {then}, this is {now}: run the date again before proving it"
    return None


def leaky_range(key: str, leak: str, directory: str, names: Sequence[str]) -> None:
    """Compute a short range from ``key`` with a leak planted and all data at hand, into ``directory``."""
    settings = load()
    with leaks.planted(leak):
        rebuild(settings, _range_from(key), Files(directory), names, stored_source(settings))


def _fresh_processes(count: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trade_assets.proof", *PRELOADED])  # once, and not in every process again
    return ProcessPoolExecutor(count, mp_context=context, max_tasks_per_child=1, initializer=end_with_the_owner)


def provable_keys(settings: Settings) -> list[str]:
    """Keys every asset of the rebalance job has a partition for."""
    tables = TableStore(Files(settings.store.url))
    keys = set.intersection(*(set(tables.keys(name)) for name in order_of_the_graph()))
    if not keys:
        raise MissingPartitionError("there is no complete rebalance date in the store; run the system first")
    return sorted(keys)


def order_of_the_graph(assets: Sequence[str] = ()) -> list[str]:
    """Names of the rebalance assets, what is upstream first; of ``assets`` and all they are made of, where given.

    Raises
    ------
    ValueError
        If a name is none of theirs.
    """
    job = build_definitions().resolve_job_def(rebalance_job.name)
    graph, selected = job.asset_layer.asset_graph, job.asset_layer.executable_asset_keys
    names = [key.to_user_string() for key in graph.toposorted_asset_keys if key in selected]
    unknown = sorted(set(assets) - set(names))
    if unknown:
        raise ValueError(f"the asset must be one of {', '.join(sorted(names))}, was {unknown[0]!r}")
    if not assets:
        return names
    wanted = {key.to_user_string() for key in dg.AssetSelection.assets(*assets).upstream().resolve(graph)}
    return [name for name in names if name in wanted]


def _range_from(key: str) -> list[str]:
    keys = [partitions.key_of(date) for date in partitions.GRID.dates]
    return keys[keys.index(key) :][:LEAK_RANGE]


def stored_source(settings: Settings) -> Vintages:
    """The raw data the stored partitions were made of: those that were sealed then."""
    return Vintages(build_source(settings), Files(settings.store.url))


def rebuild(
    settings: Settings,
    keys: Sequence[str],
    scratch: Files,
    names: Sequence[str],
    data: MarketData,
    *,
    alone: bool = False,
    workers: Workers | None = None,
) -> None:
    """Compute the keys again into ``scratch``, in one run, on the stored partitions before them.

    With ``alone`` they are computed on what ``scratch`` holds before them. Raises :class:`RebuildError`.
    """
    base = Files(settings.store.url)
    resources = build_resources(
        settings,
        files=scratch if alone else Overlay(scratch, base, partitions_from(keys[0])),
        market_data=data,
        tracking=Untracked(),
        studies=Unstored(),
        records=Records(base),  # raw input: what people decided, read up to each close
        workers=workers or Workers(1),
    )
    job = build_definitions(resources).resolve_job_def(rebalance_job.name)
    unchecked = job.get_subset(asset_selection={dg.AssetKey(name) for name in names}, asset_check_selection=set())
    result = unchecked.execute_in_process(
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        instance=unlogged_instance(),
        tags={"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]},
        raise_on_error=False,
    )
    if not result.success:
        raise RebuildError(*failure_of(result))


def failure_of(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """The step a run failed in, and why, in the words of the innermost error."""
    return step_failure(result.all_events) or ("a check", f"a blocking check did not pass, see run {result.run_id}")
