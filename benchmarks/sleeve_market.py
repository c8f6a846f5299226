"""Two sleeves whose answer is known, as the tables the allocator reads: one leads in a regime, or both are alike.

The regime is drawn anew every twenty sessions on average, so that one lasts about forty, and shows in the index behind the leg that
leads: what the allocator must find out is that its sleeve leads too.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.domain.calendar import Rebalances

LEGS = ("QQQ", "SPY")
LASTS = 20  # sessions until it is drawn anew
VOLATILITY, LEAD = 0.005, 0.0015  # of a sleeve's session
INDEX_VOLATILITY, INDEX_LEAD = 0.010, 0.004


def tables(dates: Rebalances, kind: str, *, seed: int = 42) -> tuple[dict[str, pd.DataFrame], np.ndarray]:
    """``bars, event_book, event_scores, event_outcomes`` of every rebalance, and the regime of every session.

    ``kind`` is ``led`` or ``alike``.
    """
    rng = np.random.default_rng(seed)
    sessions = dates.sessions()
    n = len(sessions)
    regime = np.where(rng.random(n) < 1 / LASTS, rng.choice([-1.0, 1.0], n), 0.0)
    regime = pd.Series(np.where(regime == 0.0, np.nan, regime)).ffill().fillna(1.0).to_numpy()
    sides = regime[:, None] * [1.0, -1.0]
    sleeve = rng.normal(0.0002, VOLATILITY, (n, 2)) + LEAD * sides
    if kind == "alike":
        sleeve[:, 1] = sleeve[:, 0]
    index = rng.normal(0.0003, INDEX_VOLATILITY, (n, 2)) + INDEX_LEAD * sides
    return {
        "bars": _bars(sessions, 100.0 * np.exp(np.cumsum(index, axis=0))),
        "event_book": _book(sessions, sleeve),
        "event_scores": schemas.TABLES["event_scores"].empty(),
        "event_outcomes": schemas.TABLES["event_outcomes"].empty(),
    }, regime


def _bars(sessions: pd.DataFrame, closes: np.ndarray) -> pd.DataFrame:
    plain = {"volume": 1e6, "split_ratio": 1.0, "dividend": 0.0, "adjustment_factor": np.nan, "price_basis": "raw"}
    parts = [
        sessions[["rebalance_date", "session"]].assign(
            symbol=symbol, **dict.fromkeys(("open", "high", "low", "close"), closes[:, leg]), **plain
        )
        for leg, symbol in enumerate(LEGS)
    ]
    return schemas.check("bars", schemas.TABLES["bars"], pd.concat(parts, ignore_index=True))


def _book(sessions: pd.DataFrame, returns: np.ndarray) -> pd.DataFrame:
    parts = [
        sessions[["rebalance_date", "session"]].assign(
            symbol=symbol, return_frac=returns[:, leg], position_frac=1.0, book_return_frac=returns.mean(axis=1)
        )
        for leg, symbol in enumerate(LEGS)
    ]
    return pd.concat(parts, ignore_index=True)


def mean_weights(allocation: pd.DataFrame, regime: np.ndarray) -> Mapping[str, float]:
    """Mean share of the NASDAQ leg in what is invested, by the leg that leads, where a model decided."""
    share = allocation["w_qqq"] / (allocation["w_qqq"] + allocation["w_spy"])
    decided = allocation["has_model"].to_numpy()
    return {
        name: float(share[decided & (regime == side)].mean()) for name, side in (("qqq_leads", 1), ("spy_leads", -1))
    }
