"""Cross-section: where a stock stands among the members of its date.

A feature takes the other features of one date's members and their sectors, one row a member.
"""

import numpy as np
import pandas as pd


def ranks(values: pd.Series) -> pd.Series:
    """Centred average ranks, -0.5 to 0.5, ties shared, nulls kept; 0 for a single name."""
    count = int(values.notna().sum())
    return (values.rank(method="average") - 1) / max(count - 1, 1) - (0.5 if count > 1 else 0.0)


def versus_sector(values: pd.Series, sector: pd.Series) -> pd.Series:
    """Value minus the mean of its sector; null where the sector is unknown."""
    return values - values.groupby(sector).transform("mean")


def agreement(rows: pd.DataFrame, names: list[str]) -> pd.Series:
    """Mean rank over several horizons; null where one is."""
    out = pd.Series(np.zeros(len(rows)), index=rows.index)
    for name in names:
        out = out + ranks(rows[name])
    return out / len(names)


CROSS_SECTION = {
    "momentum_vs_sector": lambda rows: versus_sector(rows["momentum_231_21"], rows["sector"]),
    "reversal_vs_sector": lambda rows: versus_sector(rows["return_10"], rows["sector"]),
    "trend_agreement": lambda rows: agreement(rows, ["momentum_21", "momentum_63", "momentum_126", "momentum_231_21"]),
    "calm_momentum": lambda rows: ranks(rows["momentum_231_21"]) - ranks(rows["volatility_63"]),
    "reversal_in_calm": lambda rows: -ranks(rows["return_5"]) * (0.5 - ranks(rows["volatility_21"])),
}
