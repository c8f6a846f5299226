"""The rows the allocator learns from: what was known at a close, and what each weight chosen there was worth."""

import numpy as np
import pandas as pd

from trade_assets.domain.allocator import utility
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.utility import FILL_SESSIONS, Terms

UTILITIES = tuple(f"utility_{round(100 * weight):03d}" for weight in utility.weights_of())  # by weight, in per cent


def rows(
    features: pd.DataFrame, legs: Legs, sessions: pd.DataFrame, previous: pd.DataFrame, terms: Terms
) -> pd.DataFrame:
    """Rows of ``allocator_dataset`` whose utility became known in ``sessions``.

    Parameters
    ----------
    features : DataFrame
        Rows of ``allocator_features`` of the decisions.
    legs : Legs
        Of these sessions, and of those their utilities reach back over.
    sessions : DataFrame
        ``rebalance_date, session``: the windows asked for.
    previous : DataFrame
        The table's rows at the rebalance before; the last one's choice begins the recursion.
    terms : Terms
    """
    if not all(legs.present):
        return pd.DataFrame()
    reach = FILL_SESSIONS + terms.horizon_sessions
    places = legs.rows(pd.DatetimeIndex(sessions["session"])) - reach
    inside = places >= 0
    first = int(places[inside].min()) if inside.any() else len(legs.gross)
    before = float(previous["chosen_weight"].iloc[-1]) if len(previous) else legs.neutral()
    weights = utility.weights_of()
    values, drift, chosen = utility.labels(legs.gross[first:], legs.position[first:], weights, terms, before=before)
    known = sessions[inside].reset_index(drop=True)
    best = weights[chosen]
    made = pd.DataFrame(
        {
            "rebalance_date": known["rebalance_date"],
            "session": legs.sessions[first : first + len(values)],
            "label_end": known["session"],
            "drifted_weight": drift,
            "chosen_weight": best,
            "is_corner": (best == 0.0) | (best == 1.0),
            "utility_spread": values.max(axis=1) - values.min(axis=1) if len(values) else np.zeros(0),
            **dict(zip(UTILITIES, values.T, strict=True)),
        }
    )
    return made.merge(features[["session", *FEATURES]], on="session", how="left", validate="one_to_one")
