"""How the book did in each state of the market, as the state was known the session before (F-70)."""

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.live.monitoring import OK, Reading

REGIMES = {"unfavorable": "0 Risk-Off", "neutral": "1 Normal", "favorable": "2 Risk-On"}


def readings(days: pd.DataFrame, market: pd.DataFrame) -> list[Reading]:
    """Average return, Sharpe ratio, share of gains and sessions in each regime; null where a regime never came.

    Parameters
    ----------
    days : DataFrame
        ``session, return_frac`` of the book, in order.
    market : DataFrame
        ``session, market_regime``.
    """
    regime = market.sort_values("session").set_index("session")["market_regime"].shift(1)
    rows = days.dropna(subset="return_frac").assign(regime=lambda d: d["session"].map(regime))
    found = []
    for name, label in REGIMES.items():
        own = rows.loc[rows["regime"] == name, "return_frac"].to_numpy(dtype=float)
        n = len(own)
        values = {
            "avg_return": float(own.mean()) if n else np.nan,
            "sharpe": metrics.sharpe_ratio(own) if n > 1 else np.nan,
            "win_rate": float((own > 0).mean()) if n else np.nan,
        }
        told = f"Regime {label}: {n} sessions" + (
            f", average return {values['avg_return']:+.3%}, gains in {values['win_rate']:.0%}." if n else "."
        )
        found.append(Reading("regime", f"n_days_{name}", float(n), n, OK, told))
        found += [
            Reading("regime", f"{key}_{name}", value, n, OK, f"{key} in regime {label}; the risk-free rate is 0.")
            for key, value in values.items()
        ]
    return found
