"""The skill of scores: what an obvious loop finds date by date, and what its metrics make of it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import metrics
from trade_assets.domain.models import skill
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.models.test_stacking import past
from trade_assets_tests.generators import FEW, SEEDS


def scored(seed=0, **how):
    predictions, outcomes = past(seed, **how)
    returns = np.round(np.random.default_rng(seed + 1).normal(0, 0.02, len(outcomes)) + 0.05 * outcomes["target"], 3)
    return predictions, outcomes.assign(return_frac=returns)


@FEW
@given(seed=SEEDS, top_n=st.integers(1, 12))
def test_every_date_is_judged_as_an_obvious_loop_judges_it(seed, top_n):
    predictions, outcomes = scored(seed, dates=4)
    rows = skill.score_skill(predictions, outcomes, top_n=top_n)
    assert len(rows) == predictions.groupby(["model", "rebalance_date"]).ngroups
    for row in rows.itertuples():
        own = predictions[(predictions["model"] == row.model) & (predictions["rebalance_date"] == row.feature_date)]
        then = outcomes[outcomes["feature_date"] == row.feature_date]
        told = (
            dict(zip(own["symbol"], own["prediction"], strict=True)),
            dict(zip(then["symbol"], then["return_frac"], strict=True)),
        )
        found = (row.rank_ic, row.ic, row.top_return_frac, row.universe_return_frac)
        for value, expected in zip(found, reference.skill(*told, top_n), strict=True):
            assert value == pytest.approx(np.nan if expected is None else expected, abs=1e-12, nan_ok=True)
        assert row.n == len(own)


@FEW
@given(seed=SEEDS, shuffle=SEEDS)
def test_neither_the_order_of_the_rows_nor_another_date_changes_a_byte(seed, shuffle):
    predictions, outcomes = scored(seed, dates=4, gaps=0.3)
    rows = skill.score_skill(predictions, outcomes, top_n=3)
    mixed = predictions.sample(frac=1, random_state=shuffle), outcomes.sample(frac=1, random_state=shuffle)
    assert_same_bytes(rows, skill.score_skill(*mixed, top_n=3))
    first = predictions["rebalance_date"].min()
    alone = skill.score_skill(predictions[predictions["rebalance_date"] == first], outcomes, top_n=3)
    assert_same_bytes(rows[rows["feature_date"] == first].reset_index(drop=True), alone)


def test_the_top_set_is_chosen_before_it_is_known_who_has_a_return():
    predictions, outcomes = scored(dates=1, models=["good"])
    best = predictions.sort_values(["prediction", "symbol"], ascending=[False, True])["symbol"].iloc[0]
    rows = skill.score_skill(predictions, outcomes[outcomes["symbol"] != best], top_n=1)
    assert np.isnan(rows["top_return_frac"].iloc[0])
    assert rows["n"].iloc[0] == len(predictions) - 1


def test_a_date_whose_outcomes_are_not_known_is_not_judged():
    predictions, outcomes = scored(dates=3)
    last = predictions["rebalance_date"].max()
    rows = skill.score_skill(predictions, outcomes[outcomes["feature_date"] < last], top_n=3)
    assert rows["feature_date"].nunique() == 2
    none = skill.score_skill(predictions, outcomes.iloc[:0], top_n=3)
    assert list(none.columns) == skill.BY_DATE
    assert not len(none)
    assert list(skill.summary(none).columns) == skill.BY_MODEL


def test_the_summary_is_what_the_metrics_say_of_each_model_best_first():
    rows = skill.score_skill(*scored(dates=40), top_n=3)
    table = skill.summary(rows)
    assert table["model"].tolist()[0] == "good"
    assert table["model"].tolist()[-1] == "wrong"
    assert table["mean_rank_ic"].is_monotonic_decreasing
    for row in table.itertuples():
        own = rows[rows["model"] == row.model]
        ics, top = own["rank_ic"].to_numpy(), own["top_return_frac"].to_numpy()
        assert row.n_dates == 40
        assert row.mean_rank_ic == pytest.approx(ics.mean())
        assert row.mean_ic == pytest.approx(own["ic"].mean())
        assert row.icir == pytest.approx(ics.mean() / ics.std(ddof=1))
        assert row.newey_west_t == metrics.newey_west_t(ics, lags=metrics.newey_west_lags(40))
        assert row.sharpe_ratio == pytest.approx(top.mean() / top.std(ddof=1) * np.sqrt(25.2))
        assert row.mean_top_return_frac == pytest.approx(top.mean())
        assert row.mean_universe_return_frac == pytest.approx(own["universe_return_frac"].mean())


def test_a_model_that_never_ranks_comes_last_and_has_no_skill():
    predictions, outcomes = scored(dates=5)
    silent = pd.concat([predictions, predictions[predictions["model"] == "good"].assign(model="a", prediction=1.0)])
    last = skill.summary(skill.score_skill(silent, outcomes, top_n=3)).iloc[-1]
    assert (last["model"], last["n_dates"]) == ("a", 0)
    assert np.isnan([last["mean_rank_ic"], last["mean_ic"], last["icir"], last["newey_west_t"]]).all()


def test_a_top_set_of_nobody_is_refused():
    with pytest.raises(ValueError, match="top_n must be at least 1, was 0"):
        skill.score_skill(*scored(dates=1), top_n=0)
