"""What is watched says what it should: by date, lagged, known in time, and nothing where there is nothing to say."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trade_assets.domain import prices
from trade_assets.domain.live.monitoring import calibration, challenger, drift, freshness, regimes, skill
from trade_assets_tests.generators import CALM, SESSIONS, SYMBOLS, market_bars

HORIZON, LOOKBACK = 10, 20
BARS = market_bars(3, sessions=60, symbols=8, hazards=CALM)
PANEL = prices.panel(BARS)
CLOSE = BARS.pivot(index="session", columns="symbol", values="close")


def by_name(readings):
    return {reading.name: reading for reading in readings}


def scored(seed=0, sessions=60):
    rng = np.random.default_rng(seed)
    return pd.DataFrame([(s, n, rng.normal()) for s in SESSIONS[:sessions] for n in SYMBOLS[:8]], columns=["session", "symbol", "score_now"])  # fmt: skip


@pytest.mark.parametrize("today", [9, 10, 11, 29, 30, 45])
def test_scores_are_judged_once_their_horizon_is_over_and_only_the_newest(today):
    rows = skill.by_session(scored(), PANEL, SESSIONS[today], horizon=HORIZON, lookback=LOOKBACK)
    expected = [at for at in range(60) if at + HORIZON <= today and at + HORIZON > today - LOOKBACK]
    assert sorted(rows["session"].unique()) == list(SESSIONS[expected])
    for row in rows.itertuples():
        at = SESSIONS.get_loc(row.session)
        growth = CLOSE[row.symbol].iloc[at + HORIZON] / CLOSE[row.symbol].iloc[at]
        assert row.return_frac == pytest.approx(growth - 1)


def test_coefficients_are_those_of_each_date_and_their_mean():
    rows = skill.by_session(scored(), PANEL, SESSIONS[40], horizon=HORIZON, lookback=LOOKBACK)
    made = skill.coefficients(rows).set_index("session")
    for session, own in rows.groupby("session"):
        assert made.loc[session, "ic"] == pytest.approx(stats.pearsonr(own["score"], own["return_frac"]).statistic)
        assert made.loc[session, "rank_ic"] == pytest.approx(
            stats.spearmanr(own["score"], own["return_frac"]).statistic
        )
        assert made.loc[session, "n"] == len(own)
    found = by_name(skill.readings(made.reset_index(), area="skill", horizon=HORIZON, alert=0.02))
    assert found["rank_ic"].value == pytest.approx(made["rank_ic"].mean())
    assert set(found) == {"ic", "ic_p_value", "rank_ic", "rank_ic_p_value"}


@pytest.mark.parametrize(("scores", "returns"), [([1.0], [0.1]), ([1.0, 1.0], [0.1, 0.2]), ([1.0, 2.0], [0.1, 0.1]), ([1.0, 2.0], [0.1, np.nan])])  # fmt: skip
def test_a_date_that_tells_nothing_has_no_coefficient(scores, returns):
    rows = pd.DataFrame({"session": SESSIONS[0], "score": scores, "return_frac": returns})
    made = skill.coefficients(rows)
    assert made[["ic", "rank_ic"]].isna().all(axis=None)
    (ic, rank) = skill.readings(made, area="skill", horizon=HORIZON, alert=0.02)
    assert (ic.n, ic.severity, rank.n) == (0, "ok", 0)


@pytest.mark.parametrize(("mean", "severity"), [(0.019, "warn"), (0.021, "ok")])
def test_a_mean_coefficient_below_its_limit_warns(mean, severity):
    values = mean + np.array([-0.01, 0.01] * 10)
    made = pd.DataFrame({"session": SESSIONS[:20], "ic": values, "rank_ic": values, "n": 8})
    found = by_name(skill.readings(made, area="skill", horizon=HORIZON, alert=0.02))
    assert (found["ic"].severity, found["rank_ic"].severity) == (severity, severity)


def test_groups_by_score_are_formed_within_each_date():
    """Dates of very different returns: pooled groups would hold the good date alone."""
    rows = pd.concat(
        [
            pd.DataFrame({"session": day, "score": level + np.arange(10.0), "return_frac": level + np.arange(10) / 100})
            for day, level in ((SESSIONS[0], 0.0), (SESSIONS[1], 100.0))
        ]
    )
    found = by_name(skill.quantiles(rows))
    for place in range(1, 6):
        expected = 50.0 + np.mean([2 * place - 2, 2 * place - 1]) / 100
        assert found[f"avg_return_{place}"].value == pytest.approx(expected)
        assert found[f"avg_return_{place}"].n == 4
    assert found["top_minus_bottom"].value == pytest.approx(0.08)
    assert found["top_minus_bottom"].severity == "ok"
    assert by_name(skill.quantiles(rows.assign(score=-rows["score"])))["top_minus_bottom"].severity == "warn"


def test_the_standard_error_counts_the_overlap_of_the_outcomes():
    rng, errors = np.random.default_rng(1), []
    for _ in range(4000):
        shocks = rng.normal(size=LOOKBACK + HORIZON - 1)
        errors.append(np.convolve(shocks, np.ones(HORIZON), "valid").mean() / np.sqrt(HORIZON))
    assert drift.standard_error(1.0, lookback=LOOKBACK, horizon=HORIZON) == pytest.approx(np.std(errors), rel=0.05)
    assert drift.standard_error(1.0, lookback=LOOKBACK, horizon=1) == pytest.approx(1 / np.sqrt(LOOKBACK))


@pytest.mark.parametrize(("z", "severity", "action"), [(-2.7, "ok", "continue"), (-2.8, "warn", "review_model"), (-3.2, "warn", "review_model"), (-3.3, "alarm", "review_model"), (3.0, "ok", "continue")])  # fmt: skip
def test_drift_warns_and_alarms_at_its_distances_from_the_backtest(z, severity, action):
    past = np.array([0.03, 0.07] * 20)
    error = drift.standard_error(past.std(ddof=1), lookback=LOOKBACK, horizon=HORIZON)
    live = np.concatenate([[9.0], np.full(LOOKBACK, past.mean() + z * error)])  # the oldest is out of the window
    found = by_name(drift.readings(live, past, lookback=LOOKBACK, horizon=HORIZON, threshold=0.02))["z"]
    assert found.value == pytest.approx(z)
    assert (found.severity, f"Action: {action}." in found.sentence) == (severity, True)


@pytest.mark.parametrize(
    ("mean", "below", "degraded"), [(0.019, 10, 1.0), (0.019, 9, 0.0), (0.021, 10, 0.0), (0.019, 20, 1.0)]
)
def test_the_given_drift_rule_needs_a_low_mean_and_half_of_the_sessions_below(mean, below, degraded):
    high = (mean - 0.01 * below / LOOKBACK) * LOOKBACK / (LOOKBACK - below) if below < LOOKBACK else 0.0
    live = np.array([0.01] * below + [high] * (LOOKBACK - below)) if below < LOOKBACK else np.full(LOOKBACK, mean)
    assert live.mean() == pytest.approx(mean)
    assert (live < 0.02).sum() == below
    found = by_name(drift.readings(live, np.array([0.1, 0.2]), lookback=LOOKBACK, horizon=HORIZON, threshold=0.02))
    assert found["seed_rule"].value == degraded


@pytest.mark.parametrize(("live", "past"), [(np.zeros(19), np.array([0.1, 0.2])), (np.zeros(20), np.array([0.1])), (np.zeros(0), np.zeros(0))])  # fmt: skip
def test_too_little_history_has_the_same_readings_and_judges_nothing(live, past):
    found = by_name(drift.readings(live, past, lookback=LOOKBACK, horizon=HORIZON, threshold=0.02))
    assert set(found) == {"z", "seed_rule"}
    assert np.isnan(found["z"].value)
    assert "action: continue" in found["z"].sentence


def test_a_return_belongs_to_the_regime_of_the_session_before_and_one_that_never_came_has_none():
    names = ["favorable", "neutral", "neutral", "favorable", "neutral"]
    days = pd.DataFrame({"session": SESSIONS[:5], "return_frac": [np.nan, 0.02, -0.01, 0.03, 0.05]})
    market = pd.DataFrame({"session": SESSIONS[:5], "market_regime": names})
    found = by_name(regimes.readings(days, market.sample(frac=1, random_state=1)))
    of = {"favorable": [0.02, 0.05], "neutral": [-0.01, 0.03], "unfavorable": []}
    for name, returns in of.items():
        assert found[f"n_days_{name}"].value == len(returns)
        if not returns:
            assert all(np.isnan(found[f"{key}_{name}"].value) for key in ("avg_return", "sharpe", "win_rate"))
            continue
        assert found[f"avg_return_{name}"].value == pytest.approx(np.mean(returns))
        assert found[f"win_rate_{name}"].value == np.mean(np.array(returns) > 0)
        assert found[f"sharpe_{name}"].value == pytest.approx(np.mean(returns) / np.std(returns, ddof=1) * np.sqrt(252))


def test_the_runner_up_is_followed_on_the_same_prices():
    roles = pd.DataFrame([("champion", "a", "x"), ("challenger", "b", "y")], columns=["role", "model", "construction"])
    portfolios = pd.DataFrame([("a", "x", "AAA", 0.5), ("b", "y", "BBB", 1.0), ("c", "x", "CCC", 1.0)], columns=["model", "construction", "symbol", "weight"])  # fmt: skip
    past = pd.DataFrame([("a", "x", SESSIONS[0], 0.01), ("a", "x", SESSIONS[1], 0.02), ("b", "y", SESSIONS[1], 0.05)], columns=["model", "construction", "session", "return_frac"])  # fmt: skip
    at = {"decided_at": SESSIONS[10], "session": SESSIONS[15]}
    found = by_name(challenger.readings(roles, portfolios, past, PANEL, **at))
    grown = {s: CLOSE[s].iloc[15] / CLOSE[s].iloc[11] - 1 for s in ("AAA", "BBB")}
    assert found["since_decision"].value == pytest.approx(grown["BBB"] - 0.5 * grown["AAA"])
    assert found["since_decision"].n == 4  # filled at the close of the session after the decision
    assert (found["past"].value, found["past"].n) == (pytest.approx(0.05 - 0.02), 1)
    (alone,) = challenger.readings(roles.head(1), portfolios, past, PANEL, **at)
    assert np.isnan(alone.value)


@pytest.mark.parametrize(("bars", "stale", "severities"), [(5, [], ("ok", "ok")), (0, ["AAA"], ("warn", "warn"))])
def test_a_session_without_bars_and_holdings_without_a_price_warn(bars, stale, severities):
    rows = pd.DataFrame({"symbol": SYMBOLS[:bars]})
    book = pd.DataFrame(
        {"symbol": ["AAA", "BBB", "CASH"], "is_price_stale": [s in stale for s in ("AAA", "BBB", "CASH")]}
    )
    found = by_name(freshness.readings(rows, book, SESSIONS[0], SESSIONS[4], sessions_since=4))
    assert (found["bars"].severity, found["stale_holdings"].severity) == severities
    assert found["stale_holdings"].value == len(stale)
    assert found["sessions_since_decision"].value == 4


@pytest.mark.parametrize("is_refit_day", [True, False])
def test_probabilities_are_judged_on_the_newest_events_and_refitted_on_those_before_them_alone(is_refit_day):
    rng, recent = np.random.default_rng(2), 60
    raw = rng.uniform(0.1, 0.9, 400)
    judged = pd.DataFrame({"label_end_utc": pd.date_range("2016-01-01", periods=400, tz="UTC"), "symbol": "QQQ", "p": 0.9, "raw_p": raw, "y": rng.random(400) < raw})  # fmt: skip
    how = {
        "recent": recent,
        "isotonic_from_rows": 1000,
        "min_rows": 50,
        "prior_rows": 10.0,
        "is_refit_day": is_refit_day,
    }
    found = by_name(calibration.readings(judged.sample(frac=1, random_state=0), **how))
    newest = judged.tail(recent)["y"].to_numpy(dtype=float)
    assert found["brier"].value == pytest.approx(np.mean((0.9 - newest) ** 2))
    assert found["gap"].value == pytest.approx(0.9 - newest.mean())
    assert ("brier_recalibrated" in found) == is_refit_day
    if is_refit_day:
        assert found["brier_recalibrated"].value < found["brier"].value
        flipped = judged.assign(y=judged["y"].where(judged.index < 340, ~judged["y"]))
        other = by_name(calibration.readings(flipped, **how))["brier_recalibrated"].value
        assert other == pytest.approx(np.mean((_shadow(judged, how) - flipped.tail(recent)["y"]) ** 2))
    assert np.isnan(by_name(calibration.readings(judged.head(2 * recent - 1), **how))["brier"].value)


def _shadow(judged, how):
    from trade_assets.domain.models import calibration as models

    before = judged.iloc[:-60]
    text = models.fit_calibrator(before["raw_p"].to_numpy(), before["y"].to_numpy(dtype=float), isotonic_from_rows=how["isotonic_from_rows"], min_rows=how["min_rows"], prior_rows=how["prior_rows"])  # fmt: skip
    return models.read_calibrator(text)(judged["raw_p"].tail(60).to_numpy())
