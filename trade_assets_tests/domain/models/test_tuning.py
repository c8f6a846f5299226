"""Tuning XGBoost: judged on inner tests alone, as an obvious loop judges it, with exactly the rounds of the trial."""

import json

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from trade_assets.domain import folds, search, tuned
from trade_assets.domain.models import MODELS, fitting, tuning
from trade_assets_tests import reference
from trade_assets_tests.assertions import in_another_process
from trade_assets_tests.domain.test_folds import GRID

NAMES = ["told", "noise", "gap"]
OWN = {"objective": "reg:squarederror", "max_depth": 3, "learning_rate": 0.1, "min_child_weight": 5.0, "seed": 42} | {
    "subsample": 0.8,
    "colsample_bytree": 1.0,
    "num_boost_round": 50,
    "early_stopping_rounds": 5,
}
VALUES = {"max_depth": 3.0, "learning_rate": 0.1, "n_estimators": 12.0, "min_child_weight": 2.0} | {
    "subsample": 0.8,
    "colsample_bytree": 0.9,
    "gamma": 1e-4,
}
TOP = 3


def labelled(seed=0, dates=16, stocks=12, strength=1.0):
    rng = np.random.default_rng(seed)
    keys = [(GRID.dates[d], GRID.dates[d + 1], f"S{s:02d}") for d in range(dates) for s in range(stocks)]
    frame = pd.DataFrame(keys, columns=["feature_date", "label_end", "symbol"])
    x = rng.uniform(-0.5, 0.5, (len(frame), 3))
    frame["return_frac"] = 0.05 * (strength * x[:, 0] + rng.normal(0, 0.3, len(frame)))
    frame["target"] = folds.ranked(frame, "feature_date", ["return_frac"])["return_frac"]
    x[rng.random(len(frame)) < 0.3, 2] = np.nan
    frame["in_blackout"] = rng.random(len(frame)) < 0.1
    order = ["feature_date", "label_end", "symbol", "target", "return_frac", "in_blackout"]
    return frame[order].assign(**dict(zip(NAMES, x.T, strict=True)))


def made(rows):
    weighed = folds.training_rows(
        rows, feature_dates=pd.DatetimeIndex(rows["feature_date"].unique()), half_life_rebalances=52
    )
    return folds.make(weighed, as_of=rows["label_end"].max(), inner_folds=3, embargo_sessions=10)


def prepared(rows, own_folds=None, *, objective="rank_ic", **how):
    own_folds = made(rows) if own_folds is None else own_folds
    names = dict.fromkeys((fold.name for fold in own_folds), NAMES)
    return tuning.prepared(own_folds, names, rows, parameters=OWN, top_n=TOP, objective=objective, **how)


def scores_of(fold):
    own = {k: v for k, v in OWN.items() if k not in ("num_boost_round", "early_stopping_rounds")} | VALUES
    own = own | {"max_depth": 3, "nthread": 1, "tree_method": "hist", "verbosity": 0}
    rounds = int(own.pop("n_estimators"))
    train = xgb.DMatrix(fold.train[NAMES].to_numpy(), fold.train["target"], weight=fold.train["weight"], nthread=1)
    return xgb.train(own, train, rounds).predict(xgb.DMatrix(fold.test[NAMES].to_numpy(), nthread=1)).astype(float)


def test_a_trial_is_judged_as_an_obvious_loop_judges_it():
    rows = labelled()
    found, kept = tuning.evaluate(prepared(rows), VALUES)
    minus_mse, _ = tuning.evaluate(prepared(rows, objective="mse"), VALUES)
    ics, errors, blocks = [], [], []
    for fold in made(rows)[:-1]:
        scored = fold.test.assign(score=scores_of(fold)).merge(rows[["feature_date", "symbol", "return_frac"]])
        errors.append(np.average((scored["score"] - scored["target"]) ** 2, weights=scored["weight"]))
        by_date = []
        for _, own in scored.groupby("feature_date"):
            by_date.append(reference.rank_correlation(own["score"].tolist(), own["target"].tolist()))
            best = sorted(zip(-own["score"], own["symbol"], own["return_frac"], strict=True))[:TOP]
            blocks.append((f"{own['label_end'].iloc[0]:%Y-%m-%d}", sum(r for _, _, r in best) / TOP, TOP))
        ics.append(sum(by_date) / len(by_date))
    assert found == pytest.approx(sum(ics) / 3, abs=1e-12)
    assert minus_mse == pytest.approx(-sum(errors) / 3, abs=1e-12)
    dates, returns, entries = zip(*blocks, strict=True)
    assert kept["dates"] == list(dates)
    assert kept["returns"] == pytest.approx(list(returns), abs=1e-15)
    assert kept["entries"] == list(entries)


