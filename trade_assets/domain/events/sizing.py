"""How much of a leg's capital an event may take, before the risk engine has its say.

The size is a share of Kelly's bet, the smaller one of what the probability and what the expected value allow;
then it is capped, held to a volatility target, and cut where the entry lies overnight. Every step is kept.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class SizeLimits:
    """``kelly_share`` of the full bet, at most ``max_position_frac``; yearly volatility of the position; overnight cut."""

    kelly_share: float
    max_position_frac: float
    volatility_target: float
    overnight_haircut: float
    bars_per_year: float


def sized(events: pd.DataFrame, scores: pd.DataFrame, limits: SizeLimits) -> pd.DataFrame:
    """Share of the leg's capital for each event, step by step.

    Parameters
    ----------
    events : DataFrame
        ``a_tp, b_sl, volatility, entry_overnight``, one row an event.
    scores : DataFrame
        ``p, ev_final`` of the same events.
    limits : SizeLimits

    Returns
    -------
    DataFrame
        ``kelly_p`` and ``kelly_ev`` (full bets by probability and by expected value), ``capped_frac``,
        ``volatility_cap_frac``, ``haircut`` and ``size_frac``, all >= 0.

    References
    ----------
    Kelly (1956): for a bet that wins ``a`` with probability ``p`` and else loses ``b`` the share is
    ``(p a - (1 - p) b) / (a b)``; the numerator is the expected value.
    """
    a, b, p = events["a_tp"].to_numpy(), events["b_sl"].to_numpy(), scores["p"].to_numpy()
    kelly_p = np.maximum(p / b - (1 - p) / a, 0.0)
    kelly_ev = np.maximum(scores["ev_final"].to_numpy() / (a * b), 0.0)
    capped = np.minimum(limits.kelly_share * np.minimum(kelly_p, kelly_ev), limits.max_position_frac)
    cap = limits.volatility_target / (events["volatility"].to_numpy() * np.sqrt(limits.bars_per_year))
    haircut = np.where(events["entry_overnight"], limits.overnight_haircut, 1.0)
    return pd.DataFrame(
        {
            "kelly_p": kelly_p,
            "kelly_ev": kelly_ev,
            "capped_frac": capped,
            "volatility_cap_frac": cap,
            "haircut": haircut,
            "size_frac": np.minimum(capped, cap) * haircut,
        }
    )
