"""A backtest of target weights, ours against vectorbt and bt.

``python -m benchmarks.backtest --size small|full --peer-python PATH``. A rebalance every ten sessions to new
weights, costs on what is traded, drift in between, 2 % held in cash. Ours must equal the event-driven loop of
the tests; the peers take fees from cash in ways of their own, so their last equity is only near.
"""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import Line, arguments, cpu_seconds, peer, show, versus
from trade_assets.domain import backtest
from trade_assets.domain.costs import Rates
from trade_assets_tests import reference

SIZES = {"small": (1000, 100), "full": (5000, 500)}
REPEATS = {"small": 5, "full": 3}
EVERY = 10
COST_BPS = 5.0


def lines(size: str, peer_python: Path | None) -> list[Line]:
    """The lines of this script."""
    sessions, symbols = SIZES[size]
    close, weights, rows = market(sessions, symbols)
    gross = np.concatenate([np.ones((1, symbols)), close[1:] / close[:-1]])
    rates = Rates(commission_bps=COST_BPS, half_spread_bps=0.0, impact_coefficient=0.0)
    used, result = cpu_seconds(lambda: backtest.run(gross, weights, rows, rates=rates), repeats=5 * REPEATS[size])
    equity = result.equity()
    loop = reference.backtest(
        gross.tolist(), weights.tolist(), rows.tolist(), cost_of=lambda fill, symbol, usd: rates.floor_frac * usd
    )
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as directory:
        home = Path(directory)
        np.save(home / "close.npy", close)
        np.save(home / "weights.npy", weights)
        np.save(home / "rows.npy", rows)
        asked = (str(home), str(REPEATS[size]), str(COST_BPS / 1e4))
        vectorbt, bt = (peer(peer_python, f"{name}_backtest.py", *asked) for name in ("vectorbt", "bt"))
    work = f"backtest, {symbols} x {sessions}"
    gap = float(np.max(np.abs(equity / np.array(loop) - 1)))
    found = [
        versus(f"{work}, vectorbt", vectorbt and vectorbt["seconds"], used, at_least=100),
        versus(f"{work}, bt", bt and bt["seconds"], used, at_least=400),
        Line(f"{work}, equity against the event-driven loop", "", "", f"{gap:.1e}", "<= 1e-10", "ok" if gap <= 1e-10 else "short"),
    ]  # fmt: skip
    for name, theirs in (("vectorbt", vectorbt), ("bt", bt)):
        if theirs:
            found.append(Line(f"{work}, last equity, {name}", f"{theirs['equity']:.4f}", f"{equity[-1]:.4f}", ""))
    return found


def market(sessions: int, symbols: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seeded closes, weights that sum to 0.98 at each rebalance, and the rows of the rebalances."""
    rng = np.random.default_rng(42)
    close = 50 * np.exp(np.cumsum(0.0002 + 0.015 * rng.standard_normal((sessions, symbols)), axis=0))
    rows = np.arange(0, sessions, EVERY)
    weights = rng.random((len(rows), symbols))
    return close, 0.98 * weights / weights.sum(axis=1, keepdims=True), rows


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    show(lines(given.size, given.peer_python))
