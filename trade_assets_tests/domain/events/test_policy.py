"""The policy: what a search changes comes back as it was, and every event is refused by the first gate it fails."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.assets import policies
from trade_assets.domain import tuned
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import policy, scores
from trade_assets.domain.events.policy import SPACE, TUNABLE, values_of, with_values
from trade_assets.domain.events.risk import RiskLimits
from trade_assets.domain.events.scores import Gates
from trade_assets.domain.events.sizing import SizeLimits
from trade_assets.domain.events.sleeve import Fills
from trade_assets.settings import load
from trade_assets_tests.generators import FEW, SEEDS, leg_events, leg_market

OWN = policies.policy(load())
POLICY = replace(
    OWN,
    gates=Gates(k=1.0, phi=20.0, overnight_multiplier=1.5),
    sizes=SizeLimits(0.25, 1.0, 0.1, 0.5, 252),
    limits=RiskLimits(0.12, 0.1, 20, 0.02, 8.0, 21),
    min_position_frac=0.01,
)
MARKET = leg_market(11, sessions=60)
DATES = pd.DatetimeIndex(["2020-01-03", "2020-01-17", "2020-01-31", "2020-02-14"]).as_unit("us")


@st.composite
def values(draw):
    """Values of some of the tunable parameters, within their ranges."""
    names = draw(st.lists(st.sampled_from(sorted(TUNABLE)), unique=True))
    of = {n: SPACE[n] for n in names}
    return {
        n: draw(st.integers(int(r.low), int(r.high))) if r.is_whole else draw(st.floats(r.low, r.high))
        for n, r in of.items()
    }


@given(values())
def test_values_put_into_a_policy_are_those_read_from_it_and_the_others_stay(tuned):
    found = with_values(POLICY, tuned)
    assert values_of(found) == values_of(POLICY) | tuned
    assert with_values(found, values_of(POLICY)) == POLICY
    assert with_values(found, values_of(found)) == found
    assert (found.limits, found.min_position_frac) == (POLICY.limits, POLICY.min_position_frac)


def test_whole_numbers_stay_whole_for_the_models():
    found = with_values(POLICY, {name: 5.0 for name, of in SPACE.items() if of.is_whole})
    assert all(isinstance(found.models.lightgbm[name], int) for name, of in SPACE.items() if of.is_whole)


def test_every_tunable_is_a_number_of_the_policy_with_a_range():
    assert set(values_of(POLICY)) == set(TUNABLE)
    for of in SPACE.values():
        assert 0 < of.low < of.high


def trials(date, *told):
    """Rows of ``trials``: (number, value, parameters), two blocks each."""
    rows = [(date, "events", n, b, v, json.dumps(p)) for n, v, p in told for b in DATES[:2]]
    return pd.DataFrame(rows, columns=["rebalance_date", "study", "trial", "block", "value", "parameters"])


NONE = trials(DATES[0])
EMPTY = pd.DataFrame({"rebalance_date": [], "study": [], "parameter": [], "value": [], "source": [], "search_date": []})


def table(trial_rows, previous=EMPTY, dates=DATES):
    span = Rebalances(dates, np.arange(len(dates)))
    return tuned.in_force_table(trial_rows, previous, {"k": 1.0, "phi": 2.0}, span, study="events")


def in_force(rows, date):
    own = rows[rows["rebalance_date"] == date]
    return dict(zip(own["parameter"], own["value"], strict=True)), own["source"].iloc[0], own["search_date"].iloc[0]


def test_before_the_first_search_the_settings_are_in_force():
    found = table(NONE)
    for date in DATES:
        values_there, source, searched = in_force(found, date)
        assert (values_there, source) == ({"k": 1.0, "phi": 2.0}, "settings")
        assert pd.isna(searched)


def test_the_best_trial_of_the_last_search_is_in_force_from_its_date_on():
    first = trials(DATES[1], (0, 0.5, {"k": 1.0, "phi": 2.0}), (1, 0.9, {"k": 3.0, "phi": 5.0}))
    second = trials(DATES[3], (0, 0.7, {"k": 1.0, "phi": 2.0}), (1, -1.0, {"k": 9.0, "phi": 9.0}))
    found = table(pd.concat([first, second]))
    assert in_force(found, DATES[0])[1] == "settings"
    assert in_force(found, DATES[1]) == ({"k": 3.0, "phi": 5.0}, "search", DATES[1])
    assert in_force(found, DATES[2]) == ({"k": 3.0, "phi": 5.0}, "search", DATES[1])
    assert in_force(found, DATES[3]) == ({"k": 1.0, "phi": 2.0}, "search", DATES[3])


def test_of_equal_trials_the_first_is_taken_whatever_the_order_of_the_rows():
    tied = trials(DATES[0], (2, 0.9, {"k": 3.0}), (1, 0.9, {"k": 2.0}), (0, 0.1, {"k": 1.0}))
    for rows in (tied, tied.iloc[::-1]):
        assert in_force(table(rows), DATES[3])[0] == {"k": 2.0}


def test_trials_of_another_study_change_nothing():
    other = trials(DATES[1], (0, 9.0, {"k": 9.0})).assign(study="stocks")
    assert in_force(table(other), DATES[3])[1] == "settings"


def test_cut_into_runs_the_table_is_the_same():
    found = trials(DATES[1], (0, 0.5, {"k": 1.0, "phi": 2.0}), (1, 0.9, {"k": 3.0, "phi": 5.0}))
    whole, parts, previous = table(found), [], EMPTY
    for date in DATES:
        parts.append(table(found[found["rebalance_date"] == date], previous, DATES[DATES == date]))
        previous = parts[-1]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))


def test_a_policy_in_force_takes_the_values_of_its_date_and_its_own_before_the_first():
    found = table(trials(DATES[1], (0, 0.9, {"k": 3.0, "phi": 5.0})))
    assert policy.in_force(POLICY, found, None) == POLICY
    assert policy.in_force(POLICY, found, DATES[2]).gates == Gates(3.0, 5.0, 1.5)
    assert policy.in_force(POLICY, found, DATES[0]).gates == Gates(1.0, 2.0, 1.5)


def scored(events, seed=0):
    rng = np.random.default_rng(seed)
    p, ml = rng.uniform(0.3, 0.9, len(events)), rng.normal(0.004, 0.01, len(events))
    made = scores.decided(events, p, ml, 0.5, POLICY.gates)
    return made.assign(mock_score=ml, passes_mock=ml > 0)


def test_every_event_is_a_candidate_and_one_without_a_score_is_refused_for_want_of_a_model():
    events = leg_events(3, MARKET)
    found = policy.candidates(events, scored(events.iloc[::2]), POLICY)
    assert len(found) == len(events)
    keys = pd.MultiIndex.from_frame(events.iloc[1::2][policy.KEYS])
    without = found.set_index(policy.KEYS).loc[keys]
    assert (without["block"] == "no_model").all()
    assert (without["size_frac"] == 0).all()
    assert without[policy.STEPS].isna().all(axis=None)
    assert (policy.mock_candidates(events, scored(events.iloc[:0]), POLICY)["block"] == "no_model").all()


def test_an_event_is_refused_by_the_first_gate_it_fails():
    events = leg_events(4, MARKET)
    told = scored(events)
    found = policy.candidates(events, told, POLICY).merge(told[[*policy.KEYS, "passes_ev", "passes_tp_to_cost"]])
    for row in found.itertuples():
        if not row.passes_ev:
            assert row.block == "expected_value"
        elif not row.passes_tp_to_cost:
            assert row.block == "target_to_cost"
        elif row.size_frac < POLICY.min_position_frac:
            assert row.block == "size"
        else:
            assert row.block is None
    assert {"expected_value", "target_to_cost", "size", None} == set(found["block"])


@pytest.mark.parametrize("least", [0.0, 0.01])
def test_an_event_without_a_size_is_never_entered(least):
    events = leg_events(5, MARKET)
    own = replace(POLICY, min_position_frac=least, gates=Gates(0.0, 0.0, 1.0))
    told = scores.decided(events, np.full(len(events), 1e-6), np.full(len(events), 0.05), 0.0, own.gates)
    told = told.assign(mock_score=1.0, passes_mock=True)
    found = policy.candidates(events, told, own)
    assert (found["size_frac"] == 0).all()
    assert (found["block"] == "size").all()
    nothing_overnight = replace(own, sizes=replace(own.sizes, overnight_haircut=0.0))
    mock = policy.mock_candidates(events.assign(entry_overnight=True), told, nothing_overnight)
    assert (mock["block"] == "size").all()


def test_the_baseline_takes_the_largest_size_the_caps_allow():
    events = leg_events(6, MARKET)
    found = policy.mock_candidates(events, scored(events), POLICY).merge(events, on=policy.KEYS)
    cap = np.minimum(1.0, 0.1 / (found["volatility"] * np.sqrt(252))) * np.where(found["entry_overnight"], 0.5, 1.0)
    np.testing.assert_allclose(found["size_frac"], cap)
    assert set(found["block"]) == {"mock_threshold", None}
    assert (found["block"].isna() == (found["score"] > 0)).all()


@FEW
@given(SEEDS)
def test_candidates_come_by_bar_the_best_first_whatever_the_order_of_the_rows(seed):
    events, rng = leg_events(7, MARKET, share=1.5), np.random.default_rng(seed)
    told = scored(events)
    told = told[rng.random(len(told)) < 0.8]
    found = policy.candidates(events, told, POLICY)
    assert found["decision_utc"].is_monotonic_increasing
    ranks = found.groupby("decision_utc")["score"]
    assert ranks.apply(lambda s: s.is_monotonic_decreasing).all()
    shuffled = policy.candidates(
        events.sample(frac=1, random_state=seed % 1000), told.sample(frac=1, random_state=seed % 999), POLICY
    )
    pd.testing.assert_frame_equal(found, shuffled, check_exact=True)


def test_candidates_by_date_follow_the_parameters_in_force_since_the_date_before():
    events = leg_events(8, MARKET)
    days = pd.DatetimeIndex(sorted(events["rebalance_date"].unique())).as_unit("us")
    dates = Rebalances(days, np.arange(len(days)))
    tuned = pd.DataFrame(
        {
            "rebalance_date": days,
            "study": "events",
            "parameter": "kelly_share",
            "value": np.linspace(0.05, 1, len(days)),
        }
    )
    told = scored(events)
    made, limits = policy.by_date(POLICY, tuned, events, told, dates)
    assert set(limits) == set(days)
    for before, date in dates.spans()[::5]:
        own = policy.in_force(POLICY, tuned, before)
        alone = policy.candidates(events[events["rebalance_date"] == date], told, own)
        pd.testing.assert_frame_equal(
            made[made["rebalance_date"] == date].reset_index(drop=True), alone, check_exact=True
        )


def test_the_baseline_keeps_the_minimum_holding_and_has_no_cooldown():
    assert policy.mock_fills(Fills(5, True, True, 3, 2)) == Fills(5, True, True, 3, 0)
