"""The backtest by bt: target weights at the rebalance dates, fractional positions, a commission on what is traded.

Run as ``python bt_backtest.py DIRECTORY REPEATS FEE``, in an environment that has bt.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import bt
import numpy as np
import pandas as pd


def run(directory: Path, repeats: int, fee: float) -> dict[str, float]:
    """CPU seconds of a run, and the last equity of a book of 1."""
    close, weights, rows = (np.load(directory / f"{name}.npy") for name in ("close", "weights", "rows"))
    dates = pd.bdate_range("2000-01-03", periods=len(close))
    names = [f"S{i:04d}" for i in range(close.shape[1])]
    prices = pd.DataFrame(close, index=dates, columns=names)
    targets = pd.DataFrame(weights, index=dates[rows], columns=names)

    def once() -> float:
        strategy = bt.Strategy("weights", [bt.algos.WeighTarget(targets), bt.algos.Rebalance()])
        test = bt.Backtest(
            strategy,
            prices,
            initial_capital=1_000_000.0,
            commissions=lambda quantity, price: abs(quantity * price) * fee,
            integer_positions=False,
            progress_bar=False,
        )
        test.run()
        return float(test.strategy.values.iloc[-1]) / 1_000_000.0

    equity, seconds = float("nan"), []
    for _ in range(repeats):
        started = time.process_time()
        equity = once()
        seconds.append(time.process_time() - started)
    return {"seconds": median(seconds), "equity": equity}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
