"""The market gate: regimes by the table, staleness, and exposures that leave no cent unaccounted for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, gates
from trade_assets_tests import generators
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SESSIONS

THRESHOLDS = gates.Thresholds(0.70, 0.55, 1.0, 0.6, 0.2)
EXPOSURE = {"favorable": 1.0, "neutral": 0.6, "unfavorable": 0.2}
P50 = st.sampled_from([-0.01, -5e-324, -0.0, 0.0, 5e-324, 0.01, np.nan])
ODDS = st.sampled_from([0.0, 0.5, 0.55, np.nextafter(0.55, 1), 0.6, np.nextafter(0.70, 0), 0.70, 1.0, np.nan])
NAN = np.nan

TABLE = [
    (0.01, 0.70, "favorable"),
    (0.01, 0.6999, "neutral"),
    (0.01, 0.5501, "neutral"),
    (0.01, 0.55, "unfavorable"),
    (0.01, 0.10, "unfavorable"),
    (0.01, NAN, "neutral"),
    (0.0, 0.99, "neutral"),
    (0.0, 0.60, "neutral"),
    (0.0, 0.55, "unfavorable"),
    (0.0, NAN, "neutral"),
    (-0.01, 0.99, "unfavorable"),
    (-0.01, 0.60, "unfavorable"),
    (-0.01, NAN, "unfavorable"),
    (NAN, 0.99, "neutral"),
    (NAN, 0.10, "neutral"),
    (NAN, NAN, "neutral"),
]


def forecasts(p50, start=0):
    p50 = np.array(p50, dtype=float)
    frame = pd.DataFrame({"session": SESSIONS[start : start + len(p50)], "tft_p10": p50 - 0.02, "tft_p50": p50})
    return frame.assign(tft_p90=p50 + 0.02, tft_source="test")


def signals(p50, odds):
    return gates.signals(forecasts(p50), pd.Series(odds, dtype=float), THRESHOLDS)


@pytest.mark.parametrize(("p50", "odds", "expected"), TABLE)
def test_the_regime_is_the_one_in_the_table(p50, odds, expected):
    assert gates.regime(np.array([p50]), np.array([odds]), THRESHOLDS).tolist() == [expected]


@given(p50=P50, odds=ODDS)
def test_the_rules_as_written_agree_wherever_both_numbers_are_known(p50, odds):
    found = gates.regime(np.array([p50]), np.array([odds]), THRESHOLDS)[0]
    if not np.isnan(p50) and not np.isnan(odds):
        is_favorable, is_unfavorable = p50 > 0 and odds >= 0.70, p50 < 0 or odds <= 0.55
        assert not (is_favorable and is_unfavorable)
        assert found == ("favorable" if is_favorable else "unfavorable" if is_unfavorable else "neutral")


@given(rows=st.lists(st.tuples(P50, ODDS), min_size=1, max_size=12))
def test_a_session_is_gated_by_its_forecast_or_else_the_last_one_and_stale_from_the_second_day(rows):
    found = signals([p for p, _ in rows], [o for _, o in rows])
    last, age = (NAN, NAN), 0
    for (p50, odds), row in zip(rows, found.itertuples(), strict=True):
        last, age = ((p50, odds), 0) if not np.isnan(p50) else (last, age + 1)
        regime = gates.regime(np.array([last[0]]), np.array([last[1]]), THRESHOLDS)[0]
        stale = not np.isnan(last[0]) and age > 1
        assert row.market_regime == regime
        assert row.is_stale == stale
        assert row.exposure_scalar == (min(EXPOSURE[regime], 0.6) if stale else EXPOSURE[regime])
        np.testing.assert_equal([row.tft_p50, row.meta_prob_success], list(last))


def test_odds_that_are_missing_today_are_not_those_of_yesterday():
    found = signals([0.01, 0.01], [0.9, NAN])
    assert found["market_regime"].tolist() == ["favorable", "neutral"]
    assert np.isnan(found["meta_prob_success"].iloc[1])


@given(rows=st.lists(st.tuples(P50, ODDS), min_size=2, max_size=12), data=st.data())
def test_later_sessions_change_no_byte(rows, data):
    cut = data.draw(st.integers(1, len(rows)))
    p50, odds = [p for p, _ in rows], [o for _, o in rows]
    assert_same_bytes(signals(p50[:cut], odds[:cut]), signals(p50, odds).iloc[:cut])


GRID = calendar.rebalances(SESSIONS[0], SESSIONS[0], SESSIONS[60], every=10)


@FEW
@given(missing=st.sets(st.integers(1, 60)), data=st.data())
def test_a_range_of_dates_is_its_dates_one_by_one(missing, data):
    rows = GRID.sessions()
    made = forecasts([NAN if i in missing else (-1) ** i * 0.01 for i in range(61)])
    made = made.assign(rebalance_date=rows["rebalance_date"], quantiles_crossed=False)
    odds = pd.Series(np.where(np.arange(61) % 3, 0.8, 0.6), index=pd.DatetimeIndex(made["session"]))
    first = data.draw(st.integers(1, 5))
    whole = GRID.between(GRID.dates[first], GRID.dates[6])
    together = gates.signals_of(made, odds, whole, thresholds=THRESHOLDS)
    apart = []
    for before, date in whole.spans():
        read = made[made["rebalance_date"].isin([before, date])]
        apart.append(gates.signals_of(read, odds, GRID.between(date, date), thresholds=THRESHOLDS))
    assert_same_bytes(together, pd.concat(apart, ignore_index=True))
    assert_same_bytes(together["session"].to_numpy(), rows["session"].to_numpy()[1 + 10 * (first - 1) :])


@st.composite
def champions(draw):
    """Weights of two dates that sum to 1 with their cash, and the signals of those dates."""
    parts = []
    for date in SESSIONS[[10, 20]]:
        weight = draw(generators.weights(6))
        symbols = [*generators.SYMBOLS[:6], "CASH"]
        parts.append(
            pd.DataFrame({"rebalance_date": date, "symbol": symbols, "weight": [*weight, max(0.0, 1 - weight.sum())]})
        )
    exposure = draw(st.lists(st.floats(0, 1), min_size=2, max_size=2))
    stale = draw(st.lists(st.booleans(), min_size=2, max_size=2))
    return pd.concat(parts, ignore_index=True), pd.DataFrame(
        {"session": SESSIONS[[10, 20]], "exposure_scalar": exposure, "is_stale": stale}
    )


@given(drawn=champions(), brake=st.none() | st.floats(0, 1))
def test_scaled_weights_and_cash_sum_to_one_and_keep_their_proportions(drawn, brake):
    weights, market = drawn
    factors = None if brake is None else pd.Series(brake, index=SESSIONS[[10, 20]])
    scaled = gates.scale_exposure(weights, market, brake=factors)
    assert (scaled.groupby("rebalance_date")["weight"].sum() - 1).abs().max() <= 1e-9
    assert (scaled["weight"] >= 0).all()
    stocks = scaled["symbol"] != "CASH"
    exposure = weights["rebalance_date"].map(market.set_index("session")["exposure_scalar"]) * (
        1 if brake is None else brake
    )
    np.testing.assert_allclose(scaled["weight"][stocks], (weights["weight"] * exposure)[stocks], rtol=1e-15)
    assert_same_bytes(scaled["unscaled_weight"].to_numpy(), weights["weight"].to_numpy())
    may = ~weights["rebalance_date"].map(market.set_index("session")["is_stale"])
    assert_same_bytes(scaled["may_increase"].to_numpy(), may.to_numpy(dtype=bool))


def test_a_date_without_a_signal_is_refused_by_name():
    weights = pd.DataFrame({"rebalance_date": SESSIONS[[10]], "symbol": "CASH", "weight": 1.0})
    market = pd.DataFrame({"session": SESSIONS[[9]], "exposure_scalar": 1.0, "is_stale": False})
    with pytest.raises(ValueError, match=f"no market signal for {SESSIONS[10].date()}"):
        gates.scale_exposure(weights, market)


@given(volatility=st.sampled_from([0.0, NAN]) | st.floats(1e-3, 2), target=st.none() | st.floats(0.01, 1))
def test_the_volatility_brake_only_ever_slows_and_never_below_its_target(volatility, target):
    factor = float(gates.volatility_brake(np.array([volatility]), target)[0])
    assert 0 < factor <= 1
    if target is None or not volatility > target:
        assert factor == 1
    else:
        assert factor * volatility == pytest.approx(target)


def test_an_outage_longer_than_the_window_stays_stale_and_lets_nothing_grow():
    sessions = pd.bdate_range("2020-01-01", periods=12).as_unit("us")
    nothing = pd.DataFrame({"session": sessions, "tft_p10": np.nan, "tft_p50": np.nan, "tft_p90": np.nan})
    thresholds = gates.Thresholds(0.7, 0.55, 1.0, 0.6, 0.2)
    odds = pd.Series(np.nan, index=sessions)
    out = gates.signals(nothing.assign(tft_source="lightgbm_quantiles"), odds, thresholds)
    assert out["is_stale"].tolist() == [False] + [True] * 11
    assert (out["exposure_scalar"] == 0.6).all()
    young = gates.signals(nothing.assign(tft_source="none"), odds, thresholds)
    assert not young["is_stale"].any()


def test_weights_that_hold_their_exposure_already_are_not_scaled_again():
    day = pd.Timestamp("2020-01-02")
    weights = pd.DataFrame({"rebalance_date": day, "symbol": ["AAA", "CASH"], "weight": [0.3, 0.7]})
    signals = pd.DataFrame({"session": [day], "exposure_scalar": [0.2], "is_stale": [False]})
    scaled = gates.scale_exposure(weights.assign(is_gated=False), signals).set_index("symbol")
    own = gates.scale_exposure(weights.assign(is_gated=True), signals).set_index("symbol")
    assert scaled.loc["AAA", "weight"] == pytest.approx(0.06)
    assert own.loc["AAA", "weight"] == 0.3
    assert own.loc["CASH", "weight"] == pytest.approx(0.7)
