"""The weighted score and the thresholds, by hand and at their edges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.overfitting import score

GOOD = {"sharpe": 1.0, "max_drawdown": -0.20, "calmar": 0.5, "turnover": 0.40, "regime_consistency": 0.5}


def test_by_hand():
    expected = 0.30 * 0.5 + 0.25 / 3 + 0.20 / 3 + 0.15 * 0.2 + 0.10 * 0.5
    assert score.weighted(GOOD) == pytest.approx(expected)


@given(
    values=st.fixed_dictionaries({name: st.floats(-1e6, 1e6) for name in score.RANGES}),
    name=st.sampled_from(list(score.RANGES)),
    better=st.floats(0, 10),
)
def test_within_0_and_1_and_never_lower_for_a_better_metric(values, name, better):
    found = score.weighted(values)
    assert 0 <= found <= 1
    sign = -1 if name == "turnover" else 1
    assert score.weighted({**values, name: values[name] + sign * better}) >= found
    assert score.weighted({**values, name: math.nan}) <= found


def test_the_ends_of_the_ranges():
    assert score.weighted({name: best for name, (_, best) in score.RANGES.items()}) == 1.0
    assert score.weighted({name: worst for name, (worst, _) in score.RANGES.items()}) == 0.0
    assert score.weighted({}) == 0.0


@pytest.mark.parametrize(
    "weights", [{"sharpe": 0.5}, {}, {"sharpe": 1.5, "calmar": -0.5}, {"alpha": 1.0}, {"sharpe": math.nan}]
)
def test_weights_must_be_of_known_metrics_and_sum_to_one(weights):
    with pytest.raises(ValueError, match="weights must"):
        score.weighted(GOOD, weights)


def test_equality_passes_every_gate_and_a_hair_beyond_does_not():
    assert all(gate.passed for gate in score.gates(GOOD, score.Thresholds()))
    hair = {"sharpe": 0.999, "max_drawdown": -0.201, "calmar": 0.499, "turnover": 0.401}
    assert not any(gate.passed for gate in score.gates(hair, score.Thresholds()))


@pytest.mark.parametrize("missing", [{}, dict.fromkeys(GOOD, math.nan)])
def test_what_is_not_known_passes_no_gate(missing):
    gates = score.gates(missing, score.Thresholds())
    assert [gate.passed for gate in gates] == [False] * 4
    assert all("not known" in gate.sentence and gate.requirement == "R-161" for gate in gates)
