"""The learned gate: judged as an obvious loop judges it, blind to what comes later, and the settings' own where told so."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, gates, learned_gate, search, tuned
from trade_assets.domain.constructions import CONSTRUCTIONS, Limits, candidates, table
from trade_assets.domain.constructions.rank_decay import LINEAR, Profile, decay_profile, rank_decay
from trade_assets.domain.learned_gate import SPACE, Policy, exposure, fixed, policy_of, values_of
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes, in_another_process
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS, scores, sectors

GRID = calendar.rebalances(SESSIONS[0], SESSIONS[0], SESSIONS[-1], every=10).dates
LIMITS = Limits(top_n=10, max_weight=0.15, max_sector_weight=0.3)
TRIALS = 30


@st.composite
def trial_values(draw):
    """Values of a trial, thresholds in the wrong order and ends of the ranges among them."""
    return {name: draw(st.sampled_from([of.low, of.high]) | st.floats(of.low, of.high)) for name, of in SPACE.items()}


@st.composite
def policies(draw):
    share = st.sampled_from([0.0, 0.6, 1.0]) | st.floats(0, 1)
    own = Policy(favorable_exposure=draw(share), stale_exposure=draw(share))
    return policy_of(draw(trial_values()), own)


@st.composite
def thresholds(draw):
    low, high = sorted(draw(st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True)))
    return gates.Thresholds(high, low, *draw(st.lists(st.floats(0, 1), min_size=3, max_size=3)))


def history(seed=0, decisions=24, names=30, *, with_sectors=True, missing=0.1):
    """Scores, outcomes, signals and universe of the first rebalance dates; names come and go, a few are barred."""
    rng = np.random.default_rng(seed)
    keys = [(d, f"S{s:02d}") for d in range(decisions) for s in range(names) if rng.random() > missing]
    at, symbol = GRID[[d for d, _ in keys]], [s for _, s in keys]
    after = GRID[[d + 1 for d, _ in keys]]
    kinds = np.array(["Energy", "Health", "Tech", "Banks", None], dtype=object)
    sector = dict(zip(sorted(set(symbol)), kinds[rng.integers(0, 5, names)], strict=False))
    score = np.where(rng.random(len(keys)) < 0.05, np.nan, np.round(rng.normal(0, 1, len(keys)), 1))
    moves = np.maximum(rng.normal(0.002, 0.06, len(keys)), -1.0)
    told = rng.normal(0.002, 0.01, decisions)
    return {
        "predictions": pd.DataFrame({"rebalance_date": at, "model": "mine", "symbol": symbol, "prediction": score}),
        "outcomes": pd.DataFrame({"rebalance_date": after, "feature_date": at, "symbol": symbol, "return_frac": moves}),
        "signals": pd.DataFrame(
            {
                "session": GRID[:decisions],
                "tft_p50": np.where(rng.random(decisions) < 0.1, np.nan, told),
                "meta_prob_success": np.where(rng.random(decisions) < 0.1, np.nan, rng.uniform(0.3, 0.95, decisions)),
                "is_stale": rng.random(decisions) < 0.2,
            }
        ),
        "universe": pd.DataFrame(
            {
                "rebalance_date": at,
                "symbol": symbol,
                "sector": [sector[s] if with_sectors else None for s in symbol],
                "in_blackout": rng.random(len(keys)) < 0.3,
            }
        ),
    }


def prepared(rows, *, decisions=24, **changed):
    terms = {"date": GRID[decisions], "model": "mine", "own": Policy(), "limits": LIMITS, "cost_frac": 0.002}
    return learned_gate.prepared(**rows, **(terms | changed))


def slow(rows, policy, *, limits=LIMITS, cost_frac=0.002, never_buy=(), blocks=3, decisions=24):
    """What a book of the policy earned over the last half of the decisions, name by name, and its value."""
    dates = list(GRID[:decisions])
    judged, drifted, names, kept = dates[len(dates) // 2 :], {}, set(), []
    for date in judged:
        frames = {key: frame for key, frame in rows.items() if key != "signals"}
        column = {"predictions": "rebalance_date", "outcomes": "feature_date", "universe": "rebalance_date"}
        own, earned, listed = (frame[frame[column[key]] == date].set_index("symbol") for key, frame in frames.items())
        barred = (set(never_buy) | set(listed.index[listed["in_blackout"]])) - names
        found = candidates(own["prediction"], listed["sector"], barred=barred)
        built = rank_decay(found, limits, policy.profile).weights if len(found.scores) else {}
        signal = rows["signals"][rows["signals"]["session"] == date].iloc[0]
        share = slow_exposure(signal, policy)
        target = {s: w * share for s, w in built.items() if w * share > 0}
        everyone = sorted({*target, *drifted})
        moved = [abs(target.get(s, 0.0) - drifted.get(s, 0.0)) for s in everyone]
        cash = abs(math.fsum(target.values()) - math.fsum(drifted.values()))
        gain = math.fsum(w * earned["return_frac"][s] for s, w in target.items())
        kept.append((gain - cost_frac * 0.5 * (math.fsum(moved) + cash), len(set(target) - names)))
        drifted = {s: w * (1 + earned["return_frac"][s]) / (1 + gain) for s, w in target.items()}
        names = set(target)
    returns = [r for r, _ in kept]
    ratios = []
    for part in np.array_split(np.arange(len(returns)), blocks):
        own = [returns[i] for i in part]
        ratios.append(reference.mean(own) / reference.std(own) if len(set(own)) > 1 else 0.0)
    value = reference.mean(ratios) - (0.5 * reference.std(ratios) if blocks > 1 else 0.0)
    return value, returns, [n for _, n in kept], judged


def slow_exposure(signal, policy):
    p50, odds = signal["tft_p50"], signal["meta_prob_success"]
    if p50 < 0 or (p50 >= 0 and odds <= policy.unfavorable):
        share = policy.unfavorable_exposure
    elif p50 > 0 and odds >= policy.favorable:
        share = policy.favorable_exposure
    else:
        share = policy.neutral_exposure
    return min(share, policy.neutral_exposure, policy.stale_exposure) if signal["is_stale"] else share


@FEW
@given(
    seed=SEEDS,
    values=trial_values(),
    top_n=st.integers(1, 12),
    most=st.sampled_from([0.1, 0.3, 1.0]),
    with_sectors=st.booleans(),
    blocks=st.integers(1, 4),
    never_buy=st.sets(st.sampled_from(["S00", "S03", "S07"])),
)
def test_a_trial_is_worth_what_an_obvious_loop_says(seed, values, top_n, most, with_sectors, blocks, never_buy):
    rows, limits = history(seed, with_sectors=with_sectors), Limits(top_n, 0.15, most)
    found = prepared(rows, limits=limits, blocks=blocks, never_buy=never_buy)
    value, kept = learned_gate.evaluate(found, values)
    told, returns, entries, judged = slow(rows, policy_of(values), limits=limits, blocks=blocks, never_buy=never_buy)
    np.testing.assert_allclose(kept["returns"], returns, rtol=0, atol=1e-12)
    assert kept["entries"] == entries
    assert kept["dates"] == [f"{GRID[GRID.get_loc(date) + 1]:%Y-%m-%d}" for date in judged]
    assert value == pytest.approx(told, abs=1e-9)


def test_a_book_out_of_the_market_may_not_buy_back_a_name_in_a_blackout():
    rows = history(3, missing=0.0)
    rows["universe"]["in_blackout"] = rows["universe"]["rebalance_date"] > GRID[13]
    rows["signals"] = rows["signals"].assign(tft_p50=0.01, meta_prob_success=0.9, is_stale=False)
    rows["signals"].loc[rows["signals"]["session"] == GRID[16], "tft_p50"] = -0.01
    values = values_of(Policy(unfavorable_exposure=0.0))
    _, kept = learned_gate.evaluate(prepared(rows), values)
    assert kept["returns"][3] != 0
    assert kept["returns"][5:] == [0.0] * 7


def test_a_period_without_scores_is_cash_and_one_before_the_first_is_not_judged():
    rows = history(4)
    made = rows["predictions"]
    rows["predictions"] = made[(made["rebalance_date"] >= GRID[4]) & (made["rebalance_date"] != GRID[20])]
    found = prepared(rows)
    _, kept = learned_gate.evaluate(found, values_of(Policy()))
    assert kept["dates"][0] == f"{GRID[15]:%Y-%m-%d}"
    assert kept["returns"][6] < 0  # what it costs to sell
    assert abs(kept["returns"][6]) < 0.002
    assert kept["entries"][6] == 0


@pytest.mark.parametrize("decisions", range(9))
def test_too_short_a_history_has_no_search(decisions):
    rows = history(decisions=9)
    found = prepared(rows, decisions=decisions)
    assert (found is None) == (decisions < 6)


def test_a_block_that_is_always_cash_or_one_period_long_counts_as_nothing():
    rows = history(5, decisions=6)
    assert learned_gate.evaluate(prepared(rows, decisions=6), values_of(Policy()))[0] == 0.0
    calm = history(5)
    calm["signals"]["tft_p50"] = -0.01
    assert learned_gate.evaluate(prepared(calm), values_of(Policy(unfavorable_exposure=0.0)))[0] == 0.0


@FEW
@given(seed=SEEDS, cut=st.integers(8, 24), values=trial_values())
def test_nothing_after_the_date_of_the_search_is_used(seed, cut, values):
    rows, poisoned = history(seed), history(seed)
    date = GRID[cut]
    rng = np.random.default_rng(seed)
    for key, column, at in [
        ("predictions", "prediction", "rebalance_date"),
        ("outcomes", "return_frac", "feature_date"),
        ("signals", "tft_p50", "session"),
        ("signals", "meta_prob_success", "session"),
        ("universe", "in_blackout", "rebalance_date"),
    ]:
        later = (poisoned[key][at] >= date).to_numpy()
        junk = rng.random(later.sum()) < 0.5 if column == "in_blackout" else rng.normal(0, 1e6, later.sum())
        poisoned[key].loc[later, column] = junk
    before = {
        key: frame[frame["rebalance_date" if key == "outcomes" else frame.columns[0]] <= date]
        for key, frame in rows.items()
    }
    first, *others = [prepared(of, date=date) for of in (rows, poisoned, before)]
    for other in others:
        assert learned_gate.identity(other) == learned_gate.identity(first)
        assert learned_gate.evaluate(other, values) == learned_gate.evaluate(first, values)


def test_the_identity_knows_every_number_a_trial_reads_and_no_other_models_scores():
    rows = history(6)
    own = learned_gate.identity(prepared(rows))
    others = rows["predictions"].assign(model="other", prediction=1.0)
    with_others = rows | {"predictions": pd.concat([others, rows["predictions"]])}
    assert learned_gate.identity(prepared(with_others)) == own
    changed = [
        prepared(rows, own=Policy(favorable_exposure=0.9)),
        prepared(rows, limits=replace(LIMITS, max_weight=0.2)),
        prepared(rows, cost_frac=0.003),
        prepared(rows, blocks=2),
        prepared(rows, never_buy={"S01"}),
        prepared(rows | {"outcomes": rows["outcomes"].assign(return_frac=rows["outcomes"]["return_frac"] / 2)}),
        prepared(rows | {"signals": rows["signals"].assign(is_stale=False)}),
        prepared(rows | {"predictions": rows["predictions"].assign(prediction=-rows["predictions"]["prediction"])}),
    ]
    assert len({own, *map(learned_gate.identity, changed)}) == 1 + len(changed)


def planted(seed=0, decisions=60):
    """Stocks earn something only after odds above 0.8, and lose otherwise; the settings invest from 0.70 on."""
    rows, rng = history(seed, decisions, missing=0.0), np.random.default_rng(seed)
    odds = rng.uniform(0.4, 1.0, decisions)
    rows["signals"] = rows["signals"].assign(tft_p50=0.01, meta_prob_success=odds, is_stale=False)
    mean = np.where(odds > 0.8, 0.03, -0.02)[GRID.get_indexer(rows["outcomes"]["feature_date"])]
    rows["outcomes"]["return_frac"] = mean + rng.normal(0, 0.03, len(mean))
    return rows


def searched(found, n=TRIALS):
    own = values_of(found.own)
    return search.run(partial(learned_gate.evaluate, found), SPACE, own, n_trials=n, seed=1, study=learned_gate.STUDY)


def test_a_planted_rule_is_found():
    trials = searched(prepared(planted(), decisions=60))
    best, own = search.best(trials), trials[0]
    assert own.parameters == values_of(Policy())
    assert best.value > own.value + 0.2
    assert policy_of(best.parameters).neutral_exposure < Policy().neutral_exposure
    assert sum(best.kept["returns"]) > sum(own.kept["returns"])


def test_trials_are_the_same_every_time_and_in_another_process():
    found = prepared(planted(1), decisions=60)
    assert searched(found, 12) == in_another_process(searched, found, 12)


def test_a_trial_fills_the_rows_of_a_table_of_trials():
    trials = searched(prepared(history(7)), 2)
    rows = tuned.trial_rows(GRID[24], learned_gate.STUDY, trials[1])
    assert rows["block"].tolist() == list(GRID[13:25])
    assert (rows["return_frac"] >= -1).all()


@given(policy=policies())
def test_a_policy_is_its_values_and_back(policy):
    assert policy_of(values_of(policy), policy) == policy
    assert set(values_of(policy)) == set(SPACE)


@given(values=trial_values())
def test_thresholds_in_the_wrong_order_are_put_a_hundredth_apart(values):
    policy = policy_of(values)
    assert policy.favorable == values["favorable"]
    in_order = values["unfavorable"] < values["favorable"]
    assert policy.unfavorable == (values["unfavorable"] if in_order else values["favorable"] - 0.01)


@given(policy=policies(), seed=SEEDS)
def test_exposures_are_those_of_the_regime_in_zero_to_one_and_a_stale_one_no_more_than_neutral(policy, seed):
    rng = np.random.default_rng(seed)
    told = pd.DataFrame(
        {
            "tft_p50": rng.choice([-0.01, 0.0, 0.01, np.nan], 40),
            "meta_prob_success": rng.choice([policy.favorable, policy.unfavorable, 0.5, np.nan], 40),
            "is_stale": rng.random(40) < 0.5,
        }
    )
    found = exposure(*(told[c].to_numpy() for c in told), policy)
    assert ((found >= 0) & (found <= 1)).all()
    assert found.tolist() == [slow_exposure(row, policy) for _, row in told.iterrows()]
    stale = found[told["is_stale"]]
    assert (stale <= min(policy.neutral_exposure, policy.stale_exposure)).all()


@given(
    own=scores(min_size=1), data=st.data(), gate=thresholds(), missing=st.lists(st.booleans(), min_size=8, max_size=8)
)
def test_the_policy_of_the_settings_holds_what_rank_decay_and_the_gate_hold(own, data, gate, missing):
    rng = np.random.default_rng(data.draw(SEEDS))
    p50 = np.where(missing, np.nan, rng.normal(0, 0.01, 8))
    forecasts = pd.DataFrame({"session": SESSIONS[:8], "tft_p10": p50 - 0.02, "tft_p50": p50, "tft_p90": p50 + 0.02})
    market = gates.signals(forecasts.assign(tft_source="test"), pd.Series(rng.uniform(0, 1, 8)), gate)
    policy = fixed(gate)
    shares = exposure(*(market[c].to_numpy() for c in ("tft_p50", "meta_prob_success", "is_stale")), policy)
    assert_same_bytes(shares, market["exposure_scalar"].to_numpy())
    found = candidates(own, data.draw(sectors(own.index)), barred=set())
    present = table(CONSTRUCTIONS["rank_decay"], found, LIMITS)
    built = learned_gate.weights(found, LIMITS, policy)
    assert (present["status"] == built.status).all()
    for share, date in zip(shares, market["session"], strict=True):
        gated = gates.scale_exposure(present.assign(rebalance_date=date), market)
        stocks = gated[gated["symbol"] != "CASH"]
        assert stocks["symbol"].tolist() == list(built.weights.index)
        assert_same_bytes(built.weights.to_numpy() * share, stocks["weight"].to_numpy())


@given(own=scores(), data=st.data(), policy=policies())
def test_any_policy_keeps_the_caps(own, data, policy):
    sector = data.draw(sectors(own.index))
    made = learned_gate.weights(candidates(own, sector, barred=set()), LIMITS, policy).weights
    assert (made > 0).all()
    assert made.sum() <= 1 + 1e-9
    assert reference.caps_hold(made, sector.reindex(made.index), max_weight=0.15, max_sector_weight=0.3)


@given(values=trial_values(), n=st.integers(1, 60))
def test_a_better_rank_never_weighs_less_whatever_the_profile(values, n):
    profile = decay_profile(n, policy_of(values).profile)
    assert (np.diff(profile) <= 0).all()
    assert (profile > 0).all()


def test_the_profile_of_old_is_the_default_to_the_last_bit():
    for n in range(1, 400):
        rank = np.arange(1, n + 1)
        first, last = int(0.3 * n + 0.5), int(0.4 * n + 0.5)
        old = (n + 1 - rank) * np.where(rank <= first, 1.25, np.where(rank > n - last, 0.5, 1.0))
        assert_same_bytes(decay_profile(n), old)
        assert_same_bytes(decay_profile(n, fixed(gates.Thresholds(0.7, 0.55, 1.0, 0.6, 0.2)).profile), old)
    assert Profile() == LINEAR == Policy().profile


def test_no_decay_boost_or_cut_is_an_equal_weight():
    own = pd.Series(np.arange(10.0), index=[f"S{i}" for i in range(10)])
    level = Policy(boost=1.0, cut=1.0, decay=0.0)
    found = candidates(own, pd.Series([None] * 10, index=own.index, dtype="str"), barred=set())
    np.testing.assert_allclose(learned_gate.weights(found, LIMITS, level).weights, 0.1)


def test_the_policy_without_arguments_is_that_of_the_default_settings():
    assert fixed(gates.Thresholds(0.70, 0.55, 1.0, 0.6, 0.2)) == Policy()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"favorable": 0.5}, "unfavorable must lie below favorable 0.5, was 0.55"),
        ({"neutral_exposure": 1.1}, r"neutral_exposure must lie in \[0, 1\], was 1.1"),
        ({"stale_exposure": math.nan}, r"stale_exposure must lie in \[0, 1\], was nan"),
        ({"boost": 0.0}, "boost must be > 0, was 0.0"),
        ({"decay": -1.0}, "decay must be >= 0, was -1.0"),
    ],
)
def test_numbers_that_are_no_policy_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        Policy(**numbers)


def test_a_decision_without_signal_universe_or_outcome_is_refused_by_name():
    rows = history(8)
    date = GRID[15]
    for key, column, message in [
        ("signals", "session", f"no market signal for {date.date()}"),
        ("universe", "rebalance_date", f"no rows of {date.date()}"),
    ]:
        with pytest.raises(ValueError, match=message):
            prepared(rows | {key: rows[key][rows[key][column] != date]})
    scored = rows["predictions"].query("rebalance_date == @date and prediction.notna()")["symbol"].iloc[0]
    known = rows["outcomes"]
    lost = (known["feature_date"] == date) & (known["symbol"] == scored)
    with pytest.raises(ValueError, match=f"no outcome of {scored}"):
        prepared(rows | {"outcomes": known[~lost]})
    with pytest.raises(ValueError, match="cost_frac >= 0"):
        prepared(rows, cost_frac=-0.1)
