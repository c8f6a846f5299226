"""Folds, members, blend and calibration: purged, canonical, and no surer than what they learned."""

import json
from dataclasses import replace
from importlib.util import find_spec
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.assets import allocator_policies
from trade_assets.domain import calendar
from trade_assets.domain.allocator import blend, classifiers, dataset, folds, members, models, regressors, utility
from trade_assets.domain.allocator.dataset import UTILITIES
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.folds import Plan
from trade_assets.settings import Allocator, load
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS
from trade_assets_tests.sleeves import sessions

OWN = replace(allocator_policies.policy(load()).models, min_train_rows=60, calibrate_from_rows=20)
PLAN = Plan(train_sessions=300, calibration_sessions=60, embargo_sessions=10, inner_folds=2, min_train_rows=60)

NEEDS_CATBOOST = pytest.mark.skipif(find_spec("catboost") is None, reason="the extra catboost is not installed")
CATBOOST = pytest.param("catboost", marks=NEEDS_CATBOOST)
CATBOOST_BUCKETS = pytest.param("catboost", "buckets", marks=NEEDS_CATBOOST)


def rows(seed: int, count: int, *, edge: float = 0.0, horizon: int = 10) -> pd.DataFrame:
    """Sessions whose best leg hangs on the first feature by ``edge``; the other features say nothing."""
    rng = np.random.default_rng(seed)
    days = sessions(count + horizon + 1)
    x = rng.normal(0.0, 1.0, (count, len(FEATURES)))
    lead = edge * x[:, 0] + rng.normal(0.0, 0.01, count)
    values = lead[:, None] * utility.weights_of()
    chosen = utility.weights_of()[values.argmax(axis=1)]
    table = pd.DataFrame(
        {"session": days[:count], "label_end": days[horizon + 1 :], "chosen_weight": chosen, "is_corner": True}
    )
    told = pd.DataFrame(x, columns=list(FEATURES))
    return pd.concat([table, pd.DataFrame(values, columns=list(UTILITIES)), told], axis=1)


@given(
    count=st.integers(0, 400), place=st.integers(0, 410), train=st.integers(1, 300), calibrate=st.integers(0, 80),
    embargo=st.sampled_from([0, 5, 10]), inner=st.integers(1, 4),
)  # fmt: skip
def test_no_label_of_a_block_reaches_within_the_embargo_of_the_next(count, place, train, calibrate, embargo, inner):
    table, days = rows(1, count), sessions(430)
    plan = Plan(train, calibrate, embargo, inner, 10)
    made = folds.final_fold(table, days[place], plan)
    for fold in [made, *folds.inner_folds(made, plan)]:
        blocks = [fold.train, fold.calibration, fold.test]
        for before, after in ((0, 1), (0, 2), (1, 2)):
            if len(blocks[before]) and len(blocks[after]):
                last = days.get_loc(blocks[before]["label_end"].max())
                assert last + embargo <= days.get_loc(blocks[after]["session"].min())
        last = max((days.get_loc(b["label_end"].max()) for b in blocks[:2] if len(b)), default=None)
        assert last is None or last + embargo <= days.get_loc(fold.test_after) + (0 if fold is made else 1)
        seen = pd.concat([b["session"] for b in blocks])
        assert seen.is_unique
        assert fold.n_purged >= 0
    assert len(made.train) + len(made.calibration) <= train + calibrate


def test_later_rows_change_no_fold():
    table, days = rows(2, 380), sessions(430)
    for place in (100, 250, 370):
        whole, known = (
            folds.final_fold(t, days[place], PLAN) for t in (table, table[table["label_end"] <= days[place]])
        )
        assert folds.rows_sha256(whole.train) == folds.rows_sha256(known.train)
        assert folds.rows_sha256(whole.calibration) == folds.rows_sha256(known.calibration)
        assert whole.n_purged == known.n_purged
    with pytest.raises(ValueError, match="embargo_sessions must be >= 0, was -1"):
        folds.known_before(table, days[100], embargo_sessions=-1)


@pytest.mark.parametrize(
    ("name", "target"),
    [*((n, t) for n in ("base", "ridge", "elastic_net", "lightgbm") for t in ("buckets", "weight")), CATBOOST_BUCKETS],
)
def test_a_member_is_the_same_text_for_the_same_rows_and_reads_rows_one_by_one(name, target):
    table, p = rows(3, 300, edge=0.02), replace(OWN, target=target, names=(name,))
    x = members.x_of(table)
    texts = {members._fit_one(name, members.Known.of(table, p), p) for _ in range(2)}
    assert len(texts) == 1
    reader = members.read(texts.pop())
    whole = reader(x)
    assert whole.shape == (300, OWN.buckets)
    assert np.allclose(whole.sum(axis=1), 1.0, atol=1e-12)
    assert (whole >= 0).all()
    for i in (0, 7, 299):
        assert_same_bytes(whole[i : i + 1].copy(), reader(x[i : i + 1]))


