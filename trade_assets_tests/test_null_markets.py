"""Markets without a signal, from prices to the champion: rarely is anything promoted in any of them."""

import hashlib
from pathlib import Path

import pytest
from scipy import stats

from benchmarks import promotions
from trade_assets_tests import reliability

ROOT = Path(__file__).parents[1]
FEWEST = 20  # of 200, which take hours: more played with ``benchmarks.promotions --results`` are counted as well
KIND = promotions.Kind(planted=0.0, symbols=50, years=5)


def results() -> Path:
    """Where the markets of this state of the code are kept, so that what was interrupted goes on."""
    sources = sorted(path for part in ("assets", "domain") for path in (ROOT / "trade_assets" / part).rglob("*.py"))
    state = hashlib.sha256(b"".join(path.read_bytes() for path in [*sources, Path(promotions.__file__)]))
    directory = ROOT / "data" / "promotions" / state.hexdigest()[:16]
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.mark.skipif(not reliability.FULL, reason="a market takes a minute: make prove plays them")
@pytest.mark.reliability("11")
def test_markets_without_a_signal_promote_nothing_more_often_than_chance(figure):
    directory = results()
    promotions.play({KIND: FEWEST}, directory, processes=1)
    markets = [market for (kind, _), market in promotions.played(directory).items() if kind == KIND]
    assert len(markets) >= FEWEST
    assert all(market["looks"] for market in markets)
    proven = sum(any(look["n_proven"] for look in market["looks"]) for market in markets)
    promoted = sum(any(look["is_qualified"] for look in market["looks"]) for market in markets)
    most = stats.binom.ppf(0.975, len(markets), promotions.ALPHA)
    figure(
        f"{proven} of {len(markets)} by the statistical gates alone, {promoted} by all gates; {most:.0f} would be chance"
    )
    assert promoted <= proven <= most
