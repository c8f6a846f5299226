"""The index forecast and the meta forest: what each learns from, and by which model a session is forecast."""

import functools

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain import calendar, market_forecast, market_state, meta_label, prices
from trade_assets.domain.models import quantiles
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import CALM, SESSIONS, market_bars

LENGTH = 481
GRID = calendar.rebalances(SESSIONS[0], SESSIONS[0], SESSIONS[LENGTH - 1], every=10)
TREES = {"num_boost_round": 5, "num_leaves": 4, "learning_rate": 0.1, "min_data_in_leaf": 5, "seed": 42}
FOREST = {
    "n_estimators": 5,
    "num_leaves": 4,
    "min_data_in_leaf": 5,
    "bagging_fraction": 0.6,
    "feature_fraction_bynode": 0.5,
    "seed": 42,
}
RETRAINED = GRID.dates[32:]


def bars():
    return market_bars(7, sessions=LENGTH, symbols=2, hazards=CALM)


def observed(frame):
    panel = prices.panel(frame, sessions=SESSIONS[SESSIONS <= frame["session"].max()])
    outcomes = market_state.forward_returns(panel, symbol="AAA", horizon_sessions=10)
    return market_state.index_state(panel, qqq="AAA", spy="BBB"), outcomes


def jobs(frame, dates=RETRAINED, **own):
    rows = market_forecast.labelled(*observed(frame))
    return list(
        market_forecast.jobs(rows, dates, **({"train_sessions": 60, "min_rows": 40, "parameters": TREES} | own))
    )


@functools.cache
def models():
    return {job.as_of: quantiles.fit(job).texts for job in jobs(bars())}


@functools.cache
def forecasts(first=32, last=48):
    return market_forecast.forecast(
        GRID.between(GRID.dates[first], GRID.dates[last]).sessions(), observed(bars())[0], models()
    )


@functools.cache
def forests():
    rows = meta_label.labelled(meta_label.rows(forecasts(), observed(bars())[0]), observed(bars())[1])
    return {
        job.as_of: meta_label.fit(job).text for job in meta_label.jobs(rows, GRID.dates, min_rows=20, parameters=FOREST)
    }


def test_a_fit_learns_the_last_sessions_whose_outcome_was_known_at_its_close():
    for job in jobs(bars()):
        place = SESSIONS.get_loc(job.as_of)
        first = max(place - 10 - 60 + 1, 251)  # the first session whose 252-session high is known
        assert_same_bytes(job.sessions.to_numpy(), SESSIONS[first : place - 9].to_numpy())


def test_bars_that_come_later_change_no_byte_of_a_fit():
    early, late = jobs(bars()[bars()["session"] <= RETRAINED[3]], RETRAINED[:4]), jobs(bars(), RETRAINED[:4])
    assert len(early) == len(late) > 0
    for one, other in zip(early, late, strict=True):
        assert_same_bytes(one.x, other.x)
        assert_same_bytes(one.y, other.y)


def test_too_few_sessions_fit_nothing():
    assert not jobs(bars(), min_rows=61)
    assert not jobs(bars(), GRID.dates[:25])


def test_a_session_is_forecast_by_the_models_of_the_rebalance_before_it():
    made = forecasts()
    state = observed(bars())[0].set_index("session")
    by_model = made[made["tft_source"] == market_forecast.OWN_MODEL]
    assert len(by_model) > 100
    for row in by_model.iloc[::17].itertuples():
        in_force = max(date for date in GRID.dates if date < row.session)
        x = state.loc[[row.session], list(market_state.STATE)].to_numpy()
        assert_same_bytes(
            np.array([[row.tft_p10, row.tft_p50, row.tft_p90]]), quantiles.predict(models()[in_force], x)[0]
        )


def test_without_a_model_in_force_there_is_no_forecast():
    made = market_forecast.forecast(
        GRID.between(GRID.dates[30], GRID.dates[33]).sessions(), observed(bars())[0], models()
    )
    before = made["session"] <= min(models())
    assert made.loc[before, "tft_p50"].isna().all()
    assert made.loc[before, "tft_source"].eq(market_forecast.NO_MODEL).all()
    assert made.loc[~before, "tft_p50"].notna().all()


@pytest.mark.parametrize("missing", [1, 3, 7])
def test_without_a_bar_of_the_index_there_is_no_forecast(missing):
    absent = SESSIONS[404 : 404 + missing]
    frame = bars()[~((bars()["symbol"] == "AAA") & bars()["session"].isin(absent))]
    made = market_forecast.forecast(
        GRID.between(GRID.dates[40], GRID.dates[42]).sessions(), observed(frame)[0], models()
    )
    assert made.loc[made["session"].isin(absent), "tft_p50"].isna().all()
    assert made.loc[made["session"] < absent[0], "tft_p50"].notna().all()


def test_a_label_says_whether_the_sign_was_right_and_is_known_only_with_the_outcome():
    state, outcomes = observed(bars())
    rows = meta_label.labelled(meta_label.rows(forecasts(), state), outcomes)
    ahead = outcomes.set_index("session")["forward_return_frac"]
    for row in rows.iloc[::13].itertuples():
        assert row.y == float(np.sign(row.tft_p50) == np.sign(ahead[row.session]))
        assert row.label_end == SESSIONS[SESSIONS.get_loc(row.session) + 10]
    for job in meta_label.jobs(rows, GRID.dates, min_rows=1, parameters=FOREST):
        assert len(job.y) == (rows["label_end"] <= job.as_of).sum()


@pytest.mark.parametrize("first", [36, 40, 44])
def test_odds_of_a_range_are_those_of_its_dates_read_through_their_windows(first):
    state, dates = observed(bars())[0], GRID.between(GRID.dates[first], GRID.dates[46])
    made = forecasts()

    def read(run):
        earlier = [run.before, *run.dates]
        own = made[made["rebalance_date"].isin(earlier)]
        known = {
            d: forests()[d]
            for d in forests()
            if d in GRID.dates[GRID.position(run.dates[0]) - 2 : GRID.position(run.dates[-1])]
        }
        found = meta_label.odds(own, state, known, run)
        return found[found.index > run.before]

    apart = [read(GRID.between(date, date)) for date in dates.dates]
    assert_same_bytes(read(dates), pd.concat(apart))
    assert read(dates).dropna().between(0, 1).all()
