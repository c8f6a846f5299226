"""Conformal bands: an obvious loop gives the same bits, the future does not matter, and they hold what they say."""

import math
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events import conformal
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS

START = pd.Timestamp("2019-01-02", tz="UTC")


def hours(count):
    return START + pd.to_timedelta(count, unit="h")


def events(seed, n, *, ties=False, longest=40):
    """Events in no order, some decided or known at the same time; quantiles too narrow or far too wide."""
    rng = np.random.default_rng(seed)
    decided = rng.integers(0, 2 * n + 1, n)
    middle, width = rng.normal(0, 1, n), rng.choice([0.1, 1.0, 6.0], n)
    y = rng.normal(0, 1, n)
    if ties:
        middle, y = np.round(middle), np.round(y)
    return pd.DataFrame(
        {
            "decided_utc": hours(decided),
            "known_utc": hours(decided + rng.integers(1, longest, n)),
            "q_low": middle - width,
            "q_high": middle + width,
            "y": y,
        }
    )


def asked_of(seed, n, *, span):
    rng = np.random.default_rng(seed + 1)
    low = rng.normal(0, 1, n)
    decided = hours(rng.integers(-5, span, n))
    return pd.DataFrame({"decided_utc": decided, "q_low": low, "q_high": low + rng.choice([0.0, 0.5, 5.0], n)})


