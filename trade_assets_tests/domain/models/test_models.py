"""What every base learner must keep: same rows, same text; the text predicts; no input breaks it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain.folds import FINAL, Fold
from trade_assets.domain.models import MODELS, catboost_model, fitting, perceptron
from trade_assets.domain.models.rows import Rows
from trade_assets_tests.assertions import assert_same_bytes

TREES = {"num_leaves": 7, "min_data_in_leaf": 5, "seed": 42}
PARAMETERS = {
    "elastic_net": {"alphas": (1e-3, 1e-2, 3e-2), "l1_ratio": 0.5},
    "lightgbm": TREES
    | {"objective": "regression", "metric": "rmse", "learning_rate": 0.1, "bagging_fraction": 0.8, "bagging_freq": 1}
    | {"feature_fraction": 0.8, "num_boost_round": 30, "early_stopping_rounds": 5},
    "xgboost": {"objective": "reg:squarederror", "max_depth": 3, "learning_rate": 0.1, "subsample": 0.8, "seed": 42}
    | {"min_child_weight": 2.0, "colsample_bytree": 0.8, "num_boost_round": 30, "early_stopping_rounds": 5},
    "random_forest": TREES | {"n_estimators": 15, "bagging_fraction": 0.632, "feature_fraction_bynode": 0.5},
    "xgboost_fixed": {"objective": "reg:squarederror", "max_depth": 3, "learning_rate": 0.1, "seed": 42}
    | {"min_child_weight": 2.0, "subsample": 0.8, "n_estimators": 20},
    "catboost": {"depth": 3, "learning_rate": 0.1, "l2": 3.0, "seed": 42}
    | {"num_boost_round": 30, "early_stopping_rounds": 5},
    "perceptron": perceptron.DEFAULTS | {"learning_rate": 0.01, "batch_rows": 50, "epochs": 30},
}
NEEDS_CATBOOST = pytest.mark.skipif(not catboost_model.is_installed(), reason="the extra catboost is not installed")
LEARNERS = [pytest.param(name, marks=NEEDS_CATBOOST) if name == "catboost" else name for name in MODELS]


def rows(seed=0, n=400, names=5, *, gaps=0.1, strength=1.0):
    """Centred features, of which the first tells the target."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.5, 0.5, (n, names))
    y = np.clip(strength * x[:, 0] + rng.normal(0, 0.2, n), -0.5, 0.5)
    return Rows(np.where(rng.random(x.shape) < gaps, np.nan, x), y, rng.uniform(0.5, 1.5, n))


def fit(name, train, size=20):
    return MODELS[name].fit(train, PARAMETERS[name], {"elastic_net": 1e-3}.get(name, size))


def predict(name, text, x):
    return MODELS[name].predict(text, x)


