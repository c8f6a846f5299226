"""Markets without a signal, from prices to the champion: rarely is anything promoted in any of them."""

import hashlib
from pathlib import Path

import pytest

from benchmarks import promotions
from trade_assets_tests import reliability

ROOT = Path(__file__).parents[1]
MARKETS = reliability.count(1, 200)
MOST = reliability.count(0, 16)  # the 97.5 % quantile of chance at 5 %
KIND = promotions.Kind(planted=0.0, symbols=reliability.count(20, 50), years=5)


def results(tmp_path: Path) -> Path:
    """Where the markets are kept: in full for this state of the code, so that what was interrupted goes on."""
    if not reliability.FULL:
        return tmp_path
    sources = sorted(path for part in ("assets", "domain") for path in (ROOT / "trade_assets" / part).rglob("*.py"))
    state = hashlib.sha256(b"".join(path.read_bytes() for path in [*sources, Path(promotions.__file__)]))
    directory = ROOT / "data" / "promotions" / state.hexdigest()[:16]
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.mark.reliability("11")
def test_markets_without_a_signal_promote_nothing_more_often_than_chance(tmp_path, figure):
    directory = results(tmp_path)
    promotions.play({KIND: MARKETS}, directory, processes=1)
    markets = [market for (kind, _), market in promotions.played(directory).items() if kind == KIND]
    assert len(markets) == MARKETS
    assert all(market["looks"] for market in markets)
    proven = sum(any(look["n_proven"] for look in market["looks"]) for market in markets)
    promoted = sum(any(look["is_qualified"] for look in market["looks"]) for market in markets)
    figure(f"{proven} of {MARKETS} by the statistical gates alone, {promoted} by all gates")
    assert promoted <= proven <= MOST
