"""What a fill costs: commission, half-spread, and the impact of its size."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rates:
    """Cost model of one family of strategies; basis points a side.

    ``impact_coefficient`` multiplies daily volatility times the square root of the order's share of a day's
    dollar volume (Toth et al. 2011).
    """

    commission_bps: float
    half_spread_bps: float
    impact_coefficient: float

    @property
    def floor_frac(self) -> float:
        """Cost of a fill too small to move the price, as a share of its value."""
        return (self.commission_bps + self.half_spread_bps) / 10_000


def cost_frac(
    notional_usd: np.ndarray, *, volatility: np.ndarray, dollar_volume_usd: np.ndarray, rates: Rates
) -> np.ndarray:
    """Cost as a share of the value traded.

    Parameters
    ----------
    notional_usd : ndarray, value traded; its sign is not read
    volatility : ndarray, daily
    dollar_volume_usd : ndarray, a day's; where it or the volatility is NaN or 0 there is no impact, see :func:`has_impact`
    rates : Rates
    """
    known = has_impact(volatility, dollar_volume_usd)
    share = np.where(known, np.abs(notional_usd) / np.where(known, dollar_volume_usd, 1.0), 0.0)
    return rates.floor_frac + rates.impact_coefficient * np.where(known, volatility, 0.0) * np.sqrt(share)


def has_impact(volatility: np.ndarray, dollar_volume_usd: np.ndarray) -> np.ndarray:
    """True where volume and volatility are known, so that the impact of an order can be estimated."""
    return ~np.isnan(volatility) & (np.nan_to_num(dollar_volume_usd) > 0)