def test_a_trial_never_sees_the_final_fit_nor_a_return_outside_the_tests():
    rows = labelled()
    own = made(rows)
    final = own[-1]
    poisoned = folds.Fold(
        final.name, final.train.assign(target=np.nan, weight=np.inf), final.test, 0, 0, final.test_first
    )
    tested = pd.concat([fold.test for fold in own[:-1]])["feature_date"]
    blind = rows.assign(return_frac=rows["return_frac"].where(rows["feature_date"].isin(tested)))
    plain = prepared(rows)
    for other in (prepared(rows, [*own[:-1], poisoned]), prepared(rows, own[:-1]), prepared(blind, own)):
        assert tuning.identity(other) == tuning.identity(plain)
        assert tuning.evaluate(other, VALUES) == tuning.evaluate(plain, VALUES)
    for fold in plain.folds:
        assert fold.keys["label_end"].max() <= rows["label_end"].max()


@pytest.mark.parametrize("change", ["target", "return_frac", "told"])
def test_another_row_is_another_study(change):
    rows = labelled()
    other = rows.copy()
    other.loc[len(other) - 1, change] += 0.01
    assert tuning.identity(prepared(rows)) == tuning.identity(prepared(labelled()))
    assert tuning.identity(prepared(rows)) != tuning.identity(prepared(other, made(other)))
    assert tuning.identity(prepared(rows)) != tuning.identity(prepared(rows, objective="mse"))


def test_a_trial_is_the_same_twice_and_in_another_process():
    plain = prepared(labelled())
    here = tuning.evaluate(plain, VALUES)
    assert tuning.evaluate(plain, VALUES) == here
    assert in_another_process(tuning.evaluate, plain, VALUES) == here


def test_what_tells_the_target_is_worth_more_than_noise_and_scores_that_are_all_alike_nothing():
    told, _ = tuning.evaluate(prepared(labelled()), VALUES)
    noise, _ = tuning.evaluate(prepared(labelled(strength=0.0)), VALUES)
    alike, kept = tuning.evaluate(prepared(labelled()), VALUES | {"gamma": 1e9})
    assert told > 0.4 > abs(noise) + 0.1
    assert alike == 0.0
    assert len(kept["returns"]) == 8


def test_without_a_fold_that_can_judge_there_is_no_search():
    rows = labelled()
    own = made(rows)
    assert prepared(rows, own[-1:]) is None
    silent = [folds.Fold(f.name, f.train, f.test.assign(target=0.0), 0, 0, f.test_first) for f in own]
    assert prepared(rows, silent) is None
    weightless = [folds.Fold(f.name, f.train.assign(weight=0.0), f.test, 0, 0, f.test_first) for f in own]
    assert prepared(rows, weightless) is None


def test_a_search_finds_parameters_within_its_space_and_its_trials_fill_the_table():
    plain, date = prepared(labelled()), GRID.dates[20]
    space = tuning.space(max_estimators=110)
    first = tuning.values_of(OWN, n_estimators=15)
    trials = search.run(lambda values: tuning.evaluate(plain, values), space, first, n_trials=3, seed=1, study="stocks")
    assert trials[0].parameters == first
    for trial in trials[1:]:
        assert set(trial.parameters) == set(space)
        assert all(space[name].low <= value <= space[name].high for name, value in trial.parameters.items())
    rows = pd.concat([tuned.trial_rows(date, "stocks", trial) for trial in trials], ignore_index=True)
    assert len(rows) == 3 * 8
    assert rows["block"].max() <= date
    assert rows[["return_frac", "value"]].notna().all(axis=None)
    assert not rows.duplicated(["study", "trial", "block"]).any()


def test_the_final_fit_has_exactly_the_rounds_of_the_trial():
    parameters = tuning.parameters_of(VALUES, OWN)
    assert parameters == {
        "objective": "reg:squarederror", "seed": 42, "max_depth": 3, "learning_rate": 0.1, "n_estimators": 12,
        "min_child_weight": 2, "subsample": 0.8, "colsample_bytree": 0.9, "gamma": 1e-4,
    }  # fmt: skip
    learner, final = MODELS["xgboost_fixed"], made(labelled())[-1]
    size = learner.combine([3.0, 5.0], parameters)
    text = learner.fit(fitting.rows(final.train, NAMES), parameters, size)
    assert len(json.loads(text)["learner"]["gradient_booster"]["model"]["trees"]) == size == 12


def test_the_space_is_that_of_the_requirements_with_no_more_rounds_than_asked():
    assert tuning.space(max_estimators=5000) == tuning.SPACE
    assert tuning.space(max_estimators=300)["n_estimators"] == search.Range(100, 300, is_whole=True)
    with pytest.raises(ValueError, match="max_estimators must be at least 100, was 99"):
        tuning.space(max_estimators=99)


def test_what_cannot_be_judged_by_is_refused():
    with pytest.raises(ValueError, match="objective must be rank_ic or mse, was rmse"):
        prepared(labelled(), objective="rmse")
    with pytest.raises(ValueError, match="top_n must be at least 1, was 0"):
        tuning.prepared([], {}, labelled(), parameters=OWN, top_n=0)
