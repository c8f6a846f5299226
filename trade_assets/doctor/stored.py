"""The store: rows that are what was recorded, models that are there, partitions that belong together."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from trade_assets import housekeeping, schemas
from trade_assets.doctor.finding import Finding, ok, problem, some, warning
from trade_assets.resources.artifacts import ArtifactStore, CorruptArtifactError
from trade_assets.resources.files import Files
from trade_assets.resources.table_io import TableIO, combined
from trade_assets.resources.tables import (
    CorruptPartitionError,
    MissingPartitionError,
    Record,
    StalePartitionError,
    TableStore,
)

UNREADABLE = (CorruptPartitionError, MissingPartitionError, StalePartitionError)
REBALANCE = [name for name, table in schemas.TABLES.items() if table.partition == "rebalance_date"]
Known = Mapping[str, Mapping[str, Record]]


def known(tables: TableStore) -> dict[str, dict[str, Record]]:
    """The record of every stored rebalance partition that can be read, by table and key."""
    found: dict[str, dict[str, Record]] = {}
    for name in REBALANCE:
        for key in tables.keys(name):
            try:
                found.setdefault(name, {})[key] = tables.record(name, key)
            except CorruptPartitionError:
                continue  # told by `rows`
    return found


def rows(tables: TableStore, *, full: bool) -> Finding:
    """Whether the newest partition of every table, or every partition, has the bytes that were recorded."""
    count, broken = 0, []
    for name in schemas.TABLES:
        for key in tables.keys(name) if full else tables.keys(name)[-1:]:
            count += 1
            try:
                tables.read(name, [key])
            except UNREADABLE:
                broken.append(f"{name} {key}")
    if not count:
        return warning("stored tables", "nothing is stored yet", "make run")
    if broken:
        return problem("stored tables", f"{len(broken)} of {count} partitions are not what was recorded: {some(broken)}", _again(broken))  # fmt: skip
    which = "every stored partition" if full else "the newest partition of every table; --full verifies every one"
    return ok("stored tables", f"{count} partitions have their recorded sha256: {which}")


def models(tables: TableStore, artifacts: ArtifactStore, *, full: bool) -> Finding:
    """Whether every model that a table names is there and whole."""
    try:
        named = sorted(housekeeping.named_models(tables, newest_only=not full, columns=housekeeping.ADDRESSES))
    except UNREADABLE as error:
        return warning(
            "models", f"not looked at, for a table cannot be read: {error}", "put the stored tables right first"
        )
    broken = []
    for address in named:
        try:
            artifacts.get(address)
        except CorruptArtifactError:
            broken.append(f"{address[:12]}…")
    if broken:
        return problem(
            "models", f"{len(broken)} of {len(named)} are missing or damaged: {some(broken)}", "trade-assets run"
        )
    return ok("models", f"{len(named)} that tables name are there and whole")


def gaps(tables: TableStore, dates: Sequence[str], closed: Sequence[str]) -> Finding:
    """Whether every table has every rebalance from its first on, and no other.

    Parameters
    ----------
    dates, closed : sequence of str
        Keys of all rebalances, and of those whose bars are there.
    """
    holes, strange, late = [], [], set()
    for name in REBALANCE:
        stored = tables.keys(name)
        strange += [f"{name} {key}" for key in stored if key not in set(dates)]
        wanted = [key for key in closed if stored and key >= stored[0]]
        missing = [key for key in wanted if key not in set(stored)]
        holes += [f"{name} {key}" for key in missing if key < stored[-1]]
        late |= {key for key in missing if key > stored[-1]}
    if strange:
        return problem("keys", f"{len(strange)} partitions are on no rebalance date, history.anchor is another's: {some(strange)}", "another history is another store: set store.url")  # fmt: skip
    if holes:
        return problem("keys", f"{len(holes)} are missing among later ones: {some(holes)}", f"trade-assets run --from {min(h.split()[1] for h in holes)}")  # fmt: skip
    if late:
        return warning("keys", f"{len(late)} rebalances are due: {some(sorted(late))}", f"trade-assets run --from {min(late)}")  # fmt: skip
    return ok(
        "keys", f"no gap; the newest closed rebalance is {closed[-1]}" if closed else "no rebalance has closed yet"
    )


def days(tables: TableStore, sessions: Sequence[str]) -> Finding:
    """Whether every session was computed from the first to the newest that is stored."""
    stored = tables.keys("daily_report")
    missing = [key for key in sessions if stored and stored[0] < key < stored[-1] and key not in set(stored)]
    if missing:
        return warning("trading days", f"{len(missing)} were not computed: {some(missing)}", "trade-assets daily")
    newest = f"{len(stored)} without a gap, the newest {stored[-1]}" if stored else "none is stored yet"
    return ok("trading days", newest)


def under_settings(records: Known, fingerprint_of: Callable[[str], str]) -> Finding:
    """Whether every partition was computed under the settings in force."""
    other = [f"{name} {key}" for name, of in records.items() for key, r in of.items() if r.fingerprint != fingerprint_of(name)]  # fmt: skip
    if other:
        return warning("stale partitions", f"{len(other)} were computed under other settings: {some(other)}", "trade-assets run --rebuild")  # fmt: skip
    return ok("stale partitions", "all were computed under the settings in force")


def by_code(records: Known, code_version_of: Callable[[str], str]) -> Finding:
    """Whether every partition was computed by the code that is installed."""
    other = [f"{name} {key}" for name, of in records.items() for key, r in of.items() if r.code_version != code_version_of(name)]  # fmt: skip
    if other:
        return warning(
            "code", f"{len(other)} partitions were computed by other code: {some(other)}", "trade-assets run"
        )
    return ok("code", "all were computed by this code")


def inputs(records: Known, io: TableIO, windows_of: Callable[[str], Mapping[str, tuple[str, Mapping]]]) -> Finding:
    """Whether every partition was computed from the inputs that are stored now; states apart, which read themselves."""
    changed = []
    for name, of in records.items():
        for upstream, window in windows_of(name).values():
            hashes = {key: r.sha256 for key, r in records.get(upstream, {}).items()}
            for key, record in of.items():
                now = combined([hashes.get(k, "") for k in io.keys_read(upstream, key, window)])
                changed += [(key, name, upstream)] if record.inputs.get(upstream) != now else []
    if changed:
        told = [f"{name} {key} (its {upstream})" for key, name, upstream in sorted(changed)]
        return warning("inputs", f"{len(changed)} inputs changed after they were read: {some(told)}", f"trade-assets run --from {min(changed)[0]}")  # fmt: skip
    return ok("inputs", "every partition was computed from what is stored now")


def leftovers(tables: TableStore, artifacts: ArtifactStore, others: Sequence[Files]) -> Finding:
    """What killed writers left half-written, and models that no table names."""
    halves = [name for store in (tables, *others) for name in store.sweep(dry_run=True)]
    try:
        named = housekeeping.named_models(tables)
    except UNREADABLE:
        unnamed = []  # told by `models`
    else:
        unnamed = artifacts.sweep(named, before=dt.datetime.now(dt.UTC), dry_run=True)
    if halves or unnamed:
        says = f"{len(halves)} half-written files and {len(unnamed)} models that no table names"
        return warning(
            "leftovers", says, "trade-assets tidy, once they are old enough (housekeeping.keep_partials_hours)"
        )
    return ok("leftovers", "nothing half-written, no model without a table")


def newest_stored(files: Files) -> pd.Timestamp | None:
    """When the newest record of any table was stored, UTC."""
    named = [f"records/{name}/{key}.json" for name in schemas.TABLES for key in files.names(f"records/{name}", ".json")]
    instants = [pd.Timestamp(files.modified(name)) for name in named]
    return max((i.tz_localize("UTC") if i.tz is None else i.tz_convert("UTC") for i in instants), default=None)


def _again(broken: Sequence[str]) -> str:
    first = min(name.split()[1] for name in broken)
    live = [name.split()[1] for name in broken if schemas.TABLES[name.split()[0]].partition == "session"]
    return f"trade-assets daily --date {live[0]}" if live else f"trade-assets run --from {first}"
