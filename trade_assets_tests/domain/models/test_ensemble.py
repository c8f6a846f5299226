"""The ensemble: the three that ranked best, judged and averaged as an obvious loop does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.models import ensemble, stacking
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.models.test_stacking import past
from trade_assets_tests.generators import FEW, SEEDS

MODELS = ["good", "fair", "noise", "wrong"]


def chosen(predictions, outcomes, *, top=3, min_rebalances=2, models=MODELS):
    return ensemble.chosen(predictions, outcomes, models=models, top=top, min_rebalances=min_rebalances)


def in_force(predictions, weights):
    dates = predictions["rebalance_date"].unique()
    return pd.concat([weights.assign(rebalance_date=date, retrain_date=date) for date in dates], ignore_index=True)


@FEW
@given(seed=SEEDS, top=st.integers(1, 4), is_silent=st.booleans())
def test_the_ensemble_is_that_of_an_obvious_loop(seed, top, is_silent):
    predictions, outcomes = past(seed, dates=5)
    if is_silent:
        predictions.loc[predictions["model"] == "fair", "prediction"] = 0.0
    told = {m: {} for m in MODELS}
    for row in predictions.itertuples():
        told[row.model].setdefault(row.rebalance_date, {})[row.symbol] = row.prediction
    targets = {d: dict(zip(o["symbol"], o["target"], strict=True)) for d, o in outcomes.groupby("feature_date")}
    best, scores = reference.best_models(told, targets, MODELS, top)
    found = chosen(predictions, outcomes, top=top)
    assert set(found.loc[found["coefficient"] > 0, "model"]) == best
    scored = ensemble.scored(predictions, in_force(predictions, found))
    assert scored["model"].eq("ensemble").all()
    assert len(scored) == len(scores)
    for row in scored.itertuples():
        assert row.prediction == pytest.approx(scores[row.rebalance_date, row.symbol], abs=1e-12)


def test_the_rows_are_of_the_shape_of_a_stack():
    predictions, outcomes = past(dates=30)
    found, stack = (
        chosen(predictions, outcomes),
        stacking.fit(predictions, outcomes, models=MODELS, alpha=1.0, min_rebalances=2),
    )
    assert found.dtypes.to_dict() == stack.dtypes.to_dict()
    assert found["model"].tolist() == MODELS
    assert found["coefficient"].tolist() == [1 / 3, 1 / 3, 1 / 3, 0.0]
    assert found["method"].eq("top_ic").all()
    assert found["n_rows"].eq(stack["n_rows"]).all()


@pytest.mark.parametrize("dates", [0, 1, 4])
def test_every_model_weighs_the_same_while_dates_are_few(dates):
    predictions, outcomes = past()
    early = predictions["rebalance_date"].isin(predictions["rebalance_date"].unique()[:dates])
    found = chosen(predictions[early], outcomes, min_rebalances=5)
    assert found["coefficient"].tolist() == [0.25] * 4
    assert found["method"].eq("equal_weights").all()


def test_outcomes_that_never_differ_choose_nobody():
    predictions, outcomes = past()
    found = chosen(predictions, outcomes.assign(target=0.0))
    assert found["method"].eq("equal_weights").all()


def test_of_equal_models_the_first_by_name_is_taken():
    predictions, outcomes = past(models=["good"])
    twins = pd.concat([predictions.assign(model=name) for name in ("c", "a", "b")], ignore_index=True)
    found = chosen(twins, outcomes, models=["c", "b", "a"], top=2).set_index("model")["coefficient"]
    assert found.to_dict() == {"c": 0.0, "b": 0.5, "a": 0.5}


def test_fewer_models_than_the_top_are_all_taken():
    predictions, outcomes = past(models=["good", "wrong"])
    assert chosen(predictions, outcomes, models=["good", "wrong"])["coefficient"].tolist() == [0.5, 0.5]


@FEW
@given(seed=SEEDS, shuffle=SEEDS)
def test_the_order_of_the_rows_changes_no_byte(seed, shuffle):
    predictions, outcomes = past(seed, gaps=0.2)
    mixed = chosen(predictions.sample(frac=1, random_state=shuffle), outcomes.sample(frac=1, random_state=shuffle))
    assert_same_bytes(chosen(predictions, outcomes), mixed)


@FEW
@given(seed=SEEDS)
def test_predictions_without_a_known_outcome_change_no_byte(seed):
    predictions, outcomes = past(seed)
    last = predictions["rebalance_date"].max()
    known = outcomes[outcomes["feature_date"] < last]
    assert_same_bytes(chosen(predictions, known), chosen(predictions[predictions["rebalance_date"] < last], known))


def test_a_model_without_weight_need_not_have_predicted():
    predictions, outcomes = past(dates=30)
    weights = in_force(predictions, chosen(predictions, outcomes))
    without = predictions[predictions["model"] != "wrong"]
    scored = ensemble.scored(without, weights)
    assert_same_bytes(ensemble.scored(predictions, weights), scored)
    assert np.isfinite(scored["prediction"]).all()


def test_a_top_of_none_is_refused():
    with pytest.raises(ValueError, match="top must be at least 1, was 0"):
        chosen(*past(), top=0)
