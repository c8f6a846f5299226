"""Folds of events: purged and embargoed on instants, blind to what comes later, as long as the plan says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import folds
from trade_assets.domain.events.folds import Plan
from trade_assets_tests import intraday
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

DAILY = bars_domain.grid(intraday.sessions("2022-01-03", "2024-01-31"), minutes=None)
HOURLY = bars_domain.grid(intraday.sessions("2023-06-01", "2024-01-31"), minutes=60)
FRAMES = ["train", "calibration", "test"]
KEYS = ["decision_utc", "symbol", "side"]


@st.composite
def plans(draw) -> Plan:
    """Windows of a few months."""
    return Plan(
        train_months=draw(st.integers(1, 18)),
        calibration_months=draw(st.integers(1, 4)),
        calibration_events=draw(st.sampled_from([0, 1, 5, 20, 1000])),
        embargo_bars=draw(st.sampled_from([0, 1, 10])),
        inner_folds=draw(st.integers(1, 3)),
        half_life_months=draw(st.sampled_from([1.0, 12.0])),
    )


@st.composite
def event_rows(draw, of, *, max_bars=10, dense=False) -> pd.DataFrame:
    """Events of up to two legs and two sides that share instants; labels end one to eleven bars after the decision."""
    rng = np.random.default_rng(draw(SEEDS))
    share = 0.5 if dense else draw(st.sampled_from([0.0, 0.01, 0.1, 0.5]))
    at = np.flatnonzero(rng.random(len(of) - max_bars - 1) < share)
    each = [(i, s, side) for i in at for s in intraday.LEGS for side in (-1, 1) if rng.random() < 0.6]
    rows = pd.DataFrame(each, columns=["at", "symbol", "side"]).astype({"at": int, "side": int, "symbol": "str"})
    ends, last = pd.DatetimeIndex(of["bar_end_utc"]), rows["at"] + rng.integers(1, max_bars + 2, len(rows))
    net = rng.normal(0, 0.01, len(rows))
    return pd.DataFrame(
        {
            "decision_utc": ends[rows["at"]], "symbol": rows["symbol"], "side": rows["side"],
            "label_end_utc": ends[last], "barrier": rng.choice(["profit", "loss", "time"], len(rows)).astype("str"),
            "net_logret": net, "y": (net > 0).astype(float), "uniqueness": rng.uniform(0.05, 1.0, len(rows)),
        }
    )  # fmt: skip


@st.composite
def cases(draw, **how):
    """A grid, events on it, a plan, and the close at which a fold is made."""
    of = draw(st.sampled_from([DAILY, HOURLY]))
    closes = of.loc[of["bar"] == of["session_bars"] - 1, "bar_end_utc"]
    close = closes.iloc[draw(st.integers(1, len(closes) - 1)) if "dense" not in how else -draw(st.integers(1, 60))]
    return pd.DatetimeIndex(of["bar_end_utc"]), draw(event_rows(of, **how)), draw(plans()), close


def made(case):
    """The final fold and the inner ones."""
    ends, rows, plan, close = case
    final = folds.final_fold(rows, close, ends=ends, plan=plan)
    return final, list(folds.inner_folds(final, ends=ends, plan=plan))


def bar_of(ends, instants):
    """Number of the bar that ends at each instant; of the last one by then where it is none."""
    return ends.searchsorted(pd.DatetimeIndex(instants), side="right") - 1


def keys_of(rows):
    return set(zip(*(rows[name] for name in KEYS), strict=True))


def check_purged(fold, ends, plan):
    """No label of a block ends later than the embargo before the next block begins; the blocks share nothing."""
    begin = bar_of(ends, [fold.test_first])[0]
    assert (bar_of(ends, fold.calibration["label_end_utc"]) + plan.embargo_bars <= begin).all()
    assert (bar_of(ends, fold.train["label_end_utc"]) + plan.embargo_bars <= begin).all()
    assert (fold.test["decision_utc"] > fold.test_first).all()
    if len(fold.calibration):
        first = bar_of(ends, [fold.calibration["decision_utc"].min()])[0]
        assert (bar_of(ends, fold.train["label_end_utc"]) + plan.embargo_bars <= first).all()
        assert (fold.train["decision_utc"] < fold.calibration["decision_utc"].min()).all()
    assert (fold.train["decision_utc"] <= fold.calibrate_from).all()
    assert (fold.calibration["decision_utc"] > fold.calibrate_from).all()
    oldest = fold.test_first - pd.DateOffset(months=plan.train_months + plan.calibration_months)
    assert fold.train_from == oldest
    for rows in (fold.train, fold.calibration):
        assert (rows["decision_utc"] > oldest).all()
        assert (rows["label_end_utc"] <= fold.known_by).all()
    parts = [keys_of(getattr(fold, name)) for name in FRAMES]
    assert sum(map(len, parts)) == len(set.union(*parts))


@FEW
@given(case=st.one_of(cases(), cases(dense=True)))
def test_every_fold_is_purged_and_embargoed_on_instants(case):
    ends, rows, plan, close = case
    final, inner = made(case)
    for fold in (final, *inner):
        check_purged(fold, ends, plan)
    known = rows[(rows["label_end_utc"] <= close) & (rows["decision_utc"] > final.train_from)]
    assert len(final.test) == 0
    assert final.n_purged == len(known) - len(final.train) - len(final.calibration)
    assert keys_of(final.train) | keys_of(final.calibration) <= keys_of(known)


@FEW
@given(case=cases(dense=True))
def test_rows_are_left_out_only_for_their_label(case):
    ends, rows, plan, close = case
    final, _ = made(case)
    begin, label = bar_of(ends, [close])[0], bar_of(ends, rows["label_end_utc"])
    inside = (rows["decision_utc"] > final.train_from) & (rows["decision_utc"] <= close)
    blocks = rows[inside & (rows["decision_utc"] > final.calibrate_from) & (label + plan.embargo_bars <= begin)]
    assert keys_of(final.calibration) == keys_of(blocks)
    if len(blocks):
        first = bar_of(ends, [blocks["decision_utc"].min()])[0]
        trains = rows[inside & (rows["decision_utc"] <= final.calibrate_from) & (label + plan.embargo_bars <= first)]
        assert keys_of(final.train) == keys_of(trains)


@FEW
@given(case=st.one_of(cases(), cases(dense=True)), seed=SEEDS)
def test_nothing_after_the_instant_changes_a_byte_of_the_final_fold(case, seed):
    ends, rows, plan, close = case
    final, inner = made(case)
    rng = np.random.default_rng(seed)
    later = rows["label_end_utc"] > close
    told = rows.assign(
        net_logret=rows["net_logret"].where(~later, rng.normal(0, 1, len(rows))),
        y=rows["y"].where(~later, 1.0),
        uniqueness=rows["uniqueness"].where(~later, 0.5),
        barrier=rows["barrier"].where(~later, "gap"),
        label_end_utc=rows["label_end_utc"].where(~later, rows["label_end_utc"] + pd.Timedelta(days=30)),
    )
    known, cut = rows[~later], ends[ends <= close]
    for others, instants in ((told, ends), (known, ends), (known, cut)):
        again = folds.final_fold(others, close, ends=instants, plan=plan)
        pairs = [(final, again), *zip(inner, folds.inner_folds(again, ends=instants, plan=plan), strict=True)]
        for fold, other in pairs:
            for name in FRAMES:
                assert_same_bytes(getattr(other, name).reset_index(drop=True), getattr(fold, name).reset_index(drop=True))  # fmt: skip
        manifests = [
            folds.manifest([f for f, _ in side], close, test_last=close, embargo_bars=plan.embargo_bars)
            for side in (pairs, [(b, a) for a, b in pairs])
        ]
        assert_same_bytes(*manifests)


@FEW
@given(case=cases(dense=True), extra=st.integers(0, 30))
def test_bars_before_the_oldest_event_change_no_byte(case, extra):
    ends, rows, plan, close = case
    final, _ = made(case)
    if final.train_from <= ends[60]:
        return
    begins = max(bar_of(ends, [final.train_from])[0] - extra, 0)
    again = folds.final_fold(rows, close, ends=ends[begins:], plan=plan)
    for name in FRAMES:
        assert_same_bytes(getattr(again, name), getattr(final, name))
    assert (again.known_by, again.calibrate_from) == (final.known_by, final.calibrate_from)


@given(case=st.one_of(cases(), cases(dense=True)))
def test_the_calibration_block_is_months_or_enough_events_or_a_quarter(case):
    ends, rows, plan, close = case
    final, _ = made(case)
    begin, label = bar_of(ends, [close])[0], bar_of(ends, rows["label_end_utc"])
    usable = rows[(rows["decision_utc"] > final.train_from) & (label + plan.embargo_bars <= begin)]
    months = final.known_by - pd.DateOffset(months=plan.calibration_months)
    of_months = int((usable["decision_utc"] > months).sum())
    sizes = [int((usable["decision_utc"] >= instant).sum()) for instant in usable["decision_utc"].unique()] + [0]
    quarter = max(size for size in sizes if size <= len(usable) // 4)
    enough = min((size for size in sizes if size >= plan.calibration_events), default=len(usable))
    assert len(final.calibration) == max(of_months, min(enough, quarter))
    if quarter >= plan.calibration_events:
        assert len(final.calibration) >= plan.calibration_events
    assert (final.calibration["weight"] == 1).all()


@FEW
@given(case=cases(dense=True))
def test_training_weights_average_one_and_are_uniqueness_times_decay(case):
    _, _, plan, close = case
    final, inner = made(case)
    for fold, instant in ((final, close), *((f, f.test_first) for f in inner)):
        if not len(fold.train):
            continue
        assert fold.train["weight"].mean() == pytest.approx(1.0, rel=1e-12)
        age_months = (instant - fold.train["decision_utc"]) / pd.Timedelta(days=30.4375)
        raw = fold.train["uniqueness"] * 0.5 ** (age_months / plan.half_life_months)
        np.testing.assert_allclose(fold.train["weight"] / raw, (fold.train["weight"] / raw).iloc[0], rtol=1e-9)


def test_an_event_a_half_life_older_weighs_half():
    instant, age = pd.Timestamp("2024-01-02 21:00", tz="UTC"), pd.Timedelta(days=3 * 30.4375)
    decided = pd.DatetimeIndex([instant - 2 * age, instant - age, instant - age])
    rows = pd.DataFrame(
        {
            "decision_utc": decided, "symbol": ["QQQ", "QQQ", "SPY"], "side": 1, "barrier": "time",
            "label_end_utc": decided + pd.Timedelta(days=1), "net_logret": 0.0, "y": 0.0, "uniqueness": [1.0, 1.0, 0.5],
        }
    )  # fmt: skip
    plan = Plan(24, 1, 0, 0, 1, half_life_months=3.0)
    ends = pd.DatetimeIndex(DAILY["bar_end_utc"])
    weight = folds.final_fold(rows, instant, ends=ends, plan=plan).train["weight"].tolist()
    assert weight == pytest.approx([0.75, 1.5, 0.75], rel=1e-12)


@FEW
@given(case=cases(dense=True))
def test_inner_folds_lie_inside_the_training_rows_and_their_tests_cover_the_later_half(case):
    _, _, plan, _ = case
    final, inner = made(case)
    if not len(final.train):
        assert inner == []
        return
    assert [fold.name for fold in inner] == [f"inner_{n}" for n in range(1, plan.inner_folds + 1)]
    decided = final.train["decision_utc"]
    middle = decided.iloc[0] + (decided.iloc[-1] - decided.iloc[0]) / 2
    tested = [keys_of(fold.test) for fold in inner]
    assert set.union(*tested) == keys_of(final.train[decided > middle])
    assert sum(map(len, tested)) == len(set.union(*tested))
    for fold, after in zip(inner, [*inner[1:], None], strict=True):
        assert keys_of(fold.train) | keys_of(fold.calibration) <= keys_of(final.train)
        assert after is None or (fold.test["decision_utc"] <= after.test_first).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_too_little_history_makes_empty_frames_and_a_manifest(count):
    ends = pd.DatetimeIndex(HOURLY["bar_end_utc"])
    decided = ends[[3] * min(count, 4) + [4] * max(count - 4, 0)]
    rows = pd.DataFrame(
        {
            "decision_utc": decided, "symbol": pd.Series(["A", "B", "C", "D", "E"][:count], dtype="str"), "side": 1,
            "label_end_utc": decided + pd.Timedelta(hours=1), "barrier": pd.Series(["time"] * count, dtype="str"),
            "net_logret": 0.0, "y": 0.0, "uniqueness": 1.0,
        }
    )  # fmt: skip
    plan = Plan(24, 1, calibration_events=1, embargo_bars=2, inner_folds=2, half_life_months=12.0)
    for place in (0, 3, 6, 13):
        final = folds.final_fold(rows, ends[place], ends=ends, plan=plan)
        inner = list(folds.inner_folds(final, ends=ends, plan=plan))
        assert len(final.train) + len(final.calibration) <= count
        assert set(final.train) == set(final.calibration) == {*rows, "weight"}
        table = folds.manifest([final, *inner], ends[place], test_last=ends[-1], embargo_bars=2)
        assert len(table) == 1 + len(inner)
        assert (table["train_sha256"].str.len() == 64).all()


@FEW
@given(case=cases(dense=True), data=st.data(), name=st.sampled_from(["train", "calibration"]))
def test_the_hash_of_a_block_changes_with_any_label_weight_or_row(case, data, name):
    final, _ = made(case)
    rows = getattr(final, name).reset_index(drop=True)
    if rows.empty:
        return
    at = data.draw(st.integers(0, len(rows) - 1))
    row = rows.loc[at]
    other = {
        "net_logret": np.nextafter(row["net_logret"], 1.0), "y": 1 - row["y"], "weight": np.nextafter(row["weight"], 9.0),
        "barrier": "gap", "side": -row["side"], "symbol": "DIA", "decision_utc": row["decision_utc"] + pd.Timedelta(1, "us"),
    }  # fmt: skip
    hashes = {folds.rows_sha256(rows), folds.rows_sha256(rows.drop(index=at))}
    for column, value in other.items():
        changed = rows.copy()
        changed.loc[at, column] = value
        hashes.add(folds.rows_sha256(changed))
    assert len(hashes) == 2 + len(other)


@FEW
@given(case=st.one_of(cases(), cases(dense=True)))
def test_the_manifest_holds_what_the_folds_hold(case):
    ends, _, plan, close = case
    final, inner = made(case)
    table = folds.manifest([final, *inner], close, test_last=ends[-1], embargo_bars=plan.embargo_bars)
    for fold, row in zip([final, *inner], table.itertuples(), strict=True):
        assert (row.fold, row.n_train_rows, row.n_calibration_rows, row.n_test_rows) == (
            fold.name, len(fold.train), len(fold.calibration), len(fold.test)
        )  # fmt: skip
        assert row.test_from_utc == fold.test_first
        assert row.train_sha256 == folds.rows_sha256(fold.train)
        assert row.known_by_utc <= row.test_from_utc
        has_test = close < ends[-1] if fold.name == "final" else len(fold.test) > 0
        assert pd.notna(row.test_to_utc) == has_test
        assert not has_test or row.test_to_utc > row.test_from_utc


@FEW
@given(case=cases(dense=True), embargo_bars=st.integers(0, 12))
def test_known_by_counts_bars(case, embargo_bars):
    ends, rows, _, close = case
    found = folds.known_by(rows, close, ends=ends, embargo_bars=embargo_bars)
    assert found.tolist() == (bar_of(ends, rows["label_end_utc"]) + embargo_bars <= bar_of(ends, [close])[0]).tolist()
    with pytest.raises(ValueError, match="embargo_bars must be >= 0, was -1"):
        folds.known_by(rows, close, ends=ends, embargo_bars=-1)


def test_folds_at_dates_are_those_of_their_closes():
    rows = _fixed_rows()
    plan = Plan(12, 1, 10, 5, 2, 6.0)
    dates = pd.DatetimeIndex(DAILY["session"].iloc[[300, 310, 320]])
    found = list(folds.at_dates(rows, dates, DAILY, plan))
    assert [date for date, _, _ in found] == list(dates)
    for (_, final, inner), close in zip(found, calendar.close_utc(dates), strict=True):
        alone, apart = made((pd.DatetimeIndex(DAILY["bar_end_utc"]), rows, plan, close))
        for fold, other in zip([final, *inner], [alone, *apart], strict=True):
            assert len(fold.train) > 0
            for name in FRAMES:
                assert_same_bytes(getattr(fold, name), getattr(other, name))
    assert list(folds.at_dates(rows, dates[:0], DAILY, plan)) == []


def _fixed_rows():
    rng, ends = np.random.default_rng(5), pd.DatetimeIndex(DAILY["bar_end_utc"])
    at = np.arange(0, len(DAILY) - 12, 2)
    return pd.DataFrame(
        {
            "decision_utc": ends[at], "symbol": "QQQ", "side": 1, "label_end_utc": ends[at + rng.integers(1, 12, len(at))],
            "barrier": "time", "net_logret": rng.normal(0, 0.01, len(at)), "y": 1.0, "uniqueness": 0.5,
        }
    )  # fmt: skip


@FEW
@given(data=st.data(), shuffle=SEEDS)
def test_labelled_rows_are_the_filled_events_with_an_outcome(data, shuffle):
    rows = data.draw(event_rows(HOURLY, dense=True))
    events, features = rows[KEYS].assign(a_tp=0.01), rows[KEYS].assign(x_one=np.arange(len(rows), dtype=float))
    rng = np.random.default_rng(shuffle)
    outcomes = rows[rng.random(len(rows)) < 0.8]
    outcomes = outcomes.assign(
        barrier=outcomes["barrier"].where(rng.random(len(outcomes)) < 0.8, "unfilled"), entry_idx=1
    )
    found = folds.labelled(*(t.sample(frac=1, random_state=shuffle) for t in (events, outcomes, features)))
    expected = (
        outcomes[outcomes["barrier"] != "unfilled"].drop(columns="entry_idx").sort_values(KEYS, ignore_index=True)
    )
    assert_same_bytes(found[list(expected)], expected)
    assert (found["a_tp"] == 0.01).all()
    assert found["x_one"].tolist() == features.merge(expected[KEYS], on=KEYS).sort_values(KEYS)["x_one"].tolist()
