"""What is wanted at a session, and what its inputs must say before anything trades."""

import pandas as pd
import pytest

from trade_assets.domain.live import signals
from trade_assets_tests.generators import SESSIONS

THEN, NOW = SESSIONS[0], SESSIONS[3]
CHAMPION = pd.DataFrame([(THEN, "champion", "ridge", "rank_decay", "qualified", THEN), (THEN, "challenger", "net", "hrp", "qualified", THEN)], columns=["rebalance_date", "role", "model", "construction", "status", "since"])  # fmt: skip
BARS = pd.DataFrame({"session": NOW, "symbol": ["AAA", "BBB"]})
WANTED = pd.DataFrame({"strategy": ["stocks", "stocks", "events"], "may_increase": [True, False, False]})


def checked(bars=BARS, champion=CHAMPION, wanted=WANTED):
    return {gate.name: gate for gate in signals.checks(NOW, bars, champion, wanted)}


def test_a_session_with_bars_a_champion_and_a_fresh_signal_passes():
    assert all(gate.passed for gate in checked().values())
    assert "ridge with rank_decay, qualified, since 2017-01-03" in checked()["Champion"].sentence


@pytest.mark.parametrize(
    ("changed", "name", "severity"),
    [
        ({"bars": BARS.head(0)}, "Data of today", "error"),
        ({"champion": CHAMPION.head(0)}, "Champion", "error"),
        ({"champion": CHAMPION.tail(1)}, "Champion", "error"),  # a runner-up is nobody's fallback
        ({"wanted": WANTED.assign(may_increase=[False, False, False])}, "Market signal", "warn"),
        (
            {"wanted": WANTED.assign(may_increase=[False, False, True])},
            "Market signal",
            "warn",
        ),  # legs have gates of their own
    ],
)
def test_each_input_that_is_not_there_fails_its_own_check(changed, name, severity):
    found = checked(**changed)
    assert [gate.name for gate in found.values() if not gate.passed] == [name]
    assert found[name].severity == severity


def test_legs_that_may_not_grow_say_nothing_of_the_market_signal():
    assert checked(wanted=WANTED.tail(1))["Market signal"].passed


def targets(weights, *, exposure=0.6, may_increase=True):
    rows = [(THEN, s, w, w / exposure, exposure, may_increase) for s, w in (weights | {"CASH": 0.4}).items()]
    return pd.DataFrame(rows, columns=["rebalance_date", "symbol", "weight", "unscaled_weight", "exposure_scalar", "may_increase"])  # fmt: skip


def wanted(session=NOW, weights=None, champion=CHAMPION, **changes):
    scores = pd.DataFrame([(THEN, m, s, v) for m, sign in (("ridge", 1), ("net", -1)) for s, v in (("AAA", 3.0 * sign), ("BBB", 2.0 * sign), ("CCC", 1.0 * sign))], columns=["rebalance_date", "model", "symbol", "prediction"])  # fmt: skip
    now = scores.assign(prediction=scores["prediction"] * 10).drop(columns="rebalance_date")
    universe = pd.DataFrame({"rebalance_date": THEN, "symbol": ["AAA", "BBB", "CCC"], "sector": ["x", "y", None], "size_bucket": "large_cap"})  # fmt: skip
    given = targets({"AAA": 0.3, "BBB": 0.3} if weights is None else weights, **changes)
    return signals.of_stocks(session, THEN, given, scores, champion, universe, now).set_index("symbol")


def test_stocks_have_the_weight_score_and_place_of_the_champion():
    rows = wanted()
    assert rows["target_weight"].to_dict() == {"AAA": 0.3, "BBB": 0.3, "CCC": 0.0}
    assert rows["rank"].to_dict() == {"AAA": 1, "BBB": 2, "CCC": 3}
    assert rows["score"].to_dict() == {"AAA": 3.0, "BBB": 2.0, "CCC": 1.0}
    assert rows["score_now"].to_dict() == {"AAA": 30.0, "BBB": 20.0, "CCC": 10.0}
    assert rows["sector"].isna().to_dict() == {"AAA": False, "BBB": False, "CCC": True}
    assert set(rows["exposure_scalar"]) == {0.6}


@pytest.mark.parametrize(("session", "is_decided"), [(THEN, True), (NOW, False)])
def test_stocks_are_decided_at_the_rebalance_alone(session, is_decided):
    assert set(wanted(session)["is_decided"]) == {is_decided}


def test_a_stale_signal_lets_nothing_grow_what_is_not_wanted_included():
    assert not wanted(may_increase=False)["may_increase"].any()
    assert wanted()["may_increase"].all()


def test_before_the_first_rebalance_nothing_is_wanted():
    empty = CHAMPION.head(0)
    rows = signals.of_stocks(NOW, None, targets({}), empty, empty, empty, empty)
    assert not len(rows)
    assert list(rows.columns) == signals.COLUMNS


def book(*rows):
    return pd.DataFrame(rows, columns=["session", "symbol", "position_frac", "closing", "is_ordered", "order_side", "order_size_frac"])  # fmt: skip


@pytest.mark.parametrize(
    ("row", "size"),
    [
        ((0.4, None, False, 0, 0.0), 0.4),  # held
        ((0.4, "stop", False, 0, 0.0), 0.0),  # a rule closes it
        ((0.0, None, True, 1, 0.5), 0.5),  # ordered
        ((0.4, "stop", True, 1, 0.25), 0.25),  # closed and entered again
        ((-0.4, None, False, 0, 0.0), 0.0),  # a short is nothing held
        ((0.0, None, True, -1, 0.5), 0.0),
    ],
)
def test_a_leg_is_to_have_the_size_of_its_order_or_of_what_is_held_and_never_a_short(row, size):
    assert signals.position_sizes(book((NOW, "QQQ", *row))) == {"QQQ": size}


@pytest.mark.parametrize("is_accepted", [True, False])
def test_legs_share_the_capital_and_grow_only_while_their_engine_is_accepted(is_accepted):
    rows = book((NOW, "QQQ", 0.4, None, False, 0, 0.0), (NOW, "SPY", 1.0, None, False, 0, 0.0), (THEN, "QQQ", 0.9, None, False, 0, 0.0))  # fmt: skip
    equal = signals.of_events(NOW, rows, is_accepted=is_accepted).set_index("symbol")
    assert equal["target_weight"].to_dict() == {"QQQ": 0.2, "SPY": 0.5}
    split = pd.DataFrame({"session": [NOW], "w_qqq": [0.7], "w_spy": [0.3]})
    own = signals.of_allocator(NOW, split, rows, {"qqq": "QQQ", "spy": "SPY"}, is_accepted=is_accepted).set_index(
        "symbol"
    )
    assert own["target_weight"].to_dict() == pytest.approx({"QQQ": 0.7 * 0.4, "SPY": 0.3})
    for legs in (equal, own):
        assert set(legs["may_increase"]) == {is_accepted}
        assert legs["is_decided"].all()
    assert not len(signals.of_allocator(NOW, split.head(0), rows, {"qqq": "QQQ"}, is_accepted=True))
