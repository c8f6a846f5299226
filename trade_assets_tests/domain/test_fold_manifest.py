"""The record of the folds: every changed row shows in a hash, and fits are carried between retrains."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import folds, training
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.test_folds import GRID, NAMES, labelled, rows
from trade_assets_tests.generators import FEW, SEEDS

AS_OF = GRID.dates[20]
PLAN = training.Plan(GRID, train_rebalances=12, inner_folds=3, embargo_sessions=10, half_life_rebalances=52.0)


def recorded(whole):
    made = training.folds_at(whole, AS_OF, plan=PLAN)
    return training.manifest(made, AS_OF, all_features=NAMES, most=None)


@FEW
@given(seed=SEEDS, data=st.data())
def test_any_change_of_any_training_row_changes_its_hash(seed, data):
    frame = rows(seed=seed)
    row = data.draw(st.integers(0, len(frame) - 1))
    column = data.draw(st.sampled_from(list(frame.columns)))
    changed = frame.copy()
    old = frame[column].iloc[row]
    new = {"symbol": "ZZZ"}.get(
        column, old + pd.Timedelta(days=1) if isinstance(old, pd.Timestamp) else np.nextafter(old, 9)
    )
    changed[column] = changed[column].where(
        changed.index != row, 0.125 if isinstance(old, float) and np.isnan(old) else new
    )
    assert folds.row_hash(changed) != folds.row_hash(frame)
    assert folds.row_hash(frame.drop(index=row)) != folds.row_hash(frame)
    assert folds.row_hash(frame.copy()) == folds.row_hash(frame)


def test_rows_of_one_symbol_do_not_hash_like_rows_of_another_split():
    frame = pd.DataFrame({"symbol": ["AB", "C"]})
    assert folds.row_hash(frame) != folds.row_hash(pd.DataFrame({"symbol": ["A", "BC"]}))


def test_the_record_says_what_the_folds_hold():
    whole = labelled()
    made = {fold.name: fold for fold in training.folds_at(whole, AS_OF, plan=PLAN)}
    for entry in recorded(whole).itertuples():
        fold = made[entry.fold]
        assert entry.train_last == fold.train["feature_date"].max()
        assert (entry.n_train_rows, entry.n_test_rows, entry.n_purged_rows) == (
            len(fold.train),
            len(fold.test),
            fold.n_purged,
        )
        assert entry.train_sha256 == folds.row_hash(fold.train)
        assert json.loads(entry.features) == NAMES
    final = recorded(whole).set_index("fold").loc[folds.FINAL]
    assert final["test_first"] == AS_OF
    assert final["train_first"] == GRID.dates[8]
    assert final["train_last"] == GRID.dates[19]


@FEW
@given(seed=SEEDS)
def test_a_training_window_is_its_last_rebalances_whatever_else_is_known(seed):
    whole = labelled(seed=seed, dates=24)
    window = whole[(whole["feature_date"] >= GRID.dates[8]) & (whole["label_end"] <= AS_OF)].reset_index(drop=True)
    assert_same_bytes(recorded(whole), recorded(window))


def test_a_fit_refuses_rows_that_are_not_those_recorded():
    whole = labelled()
    own = {"plan": PLAN, "learners": lambda date: {"elastic_net": ("elastic_net", {})}, "min_rows": 1}
    assert len(list(training.jobs(whole, pd.DatetimeIndex([AS_OF]), recorded(whole), **own))) == 1
    tampered = whole.assign(target=whole["target"].where(whole["feature_date"] != GRID.dates[9], 0.125))
    with pytest.raises(ValueError, match="the training rows of inner_1 are not those recorded"):
        list(training.jobs(tampered, pd.DatetimeIndex([AS_OF]), recorded(whole), **own))


def test_too_few_rows_fit_nothing_and_no_row_records_nothing():
    whole = labelled()
    own = {"plan": PLAN, "learners": lambda date: {"elastic_net": ("elastic_net", {})}}
    assert not list(training.jobs(whole, pd.DatetimeIndex([AS_OF]), recorded(whole), min_rows=10_000, **own))
    assert recorded(whole.iloc[:0]).empty
    dark = whole.assign(in_blackout=True)
    assert not list(training.jobs(dark, pd.DatetimeIndex([AS_OF]), recorded(dark), min_rows=1, **own))


def table(*dates_and_values):
    frame = pd.DataFrame(
        [(GRID.dates[r], GRID.dates[r], v) for r, v in dates_and_values],
        columns=["rebalance_date", "retrain_date", "value"],
    )
    return frame.astype({"rebalance_date": "datetime64[us]", "retrain_date": "datetime64[us]", "value": "float64"})


@FEW
@given(first=st.integers(0, 20), count=st.integers(1, 12), every=st.integers(1, 7), begun=st.integers(0, 20))
def test_a_range_carries_what_its_dates_one_by_one_carry(first, count, every, begun):
    dates = GRID.dates[first : first + count]
    fitted = {r: table((r, float(r))) for r in range(first, first + count) if r % every == 0 and r >= begun}
    before = [r for r in range(first) if r % every == 0 and r >= begun]
    previous = table(*((r, float(r)) for r in before[-1:])).assign(rebalance_date=GRID.dates[max(first - 1, 0)])
    together = folds.carry_forward(pd.concat([table(), *fitted.values()]), previous, dates)
    apart, last = [], previous
    for r in range(first, first + count):
        last = folds.carry_forward(fitted.get(r, table()), last, GRID.dates[r : r + 1])
        apart.append(last)
    assert_same_bytes(together, pd.concat(apart, ignore_index=True))
    for row in together.itertuples():
        due = [r for r in [*before, *fitted] if GRID.dates[r] <= row.rebalance_date]
        assert row.retrain_date == GRID.dates[due[-1]]
        assert row.value == due[-1]
