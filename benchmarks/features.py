"""14 price-volume factors, ours against Qlib: uncached, from its expression cache, from its dataset cache.

``python -m benchmarks.features --size small|full --peer-python PATH``. Prices are adjusted, so that a mean
or a maximum of levels is one of plain prices. Ours are exact windows (``domain.windows``), computed for a
few columns at a time, so that what is worked on stays in the cache.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import Line, arguments, cpu_seconds, peak_mb, peer, show, versus

SIZES = {"small": (800, 100), "full": (3300, 800)}
REPEATS = {"small": 5, "full": 3}
COLUMNS_AT_ONCE = 32
LONGEST = 60
FIELDS = ("open", "high", "low", "close", "volume")
Panels = dict[str, np.ndarray]


def lines(size: str, peer_python: Path | None) -> list[Line]:
    """The lines of this script."""
    sessions, symbols = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as directory:
        home = Path(directory)
        for name, values in market(sessions, symbols).items():
            np.save(home / f"{name}.npy", values)
        theirs = peer(peer_python, "qlib_features.py", str(home), str(REPEATS[size]))
        command = [sys.executable, "-m", "benchmarks.features", "--inside", str(home), str(REPEATS[size])]
        ours = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        agreement = difference(home, theirs["names"]) if theirs else None
    work = f"14 factors, {symbols} x {sessions}"
    kinds = (("uncached", 40), ("expression", None), ("dataset", 7))
    found = [
        versus(f"{work}, Qlib {kind}", theirs and theirs[kind], ours["warm"], at_least=least) for kind, least in kinds
    ]
    found.append(versus(f"{work}, whole process", theirs and theirs["whole"], ours["whole"], at_least=12))
    if theirs:
        share = ours["peak_mb"] / theirs["peak_mb"]
        found.append(
            Line(
                f"{work}, peak memory",
                f"{theirs['peak_mb']:.0f} MB",
                f"{ours['peak_mb']:.0f} MB",
                f"{share:.2f} x",
                "<= 0.6 x",
                "ok" if share <= 0.6 else "short",
            )
        )
        found.append(Line(f"{work}, largest relative difference of a value", "", "", f"{agreement:.1e}"))
    return found


def market(sessions: int, symbols: int) -> Panels:
    """Seeded bars, arrays of shape (sessions, symbols), of the values that Qlib's float32 can hold."""
    rng = np.random.default_rng(42)
    close = 50 * np.exp(np.cumsum(0.02 * rng.standard_normal((sessions, symbols)), axis=0))
    opens = close * np.exp(0.01 * rng.standard_normal(close.shape))
    bars = {
        "open": opens,
        "high": np.maximum(opens, close) * np.exp(0.01 * np.abs(rng.standard_normal(close.shape))),
        "low": np.minimum(opens, close) * np.exp(-0.01 * np.abs(rng.standard_normal(close.shape))),
        "close": close,
        "volume": np.round(1e6 * np.exp(0.5 * rng.standard_normal(close.shape))),
    }
    return {name: values.astype(np.float32).astype(float) for name, values in bars.items()}


def factors(bars: Panels) -> Panels:
    """The 14 factors, each of the shape of the bars; NaN while a window is not full."""
    from trade_assets.domain import windows

    close, volume = bars["close"], bars["volume"]
    log_volume = np.log(volume + 1)
    return {
        **{f"ROC{n}": windows.lagged(close, n) / close for n in (5, 20, 60)},
        **{f"MA{n}": windows.mean(close, n) / close for n in (5, 20, 60)},
        **{f"STD{n}": windows.std(close, n) / close for n in (20, 60)},
        "MAX20": windows.highest(bars["high"], 20) / close,
        "MIN20": windows.lowest(bars["low"], 20) / close,
        "VMA20": windows.mean(volume, 20) / (volume + 1e-12),
        "VSTD20": windows.std(volume, 20) / (volume + 1e-12),
        "KMID": (close - bars["open"]) / bars["open"],
        "CORR20": windows.correlation(close, log_volume, 20),
    }


def factors_by_blocks(bars: Panels) -> Panels:
    """As :func:`factors`, a few columns at a time."""
    shape = bars["close"].shape
    out: Panels = {}
    for first in range(0, shape[1], COLUMNS_AT_ONCE):
        columns = slice(first, first + COLUMNS_AT_ONCE)
        block = factors({name: np.ascontiguousarray(values[:, columns]) for name, values in bars.items()})
        for name, values in block.items():
            out.setdefault(name, np.empty(shape, dtype=np.float32))[:, columns] = values
    return out


def difference(home: Path, names: list[str]) -> float:
    """Largest difference of a value from Qlib's, relative to the size of the factor, where windows are full."""
    ours = factors_by_blocks({name: np.load(home / f"{name}.npy") for name in FIELDS})
    theirs = np.load(home / "qlib_values.npy")
    gaps = [
        np.nanmax(np.abs(ours[name] - values)[LONGEST:]) / np.nanmax(np.abs(values[LONGEST:]))
        for name, values in zip(names, theirs, strict=True)
    ]
    return float(max(gaps))


def inside(home: Path, repeats: int) -> dict[str, float]:
    """CPU of the whole process up to the first result, its peak memory, and the CPU of a warm repeat."""
    bars = {name: np.load(home / f"{name}.npy") for name in FIELDS}
    factors_by_blocks(bars)
    whole, peak = time.process_time(), peak_mb()
    return {"whole": whole, "peak_mb": peak, "warm": cpu_seconds(lambda: factors_by_blocks(bars), repeats=repeats)[0]}


if __name__ == "__main__":
    if "--inside" in sys.argv:
        print(json.dumps(inside(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        given = arguments(__doc__ or "")
        show(lines(given.size, given.peer_python))
