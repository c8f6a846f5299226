"""Utility of a weight: equal to the loop, blind to what lies beyond its horizon, the best one the nearest of equals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.allocator import utility
from trade_assets.domain.allocator.utility import Terms
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW
from trade_assets_tests.sleeves import histories, sleeves

WEIGHTS = utility.weights_of()


@st.composite
def terms(draw) -> Terms:
    return Terms(
        horizon_sessions=draw(st.integers(1, 20)),
        lambda_dd=draw(st.sampled_from([0.0, 0.5, 1.0, 2.0])),
        lambda_tc=draw(st.sampled_from([0.0, 1.0, 5.0])),
        cost_frac=draw(st.sampled_from([0.0, 0.0003, 0.01])),
    )


@FEW
@given(history=histories(), of=terms(), before=st.sampled_from([0.0, 0.5, 0.73, 1.0]))
def test_utilities_and_choices_equal_the_loop(history, of, before):
    ours, _, chosen = utility.labels(history.gross, history.position, WEIGHTS, of, before=before)
    loop, picked = reference.utilities(
        history.gross.tolist(), history.position.tolist(), WEIGHTS.tolist(), horizon=of.horizon_sessions,
        lambda_dd=of.lambda_dd, lambda_tc=of.lambda_tc, cost_frac=of.cost_frac, before=before,
    )  # fmt: skip
    assert len(loop) == len(ours) == max(len(history.gross) - 1 - of.horizon_sessions, 0)
    if chosen.tolist() != picked:  # two ways of adding may part ways at a tie; from there on they differ
        first = next(t for t in range(len(picked)) if chosen[t] != picked[t])
        assert np.ptp([loop[first][picked[first]], loop[first][chosen[first]]]) <= 1e-12
        ours, loop = ours[: first + 1], loop[: first + 1]
    np.testing.assert_allclose(ours, np.reshape(loop, ours.shape), rtol=0, atol=1e-12)


@FEW
@given(history=histories(min_sessions=30), of=terms(), cut=st.integers(0, 29))
def test_a_utility_is_the_same_whatever_the_rows_at_hand(history, of, cut):
    whole = utility.held(history.gross, WEIGHTS, of)
    later = utility.held(history.gross[cut:], WEIGHTS, of)
    for a, b in zip(whole, later, strict=True):
        assert_same_bytes(np.ascontiguousarray(a[cut:]), b)
    shorter = utility.held(history.gross[: len(history.gross) - cut], WEIGHTS, of)
    for a, b in zip(whole, shorter, strict=True):
        assert_same_bytes(np.ascontiguousarray(a[: len(b)]), b)


@FEW
@given(history=histories(min_sessions=15), of=terms())
def test_a_utility_does_not_read_past_its_horizon_nor_before_its_fill(history, of):
    if len(history.gross) < of.horizon_sessions + 3:
        return
    told = utility.held(history.gross, WEIGHTS, of)
    changed = history.gross.copy()
    changed[:2], changed[2 + of.horizon_sessions :] = 3.0, 0.1
    again = utility.held(changed, WEIGHTS, of)
    assert_same_bytes(told[0][0].copy(), again[0][0].copy())
    assert_same_bytes(told[1][0].copy(), again[1][0].copy())


def test_a_hand_made_case():
    history = sleeves(np.array([[0.0, 0.0], [0.0, 0.0], [0.10, 0.0], [-0.20, 0.0]]))
    values, _, chosen = utility.labels(
        history.gross, history.position, np.array([0.0, 0.5, 1.0]), Terms(2, 1.0, 1.0, 0.01), before=0.5
    )
    # all QQQ: 1.10 then 0.88, a fall of a fifth; half of it: 1.05 then 0.94; moving half the capital of two full sleeves costs 1 %
    assert values[0] == pytest.approx([0.0 - 0.01, -0.06 - (1 - 0.94 / 1.05), -0.12 - 0.2 - 0.01])
    assert chosen[0] == 0


def test_of_equal_utilities_the_weight_held_is_kept():
    history = sleeves(np.zeros((30, 2)))
    _, drift, chosen = utility.labels(
        history.gross, 0.0 * history.position, WEIGHTS, Terms(10, 1.0, 1.0, 0.001), before=0.35
    )
    assert set(WEIGHTS[chosen]) == {WEIGHTS[7]}
    assert np.allclose(drift, 0.35)


@FEW
@given(history=histories(min_sessions=15), of=terms(), tau=st.sampled_from([0.0005, 0.005, 0.05]))
def test_soft_labels_sum_to_one_and_favour_the_better(history, of, tau):
    values, _, _ = utility.labels(history.gross, history.position, WEIGHTS, of, before=0.5)
    shares = utility.soft_labels(values, tau=tau)
    assert np.allclose(shares.sum(axis=1), 1.0, atol=1e-12)
    assert (shares >= 0).all()
    order = np.argsort(values, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(shares, order, axis=1), axis=1) >= -1e-15).all()
