"""Sizes: Kelly by hand, caps that cap, and never more for worse odds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events.sizing import SizeLimits, sized

LIMITS = SizeLimits(
    kelly_share=0.5, max_position_frac=1.0, volatility_target=0.1, overnight_haircut=0.5, bars_per_year=252
)
FREE = SizeLimits(1.0, 1e9, 1e9, 1.0, 252)


def one(*, p=0.6, ev=0.004, a=0.04, b=0.02, volatility=0.001, overnight=False, limits=LIMITS):
    events = pd.DataFrame({"a_tp": [a], "b_sl": [b], "volatility": [volatility], "entry_overnight": [overnight]})
    return sized(events, pd.DataFrame({"p": [p], "ev_final": [ev]}), limits).iloc[0]


def test_kelly_is_that_of_the_textbook():
    found = one()
    assert found["kelly_p"] == pytest.approx(0.6 / 0.02 - 0.4 / 0.04)
    assert found["kelly_ev"] == pytest.approx(0.004 / (0.04 * 0.02))
    even = one(p=0.6, ev=0.2, a=1.0, b=1.0)  # double or nothing at 60 %: a fifth of the purse
    assert even["kelly_p"] == pytest.approx(0.2)
    assert even["kelly_ev"] == pytest.approx(0.2)


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.1), st.floats(0.01, 0.1))
def test_kelly_grows_the_logarithm_fastest(p, a, b):
    best = one(p=p, a=a, b=b)["kelly_p"]

    def growth(f):
        return p * np.log1p(f * a) + (1 - p) * np.log1p(-f * b)

    nearby = np.clip(best + np.array([-1e-3, 1e-3]), 0.0, 1 / b - 1e-9)
    if best < 1 / b:
        assert (growth(nearby) <= growth(best) + 1e-12).all()


def test_the_smaller_bet_is_shared_then_capped():
    assert one(p=0.6, ev=1e-5)["capped_frac"] == pytest.approx(0.5 * 1e-5 / 0.0008)
    assert one(p=0.3334, ev=0.004)["capped_frac"] == pytest.approx(0.5 * (0.3334 / 0.02 - 0.6666 / 0.04))
    assert one(ev=0.004)["capped_frac"] == 1.0
    assert one(ev=0.004, limits=replace(LIMITS, max_position_frac=0.3))["capped_frac"] == 0.3


def test_the_volatility_target_and_the_night_cut_what_is_left():
    found = one(volatility=0.02, overnight=True)
    cap = 0.1 / (0.02 * np.sqrt(252))
    assert found["volatility_cap_frac"] == pytest.approx(cap)
    assert (found["haircut"], found["size_frac"]) == (0.5, pytest.approx(0.5 * cap))
    assert one(volatility=0.02)["size_frac"] == pytest.approx(cap)


@pytest.mark.parametrize("change", [{"p": 0.1}, {"ev": -0.01}, {"p": 1e-6}])
def test_a_bet_that_should_not_be_made_has_no_size(change):
    assert one(**change)["size_frac"] == 0.0


numbers = st.fixed_dictionaries(
    {"p": st.floats(0, 1), "ev": st.floats(-0.05, 0.05), "a": st.floats(0.001, 0.1), "b": st.floats(0.001, 0.1),
     "volatility": st.floats(1e-4, 0.05), "overnight": st.booleans()}
)  # fmt: skip


@given(numbers, st.floats(0, 1), st.floats(0, 0.05))
def test_better_odds_never_make_a_smaller_bet_and_no_bet_exceeds_a_cap(given_numbers, up, more):
    found = one(**given_numbers)
    better = given_numbers | {"p": min(1.0, given_numbers["p"] + up), "ev": given_numbers["ev"] + more}
    assert one(**better)["size_frac"] >= found["size_frac"]
    assert 0.0 <= found["size_frac"] <= min(LIMITS.max_position_frac, found["volatility_cap_frac"])
    assert (found >= 0).all()


@given(numbers)
def test_with_an_expected_value_by_the_same_odds_both_bets_are_one(given_numbers):
    own = given_numbers | {
        "ev": given_numbers["p"] * given_numbers["a"] - (1 - given_numbers["p"]) * given_numbers["b"]
    }
    found = one(**own, limits=FREE)
    assert found["kelly_p"] == pytest.approx(found["kelly_ev"], rel=1e-6, abs=1e-9)


def test_no_event_gives_no_row():
    nothing = pd.DataFrame({n: [] for n in ("a_tp", "b_sl", "volatility", "entry_overnight")}, dtype=float)
    assert len(sized(nothing, pd.DataFrame({"p": [], "ev_final": []}, dtype=float), LIMITS)) == 0