@pytest.mark.parametrize("name", ["ridge", "elastic_net", "lightgbm", CATBOOST])
def test_a_member_without_a_feature_that_changes_says_the_base_rate(name):
    table = rows(4, 200)
    table[list(FEATURES)] = np.nan
    said = members.read(members._fit_one(name, members.Known.of(table, OWN), OWN))(members.x_of(table))
    base = members.shares_of(table, OWN).mean(axis=0)
    assert said == pytest.approx(np.tile(base, (200, 1)), abs=1e-6)


def test_soft_labels_teach_what_rows_weighted_by_them_would():
    import lightgbm as lgb

    table = rows(5, 250, edge=0.02)
    x, shares = members.x_of(table), members.shares_of(table, OWN)
    fixed = {
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
        "feature_pre_filter": False,
    }
    own = dict(OWN.penalties.lightgbm) | fixed | {"min_data_in_leaf": 60 * OWN.buckets, "feature_fraction": 1.0}
    repeated = lgb.Dataset(
        np.repeat(x, OWN.buckets, axis=0), np.tile(np.arange(OWN.buckets), len(x)), weight=shares.ravel(),
        init_score=np.tile(np.log(shares.mean(axis=0)), (len(x) * OWN.buckets, 1)), params=fixed | {"max_bin": 63},
    )  # fmt: skip
    book = lgb.train(
        own | {"objective": "multiclass", "num_class": OWN.buckets}, repeated, OWN.penalties.num_boost_round
    )
    theirs = classifiers.softmax(
        np.asarray(book.predict(x, raw_score=True, num_threads=1)) + np.log(shares.mean(axis=0))
    )
    whole = replace(
        OWN.penalties, lightgbm=dict(OWN.penalties.lightgbm) | {"feature_fraction": 1.0, "min_data_in_leaf": 60}
    )
    ours = classifiers.read(classifiers.fit("lightgbm", x, shares, whole))(x)
    assert np.abs(ours - theirs).mean() < 0.1 * np.abs(theirs - shares.mean(axis=0)).mean()


@given(seed=SEEDS, n=st.floats(0, 1000))
def test_the_better_member_weighs_more_and_equal_ones_weigh_the_same(seed, n):
    losses = np.random.default_rng(seed).uniform(1.0, 3.0, 4)
    weight = blend.weights(losses, n_independent=n)
    assert weight.sum() == pytest.approx(1.0)
    assert (np.diff(weight[np.argsort(losses)]) <= 1e-12).all()
    assert blend.weights(np.array([2.0, 2.0]), n_independent=n).tolist() == [0.5, 0.5]
    assert blend.weights(np.array([2.0, np.nan]), n_independent=n).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("method", blend.METHODS)
def test_calibration_lowers_the_loss_of_probabilities_that_are_too_sure(method):
    rng = np.random.default_rng(6)
    truth = classifiers.normalised(rng.uniform(0.1, 1.0, (2000, 5)))
    sure = classifiers.normalised(truth**4)
    drawn = np.eye(5)[[rng.choice(5, p=p) for p in truth]]
    text = blend.fit_calibrator(sure, drawn, method=method, min_rows=10)
    calibrated = blend.read_calibrator(text)(sure)
    assert classifiers.cross_entropy(calibrated, drawn) < classifiers.cross_entropy(sure, drawn) - 0.1
    assert np.allclose(calibrated.sum(axis=1), 1.0)
    assert_same_bytes(calibrated[3:4].copy(), blend.read_calibrator(text)(sure[3:4]))
    if method == "temperature":
        assert json.loads(text)["temperature"] == pytest.approx(4.0, rel=0.15)
    assert json.loads(blend.fit_calibrator(sure[:9], drawn[:9], method=method, min_rows=10)) == {"method": "none"}
    with pytest.raises(ValueError, match="method must be one of temperature, isotonic, was 'platt'"):
        blend.fit_calibrator(sure, drawn, method="platt", min_rows=10)


@given(weight=st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=20))
def test_a_forecast_weight_is_shared_between_the_buckets_beside_it(weight):
    told = regressors.split(np.array(weight), buckets=11)
    assert told @ utility.weights_of(11) == pytest.approx(np.clip(weight, 0.0, 1.0))
    assert told.sum(axis=1) == pytest.approx(1.0)
    assert ((told > 0).sum(axis=1) <= 2).all()


def job(table: pd.DataFrame, p=OWN) -> models.Job:
    final = folds.final_fold(table, table["label_end"].iloc[-1], PLAN)
    return models.Job(pd.Timestamp("2005-01-03"), final, folds.inner_folds(final, PLAN), p)


@pytest.mark.parametrize("target", ["buckets", "weight"])
def test_a_planted_edge_is_chosen_and_none_is_left_to_the_base_rate(target):
    p = replace(OWN, target=target)
    told, nothing = (models.fit(job(rows(8, 380, edge=edge), p)).fitted for edge in (0.03, 0.0))
    assert told.weights["base"] < 0.2
    assert nothing.weights["base"] > 0.25
    x = np.zeros((2, len(FEATURES)))
    x[:, 0] = [2.0, -2.0]
    model = told.model()
    expected = model.probability(x) @ model.worth.T
    assert expected[0].argmax() > expected[1].argmax()


