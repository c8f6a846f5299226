"""Features of the allocator: known at the close, the same whatever rows are at hand, and what their names say."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, prices
from trade_assets.domain.allocator import confidence, features
from trade_assets.domain.allocator.legs import ROLES, Legs
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, market_bars
from trade_assets_tests.sleeves import histories, sessions, sleeves

SYMBOLS = ("QQQ", "SPY")


def part(legs: Legs, first: int, last: int) -> Legs:
    inside = slice(first, last)
    return Legs(legs.sessions[inside], legs.gross[inside], legs.position[inside], legs.engine[inside], legs.present)


def assert_same_rows(a: pd.DataFrame, b: pd.DataFrame) -> None:
    assert list(a.columns) == list(b.columns)
    for name in a.columns:
        assert_same_bytes(a[name].to_numpy().copy(), b[name].to_numpy().copy())


@FEW
@given(history=histories(min_sessions=140, max_sessions=200), today=st.integers(1, 139))
def test_no_feature_of_a_sleeve_changes_when_the_future_is_removed_or_the_past_begins_later(history, today):
    whole = features.of_sleeves(history)
    assert_same_rows(whole.iloc[:today], features.of_sleeves(part(history, 0, today)))
    first = max(0, today - features.QUARTER)
    assert_same_rows(whole.iloc[[today - 1]], features.of_sleeves(part(history, first, today)).iloc[[-1]])


@FEW
@given(history=histories(min_sessions=70, max_sessions=90))
def test_features_of_a_sleeve_are_what_their_names_say(history):
    told = features.of_sleeves(history)
    for leg, role in enumerate(ROLES):
        returns = (history.gross[:, leg] - 1.0).tolist()
        for t in (62, len(returns) - 1):
            quarter = returns[t - 62 : t + 1]
            row = told.iloc[t]
            assert row[f"{role}_return_21"] == pytest.approx(np.prod([1 + r for r in returns[t - 20 : t + 1]]) - 1)
            assert row[f"{role}_volatility_21"] == pytest.approx(reference.std(returns[t - 20 : t + 1]), abs=1e-8)
            assert row[f"{role}_downside_63"] == pytest.approx(np.sqrt(np.mean(np.minimum(quarter, 0.0) ** 2)))
            level, peak, falls = 1.0, 1.0, [0.0]
            levels = [1.0]
            for r in quarter:
                level *= 1 + r
                levels.append(level)
                peak = max(peak, level)
                falls.append(1 - level / peak)
            deepest = max(i for i, fall in enumerate(falls) if fall == max(falls))
            assert row[f"{role}_max_drawdown_63"] == pytest.approx(max(falls), abs=1e-12)
            assert row[f"{role}_sessions_since_trough_63"] == 63 - deepest
            regained = (levels[-1] / levels[deepest] - 1) / max(63 - deepest, 1)
            assert row[f"{role}_recovery_63"] == pytest.approx(regained, abs=1e-12)
            gains, losses = [r for r in quarter if r > 0], [-r for r in quarter if r < 0]
            if gains or losses:
                assert row[f"{role}_hit_rate_63"] == pytest.approx(len(gains) / (len(gains) + len(losses)))
            if gains and losses:
                assert row[f"{role}_payoff_ratio_63"] == pytest.approx(np.mean(gains) / np.mean(losses))
            else:
                assert np.isnan(row[f"{role}_payoff_ratio_63"])


@pytest.mark.parametrize("today", [5, 70, 270, 299])
def test_no_feature_of_the_market_changes_when_the_future_is_removed(today):
    bars = market_bars(7, sessions=300, symbols=3)
    symbols = tuple(sorted(bars["symbol"].unique())[:2])
    days = np.sort(bars["session"].unique())
    whole = features.of_market(prices.panel(bars), symbols)
    known = features.of_market(prices.panel(bars[bars["session"] <= days[today]]), symbols)
    assert_same_rows(whole.iloc[: len(known)], known)


def scored(seed: int, count: int, days: pd.DatetimeIndex) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    closes = calendar.close_utc(days)
    at = np.sort(rng.integers(0, len(days), count))
    scores = pd.DataFrame(
        {
            "decision_utc": closes[at], "symbol": rng.choice(list(SYMBOLS), count), "p": rng.uniform(0.3, 0.7, count),
            "q10": -rng.uniform(0.0, 0.02, count), "q90": rng.uniform(0.0, 0.02, count),
        }
    )  # fmt: skip
    ended = np.minimum(at + rng.integers(1, 11, count), len(days) - 1)
    known = scores.assign(label_end_utc=closes[ended], y=(rng.random(count) < scores["p"]).astype(float))
    return scores, known


@FEW
@given(seed=SEEDS, count=st.sampled_from([0, 3, 300, 900]), today=st.integers(330, 420))
def test_confidence_knows_neither_later_events_nor_later_outcomes_nor_needs_older_ones(seed, count, today):
    days = sessions(430)
    scores, known = scored(seed, count, days)
    whole = confidence.features(scores, known, calendar.close_utc(days), SYMBOLS)
    now = calendar.close_utc(days[[today]])[0]
    then = calendar.close_utc(days[[today - confidence.LONGEST]])[0]
    cut = confidence.features(
        scores[(scores["decision_utc"] <= now) & (scores["decision_utc"] > then)],
        known[(known["label_end_utc"] <= now) & (known["label_end_utc"] > then)].sample(frac=1, random_state=1),
        calendar.close_utc(days[today - confidence.LONGEST : today + 1]),
        SYMBOLS,
    )
    assert_same_rows(whole.iloc[[today]], cut.iloc[[-1]])


def test_confidence_is_what_its_names_say():
    days = sessions(430)
    scores, known = scored(3, 900, days)
    closes = calendar.close_utc(days)
    told = confidence.features(scores, known, closes, SYMBOLS).iloc[-1]
    month = scores[(scores["symbol"] == "QQQ") & (scores["decision_utc"] > closes[-22])]
    assert told["qqq_mean_p_21"] == pytest.approx(month["p"].mean())
    assert told["qqq_band_width_21"] == pytest.approx((month["q90"] - month["q10"]).mean())
    half = known[(known["symbol"] == "SPY") & (known["label_end_utc"] > closes[-127])]
    assert told["spy_calibration_error_126"] == pytest.approx(abs(half["p"].mean() - half["y"].mean()))


@given(seed=SEEDS)
@FEW
def test_scores_of_one_distribution_are_stable_and_moved_ones_are_not(seed):
    rng = np.random.default_rng(seed)
    old, same, moved = rng.normal(0.5, 0.1, 200), rng.normal(0.5, 0.1, 80), rng.normal(0.7, 0.1, 80)
    assert confidence.stability_index(old, same) < 0.25 < confidence.stability_index(old, moved)
    assert np.isnan(confidence.stability_index(old, same[:19]))


def test_legs_that_are_absent_or_have_a_hole_are_told_apart():
    from trade_assets.domain.allocator.legs import legs_of

    days = sessions(3)
    rows = pd.DataFrame(
        {"session": days, "symbol": "QQQ", "return_frac": 0.01, "position_frac": -0.5, "book_return_frac": 0.005}
    )
    of = legs_of(rows, SYMBOLS, days)
    assert of.present == (True, False)
    assert (of.neutral(), of.position[0].tolist(), of.gross[0].tolist()) == (1.0, [0.5, 0.0], [1.01, 1.0])
    with pytest.raises(ValueError, match=f"no row of QQQ for session {days[1].date()}"):
        legs_of(rows.drop(1), SYMBOLS, days)
    assert sleeves(np.zeros((2, 2))).neutral() == 0.5
