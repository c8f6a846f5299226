"""The machine: what is installed, the settings in force, the clock, the calendar, the room left."""

import os
import platform
import shutil
import tempfile
import zoneinfo
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from packaging.requirements import Requirement

from trade_assets.doctor.finding import Finding, ok, problem, some, warning
from trade_assets.domain import calendar
from trade_assets.settings import BASIS, FILE_VARIABLE, SECTIONS, Settings, load

LOCK = Path(__file__).parents[2] / "requirements.lock"
EXTRAS = {"catboost": "catboost", "notify": "apprise", "yfinance": "yfinance"}
SKEW_SECONDS = 2.0
SESSIONS_A_YEAR = (248, 254)
GB = 2**30
LEAST_FREE, LITTLE_FREE = GB, 5 * GB


def packages(lock: Path = LOCK) -> Finding:
    """Whether what is installed is what the lock names."""
    if not lock.is_file():
        return warning("packages", f"there is no {lock.name} to compare with", "work in a checkout: make run")
    wanted = pinned(lock.read_text())
    found = {name: _installed(name) for name in wanted}
    missing = [name for name, there in found.items() if there is None]
    if missing:
        return problem(
            "packages", f"{len(missing)} are not installed: {some(missing)}", "touch requirements.lock && make run"
        )
    other = [f"{name} {found[name]} (lock {pin})" for name, pin in wanted.items() if found[name] != pin]
    if other:
        says = f"{len(other)} are not those of the lock, so numbers may differ in their last digits: {some(other)}"
        return warning("packages", says, "touch requirements.lock && make run")
    return ok("packages", f"Python {platform.python_version()} and all {len(wanted)} packages are those of the lock")  # fmt: skip


def pinned(lock: str) -> dict[str, str]:
    """Name and version of every package a lock names for this machine."""
    lines = [line.rstrip(" \\") for line in lock.splitlines() if line[:1].isalnum()]
    asked = [Requirement(line) for line in lines]
    here = [r for r in asked if r.marker is None or r.marker.evaluate()]
    return {r.name: str(r.specifier).removeprefix("==") for r in here}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def extras(settings: Settings) -> Finding:
    """Whether the optional packages are there that the settings ask for."""
    there = {extra: find_spec(package) and (_installed(package) or "there") for extra, package in EXTRAS.items()}
    needed = {"yfinance": settings.data.source == "yfinance", "notify": settings.live.notifications.enabled}
    missing = [extra for extra, is_needed in needed.items() if is_needed and there[extra] is None]
    if missing:
        says = f"the settings ask for {' and '.join(missing)}, which is not installed"
        return problem("optional packages", says, f"pip install 'trade-assets[{','.join(missing)}]'")
    told = [f"{extra} {there[extra] or 'not installed, not asked for'}" for extra in EXTRAS]
    return ok("optional packages", ", ".join(told))


def settings_in_force(environ: Mapping[str, str] = os.environ) -> Finding:
    """Which settings are in force, or why there are none."""
    named = environ.get(FILE_VARIABLE, "trade_assets.yaml")
    place = named if Path(named).is_file() else "the defaults"
    try:
        settings = load()
    except ValueError as error:
        return problem("settings", "; ".join(line.strip() for line in str(error).splitlines()), "see docs/settings.md, correct what is named")  # fmt: skip
    own = sorted(n for n in environ if n.startswith("TRADE_ASSETS__"))
    by_name = f", and from the environment {some(own)}" if own else ""
    return ok("settings", f"{place}{by_name}; fingerprint {settings.fingerprint(SECTIONS | BASIS)}")


def clock(stored: pd.Timestamp | None) -> Finding:
    """Whether the clock agrees with the file system and with what is stored, and the time zones are known.

    Parameters
    ----------
    stored : Timestamp, UTC, optional
        When the newest partition was stored.
    """
    now = pd.Timestamp.now("UTC")
    with tempfile.TemporaryFile() as file:
        skew = abs(os.fstat(file.fileno()).st_mtime - now.timestamp())
    if skew > SKEW_SECONDS:
        return problem(
            "clock", f"the clock and the file system are {skew:.0f} s apart", "set the clock: timedatectl set-ntp true"
        )
    if stored is not None and stored > now + pd.Timedelta(seconds=SKEW_SECONDS):
        says = f"it is {now:%Y-%m-%d %H:%M} UTC, but a partition was stored at {stored:%Y-%m-%d %H:%M} UTC"
        return problem("clock", says, "set the clock: timedatectl set-ntp true")
    try:
        local = now.tz_convert(zoneinfo.ZoneInfo("America/New_York"))
    except zoneinfo.ZoneInfoNotFoundError:
        return problem(
            "clock", "the time zone America/New_York is not known here", "install the system's package tzdata"
        )
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC, {local:%H:%M} in New York; the file system agrees")  # fmt: skip


def exchange_calendar(settings: Settings, last_listed: pd.Timestamp, now: pd.Timestamp) -> Finding:
    """Whether the calendar and the partitions reach far enough, and what today is."""
    day = now.tz_convert("America/New_York").tz_localize(None).normalize()
    end = pd.Timestamp(day.year + 1, 12, 31)
    ahead = calendar.sessions_between(pd.Timestamp(day.year + 1, 1, 1), end)
    if not SESSIONS_A_YEAR[0] <= len(ahead) <= SESSIONS_A_YEAR[1]:
        return problem("calendar", f"{end.year} has {len(ahead)} sessions in it", "touch requirements.lock && make run")
    coming = calendar.sessions_between(day, end)[:1]
    close = calendar.close_utc(coming)[0]
    today = f"today is a session, it closes at {close:%H:%M} UTC" if coming[0] == day else f"no session today, the next is {coming[0].date()}"  # fmt: skip
    if last_listed < day:
        what = f"partitions end on {last_listed.date()}"
        if settings.history.end is not None or settings.data.source == "sample":
            return ok("calendar", f"{what}, with the settings or the sample; {today}")
        return problem("calendar", f"{what}, before today: no new date is computed", "start the program again")
    return ok("calendar", f"sessions to {ahead[-1].date()}; partitions to {last_listed.date()}; {today}")


def room(settings: Settings, *, least: int = LEAST_FREE, little: int = LITTLE_FREE) -> Finding:
    """Whether the directories are directories, and how much can still be stored there."""
    store = settings.store
    named = [store.exports, store.dagster_home, settings.live.output_dir]
    named += [] if "://" in store.url else [Path(store.url)]
    places = [_nearest(path.absolute()) for path in named]
    for path in places:
        if not path.is_dir():
            return problem("disk", f"{path} must be a directory, was a file", f"move it away: mv {path} {path}.old")
    free, place = min((shutil.disk_usage(path).free, str(path)) for path in places)
    says = f"{free / GB:.1f} GB are free at {place}"
    if free < least:
        return problem("disk", says, "make room, then trade-assets tidy")
    return warning("disk", says, "trade-assets tidy") if free < little else ok("disk", says)


def _nearest(path: Path) -> Path:
    return path if path.exists() else _nearest(path.parent)
