"""The backtest by vectorbt: target percents of a group that shares its cash, sells before buys.

Run as ``python vectorbt_backtest.py DIRECTORY REPEATS FEE``, in an environment that has vectorbt. The compilation is not counted.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import vectorbt as vbt


def run(directory: Path, repeats: int, fee: float) -> dict[str, float]:
    """CPU seconds of a warm run, and the last equity of a book of 1."""
    close, weights, rows = (np.load(directory / f"{name}.npy") for name in ("close", "weights", "rows"))
    dates = pd.bdate_range("2000-01-03", periods=len(close))
    prices = pd.DataFrame(close, index=dates)
    size = np.full(close.shape, np.nan)
    size[rows] = weights
    targets = pd.DataFrame(size, index=dates)

    def once() -> float:
        portfolio = vbt.Portfolio.from_orders(
            prices,
            size=targets,
            size_type="targetpercent",
            group_by=True,
            cash_sharing=True,
            call_seq="auto",
            fees=fee,
            init_cash=1.0,
            freq="1D",
        )
        return float(portfolio.value().iloc[-1])

    equity, seconds = once(), []
    for _ in range(repeats):
        started = time.process_time()
        equity = once()
        seconds.append(time.process_time() - started)
    return {"seconds": median(seconds), "equity": equity}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
