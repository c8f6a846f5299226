"""How an asset is declared: its partitions, the windows it reads, the settings it depends on.

An asset function takes upstream tables by name. Two further parameters are filled in where it asks
for them: ``dates``, the rebalance dates of the run in order, and ``previous``, the asset's own
partition before the first of them (the empty table at the start of the history).
"""

import functools
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pandas as pd

import trade_assets
from trade_assets import partitions, schemas, settings
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.live.run import RECORD_SESSIONS
from trade_assets.resources.table_io import without_gap
from trade_assets.resources.tables import TableStore

OWNERS = ["team:quant"]
PACKAGE = Path(trade_assets.__file__).parent


def window(last: int | None = 1, *, lag: int = 0, symbols: str | None = None) -> dict[str, object]:
    """Partitions an input reads: the ``last`` ones that end ``lag`` rebalances before the partition; ``None`` is all."""
    narrowed: dict[str, object] = {"symbols": symbols} if symbols else {}
    return {"last": last, "lag": lag, **narrowed}


def newest(last: int = 1, *, lag: int = 0) -> dict[str, object]:
    """Partitions of a rebalance asset a session reads: the ``last`` ones there are at its close, ``lag`` before that."""
    return {"last": last, "lag": lag, "as_of": True}


def days(last: int) -> dict[str, object]:
    """Partitions of a session asset a session reads: up to ``last`` that end with it, without a gap."""
    return {"days": last}


def rebalance_asset(
    *, group: str, sections: tuple[str, ...] = (), kinds: set[str] | None = None, **windows: dict[str, object]
) -> Callable:
    """An asset with one partition a rebalance date.

    ``sections`` are the settings it may read besides history and data, which every asset rests on; ``windows`` name
    the inputs that read more than their own key.
    """
    return _asset(group, partitions.rebalance_dates, sections, kinds, windows, rebalance_dates_of)


def session_asset(
    *, group: str, sections: tuple[str, ...] = (), kinds: set[str] | None = None, **windows: dict[str, object]
) -> Callable:
    """An asset with one partition a session; ``previous`` is up to a year of its own before the run."""
    return _asset(group, partitions.sessions, sections, kinds, windows, sessions_of)


def _asset(
    group: str,
    definition: dg.PartitionsDefinition,
    sections: tuple[str, ...],
    kinds: set[str] | None,
    windows: dict,
    dates_of: Callable,
) -> Callable:
    def declare(function: Callable[..., pd.DataFrame]) -> dg.AssetsDefinition:
        name = function.__name__
        parameters = inspect.signature(function).parameters
        takes_previous = "previous" in parameters

        @functools.wraps(function)
        def compute(context: dg.AssetExecutionContext, **arguments):
            dates = dates_of(context)
            if "settings" in arguments:
                arguments["settings"] = Narrowed(arguments["settings"], name, sections)
            if "context" in parameters:
                arguments["context"] = context
            if "dates" in parameters:
                arguments["dates"] = dates
            if takes_previous:
                tables, fingerprint_of = arguments.pop("tables"), arguments.pop("fingerprint_of")
                arguments["previous"] = (
                    previous_partition(tables, fingerprint_of, name, dates)
                    if isinstance(dates, Rebalances)
                    else previous_days(tables, name, dates)
                )
            return function(**arguments)

        kept = [p for p in parameters.values() if p.name not in ("dates", "previous", "context")]
        own = [
            _parameter("tables", dg.ResourceParam[TableStore]),
            _parameter("fingerprint_of", dg.ResourceParam[object]),
        ]
        signature = [_parameter("context", dg.AssetExecutionContext), *kept, *(own if takes_previous else [])]
        compute.__signature__ = inspect.Signature(signature, return_annotation=pd.DataFrame)  # type: ignore[attr-defined]

        return dg.asset(
            name=name,
            group_name=group,
            partitions_def=definition,
            backfill_policy=dg.BackfillPolicy.single_run(),
            io_manager_key="table_io",
            ins={n: _input(w) for n, w in windows.items()},
            description=_description(function, windows, takes_previous),
            kinds=kinds or {"pandas"},
            owners=OWNERS,
            code_version=code_version(function),
            metadata={
                "dagster/column_schema": column_schema(schemas.TABLES[name]),
                "settings": ", ".join(sorted(sections)) or "none of its own",
            },
        )(compute)

    return declare


