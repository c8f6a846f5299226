"""Costs of a fill: the floor, and the impact of its size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import costs

RATES = costs.Rates(1.0, 2.0, 1.0)
USD = st.floats(-1e7, 1e7)
VOLATILITY = st.floats(0, 0.5) | st.just(np.nan)
VOLUME = st.floats(1e3, 1e12) | st.just(np.nan) | st.just(0.0)


def cost(usd, volatility, volume, rates=RATES):
    given_ = np.array([[usd], [volatility], [volume]], dtype=float)
    return float(costs.cost_frac(given_[0], volatility=given_[1], dollar_volume_usd=given_[2], rates=rates)[0])


@given(usd=USD, volatility=VOLATILITY, volume=VOLUME)
def test_a_cost_is_the_floor_plus_volatility_times_the_root_of_the_share_of_volume(usd, volatility, volume):
    known = not np.isnan(volatility) and volume > 0
    impact = volatility * (abs(usd) / volume) ** 0.5 if known else 0.0
    assert cost(usd, volatility, volume) == pytest.approx(3e-4 + impact, rel=1e-12)
    assert bool(costs.has_impact(np.array([volatility]), np.array([volume]))[0]) == known


@given(usd=USD, other=USD, volatility=VOLATILITY, volume=VOLUME)
def test_a_larger_fill_never_costs_a_smaller_share_and_sides_cost_the_same(usd, other, volatility, volume):
    small, large = sorted([abs(usd), abs(other)])
    assert cost(small, volatility, volume) <= cost(large, volatility, volume)
    assert cost(usd, volatility, volume) == cost(-usd, volatility, volume)
    assert cost(0.0, volatility, volume) == RATES.floor_frac


def test_the_floor_is_commission_and_half_spread_in_basis_points():
    assert RATES.floor_frac == pytest.approx(0.0003)
    assert cost(1e6, 0.02, 1e8, costs.Rates(0, 0, 0)) == 0
    assert cost(1e6, 0.02, 1e8, costs.Rates(0, 0, 0.5)) == pytest.approx(0.5 * 0.02 * 0.1)
