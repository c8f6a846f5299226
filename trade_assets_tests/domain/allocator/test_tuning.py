"""A trial of the allocator: judged on what came after its fits, on scales of its own, refused beyond the limits."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from trade_assets.assets import allocator_policies
from trade_assets.domain import calendar, metrics, search, since_start
from trade_assets.domain.allocator import dataset, features, tunable, tuning
from trade_assets.domain.allocator.folds import Plan
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.tuning import Scales
from trade_assets.domain.allocator.utility import Terms
from trade_assets.settings import load
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.sleeves import sleeves

PLAN = Plan(252, 40, 10, 3, 60)
SCALES = Scales(0.5, 0.005, 0.10, 0.5, 0.12, 0.5, 0.45)
OWN = allocator_policies.policy(load())
N = 26 * 10 * 4


@pytest.fixture(scope="module")
def market():
    rng = np.random.default_rng(21)
    regime = np.repeat(rng.choice([-1.0, 1.0], N // 40 + 1), 40)[:N]
    lead = 0.001 * regime[:, None] * [1.0, -1.0]
    legs = sleeves(rng.normal(0.0005, 0.003, (N, 2)) + lead)
    dates = calendar.rebalances(legs.sessions[0], legs.sessions[0], legs.sessions[-1], every=10)
    days = dates.sessions()
    legs = Legs(*(part[: len(days)] for part in (legs.sessions, legs.gross, legs.position, legs.engine)), legs.present)
    seen = features.of_sleeves(legs).assign(qqq_index_slope_63=regime[: len(days)])
    seen = days.merge(seen.reindex(columns=["session", *features.FEATURES]), on="session").drop(columns="decided_at")
    rows = dataset.rows(seen, legs, days, pd.DataFrame(), Terms(10, 1.0, 1.0, 0.0003))
    return legs, dates, seen, rows


def prepared(market, date, *, dataset_rows=None, seen=None) -> tuning.Search | None:
    legs, dates, every, rows = market
    inside = legs.sessions[legs.sessions <= date]
    known = Legs(inside, *(part[: len(inside)] for part in (legs.gross, legs.position, legs.engine)), legs.present)
    return tuning.prepared(
        rows if dataset_rows is None else dataset_rows, every if seen is None else seen, known, date, dates,
        policy=OWN, plan=PLAN, scales=SCALES, history_months=24,
    )  # fmt: skip


def test_a_search_is_blind_to_whatever_is_not_known_at_its_date(market):
    _, dates, seen, rows = market
    date = dates.dates[95]
    whole = prepared(market, date)
    cut = prepared(market, date, dataset_rows=rows[rows["label_end"] <= date], seen=seen[seen["session"] <= date])
    assert tuning.identity(whole) == tuning.identity(cut)
    values = tunable.values_of(OWN)
    assert tuning.evaluate(whole, values) == tuning.evaluate(cut, values)


def test_a_year_is_decided_by_a_fit_made_before_it(market):
    found = prepared(market, market[1].dates[95])
    for date, fold in zip(found.dates, found.final, strict=True):
        inside = found.sessions[found.sessions["decided_at"] == date]
        assert len(inside) == 260
        assert fold.train["label_end"].max() < fold.calibration["session"].min()
        assert fold.calibration["label_end"].max() <= date < inside["session"].min()


def test_there_is_no_search_before_its_first_year_can_be_fitted(market):
    dates = market[1].dates
    assert prepared(market, dates[30]) is None
    assert prepared(market, dates[95]) is not None


def test_a_trial_changes_the_members_it_searches_and_no_other(market):
    found = prepared(market, market[1].dates[95])
    own = tunable.values_of(OWN)
    assert set(found.unsearched[0].texts) == {"base", "lightgbm"}
    value, kept = tuning.evaluate(found, own)
    other, _ = tuning.evaluate(found, own | {"ridge_alpha": 50.0, "elastic_net_alpha": 0.9})
    assert value != other
    assert len(kept["dates"]) == len(kept["returns"]) == 52
    assert np.isfinite(value)


def test_values_go_in_and_come_out():
    given = {name: (of.low + of.high) / 2 for name, of in tunable.SPACE.items()}
    assert tunable.values_of(tunable.with_values(OWN, given)) == given
    assert tunable.with_values(OWN, tunable.values_of(OWN)) == OWN


def book(returns: np.ndarray, turnover: float = 0.0) -> pd.DataFrame:
    days = calendar.sessions_between(pd.Timestamp("2010-01-04"), pd.Timestamp("2014-12-31"))[: len(returns)]
    dates = days[np.minimum(np.arange(len(days)) // 10 * 10 + 9, len(days) - 1)]
    return pd.DataFrame({"rebalance_date": dates, "session": days, "return_frac": returns, "turnover": turnover})


def test_the_objective_is_the_formula_on_fixed_scales():
    rng = np.random.default_rng(3)
    rows = book(rng.normal(0.001, 0.004, 520), turnover=0.04)
    returns, days = rows["return_frac"].to_numpy(), pd.DatetimeIndex(rows["session"])
    years = [since_start.calmar(returns[10 * i : 10 * i + 260], days[10 * i : 10 * i + 260]) for i in range(27)]
    median, quartile = np.median(years), np.quantile(years, 0.25)
    months = 520 / 21
    monthly, drawdown = metrics.total_return(returns) / months, -metrics.max_drawdown(returns)
    excess = 0.04 * 520 / months - 0.5
    expected = median / 0.5 + monthly / 0.005 - drawdown / 0.1 - excess / 0.5 - (median - quartile) / 0.5
    assert excess > 0
    assert tuning.objective(rows, SCALES) == pytest.approx(expected)


@pytest.mark.parametrize(
    "broken",
    [
        {"drawdown_cap": 0.001},
        {"negative_fold_rate": 0.0},
    ],
)
def test_a_trial_beyond_a_limit_is_rejected_whatever_it_earned(broken):
    rows = book(np.random.default_rng(3).normal(0.001, 0.004, 520))
    assert tuning.objective(rows, SCALES) > 0
    assert tuning.objective(rows, replace(SCALES, **broken)) == tuning.REJECTED


def test_losing_years_are_rejected_and_then_the_settings_stay():
    rows = book(np.full(520, -0.0001))
    assert tuning.objective(rows, SCALES) == tuning.REJECTED
    told = search.run(
        lambda values: (tuning.REJECTED, {}), tunable.SPACE, tunable.values_of(OWN), n_trials=4, seed=1, study="s"
    )
    assert search.best(told).parameters == tunable.values_of(OWN)


def test_the_same_trial_has_the_same_bytes_again(market):
    found = prepared(market, market[1].dates[95])
    values = tunable.values_of(OWN) | {"alpha": 0.3}
    once, again = tuning.evaluate(found, values), tuning.evaluate(found, values)
    assert_same_bytes(np.array(once[1]["returns"]), np.array(again[1]["returns"]))