def _input(w: dict) -> dg.AssetIn:
    return dg.AssetIn(metadata=w, partition_mapping=partitions.AS_OF if "as_of" in w else None)


def _parameter(name: str, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)


class Narrowed:
    """Settings as an asset may see them: reading a section it did not declare raises, so no fingerprint can be wrong."""

    def __init__(self, whole: settings.Settings, asset: str, sections: tuple[str, ...]) -> None:
        self._whole, self._asset, self._sections = whole, asset, frozenset(sections) | settings.BASIS

    def __getattr__(self, name: str) -> object:
        if name in settings.SECTIONS and name not in self._sections:
            raise AttributeError(f"asset {self._asset} reads the settings section {name!r} without declaring it")
        return getattr(self._whole, name)


@functools.cache
def _source_hash(path: Path) -> str:
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def domain_version() -> str:
    """Hash of the domain, for what is kept outside the tables."""
    return _source_hash(PACKAGE / "domain")[:12]


def package_version() -> str:
    """Hash of all code of the system."""
    return _source_hash(PACKAGE)[:12]


def code_version(function: Callable) -> str:
    """Hash of the domain and of the module the asset lives in."""
    module = Path(inspect.getfile(function))
    return hashlib.sha256((_source_hash(PACKAGE / "domain") + _source_hash(module)).encode()).hexdigest()[:12]


def rebalance_dates_of(context: dg.AssetExecutionContext) -> Rebalances:
    """Rebalance dates of a run in order; raises where one has not closed yet."""
    days = _closed_days(context)
    return partitions.GRID.between(days[0], days[-1])


def sessions_of(context: dg.AssetExecutionContext) -> pd.DatetimeIndex:
    """Sessions of a run in order; raises where one has not closed yet."""
    return _closed_days(context)


def _closed_days(context: dg.AssetExecutionContext) -> pd.DatetimeIndex:
    days = pd.DatetimeIndex(sorted(context.partition_keys)).as_unit("us")
    partitions.refuse_unclosed(days, now=pd.Timestamp.now("UTC"))
    return days


def previous_partition(
    tables: TableStore, fingerprint_of: Callable[[str], str], asset: str, dates: Rebalances
) -> pd.DataFrame:
    """An asset's own partition before ``dates``; the empty table where they begin the history."""
    position = partitions.GRID.position(dates.dates[0])
    if position == 0:
        return schemas.TABLES[asset].empty()
    key = partitions.key_of(partitions.GRID.dates[position - 1])
    return tables.read(asset, [key], fingerprint=fingerprint_of(asset))[0]


def previous_days(tables: TableStore, asset: str, sessions: pd.DatetimeIndex) -> pd.DataFrame:
    """A session asset's own partitions of up to a year before ``sessions``, without a gap; empty where there is none.

    Other settings are no reason to refuse them: what happened under them has happened.
    """
    before = partitions.LIVE_SESSIONS[: partitions.LIVE_SESSIONS.searchsorted(sessions[0])]
    keys = without_gap([partitions.key_of(day) for day in before[-RECORD_SESSIONS:]], tables.keys(asset))
    return tables.read(asset, keys)[0] if keys else schemas.TABLES[asset].empty()


def column_schema(table: schemas.Table) -> dg.TableSchema:
    """The columns of a table as the UI shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                column.kind,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for name, column in table.columns.items()
        ]
    )


def _description(function: Callable, windows: dict, takes_previous: bool) -> str:
    lines = [inspect.getdoc(function) or ""]
    for name, w in windows.items():
        if "days" in w:
            lines.append(f"- reads `{name}`: up to {w['days']} sessions up to this one")
            continue
        last, lag = w["last"], w["lag"]
        span = "all rebalances" if last is None else "1 rebalance" if last == 1 else f"{last} rebalances"
        lines.append(f"- reads `{name}`: {span} up to {'this one' if not lag else f'{lag} before this one'}")
    if takes_previous:
        lines.append("- reads its own previous partition")
    return "\n".join([lines[0], "", *lines[1:]]) if len(lines) > 1 else lines[0]
