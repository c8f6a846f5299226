"""The models of a retrain date: defined for whatever the blocks hold, the same bytes twice, blind to the test."""

import hashlib
import json
from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain.events import folds, models, scores
from trade_assets.domain.events.bar_features import BAR_FEATURES
from trade_assets.domain.events.models import Job
from trade_assets.domain.models import calibration
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.events.test_policy import OWN
from trade_assets_tests.generators import FEW, SEEDS

P = replace(
    OWN.models, label="net", classifier="lightgbm", regressor="ridge", num_boost_round=8, early_stopping_rounds=3,
    early_stopping_min_rows=20, platt_from_rows=10, min_train_rows=30, logistic_c=1.0,
    lightgbm=dict(OWN.models.lightgbm) | {"min_data_in_leaf": 5, "num_leaves": 4},
)  # fmt: skip
PLAN = folds.Plan(
    train_months=24, calibration_months=1, calibration_events=40, embargo_bars=3, inner_folds=2, half_life_months=12.0
)
HOUR = pd.Timedelta(hours=1)
START = pd.Timestamp("2019-01-01", tz="UTC")
ENDS = pd.DatetimeIndex(START + np.arange(2000) * 4 * HOUR)
X = [f"x_{name}" for name in models.FEATURES]


def rows_of(seed, n=300, *, signal=0.01):
    """Labelled events four hours and more apart; the first feature tells something."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, len(X)))
    net = signal * x[:, 0] + rng.normal(0, 0.01, n)
    x[rng.random(x.shape) < 0.05] = np.nan
    at = np.sort(rng.choice(len(ENDS) - 50, n, replace=False))
    keys = {"rebalance_date": START.tz_localize(None), "decision_utc": ENDS[at], "symbol": "QQQ", "side": 1}
    ended = {"label_end_utc": ENDS[at + rng.integers(1, 6, n)], "barrier": np.where(net > 0.008, "profit", "time")}
    told = {"net_logret": net, "y": (net > 0).astype(float), "uniqueness": rng.uniform(0.2, 1, n)}
    geometry = {"a_tp": rng.uniform(0.01, 0.04, n), "b_sl": rng.uniform(0.01, 0.04, n), "cost_rt": 0.001}
    gated = {"tp_to_cost": 20.0, "entry_overnight": rng.random(n) < 0.5}
    return pd.DataFrame(keys | ended | told | geometry | gated | dict(zip(X, x.T, strict=True)))


def job_of(rows, instant=ENDS[1700], p=P, plan=PLAN):
    final = folds.final_fold(rows, instant, ends=ENDS, plan=plan)
    return Job(START.tz_localize(None), final, list(folds.inner_folds(final, ends=ENDS, plan=plan)), p)


def with_parts(job, *, train=None, block=None):
    """The job with other rows in its final fold."""
    final = job.final
    return replace(
        job, final=replace(final, train=train(final.train) if train else final.train,
                           calibration=block(final.calibration) if block else final.calibration)
    )  # fmt: skip


def scored(fitted, events, p=P):
    """Rows of ``event_scores`` by a fit, through the store of texts."""
    kept = {}

    def put(texts):
        made = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        kept.update(zip(made, texts, strict=True))
        return made

    fits = models.entries(fitted, put).assign(rebalance_date=START.tz_localize(None))
    schemas.check("calibrated_models", schemas.TABLES["calibrated_models"], fits)
    gates = scores.Gates(1.0, 1.5, 1.5)
    return scores.scored(
        events, events, fits, kept.__getitem__, gates, classifier=p.classifier, regressor=p.regressor
    )  # fmt: skip


def texts(fitted):
    return [
        (m.name, m.text, m.calibrator, dict(m.parameters), repr(m.diagnostics), m.contributions) for m in fitted.models
    ]


def by_name(fitted):
    return {m.name: m for m in fitted.models}


JOB, AHEAD = job_of(rows_of(1)), rows_of(2, 60)
FITTED = models.fit(JOB)


def only_ones(rows):
    return rows.assign(y=1.0, barrier="profit")


def same_labels(rows):
    return rows.assign(y=1.0, net_logret=0.004, barrier="profit")


def constant(rows):
    return rows.assign(**dict.fromkeys(X, 2.5))


def absent(rows):
    return rows.assign(**dict.fromkeys(X, np.nan))


def nothing(rows):
    return rows.iloc[:0]


DEGENERATE = {
    "training rows of one class": {"train": only_ones},
    "equal labels": {"train": same_labels},
    "constant features": {"train": constant},
    "features always absent": {"train": absent},
    "no calibration row": {"block": nothing},
    "calibration rows of one class": {"block": only_ones},
    "one calibration row": {"block": lambda rows: rows.iloc[:1]},
    "constant features of the block": {"block": constant},
    "one class everywhere": {"train": only_ones, "block": only_ones},
}


@pytest.mark.parametrize("label", ["net", "target"])
@pytest.mark.parametrize("classifier", models.CLASSIFIERS)
@pytest.mark.parametrize("change", DEGENERATE.values(), ids=DEGENERATE)
def test_whatever_the_blocks_hold_every_score_is_a_number(change, classifier, label):
    p = replace(P, classifier=classifier, label=label)
    found = scored(models.fit(with_parts(replace(JOB, parameters=p), **change)), AHEAD, p)
    table = schemas.check("event_scores", schemas.TABLES["event_scores"], found)
    assert table.select_dtypes("number").notna().all(axis=None)
    assert ((table["p"] > 0) & (table["p"] < 1)).all()


def test_training_rows_of_one_class_say_the_smoothed_base_rate():
    fitted = by_name(models.fit(with_parts(JOB, train=only_ones, block=nothing)))
    n = len(JOB.final.train)
    for name in models.CLASSIFIERS:
        model = fitted[name]
        np.testing.assert_allclose(models.read(model.text)(models.x_of(AHEAD)), (n + 1) / (n + 2), rtol=1e-12)
        assert json.loads(model.calibrator) == {"method": "none"}
        assert model.contributions is None


def test_equal_labels_are_forecast_as_they_are():
    fitted = by_name(models.fit(with_parts(JOB, train=same_labels)))
    for name in (*models.REGRESSORS, *models.QUANTILE_MODELS):
        np.testing.assert_allclose(models.read(fitted[name].text)(models.x_of(AHEAD)), 0.004, rtol=1e-6)


@pytest.mark.parametrize("change", [constant, absent])
def test_features_that_tell_nothing_leave_base_rate_and_mean(change):
    fitted, train = by_name(models.fit(with_parts(JOB, train=change))), JOB.final.train
    n, ones = len(train), train["y"].sum()
    p, mean = (ones + 1) / (n + 2), np.average(train["net_logret"], weights=train["weight"])
    x = models.x_of(AHEAD)
    np.testing.assert_allclose(models.read(fitted["logistic"].text)(x), p, rtol=1e-9)
    for name in models.REGRESSORS:
        np.testing.assert_allclose(models.read(fitted[name].text)(x), mean, rtol=1e-9)
    for name in ("lightgbm", *models.QUANTILE_MODELS):
        assert len(set(models.read(fitted[name].text)(x).tolist())) == 1


def test_without_a_calibration_row_probabilities_stay_and_nothing_is_told_of_them():
    fitted = models.fit(with_parts(JOB, block=nothing))
    for name in models.CLASSIFIERS:
        model = by_name(fitted)[name]
        assert json.loads(model.calibrator)["method"] == "none"
        assert np.isnan(list(model.diagnostics.values())).all()
    assert fitted.n_calibration_rows == 0
    assert by_name(fitted)["lightgbm"].parameters["rounds"] == P.num_boost_round


def test_a_calibration_block_of_one_class_neither_calibrates_nor_stops():
    model = by_name(models.fit(with_parts(JOB, block=only_ones)))["lightgbm"]
    assert json.loads(model.calibrator)["method"] == "none"
    assert model.parameters["rounds"] == P.num_boost_round


def test_a_calibration_block_calibrates_and_may_stop_early():
    patient = replace(P, num_boost_round=60, early_stopping_rounds=3)
    model = by_name(models.fit(replace(JOB, parameters=patient)))["lightgbm"]
    assert json.loads(model.calibrator)["method"] == "platt"
    assert model.parameters["rounds"] < 60
    small = replace(patient, early_stopping_min_rows=10_000)
    assert by_name(models.fit(replace(JOB, parameters=small)))["lightgbm"].parameters["rounds"] == 60


@pytest.mark.parametrize("n", [0, 1, P.min_train_rows - 1])
def test_fewer_training_rows_than_asked_for_fit_nothing(n):
    assert models.fit(with_parts(JOB, train=lambda rows: rows.iloc[:n])) is None


def test_as_many_training_rows_as_asked_for_fit():
    assert models.fit(with_parts(JOB, train=lambda rows: rows.iloc[: P.min_train_rows])) is not None


def test_without_events_there_is_no_fit():
    assert models.fit(job_of(rows_of(1).iloc[:0])) is None


def test_a_fit_repeated_has_the_same_bytes():
    again = models.fit(job_of(rows_of(1)))
    assert texts(again) == texts(FITTED)
    assert (again.w_struct, again.mock_threshold, again.crossing_rate) == (
        FITTED.w_struct, FITTED.mock_threshold, FITTED.crossing_rate
    )  # fmt: skip
    assert_same_bytes(scored(again, AHEAD), scored(FITTED, AHEAD))


def test_rows_whose_label_ends_after_the_fit_change_no_byte():
    rows, instant = rows_of(3), ENDS[1200]
    ahead, rng = (rows["label_end_utc"] > instant).to_numpy(), np.random.default_rng(0)
    changed = rows.copy()
    changed.loc[ahead, X] = rng.normal(9, 1, (ahead.sum(), len(X)))
    changed.loc[ahead, "net_logret"] = 0.5
    changed.loc[ahead, "y"] = 1.0
    wanted = texts(models.fit(job_of(rows, instant)))
    for other in (changed, rows[~ahead]):
        found = models.fit(job_of(other, instant))
        assert texts(found) == wanted


def test_the_score_of_an_event_does_not_depend_on_the_others():
    whole = scored(FITTED, AHEAD)
    some = scored(FITTED, AHEAD.iloc[10:17])
    assert_same_bytes(some, whole.iloc[10:17].reset_index(drop=True))


def test_with_the_target_as_label_the_classifiers_learn_the_profit_barrier():
    rows = rows_of(4)
    as_net = rows.assign(y=(rows["barrier"] == "profit").astype(float))
    targeted = by_name(models.fit(job_of(rows, p=replace(P, label="target"))))
    expected = by_name(models.fit(job_of(as_net, p=P)))
    plain = by_name(models.fit(job_of(rows, p=P)))
    for name in models.CLASSIFIERS:
        assert (targeted[name].text, targeted[name].calibrator) == (expected[name].text, expected[name].calibrator)
        assert targeted[name].text != plain[name].text
    for name in (*models.REGRESSORS, *models.QUANTILE_MODELS):
        assert targeted[name].text == plain[name].text


def inner(struct, ml, linear, net):
    """Weight and threshold where the inner folds say this."""
    fold = replace(JOB.final, train=JOB.final.train, test=JOB.final.train)
    with mock.patch.object(models, "_inner_scores", return_value=(struct, ml, linear, net)):
        return models.tuned_on_inner([fold], P)


@given(SEEDS, st.integers(1, 40), st.floats(-2, 3))
def test_the_weight_of_the_score_is_that_of_a_grid(seed, n, true):
    rng = np.random.default_rng(seed)
    struct, ml = rng.normal(0, 0.01, (2, n))
    net = true * struct + (1 - true) * ml + rng.normal(0, 0.005, n)
    w, _ = inner(struct, ml, ml, net)
    grid = np.linspace(0, 1, 1001)
    error = [((v * struct + (1 - v) * ml - net) ** 2).sum() for v in grid]
    assert 0.0 <= w <= 1.0
    assert abs(w - grid[int(np.argmin(error))]) <= 1e-3


def test_where_both_scores_agree_or_no_inner_fold_tells_the_weight_is_a_half():
    same = np.array([0.01, -0.02])
    assert inner(same, same, same, -same)[0] == 0.5
    assert models.tuned_on_inner([], P) == (0.5, np.inf)
    few = replace(JOB.inner[0], train=JOB.inner[0].train.iloc[: P.min_train_rows - 1])
    untested = replace(JOB.inner[0], test=JOB.inner[0].test.iloc[:0])
    assert models.tuned_on_inner([few, untested], P) == (0.5, np.inf)


@given(SEEDS, st.integers(1, 50))
def test_the_threshold_of_the_baseline_is_the_decile_that_earned_most(seed, n):
    rng = np.random.default_rng(seed)
    linear, net = rng.normal(0, 1, n), rng.normal(-0.001, 0.01, n)
    _, threshold = inner(linear, linear, linear, net)
    earned = {t: net[linear >= t].sum() for t in np.quantile(linear, np.linspace(0.0, 0.9, 10))}
    if max(earned.values()) <= 0:
        assert threshold == np.inf
    else:
        assert net[linear >= threshold].sum() == pytest.approx(max(earned.values()))


def test_where_every_event_loses_the_baseline_trades_nothing():
    losing = rows_of(5).assign(net_logret=lambda r: -np.abs(r["net_logret"]) - 1e-3, y=0.0)
    fitted = models.fit(job_of(losing))
    assert fitted.mock_threshold == np.inf
    found = scored(fitted, AHEAD)
    assert not found["passes_mock"].any()


def test_each_score_is_by_its_own_model():
    found, fitted, x = scored(FITTED, AHEAD), by_name(FITTED), models.x_of(AHEAD)
    for name in models.CLASSIFIERS:
        raw = models.read(fitted[name].text)(x)
        np.testing.assert_array_equal(found[f"raw_p_{name}"], raw)
        np.testing.assert_array_equal(found[f"p_{name}"], calibration.read_calibrator(fitted[name].calibrator)(raw))
    np.testing.assert_array_equal(found["p"], found["p_lightgbm"])
    np.testing.assert_array_equal(found["ev_ml"], found["ev_ridge"])
    raw = np.column_stack([models.read(fitted[n].text)(x) for n in models.QUANTILE_MODELS])
    np.testing.assert_array_equal(found[["q10", "q50", "q90"]], np.sort(raw, axis=1))
    np.testing.assert_array_equal(found["quantiles_crossed"], (np.diff(raw) < 0).any(axis=1))
    other = scored(FITTED, AHEAD, replace(P, classifier="logistic", regressor="elastic_net"))
    np.testing.assert_array_equal(other["p"], found["p_logistic"])
    np.testing.assert_array_equal(other["ev_ml"], found["ev_elastic_net"])


def test_the_models_find_what_is_there():
    found = scored(models.fit(job_of(rows_of(6, 900, signal=0.03))), rows_of(7, 300, signal=0.03))
    truth = rows_of(7, 300, signal=0.03)["net_logret"]
    for name in ("p_logistic", "p_lightgbm", "ev_ridge", "q50"):
        assert np.corrcoef(found[name], truth)[0, 1] > 0.5


@FEW
@given(SEEDS)
def test_a_short_sees_what_has_a_direction_upside_down_and_the_rest_as_it_is(seed):
    rng, n = np.random.default_rng(seed), 12
    ends = ENDS[:n]
    bars = pd.DataFrame({"bar_end_utc": ends, "symbol": "QQQ", **{f: rng.normal(0, 1, n) for f in BAR_FEATURES}})
    own = {"symbol": "QQQ", "cusum_direction": 1, "tp_to_cost": 9.0, "volatility": 0.01}
    long, short = (
        models.features_of(pd.DataFrame({"decision_utc": ends, "side": side, **own}), bars.iloc[1:]) for side in (1, -1)
    )
    for name in models.FEATURES:
        sign = -1 if name in models.DIRECTIONAL else 1
        np.testing.assert_array_equal(short[f"x_{name}"], sign * long[f"x_{name}"])
    assert long.loc[0, [f"x_{f}" for f in BAR_FEATURES]].isna().all()  # no bar, no feature
    assert long.loc[0, "x_log_volatility"] == np.log(0.01)
    assert list(long.columns[3:]) == X
