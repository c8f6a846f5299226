"""What a certificate says: artifacts counted by variation, asset and date, and their hashes put together."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Failure:
    """The first artifact of a date that differed, and why where that is known."""

    key: str
    variation: str
    asset: str
    reason: str | None


@dataclass(frozen=True)
class Group:
    """Artifacts that belong together.

    Attributes
    ----------
    name : str
        Variation, asset or date.
    dates, artifacts, differ : int
        How many dates and artifacts there are, and how many artifacts differ.
    sha256 : str
        See :func:`combined`.
    """

    name: str
    dates: int
    artifacts: int
    differ: int
    sha256: str


@dataclass(frozen=True)
class Certificate:
    """All that the page shows of a proof; ``by_date`` holds the dates of each variation."""

    whole: Group
    by_variation: list[Group]
    by_asset: list[Group]
    by_date: dict[str, list[Group]]
    assets: list[str]
    keys: list[str]
    meanings: Mapping[str, str]
    failures: Sequence[Failure]

    @property
    def is_proven(self) -> bool:
        """Whether everything was rebuilt to the same bytes."""
        return not self.failures and not self.whole.differ


def find(rebuilt: pd.DataFrame, failures: Sequence[Failure], meanings: Mapping[str, str]) -> Certificate:
    """Count what was rebuilt; see :func:`~trade_assets.domain.report.certificate.certificate`.

    Raises
    ------
    ValueError
        If nothing was rebuilt, or a variation has no meaning.
    """
    found = [*rebuilt["variation"].drop_duplicates(), *(f.variation for f in failures)]
    if not found:
        raise ValueError("rebuilt must have a row, had none")
    unknown = sorted(set(found) - set(meanings))
    if unknown:
        raise ValueError(f"the variation must be one of {', '.join(meanings)}, was {unknown[0]!r}")
    own = rebuilt[rebuilt["variation"] == found[0]]
    shown = {name: rows for name in meanings if len(rows := rebuilt[rebuilt["variation"] == name])}
    return Certificate(
        whole=_group("all", rebuilt),
        by_variation=[_group(name, rows) for name, rows in shown.items()],
        by_asset=[_group(str(name), rows) for name, rows in own.groupby("asset", sort=False)],
        by_date={name: [_group(str(k), rows) for k, rows in own.groupby("key")] for name, own in shown.items()},
        assets=sorted(rebuilt["asset"].unique()),
        keys=sorted(rebuilt["key"].unique()),
        meanings=meanings,
        failures=failures,
    )


def combined(lines: Iterable[tuple[str, str, str]]) -> str:
    """sha256 of what ``sha256sum`` prints of the files of some artifacts, in the order of asset and key.

    Parameters
    ----------
    lines : iterable of (asset, key, sha256)
    """
    text = "".join(f"{sha256}  {asset}/{key}.parquet\n" for asset, key, sha256 in sorted(set(lines)))
    return hashlib.sha256(text.encode()).hexdigest()


def _group(name: str, rows: pd.DataFrame) -> Group:
    hashes = combined(zip(rows["asset"], rows["key"], rows["sha256"], strict=True))
    return Group(name, rows["key"].nunique(), len(rows), int((~rows["is_same"]).sum()), hashes)
