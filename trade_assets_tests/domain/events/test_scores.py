"""The score of an event by hand, and the gates to the last unit (R-056 to R-062)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events import models, scores
from trade_assets.domain.events.scores import Gates, decided
from trade_assets_tests.generators import leg_events, leg_market

GATES = Gates(k=2.0, phi=4.0, overnight_multiplier=1.5)


def events(*, a=0.03, b=0.02, cost=0.001, ratio=4.0, overnight=False):
    return pd.DataFrame(
        {"rebalance_date": [pd.Timestamp("2020-01-06")], "decision_utc": [pd.Timestamp("2020-01-03", tz="UTC")],
         "symbol": "QQQ", "side": 1, "a_tp": a, "b_sl": b, "cost_rt": cost, "tp_to_cost": ratio, "entry_overnight": overnight}
    )  # fmt: skip


def one(p=0.6, ml=0.005, w=0.25, gates=GATES, **event):
    return decided(events(**event), np.array([p]), np.array([ml]), w, gates).iloc[0]


def test_the_score_is_the_given_formula():
    found = one()
    assert found["ev_struct"] == pytest.approx(0.6 * 0.03 - 0.4 * 0.02 - 0.001)  # 0.009
    assert found["ev_ml"] == 0.005
    assert found["ev_final"] == pytest.approx(0.25 * 0.009 + 0.75 * 0.005)  # 0.006
    assert found["hurdle"] == 0.002
    assert found["passes_ev"]
    assert found["passes_tp_to_cost"]


@pytest.mark.parametrize(("w", "expected"), [(0.0, "ev_ml"), (1.0, "ev_struct")])
def test_at_the_ends_of_the_weight_one_score_is_all(w, expected):
    found = one(w=w)
    assert found["ev_final"] == found[expected]


def test_a_score_at_the_hurdle_does_not_pass_and_one_above_does():
    assert not one(w=0.0, ml=0.002)["passes_ev"]
    assert one(w=0.0, ml=np.nextafter(0.002, 1))["passes_ev"]


def test_a_target_at_phi_passes_and_one_below_does_not():
    assert one(ratio=4.0)["passes_tp_to_cost"]
    assert not one(ratio=np.nextafter(4.0, 0))["passes_tp_to_cost"]


def test_an_overnight_entry_has_the_higher_hurdle():
    assert one(overnight=True)["hurdle"] == pytest.approx(0.003)
    assert not one(overnight=True, w=0.0, ml=0.003)["passes_ev"]
    assert one(overnight=False, w=0.0, ml=0.003)["passes_ev"]
    assert one(overnight=True, gates=replace(GATES, overnight_multiplier=1.0))["hurdle"] == 0.002


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-0.05, 0.05), st.floats(0, 1))
def test_a_higher_probability_or_forecast_never_scores_less(p, q, ml, w):
    low, high = sorted((p, q))
    assert one(high, ml, w)["ev_final"] >= one(low, ml, w)["ev_final"] - 1e-18
    assert one(p, ml + 0.01, w)["ev_final"] >= one(p, ml, w)["ev_final"]


def test_an_event_does_not_see_the_others():
    market = leg_market(1, sessions=60)
    rows, rng = leg_events(1, market), np.random.default_rng(1)
    p, ml = rng.random(len(rows)), rng.normal(0, 0.01, len(rows))
    whole = decided(rows, p, ml, 0.3, GATES)
    some = decided(rows.iloc[5:9], p[5:9], ml[5:9], 0.3, GATES)
    pd.testing.assert_frame_equal(some, whole.iloc[5:9].reset_index(drop=True), check_exact=True)


def test_without_a_row_the_table_has_its_columns():
    none = scores.unscored(events())
    assert len(none) == 0
    assert {*scores.KEYS, "p", "ev_final", "passes_ev", "passes_tp_to_cost", "mock_score", "passes_mock"} <= {*none}
    assert none["passes_ev"].dtype == none["passes_mock"].dtype == bool


def test_contributions_are_those_of_the_last_boosted_fit_largest_first():
    fits = pd.DataFrame(
        {"rebalance_date": pd.to_datetime(["2020-01-02", "2020-02-03", "2020-02-03"]),
         "model": ["lightgbm", "lightgbm", "logistic"],
         "contributions": ['{"a": 9.0}', '{"a": 0.1, "b": 0.3, "c": 0.1}', None]}
    )  # fmt: skip
    assert scores.contributions(fits).values.tolist() == [["b", 0.3], ["a", 0.1], ["c", 0.1]]
    assert len(scores.contributions(fits.iloc[2:])) == 0


def test_the_structural_score_is_one_formula_wherever_it_is_made():
    rows = leg_events(2, leg_market(2, sessions=60))
    p = np.full(len(rows), 0.55)
    np.testing.assert_array_equal(decided(rows, p, p, 1.0, GATES)["ev_struct"], models.struct_score(p, rows))