def test_stored_rows_give_the_model_back():
    fit = models.fit(job(rows(9, 380, edge=0.02)))
    kept: dict[str, str] = {}

    def store(texts: list[str]) -> list[str]:
        kept.update({str(len(kept) + i): text for i, text in enumerate(texts)})
        return list(kept)[-len(texts) :]

    entries = models.entries(fit, store)
    again, own = models.in_force(entries, kept.__getitem__), fit.fitted.model()
    x = members.x_of(rows(10, 50))
    assert_same_bytes(again.probability(x), own.probability(x))
    assert_same_bytes(again.worth, own.worth)
    assert entries.loc[entries["model"] != "blend", "blend_weight"].sum() == pytest.approx(1.0)
    told = json.loads(entries.loc[entries["model"] == "blend", "details"].iloc[0])
    assert set(told["responses"]) == set(models.RISKY)


@NEEDS_CATBOOST
def test_oblivious_trees_read_as_their_library_does():
    import catboost

    from trade_assets.domain.models import oblivious

    table = rows(13, 300, edge=0.03)
    x, shares = members.x_of(table).astype(np.float32).astype(float), members.shares_of(table, OWN)
    x[::7, :5] = np.nan
    stored = oblivious.fit(x, shares, rounds=15, depth=3, learning_rate=0.2, l2=1.0)
    theirs = catboost.CatBoost(
        {
            "loss_function": "MultiRMSE", "iterations": 15, "depth": 3, "learning_rate": 0.2, "l2_leaf_reg": 1.0,
            "random_seed": 42, "bootstrap_type": "No", "thread_count": 1, "verbose": False, "allow_writing_files": False,
        }
    )  # fmt: skip
    theirs.fit(catboost.Pool(x, label=shares))
    assert len(stored["trees"]) == 15
    np.testing.assert_allclose(oblivious.read(stored)(x), theirs.predict(x, thread_count=1), rtol=1e-9)


def test_a_member_whose_library_is_absent_is_told_and_has_no_weight():
    fit = models.fit(job(rows(9, 380, edge=0.02)))
    entries = models.entries(fit, list, absent=("catboost",))
    told = entries.set_index("model").loc["catboost"]
    assert (told["status"], told["blend_weight"]) == ("skipped: not installed", 0.0)
    assert models.in_force(entries, lambda text: text).probability(np.zeros((1, len(FEATURES)))).sum() == pytest.approx(
        1.0
    )


def test_too_few_rows_fit_no_model():
    assert models.fit(job(rows(11, 70))) is None


def test_worth_is_the_mean_utility_where_a_bucket_was_best():
    table = rows(12, 4000)
    hard = replace(OWN, tau=1e-9)  # so sharp that a label is the best bucket alone
    shares, values = members.shares_of(table, hard), members.bucket_utility(table, hard)
    worth, counts = models.worth_of(table, hard), shares.sum(axis=0)
    for k in np.flatnonzero(counts > 100):
        assert worth[:, k] == pytest.approx(values[shares[:, k] == 1].mean(axis=0), abs=1e-12)


def test_worth_takes_the_sharing_of_soft_labels_out_again():
    table = rows(12, 4000)
    shares = members.shares_of(table, OWN)
    truth = np.random.default_rng(1).normal(0.0, 0.01, (OWN.buckets, OWN.buckets))
    values = shares @ truth.T
    given = {"bucket_utility": mock.Mock(return_value=values), "shares_of": mock.Mock(return_value=shares)}
    with mock.patch.multiple(models, **given):
        worth = models.worth_of(table, OWN)
    smeared = (shares.T @ values / shares.sum(axis=0)[:, None]).T
    apart = [np.abs(shares @ of.T - values).mean() for of in (worth, smeared)]
    assert apart[0] < 0.2 * apart[1]


def test_complexity_is_capped_by_the_settings():
    for key, value in {"num_leaves": 16, "max_depth": 5, "learning_rate": 0.31}.items():
        with pytest.raises(ValueError, match=key):
            Allocator(lightgbm_params={key: value})


def test_the_utility_of_the_dataset_is_known_a_session_and_a_horizon_after_the_decision():
    from trade_assets.domain.allocator.utility import Terms
    from trade_assets_tests.sleeves import sleeves

    history = sleeves(np.random.default_rng(1).normal(0, 0.01, (40, 2)))
    days = pd.DataFrame({"rebalance_date": history.sessions[-1], "session": history.sessions})
    told = pd.DataFrame(0.0, index=range(40), columns=list(FEATURES)).assign(session=history.sessions)
    made = dataset.rows(told, history, days, pd.DataFrame(), Terms(10, 1.0, 1.0, 0.0003))
    assert (calendar.session_after(made["session"].iloc[0], 11)) == made["label_end"].iloc[0]
    assert len(made) == 40 - 11
