"""The ridge stack: weights that are a mixture, found as an independent solver finds them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from trade_assets.domain import folds
from trade_assets.domain.models import stacking
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

MODELS = ["good", "fair", "noise", "wrong"]
SKILL = {"good": 1.0, "fair": 0.5, "noise": 0.0, "wrong": -1.0}


def past(seed=0, dates=15, stocks=8, gaps=0.0, models=MODELS):
    """Predictions of several models and the outcomes of the same dates and stocks."""
    rng = np.random.default_rng(seed)
    keys = pd.MultiIndex.from_product(
        [pd.bdate_range("2017-01-03", periods=dates, freq="14D"), [f"S{i}" for i in range(stocks)]]
    )
    frame = keys.to_frame(index=False, name=["rebalance_date", "symbol"])
    truth = rng.normal(0, 1, len(frame))
    parts = [
        frame.assign(model=m, prediction=np.round(SKILL[m] * truth + rng.normal(0, 1, len(frame)), 1))[
            rng.random(len(frame)) >= gaps
        ]
        for m in models
    ]
    outcomes = frame.rename(columns={"rebalance_date": "feature_date"}).assign(
        target=folds.ranked(frame.assign(y=truth), "rebalance_date", ["y"])["y"]
    )
    return pd.concat(parts, ignore_index=True), outcomes


def fit(predictions, outcomes, *, alpha=1.0, min_rebalances=2, models=MODELS):
    return stacking.fit(predictions, outcomes, models=models, alpha=alpha, min_rebalances=min_rebalances)


@FEW
@given(seed=SEEDS, alpha=st.floats(1e-3, 1e3), gaps=st.sampled_from([0.0, 0.3, 0.9, 1.0]))
def test_weights_are_a_mixture(seed, alpha, gaps):
    found = fit(*past(seed, gaps=gaps), alpha=alpha)
    assert found["model"].tolist() == MODELS
    assert (found["coefficient"] >= 0).all()
    assert found["coefficient"].sum() == pytest.approx(1, abs=1e-12)


@FEW
@given(seed=SEEDS, alpha=st.floats(1e-2, 1e2), gaps=st.sampled_from([0.0, 0.3]))
def test_weights_equal_those_of_an_independent_ridge(seed, alpha, gaps):
    predictions, outcomes = past(seed, gaps=gaps)
    rows = stacking.base_ranks(predictions, MODELS).dropna()
    z = rows[MODELS].to_numpy(dtype=float)
    y = rows.merge(outcomes, left_on=["rebalance_date", "symbol"], right_on=["feature_date", "symbol"], how="left")[
        "target"
    ]
    penalty = alpha * np.diag(z.T @ z).mean()
    ridge = Ridge(alpha=penalty, positive=True, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(z, y)
    found = fit(predictions, outcomes, alpha=alpha)
    assert found["method"].eq("ridge").all()
    assert found["n_rows"].eq(len(rows)).all()
    np.testing.assert_allclose(found["coefficient"], ridge.coef_ / ridge.coef_.sum(), atol=1e-5)


@pytest.mark.parametrize("dates", [0, 1, 4])
def test_every_model_weighs_the_same_while_dates_are_few(dates):
    predictions, outcomes = past()
    early = predictions["rebalance_date"].isin(predictions["rebalance_date"].unique()[:dates])
    found = fit(predictions[early], outcomes, min_rebalances=5)
    assert found["coefficient"].tolist() == [0.25] * 4
    assert found["method"].eq("equal_weights").all()


def test_every_model_weighs_the_same_where_none_is_worth_anything():
    found = fit(*past(models=["wrong"]), models=["wrong"])
    assert found["method"].tolist() == ["equal_weights"]
    assert found["coefficient"].tolist() == [1.0]


def test_a_better_model_weighs_more_and_a_wrong_one_nothing():
    weight = fit(*past(dates=40)).set_index("model")["coefficient"]
    assert weight["good"] > weight["fair"] > weight["noise"]
    assert weight["wrong"] == 0


@FEW
@given(seed=SEEDS)
def test_under_a_heavy_penalty_a_model_weighs_what_it_is_worth_alone(seed):
    predictions, outcomes = past(seed)
    rows = stacking.base_ranks(predictions, MODELS).assign(target=outcomes["target"])
    worth = np.maximum(rows[MODELS].to_numpy(dtype=float).T @ rows["target"].to_numpy(), 0)
    found = fit(predictions, outcomes, alpha=1e9)
    np.testing.assert_allclose(found["coefficient"], worth / worth.sum(), atol=1e-6)


@FEW
@given(seed=SEEDS, shuffle=SEEDS)
def test_the_order_of_the_rows_changes_no_byte(seed, shuffle):
    predictions, outcomes = past(seed, gaps=0.2)
    mixed = fit(predictions.sample(frac=1, random_state=shuffle), outcomes.sample(frac=1, random_state=shuffle))
    assert_same_bytes(fit(predictions, outcomes), mixed)


@FEW
@given(seed=SEEDS)
def test_predictions_without_a_known_outcome_change_no_byte(seed):
    predictions, outcomes = past(seed)
    last = predictions["rebalance_date"].max()
    known = outcomes[outcomes["feature_date"] < last]
    assert_same_bytes(fit(predictions, known), fit(predictions[predictions["rebalance_date"] < last], known))


def in_force(predictions, every=3):
    """A stack a date, as carried forward from the last fit."""
    dates = np.sort(predictions["rebalance_date"].unique())
    weights = {d: np.roll([0.4, 0.3, 0.2, 0.1], i // every) for i, d in enumerate(dates)}
    return pd.concat(
        [pd.DataFrame({"rebalance_date": d, "model": MODELS, "coefficient": w}) for d, w in weights.items()]
    )


@FEW
@given(seed=SEEDS)
def test_the_score_of_a_date_is_the_mixture_of_its_ranks_and_no_other_date_matters(seed):
    predictions, _ = past(seed, dates=6, gaps=0.1)
    stack = in_force(predictions)
    scored = stacking.stacked(predictions, stack)
    for date, own in predictions.groupby("rebalance_date"):
        alone = stacking.stacked(own, stack[stack["rebalance_date"] == date])
        assert_same_bytes(scored[scored["rebalance_date"] == date].reset_index(drop=True), alone)
        ranks = stacking.base_ranks(own, MODELS).dropna().set_index("symbol")[MODELS]
        weight = stack[stack["rebalance_date"] == date].set_index("model")["coefficient"]
        np.testing.assert_allclose(alone["prediction"], (ranks * weight).sum(axis=1), atol=1e-12)
        assert alone["symbol"].tolist() == ranks.index.tolist()


def test_a_date_without_a_stack_or_without_predictions_has_no_scores():
    predictions, _ = past(dates=2)
    assert stacking.stacked(predictions, in_force(predictions).iloc[:0]).empty
    assert stacking.stacked(predictions.iloc[:0], in_force(predictions)).empty
