"""Folds: nothing trains whose outcome was not known, and the record shows every change."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, folds
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

GRID = calendar.rebalances(pd.Timestamp("2017-01-03"), pd.Timestamp("2017-01-03"), pd.Timestamp("2018-12-31"), every=10)
NAMES = ["first", "second"]
SESSION_PLACE = {s: i for i, s in enumerate(calendar.sessions_between(GRID.dates[0], GRID.dates[-1]))}


def known(seed=0, dates=20, stocks=6):
    """Features of the dates, with gaps, and the outcomes they met one rebalance later."""
    rng = np.random.default_rng(seed)
    keys = [
        (GRID.dates[d], GRID.dates[d + 1], f"S{s}") for d in range(dates) for s in range(stocks) if rng.random() < 0.8
    ]
    frame = pd.DataFrame(keys, columns=["rebalance_date", "next", "symbol"])
    x = np.round(rng.normal(0, 1, (len(frame), len(NAMES))), 1)
    features = frame[["rebalance_date", "symbol"]].assign(
        **dict(zip(NAMES, np.where(rng.random(x.shape) < 0.1, np.nan, x).T, strict=True))
    )
    outcomes = frame.rename(columns={"rebalance_date": "feature_date", "next": "rebalance_date"})
    outcomes = outcomes.assign(return_frac=rng.normal(0, 0.05, len(frame)), in_blackout=rng.random(len(frame)) < 0.1)
    outcomes["target"] = folds.ranked(outcomes, "feature_date", ["return_frac"])["return_frac"]
    return features, outcomes


def labelled(**size):
    return folds.labelled(*known(**size), NAMES)


def rows(half_life=52.0, **size):
    made = labelled(**size)
    return folds.training_rows(
        made, feature_dates=pd.DatetimeIndex(made["feature_date"].unique()), half_life_rebalances=half_life
    )


def made(frame, inner=3, embargo=10):
    return folds.make(frame, as_of=GRID.dates[25], inner_folds=inner, embargo_sessions=embargo)


def gap_sessions(label_end, decision):
    return SESSION_PLACE[decision] - SESSION_PLACE[label_end]


@FEW
@given(label=st.integers(0, 200), decision=st.integers(60, 200), embargo=st.integers(0, 60))
def test_a_label_may_train_from_the_embargo_on(label, decision, embargo):
    sessions = list(SESSION_PLACE)
    may = folds.purge(pd.Series([sessions[label]]), test_start=sessions[decision], embargo_sessions=embargo)
    assert may.tolist() == [decision - label >= embargo]


def test_a_negative_embargo_is_refused():
    with pytest.raises(ValueError, match="embargo_sessions must be >= 0, was -1"):
        folds.purge(pd.Series([GRID.dates[0]]), test_start=GRID.dates[1], embargo_sessions=-1)


@FEW
@given(seed=SEEDS, dates=st.integers(6, 24), inner=st.integers(1, 4), embargo=st.integers(0, 40))
def test_every_training_label_ends_an_embargo_before_the_first_test_decision(seed, dates, inner, embargo):
    for fold in made(rows(seed=seed, dates=dates), inner, embargo):
        if fold.name != folds.FINAL:
            assert all(gap_sessions(end, fold.test_first) >= embargo for end in fold.train["label_end"].unique())
            assert fold.test["feature_date"].min() == fold.test_first
            assert (fold.train["feature_date"] < fold.test_first).all()


@FEW
@given(seed=SEEDS, dates=st.integers(6, 24), inner=st.integers(1, 4), embargo=st.integers(0, 40))
def test_train_and_test_share_no_row_and_purged_rows_are_the_rest_before(seed, dates, inner, embargo):
    whole = rows(seed=seed, dates=dates)
    for fold in made(whole, inner, embargo)[:-1]:
        keys = [set(zip(part["feature_date"], part["symbol"], strict=True)) for part in (fold.train, fold.test)]
        assert not keys[0] & keys[1]
        earlier = (whole["feature_date"] < fold.test_first).sum()
        assert len(fold.train) + fold.n_purged == earlier


@FEW
@given(seed=SEEDS, dates=st.integers(6, 24), inner=st.integers(1, 4))
def test_the_test_blocks_are_the_later_half_each_date_once_and_the_final_fit_has_every_row(seed, dates, inner):
    whole = rows(seed=seed, dates=dates)
    every = np.sort(whole["feature_date"].unique())
    *tested, final = made(whole, inner)
    in_blocks = [date for fold in tested for date in np.sort(fold.test["feature_date"].unique())]
    assert in_blocks == (list(every[len(every) // 2 :]) if len(every) >= 2 * inner else [])
    assert_same_bytes(final.train, whole)
    assert len(final.test) == 0


def test_too_few_dates_make_no_inner_fold():
    assert [fold.name for fold in made(rows(dates=5))] == [folds.FINAL]
    assert [fold.name for fold in made(rows(dates=5).iloc[:0])] == [folds.FINAL]


@FEW
@given(seed=SEEDS, shuffle=SEEDS)
def test_features_meet_the_outcomes_of_their_own_date_in_any_order(seed, shuffle):
    features, outcomes = known(seed=seed)
    plain = folds.labelled(features, outcomes, NAMES)
    mixed = folds.labelled(
        features.sample(frac=1, random_state=shuffle), outcomes.sample(frac=1, random_state=shuffle), NAMES
    )
    assert_same_bytes(plain, mixed)
    paired = outcomes.set_index(["feature_date", "symbol"])["return_frac"]
    for row in plain.itertuples():
        assert row.return_frac == paired[row.feature_date, row.symbol]
        assert row.label_end == GRID.dates[GRID.position(row.feature_date) + 1]


@FEW
@given(seed=SEEDS, cut=st.integers(2, 18))
def test_later_dates_change_no_byte_of_the_rows_before(seed, cut):
    features, outcomes = known(seed=seed)
    last = GRID.dates[cut]
    early = folds.labelled(
        features[features["rebalance_date"] <= last], outcomes[outcomes["rebalance_date"] <= last], NAMES
    )
    late = folds.labelled(features, outcomes, NAMES)
    assert_same_bytes(early, late[late["label_end"] <= last].reset_index(drop=True))


@FEW
@given(seed=SEEDS, half_life=st.floats(1, 100))
def test_weights_halve_with_age_and_a_blackout_weighs_nothing(seed, half_life):
    whole = labelled(seed=seed)
    weighted = rows(half_life, seed=seed)
    assert weighted["weight"].mean() == pytest.approx(1)
    assert (weighted["weight"][whole["in_blackout"]] == 0).all()
    per_row = weighted[~whole["in_blackout"]].groupby("feature_date")["weight"].agg(["min", "max"])
    assert (per_row["min"] == per_row["max"]).all()
    of_date = per_row["max"] * whole.groupby("feature_date").size()
    assert (of_date / of_date.iloc[-1]).tolist() == pytest.approx(
        [0.5 ** ((19 - GRID.position(d)) / half_life) for d in of_date.index]
    )


@FEW
@given(seed=SEEDS)
def test_ranked_features_are_centred_within_their_date_and_keep_their_gaps(seed):
    features, _ = known(seed=seed)
    found = folds.ranked(features, "rebalance_date", NAMES)
    assert (found.isna() == features[NAMES].isna()).all(axis=None)
    assert (found.groupby(features["rebalance_date"]).mean().fillna(0).abs() < 1e-12).all(axis=None)
    assert found.abs().max(axis=None) <= 0.5