UNUSUAL = {
    "two rows": rows(n=2),
    "fewer rows than features": rows(n=3),
    "a feature that is always absent": Rows(
        np.column_stack([rows().x[:, :4], np.full(400, np.nan)]), rows().y, rows().weight
    ),
    "no feature present at all": Rows(np.full((400, 5), np.nan), rows().y, rows().weight),
    "constant target": Rows(rows().x, np.zeros(400), rows().weight),
    "constant features": Rows(np.zeros((400, 5)), rows().y, rows().weight),
    "tied features and targets": Rows(np.round(rows().x), np.round(rows().y), rows().weight),
    "half the weights zero": Rows(rows().x, rows().y, np.where(np.arange(400) % 2, 0.0, 1.0)),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_finds_what_the_first_feature_tells(name):
    test = rows(1)
    found = predict(name, fit(name, rows()), test.x)
    assert found.shape == (400,)
    assert found.dtype == np.float64
    assert np.corrcoef(found, test.y)[0, 1] > 0.6


@pytest.mark.parametrize("name", LEARNERS)
def test_two_fits_on_the_same_rows_give_the_same_text(name):
    assert fit(name, rows()) == fit(name, rows())
    assert fit(name, rows()) != fit(name, rows(1))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_text_predicts_the_same_bytes_whichever_rows_are_asked_with_it(name):
    text, x = fit(name, rows()), rows(1).x
    together = predict(name, text, x)
    assert_same_bytes(together, predict(name, text, x))
    if name != "elastic_net":  # a product of matrices: one date's rows are asked at once, always
        apart = [predict(name, text, np.ascontiguousarray(x[i : i + 1])) for i in range(20)]
        assert_same_bytes(together[:20], np.concatenate(apart))


@pytest.mark.parametrize("name", LEARNERS)
def test_the_fit_does_not_change_its_rows(name):
    train, before = rows(), rows()
    MODELS[name].search(train, rows(1), PARAMETERS[name])
    fit(name, train)
    for part in ("x", "y", "weight"):
        assert_same_bytes(getattr(train, part), getattr(before, part))


@pytest.mark.parametrize("kind", UNUSUAL)
@pytest.mark.parametrize("name", LEARNERS)
def test_unusual_rows_give_finite_predictions(name, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = fit(name, UNUSUAL[kind])
    found = predict(name, text, rows(1).x)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", UNUSUAL)
@pytest.mark.parametrize("name", LEARNERS)
def test_unusual_rows_can_be_sized_on_and_judged_on(name, kind):
    weightless = Rows(rows(2).x, rows(2).y, np.zeros(400))
    for train, test in ((UNUSUAL[kind], rows(1)), (rows(), UNUSUAL[kind]), (rows(), weightless), (rows(), rows(n=1))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            size, predictions = MODELS[name].search(train, test, PARAMETERS[name])
        assert size > 0
        assert predictions.shape == test.y.shape
        assert np.isfinite(predictions).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_without_an_inner_fold_a_size_is_still_found_and_fits(name):
    size = MODELS[name].combine([], PARAMETERS[name])
    assert size > 0
    assert np.isfinite(predict(name, fit(name, rows(), size), rows(1).x)).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_the_predictions_of_a_search_are_those_of_a_fit_of_that_size(name):
    train, test = rows(), rows(1)
    size, predictions = MODELS[name].search(train, test, PARAMETERS[name])
    text = MODELS[name].fit(train, PARAMETERS[name], size)
    np.testing.assert_allclose(predict(name, text, test.x), predictions, rtol=1e-5, atol=1e-6)


def fold_rows(seed, dates=6, stocks=40, names=6):
    """Fold rows whose feature f0 tells the target."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [
            (pd.Timestamp("2017-01-03") + pd.Timedelta(days=14 * d), f"S{s}")
            for d in range(dates)
            for s in range(stocks)
        ],
        columns=["feature_date", "symbol"],
    )
    x = rng.uniform(-0.5, 0.5, (len(frame), names))
    frame = frame.assign(label_end=frame["feature_date"] + pd.Timedelta(days=14), weight=1.0)
    return frame.assign(
        target=np.clip(x[:, 0] + rng.normal(0, 0.2, len(frame)), -0.5, 0.5), **{f"f{i}": x[:, i] for i in range(names)}
    )


NAMES = [f"f{i}" for i in range(6)]


def test_selection_picks_what_tells_the_target_and_keeps_the_order_of_the_registry():
    train = fold_rows(0)
    assert fitting.select(train, NAMES, most=1) == ["f0"]
    assert fitting.select(train, NAMES[::-1], most=6) == NAMES[::-1]
    flipped = train.assign(f3=-2 * train["target"])
    assert fitting.select(flipped, NAMES, most=1) == ["f3"]


def test_selection_leaves_an_absent_feature_to_the_last():
    train = fold_rows(0).assign(f2=np.nan)
    assert "f2" not in fitting.select(train, NAMES, most=5)


def job(name, *, test_target=None, inner_rows=None, inner_weight=1.0):
    train, test = fold_rows(0), fold_rows(1)
    test = test if test_target is None else test.assign(target=test_target)
    inner = Fold(
        "inner_1", train.iloc[:inner_rows].assign(weight=inner_weight), test, 0, 10, test["feature_date"].min()
    )
    final = Fold(FINAL, train, train.iloc[:0], 0, 0, test["feature_date"].max())
    return fitting.Job(name, name, final.test_first, [inner, final], {"inner_1": NAMES, FINAL: NAMES}, PARAMETERS[name])


@pytest.mark.parametrize("name", LEARNERS)
def test_a_job_fits_once_on_all_rows_and_reports_the_inner_fold(name):
    fitted = fitting.fit(job(name))
    assert fitted.n_rows == len(fold_rows(0))
    assert fitted.features == NAMES
    assert fitted.inner_rank_ic["inner_1"] > 0.5
    assert fitted.text == MODELS[name].fit(fitting.rows(fold_rows(0), NAMES), PARAMETERS[name], fitted.size)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_fold_whose_targets_are_all_tied_has_no_information_coefficient(name):
    assert np.isnan(fitting.fit(job(name, test_target=0.0)).inner_rank_ic["inner_1"])


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("inner", [{"inner_rows": 0}, {"inner_rows": 1}, {"inner_weight": 0.0}])
def test_a_fold_with_fewer_than_two_rows_that_weigh_judges_nothing(name, inner):
    fitted = fitting.fit(job(name, **inner))
    assert fitted.inner_rank_ic == {}
    assert fitted.size == MODELS[name].combine([], PARAMETERS[name])
