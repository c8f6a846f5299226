"""Optimised portfolios, ours against PyPortfolioOpt.

``python -m benchmarks.optimisers --size small|full``. Least volatility, best Sharpe ratio and hierarchical risk
parity of a given covariance; long-only under a cap on names. The peer is among the tools for development; its
weights must agree with ours.
"""

import importlib.util
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.measure import Line, arguments, cpu_seconds, versus
from benchmarks.measure import show as show_lines
from trade_assets.domain.constructions.covariance import ledoit_wolf
from trade_assets.domain.constructions.frontier import maximum_sharpe, minimum_volatility
from trade_assets.domain.constructions.hierarchical import hierarchical_risk_parity
from trade_assets.domain.constructions.region import Region, region

ASSETS = {"small": (20, 100), "full": (20, 100, 500)}
REPEATS = {"small": 9, "full": 9}
SESSIONS = 252
MAX_WEIGHT = 0.15
AT_LEAST = {
    ("min volatility", 20): 100,
    ("min volatility", 100): 20,
    ("max Sharpe", 20): 60,
    ("max Sharpe", 100): 10,
    ("HRP", 20): 100,
    ("HRP", 100): 100,
}
AGREE = {"min volatility": 1e-4, "max Sharpe": 1e-4, "HRP": 1e-10}


def lines(size: str) -> list[Line]:
    """The lines of this script."""
    found = []
    for assets in ASSETS[size]:
        mu, covariance = market(assets)
        ours, theirs = our_work(mu, covariance), peer_work(mu, covariance)
        for work, function in ours.items():
            found += compared(work, assets, function, theirs.get(work), repeats=REPEATS[size])
    return found


def compared(work: str, assets: int, ours: Callable, theirs: Callable | None, *, repeats: int) -> list[Line]:
    """Time, and the largest difference of weights."""
    used, weights = cpu_seconds(ours, repeats=20 * repeats)
    took, peer_weights = cpu_seconds(theirs, repeats=repeats) if theirs else (None, weights)
    gap = float(np.abs(weights - peer_weights).max())
    line = versus(f"{work}, {assets} assets, PyPortfolioOpt", took, used, at_least=AT_LEAST.get((work, assets)))
    verdict = "ok" if gap <= AGREE[work] else "short"
    return [line, Line(f"{work}, {assets} assets, weights against it", "", "", f"{gap:.1e}", f"<= {AGREE[work]:g}", verdict)]  # fmt: skip


def our_work(mu: np.ndarray, covariance: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """Ours by name."""
    return {
        "min volatility": lambda: minimum_volatility(covariance, bounds(len(mu))),
        "max Sharpe": lambda: maximum_sharpe(mu, covariance, bounds(len(mu))),
        "HRP": lambda: hierarchical_risk_parity(covariance),
    }


def bounds(assets: int) -> Region:
    """Long-only under the cap on names."""
    return region(np.zeros((0, assets)), min_weight=0.0, max_weight=MAX_WEIGHT, max_sector_weight=1.0)


def peer_work(mu: np.ndarray, covariance: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """PyPortfolioOpt by the same names; empty where it is not installed."""
    if importlib.util.find_spec("pypfopt") is None:
        return {}
    from pypfopt import EfficientFrontier, HRPOpt

    limits = {"weight_bounds": (0.0, MAX_WEIGHT)}
    frame = pd.DataFrame(covariance)

    def weights(found: dict) -> np.ndarray:
        return pd.Series(found).sort_index().to_numpy()

    return {
        "min volatility": lambda: weights(EfficientFrontier(None, covariance, **limits).min_volatility()),
        "max Sharpe": lambda: weights(EfficientFrontier(mu, covariance, **limits).max_sharpe(risk_free_rate=0.0)),
        "HRP": lambda: weights(HRPOpt(cov_matrix=frame).optimize()),
    }


def market(assets: int) -> tuple[np.ndarray, np.ndarray]:
    """Seeded expected returns and covariance, a year."""
    rng = np.random.default_rng(42)
    common, own = rng.normal(0.0003, 0.01, (SESSIONS, 1)), rng.normal(0, 1, (SESSIONS, assets))
    volatility = rng.uniform(0.008, 0.03, assets)
    returns = common * rng.uniform(0.5, 1.5, assets) + own * volatility
    return 252 * 0.05 * volatility * rng.normal(0, 1, assets), 252 * ledoit_wolf(returns)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    show_lines(lines(arguments(__doc__ or "").size))
