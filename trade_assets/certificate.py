"""The certificate of a proof: written by every ``trade-assets prove`` that plants no leak."""

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from trade_assets import __version__, partitions
from trade_assets.assets.partitioned import package_version
from trade_assets.domain.report import certificate as page
from trade_assets.domain.report.writing import instant
from trade_assets.proof import CUT, Verdict
from trade_assets.resources.exports import Exports
from trade_assets.settings import Settings
from trade_assets.variations import MEANINGS

NAME = "certificate.html"
LOCK = Path(__file__).parents[1] / "requirements.lock"
CPU = Path("/proc/cpuinfo")
LIBRARIES = ("numpy", "pandas", "scipy", "pyarrow", "scikit-learn", "lightgbm", "xgboost-cpu")
OWN_MEANING = "the raw data end at the close of the date, and every stored partition from it on is hidden"


def write(verdicts: Sequence[Verdict], settings: Settings) -> Path:
    """Write the page of these verdicts beside the other exports; returns where it is."""
    failures = [page.Failure(v.key, v.variation, v.first, v.failure) for v in verdicts if v.first]
    text = page.certificate(rows(verdicts), failures, meanings={CUT: OWN_MEANING} | MEANINGS, facts=facts(settings))
    return Exports(settings.store.exports).text(NAME, text)


def rows(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """One row an artifact that was rebuilt."""
    found = [
        (v.variation, v.key, asset, sha256, asset not in v.differing)
        for v in verdicts
        for asset, sha256 in zip(v.compared, v.hashes, strict=False)  # none where the rebuild failed
    ]
    return pd.DataFrame(found, columns=["variation", "key", "asset", "sha256", "is_same"]).astype({"is_same": "bool"})


def facts(settings: Settings) -> dict[str, str]:
    """What the proof is of: data, settings, code, lock file and machine."""
    return {
        "Proven": instant(pd.Timestamp.now("UTC")),
        "Source": settings.data.source,
        "History": f"{settings.history.start} to {partitions.key_of(partitions.GRID.dates[-1])}, {len(partitions.GRID)} rebalances",
        "Settings": settings.fingerprint(frozenset(Settings.model_fields) - {"store"}),
        "Code": f"trade-assets {__version__}, {package_version()}",
        "requirements.lock": hashlib.sha256(LOCK.read_bytes()).hexdigest()
        if LOCK.is_file()
        else "not beside the package",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "Platform": f"{platform.system()} {platform.machine()}",
        "CPU": cpu(CPU.read_text() if CPU.is_file() else ""),
    }


def cpu(told: str) -> str:
    """Maker, family and model from the text of ``/proc/cpuinfo``; the architecture where that does not say."""
    lines = (line.partition(":") for line in told.split("\n\n")[0].splitlines())
    known = {name.strip(): value.strip() for name, _, value in lines}
    parts = [known[name] for name in ("vendor_id", "model name") if name in known]
    family = [f"{name.removeprefix('cpu ')} {known[name]}" for name in ("cpu family", "model") if name in known]
    return ", ".join(parts + family) or platform.machine()
