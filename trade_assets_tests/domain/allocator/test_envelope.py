"""The envelope holds back at once and lets go again: every scale by its own reason, and none for ever."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.assets import allocator_policies
from trade_assets.domain.allocator import envelope
from trade_assets.domain.allocator.envelope import Limits
from trade_assets.settings import Allocator, load

LIMITS = allocator_policies.policy(load()).rulebook.limits
CALM = {"drawdown": 0.0, "volatility": 0.05, "drift_intensity": 0.0}


def gross(held: float, limits: Limits = LIMITS, **reasons: float) -> float:
    return envelope.scales(**CALM | reasons, held_gross=held, limits=limits).gross


@given(
    held=st.floats(0.0, 1.0), drawdown=st.floats(0.0, 0.5), volatility=st.floats(0.0, 1.0), drift=st.floats(0.0, 10.0),
    band=st.floats(0.0, 0.5), cap=st.floats(0.01, 1.0),
)  # fmt: skip
def test_what_is_invested_reaches_what_the_scales_allow_to_within_the_band(
    held, drawdown, volatility, drift, band, cap
):
    limits = replace(LIMITS, band=band, daily_cap=cap)
    reasons = {"drawdown": drawdown, "volatility": volatility, "drift_intensity": drift}
    for _ in range(math.ceil(1 / cap) + 1):
        told = envelope.scales(**reasons, held_gross=held, limits=limits)
        assert told.gross <= held + cap + 1e-12
        held = told.gross
    assert abs(told.guard * told.volatility * told.drift - held) <= band + 1e-12


def test_a_cut_is_made_at_once_and_a_rise_is_capped():
    assert gross(1.0, drawdown=0.5) == LIMITS.guard_floor
    assert gross(LIMITS.guard_floor) == pytest.approx(LIMITS.guard_floor + LIMITS.daily_cap)
    assert gross(0.95) == 0.95


def test_each_reason_has_a_scale_of_its_own():
    middle = (LIMITS.drawdown_warn + LIMITS.drawdown_stop) / 2
    told = envelope.scales(
        drawdown=middle, volatility=2 * LIMITS.volatility_target, drift_intensity=LIMITS.drift_to + 1,
        held_gross=1.0, limits=LIMITS,
    )  # fmt: skip
    assert told.guard == pytest.approx((1 + LIMITS.guard_floor) / 2)
    assert told.volatility == pytest.approx(0.5)
    assert told.drift == LIMITS.drift_floor
    assert told.gross == pytest.approx(told.guard * told.volatility * told.drift)


@pytest.mark.parametrize("name", ["volatility", "drift_intensity"])
def test_what_is_not_known_cuts_nothing(name):
    assert gross(1.0, **{name: float("nan")}) == 1.0


@given(w=st.floats(0.0, 1.0), a=st.floats(0.0, 0.1), b=st.floats(0.0, 0.1), r=st.floats(-1.0, 1.0))
def test_the_volatility_of_a_mix_lies_between_none_and_the_sum_of_its_parts(w, a, b, r):
    told = envelope.volatility_of_mix(w, (a, b), r)
    assert -1e-12 <= told <= w * a + (1 - w) * b + 1e-12
    assert envelope.volatility_of_mix(w, (a, b), 1.0) == pytest.approx(w * a + (1 - w) * b, abs=1e-12)
    assert envelope.volatility_of_mix(1.0, (a, b), float("nan")) == pytest.approx(a)
    assert math.isnan(envelope.volatility_of_mix(w, (float("nan"), b), r))


def test_a_band_wider_than_the_cap_is_refused():
    with pytest.raises(ValueError, match="no_trade_band must not exceed daily_cap"):
        Allocator(no_trade_band=0.11, daily_cap=0.1)