def obvious(known, asked, *, alpha, gamma, window, min_known):
    """One asked row after the other, one event after the other."""

    def margin(scores, alpha_t):
        if len(scores) < min_known:
            return None
        rank = math.ceil((1 - alpha_t) * (len(scores) + 1) - 1e-9)
        return sorted(scores)[min(rank, len(scores)) - 1]

    rows = []
    for row in asked.itertuples():
        seen = sorted(
            (e.known_utc, e.decided_utc, e.q_low, e.q_high, e.y)
            for e in known.itertuples()
            if e.known_utc <= row.decided_utc
        )[-window:]
        scored = [(known_utc, decided, max(low - y, y - high)) for known_utc, decided, low, high, y in seen]
        alpha_t = alpha
        for _, decided, score in scored:
            q = margin([s for known_utc, _, s in scored if known_utc <= decided], alpha_t)
            if q is not None:
                alpha_t = min(max(alpha_t + gamma * (alpha - (score > q)), 0.001), 0.5)
        q = margin([s for _, _, s in scored], alpha_t) or 0.0
        low, high = row.q_low - q, row.q_high + q
        if low > high:
            low = high = (row.q_low + row.q_high) / 2
        rows.append((low, high, alpha_t, len(scored)))
    columns = list(zip(*rows, strict=True)) or [[]] * 4
    kinds = {"low": float, "high": float, "alpha_t": float, "n_known": int}
    return pd.DataFrame(
        {name: np.array(column, dtype=kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )


PARAMETERS = {"alpha": 0.2, "gamma": 0.05, "window": 20, "min_known": 5}


@given(
    seed=SEEDS,
    n=st.integers(0, 80),
    ties=st.booleans(),
    alpha=st.sampled_from([0.001, 0.1, 0.2, 1 / 3, 0.5]),
    gamma=st.sampled_from([0.0, 0.005, 0.05, 1.0]),
    window=st.integers(1, 40),
    data=st.data(),
)
def test_an_obvious_loop_gives_the_same_bits(seed, n, ties, alpha, gamma, window, data):
    parameters = {"alpha": alpha, "gamma": gamma, "window": window, "min_known": data.draw(st.integers(1, window))}
    known, asked = events(seed, n, ties=ties), asked_of(seed, 15, span=2 * n + 50)
    assert_same_bytes(conformal.bands(known, asked, **parameters), obvious(known, asked, **parameters))


@given(seed=SEEDS, n=st.integers(1, 80), day=st.integers(0, 200), data=st.data())
def test_neither_later_events_nor_other_rows_nor_row_order_change_a_band(seed, n, day, data):
    known, asked = events(seed, n), asked_of(seed, 10, span=2 * n + 50)
    every = conformal.bands(known, asked, **PARAMETERS)
    past = asked["decided_utc"] <= hours(day)
    shuffled = known[known["known_utc"] <= hours(day)].sample(frac=1, random_state=seed % 1000)
    assert_same_bytes(every[past], conformal.bands(shuffled, asked[past], **PARAMETERS))
    one = data.draw(st.integers(0, len(asked) - 1))
    assert_same_bytes(every[one : one + 1], conformal.bands(known, asked[one : one + 1], **PARAMETERS))


@given(seed=SEEDS, n=st.integers(0, 80))
def test_only_the_last_events_of_the_window_count(seed, n):
    known, asked = events(seed, n), asked_of(seed, 1, span=2 * n + 50)
    seen = known[known["known_utc"] <= asked["decided_utc"].iloc[0]]
    last = seen.sort_values(["known_utc", "decided_utc", "q_low", "q_high", "y"]).tail(PARAMETERS["window"])
    found = conformal.bands(known, asked, **PARAMETERS)
    assert found["n_known"].iloc[0] == len(last)
    assert_same_bytes(found, conformal.bands(last, asked, **PARAMETERS))


@given(seed=SEEDS, n=st.integers(0, 80), gamma=st.sampled_from([0.0, 0.1, 2.0]))
def test_bands_never_cross_and_alpha_stays_in_its_range(seed, n, gamma):
    found = conformal.bands(events(seed, n), asked_of(seed, 20, span=2 * n + 50), **PARAMETERS | {"gamma": gamma})
    assert (found["low"] <= found["high"]).all()
    assert found["alpha_t"].between(0.001, 0.5).all()
    assert gamma > 0 or (found["alpha_t"] == 0.2).all()


def test_too_few_known_events_leave_the_quantiles_and_alpha():
    asked = asked_of(0, 8, span=50)
    for n in (0, 4):
        found = conformal.bands(events(0, n), asked.set_axis(list("abcdefgh")), **PARAMETERS)
        assert list(found.index) == list("abcdefgh")
        np.testing.assert_array_equal(found[["low", "high"]], asked[["q_low", "q_high"]])
        assert (found["alpha_t"] == 0.2).all()


def test_no_asked_rows_give_no_bands_and_events_with_a_null_are_not_known():
    known = events(0, 50)
    assert len(conformal.bands(known, asked_of(0, 0, span=9), **PARAMETERS)) == 0
    missing = known.assign(y=known["y"].where(np.arange(50) % 2 == 0))
    asked = asked_of(0, 10, span=200)
    assert_same_bytes(conformal.bands(missing, asked, **PARAMETERS), conformal.bands(known[::2], asked, **PARAMETERS))


def test_times_in_another_unit_are_the_same_times():
    known, asked = events(0, 50), asked_of(0, 10, span=200)
    coarse = asked.assign(decided_utc=asked["decided_utc"].dt.as_unit("s"))
    assert_same_bytes(conformal.bands(known, asked, **PARAMETERS), conformal.bands(known, coarse, **PARAMETERS))


def test_a_known_case_by_hand():
    known = pd.DataFrame({"decided_utc": hours(range(4)), "q_low": -1.0, "q_high": 1.0, "y": [1.5, 0.0, -3.0, 1.2]})
    known = known.assign(known_utc=known["decided_utc"] + pd.Timedelta(hours=1))
    asked = pd.DataFrame({"decided_utc": [hours(4)], "q_low": [0.0], "q_high": [0.1]})
    # scores 0.5, -1, 2, 0.2; the third event falls outside the larger of the first two, the others inside
    found = conformal.bands(known, asked, alpha=0.4, gamma=0.1, window=4, min_known=2).iloc[0]
    assert found["alpha_t"] == pytest.approx(0.4 - 0.06 + 0.04)
    assert found["high"] == 0.1 + 2.0  # the 4th of 4, ceil(0.62 * 5)
    assert found["low"] == 0.0 - 2.0
    assert found["n_known"] == 4


@pytest.mark.parametrize("alpha", [0.1, 0.2])
def test_coverage_is_as_said_on_a_series_that_drifts(alpha):
    n = 6000
    rng = np.random.default_rng(3)
    spread = np.exp(np.sin(np.arange(n) / 400)) * np.linspace(0.5, 3, n)
    y = rng.normal(0, spread)
    known = pd.DataFrame({"decided_utc": hours(np.arange(n)), "q_low": -1.0, "q_high": 1.0, "y": y})
    known = known.assign(known_utc=known["decided_utc"] + pd.Timedelta(hours=5))
    found = conformal.bands(known, known, alpha=alpha, gamma=0.02, window=250, min_known=50)
    inside = ((y >= found["low"]) & (y <= found["high"]))[300:]
    raw = (np.abs(y) <= 1)[300:]
    assert inside.mean() == pytest.approx(1 - alpha, abs=0.015)
    assert raw.mean() < 1 - alpha - 0.1
    # through calm and storm: no stretch of a thousand events strays far
    assert np.abs(inside.groupby(np.arange(len(inside)) // 1000).mean() - (1 - alpha)).max() < 0.05


def test_five_thousand_rows_take_less_than_two_seconds():
    known, asked = events(0, 5000), asked_of(0, 5000, span=10_000)
    began = time.process_time()
    conformal.bands(known, asked, **PARAMETERS | {"window": 250, "min_known": 50})
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.0}, {"alpha": 0.6}, {"gamma": -0.1}, {"min_known": 0}, {"min_known": 21}]
)
def test_a_parameter_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be .*, was {next(iter(wrong.values()))}"):
        conformal.bands(events(0, 5), asked_of(0, 2, span=5), **PARAMETERS | wrong)


def test_an_outcome_known_by_its_decision_is_refused():
    known = events(0, 5)
    with pytest.raises(ValueError, match="known_utc must be after decided_utc"):
        conformal.bands(known.assign(known_utc=known["decided_utc"]), asked_of(0, 2, span=5), **PARAMETERS)
