"""A leg's capital: a trade left alone realises its event's outcome to the last bit, and pays on each side once."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events import barriers, sleeve
from trade_assets.domain.events.risk import NO_LIMIT, Governor
from trade_assets.domain.events.sleeve import Bar, Fills, Order, Sleeve
from trade_assets_tests.domain.events.test_barriers import cases

NAN = float("nan")
RULES = {barriers.PROFIT: "profit", barriers.LOSS: "loss", barriers.TIME: "time", barriers.GAP: "gap"}
AT_CLOSE = Fills(horizon_bars=3, enters_at_open=False, opens_are_real=False, min_holding_bars=1, cooldown_bars=0)
AT_OPEN = replace(AT_CLOSE, enters_at_open=True, opens_are_real=True)
FILLS = pytest.mark.parametrize("how", [AT_CLOSE, AT_OPEN])


def bar(change=0.0, opened=0.0, high=0.0, low=0.0, *, is_traded=True):
    return Bar(change, opened, high, low, is_traded)


MISSING = bar(0.0, NAN, NAN, NAN, is_traded=False)


def ordered(side=1, size=1.0, target=0.02, stop=0.02, cost_rt=0.001, capital=1.0):
    """A leg whose order waits for the next bar."""
    return Sleeve(capital, Governor(NO_LIMIT), order=Order(None, side, size, target, stop, cost_rt))


def walked(state, bars, how=AT_CLOSE):
    """The state after the bars, and the fills of each."""
    fills = []
    for one in bars:
        state, now = sleeve.after_bar(state, one, how)
        fills.append(now)
    return state, fills


def path_bars(path):
    return [Bar(*row, True) for row in zip(*(getattr(path, f.name).tolist() for f in fields(path)), strict=True)]


@given(cases())
def test_a_trade_left_alone_realises_what_the_label_says_to_the_last_bit(case):
    path, events, flags = case
    found, bars = barriers.first_touch(path, **events, **flags), path_bars(path)
    for i, entry in enumerate(events["entry"]):
        order = {name: events[name][i].item() for name in ("side", "target", "stop")}
        how = Fills(int(events["horizon_bars"][i]), **flags, min_holding_bars=1, cooldown_bars=0)
        state, filled = walked(ordered(**order), bars[entry:], how)
        exits = [(entry + at, fill) for at, now in enumerate(filled) for fill in now if fill.action != "enter"]
        if found.barrier[i] == barriers.UNRESOLVED:
            assert not exits
            assert entry >= len(bars) or state.position is not None
            continue
        ((at, fill),) = exits
        assert at == found.exit_bar[i]
        if found.barrier[i] == barriers.UNFILLED:
            assert (fill.action, fill.rule, state.capital) == ("lapse", "no_price", 1.0)
        else:
            assert fill.rule == RULES[found.barrier[i]]
            assert np.float64(fill.level).tobytes() == found.level[i].tobytes()


@pytest.mark.parametrize("side", [1, -1])
def test_a_trade_that_moves_nowhere_ends_at_zero_not_at_minus_zero(side):
    how, still = replace(AT_OPEN, horizon_bars=1), bar()
    exited = walked(ordered(side), [still], how)[1][0][1]
    label = barriers.first_touch(
        barriers.Path(*np.zeros((4, 1))), entry=np.array([0]), side=np.array([side]),
        target=np.array([0.02]), stop=np.array([0.02]), horizon_bars=1, enters_at_open=True, opens_are_real=True,
    )  # fmt: skip
    assert np.float64(exited.level).tobytes() == label.level.tobytes() == np.float64(0.0).tobytes()


@pytest.mark.parametrize("side", [1, -1])
def test_a_round_trip_pays_half_the_cost_on_the_value_at_each_fill(side):
    order = ordered(side=side, size=0.5, cost_rt=0.002, capital=2.0)
    state, fills = walked(order, [bar(), bar(side * 0.05)])
    enter, exit_ = fills[0][0], fills[1][0]
    worth = 1.0 * math.exp(side * 0.05)
    assert (enter.traded, enter.cost) == (1.0, 0.001)
    assert exit_.traded == pytest.approx(worth)
    assert exit_.cost == pytest.approx(0.001 * worth)
    assert state.capital == pytest.approx(2.0 + side * (worth - 1.0) - 0.001 - 0.001 * worth)
    assert exit_.gain == pytest.approx(state.capital - 2.0)


def test_a_short_gains_when_the_price_falls_and_loses_when_it_rises():
    for change in (-0.01, 0.01):
        long, short = (walked(ordered(side=s, cost_rt=0.0), [bar(), bar(change)])[0].capital - 1.0 for s in (1, -1))
        assert long == pytest.approx(math.expm1(change))
        assert short == pytest.approx(-long)


def test_nothing_is_filled_in_a_bar_that_is_missing_and_the_order_is_gone():
    for how in (AT_CLOSE, AT_OPEN):
        state, fills = walked(ordered(), [MISSING, bar(0.05)], how)
        assert [(f.action, f.rule, f.cost) for now in fills for f in now] == [("lapse", "no_price", 0.0)]
        assert (state.capital, state.order, state.position) == (1.0, None, None)


def test_an_order_for_an_open_that_is_not_known_lapses_and_one_for_the_close_is_filled():
    unopened = bar(opened=NAN)
    assert [f.action for f in walked(ordered(), [unopened], AT_OPEN)[1][0]] == ["lapse"]
    assert [f.action for f in walked(ordered(), [unopened], AT_CLOSE)[1][0]] == ["enter"]


@FILLS
def test_a_rule_closes_at_the_next_price_there_is(how):
    held, _ = walked(ordered(target=1.0, stop=1.0), [bar()], replace(how, horizon_bars=9))
    wanted = replace(held, closing="session_loss_stop")
    state, fills = walked(wanted, [MISSING, bar(-0.01, 0.005)], replace(how, horizon_bars=9))
    assert not fills[0]
    ((fill,),) = fills[1:]
    assert (fill.rule, fill.level) == ("session_loss_stop", -0.01 + (0.005 if how.enters_at_open else 0.0))
    assert (state.position, state.closing) == (None, None)


def test_a_rule_that_waits_for_an_open_stays_until_there_is_one():
    held, _ = walked(ordered(target=1.0, stop=1.0), [bar()], replace(AT_OPEN, horizon_bars=9))
    wanted = replace(held, closing="drawdown_kill_switch")
    state, fills = walked(wanted, [bar(opened=NAN), bar()], replace(AT_OPEN, horizon_bars=9))
    assert [[f.rule for f in now] for now in fills] == [[], ["drawdown_kill_switch"]]
    assert state.closing is None


def test_a_barrier_touched_before_the_close_comes_before_the_rule_that_closes_there():
    held, _ = walked(ordered(), [bar()])
    _, fills = walked(replace(held, closing="session_loss_stop"), [bar(-0.03)])
    assert [f.rule for f in fills[0]] == ["loss"]


def test_the_time_runs_out_in_a_missing_bar_at_the_last_price_as_the_label_says():
    _, fills = walked(ordered(), [bar(), bar(0.01), MISSING, MISSING])
    assert [(f.rule, f.level) for f in fills[3]] == [("time", 0.01)]


def test_a_profit_waits_for_the_minimum_holding_and_a_loss_does_not():
    how = replace(AT_CLOSE, min_holding_bars=2)
    _, fills = walked(ordered(), [bar(), bar(0.03), bar()], how)
    assert [[f.rule for f in now] for now in fills] == [["event"], [], ["profit"]]
    _, fills = walked(ordered(), [bar(), bar(-0.03)], how)
    assert [f.rule for f in fills[1]] == ["loss"]


def test_a_profit_that_waited_is_not_taken_in_a_bar_that_is_missing():
    how = replace(AT_CLOSE, min_holding_bars=2, horizon_bars=9)
    _, fills = walked(ordered(), [bar(), bar(0.03), MISSING, bar(0.001)], how)
    assert [[f.rule for f in now] for now in fills] == [["event"], [], [], ["profit"]]


def test_a_young_position_that_opens_past_its_target_and_falls_through_its_stop_is_a_loss():
    how = replace(AT_OPEN, min_holding_bars=3)
    _, fills = walked(ordered(), [bar(), bar(0.0, 0.025, 0.03, -0.03)], how)
    assert [(f.rule, f.level) for f in fills[1]] == [("loss", -0.02)]


@pytest.mark.parametrize("cooldown", [0, 1, 3])
def test_the_cooldown_counts_the_bars_after_the_exit(cooldown):
    how = replace(AT_CLOSE, cooldown_bars=cooldown)
    state, _ = walked(ordered(), [bar(), bar(0.05)], how)
    left = [state.cooldown_left]
    for _ in range(4):
        state, _ = sleeve.after_bar(state, bar(), how)
        left.append(state.cooldown_left)
    assert left == [max(0, cooldown - n) for n in range(5)]


@given(st.lists(st.floats(-0.05, 0.05), min_size=1, max_size=8), st.sampled_from([1, -1]), st.floats(0.01, 1.0))
def test_capital_is_what_it_was_and_the_gain_of_the_trade(changes, side, size):
    bars = [bar(), *(bar(c) for c in changes)]
    state, fills = walked(ordered(side, size, 0.04, 0.04), bars, replace(AT_CLOSE, horizon_bars=5))
    gains = math.fsum(f.gain for now in fills for f in now)
    if state.position is None:
        assert state.capital == pytest.approx(1.0 + gains, rel=1e-12)
    else:
        assert gains == 0.0
        value = size * math.exp(math.fsum(changes))
        assert state.capital == pytest.approx(1.0 - 0.0005 * size + side * (value - size), rel=1e-9)


def test_a_trade_takes_its_share_of_the_turnover_on_each_side():
    state, _ = walked(replace(ordered(size=0.5, cost_rt=0.0), governor=Governor(3.0)), [bar()])
    assert state.governor.left == 2.5
    after, _ = walked(state, [bar(0.05)])
    worth = 0.5 * math.exp(0.05)
    assert after.governor.left == pytest.approx(2.5 - worth / after.capital)
