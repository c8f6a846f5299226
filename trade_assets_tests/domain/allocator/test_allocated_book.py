"""The allocated book: weights and cash always sum to one, nothing moves faster than it may, money is never made by counting."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trade_assets.domain.allocator import book, mixes, utility
from trade_assets.domain.allocator.book import Rulebook
from trade_assets.domain.allocator.envelope import Limits
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.models import Model
from trade_assets.domain.allocator.policy import Rules
from trade_assets_tests import reference, reliability
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS
from trade_assets_tests.sleeves import histories, sleeves

WEIGHTS = utility.weights_of(11)
MADE = pd.Timestamp("2002-12-31")


@st.composite
def rulebooks(draw) -> Rulebook:
    warn = draw(st.sampled_from([0.02, 0.05]))
    return Rulebook(
        Rules(
            alpha=draw(st.sampled_from([0.0, 0.5, 0.9])),
            daily_cap=draw(st.sampled_from([0.02, 0.1, 1.0])),
            band=draw(st.sampled_from([0.0, 0.02, 0.2])),
            lambda_tc=draw(st.sampled_from([0.0, 1.0])),
            cost_frac=draw(st.sampled_from([0.0, 0.0003, 0.01])),
        ),
        Limits(warn, 0.12, 0.25, draw(st.sampled_from([0.02, 0.1])), 0.1, 0.5, 0.5, 0.02, 0.1),
    )


def rows_of(legs: Legs) -> pd.DataFrame:
    """Sessions of five to a rebalance, the first model in force from the second on."""
    number = np.arange(len(legs.sessions)) // 5
    last = pd.Series(legs.sessions).groupby(number).last()
    decided = last.shift(1).reindex(number).reset_index(drop=True)
    return pd.DataFrame(
        {"rebalance_date": last.reindex(number).to_numpy(), "session": legs.sessions, "decided_at": decided}
    )


def features_of(sessions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Features with holes: confidence that is missing, volatility that is zero, drift that is not known."""
    rng = np.random.default_rng(seed)
    values = np.abs(rng.normal(0.0, 0.01, (len(sessions), len(FEATURES))))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[rng.random(values.shape) < 0.1] = 0.0
    told = pd.DataFrame(values, columns=list(FEATURES)).assign(
        sleeve_correlation_63=rng.choice([np.nan, -1.0, 0.3, 1.0], len(sessions)),
        drift_intensity=rng.choice([np.nan, 0.0, 0.3, 5.0], len(sessions)),
    )
    return pd.concat([sessions[["rebalance_date", "session"]], told], axis=1)


def model_of(seed: int) -> Model:
    """A model that says something else of every row."""
    worth = np.random.default_rng(seed).normal(0.0, 0.01, (11, 11))

    def probability(x: np.ndarray) -> np.ndarray:
        odds = np.abs(np.sin(1000 * np.nan_to_num(x)[:, :11] + np.arange(11))) + 0.01
        return odds / odds.sum(axis=1, keepdims=True)

    return Model(probability, worth)


def run(legs: Legs, rulebook: Rulebook, seed: int, start: book.Book | None = None, first: int = 0) -> pd.DataFrame:
    sessions = rows_of(legs)
    models = {date: model_of(seed + i) for i, date in enumerate(sessions["decided_at"].dropna().unique()) if i % 3}
    inside = sessions.iloc[first:].reset_index(drop=True)
    features = features_of(sessions, seed).iloc[first:].reset_index(drop=True)
    books = dict.fromkeys(sessions["rebalance_date"], rulebook)
    return book.run(
        start or book.opening(legs), legs, inside, features, models=models, rulebooks=books, weights=WEIGHTS
    )


@settings(max_examples=reliability.count(100, 1000))
@given(history=histories(), rulebook=rulebooks(), seed=SEEDS)
def test_weights_are_shares_that_sum_to_one_and_move_no_faster_than_they_may(history, rulebook, seed):
    rows = run(history, rulebook, seed)
    weights = rows[["w_qqq", "w_spy", "cash"]].to_numpy()
    assert ((weights >= 0) & (weights <= 1 + 1e-12)).all()
    assert np.abs(weights.sum(axis=1) - 1.0).max() <= 1e-9
    held = rows[["held_qqq", "held_spy"]].to_numpy()
    assert (held >= 0).all()
    assert (held.sum(axis=1) <= 1 + 1e-9).all()
    moved = (rows["mix_qqq"] - rows["held_mix"]).abs()
    assert moved.max() <= rulebook.rules.daily_cap + 1e-12
    assert (moved[moved > 0] >= rulebook.rules.band - 1e-12).all()
    rises = rows["gross"] - rows["held_qqq"] - rows["held_spy"]
    assert rises.max() <= rulebook.limits.daily_cap + 1e-12
    assert np.isfinite(rows.drop(columns="expected_utility").select_dtypes("number").to_numpy()).all()


@given(history=histories(min_sessions=2), rulebook=rulebooks(), seed=SEEDS)
def test_equity_equals_money_counted_sleeve_by_sleeve(history, rulebook, seed):
    rows = run(history, rulebook, seed)
    targets = [
        (w, s) if traded else None for w, s, traded in zip(rows["w_qqq"], rows["w_spy"], rows["is_traded"], strict=True)
    ]
    counted = reference.allocated_equity(
        history.gross.tolist(), history.position.tolist(), targets, qqq=0.5, spy=0.5, cost_frac=rulebook.rules.cost_frac
    )
    assert rows["equity"].to_numpy() == pytest.approx(np.array(counted), rel=1e-12)
    assert np.cumprod(1.0 + rows["return_frac"].to_numpy()) == pytest.approx(rows["equity"].to_numpy(), rel=1e-12)


@given(history=histories(min_sessions=12), rulebook=rulebooks(), seed=SEEDS, cut=st.integers(1, 11))
def test_a_book_that_stopped_and_went_on_is_the_book_that_did_not(history, rulebook, seed, cut):
    whole = run(history, rulebook, seed)
    went_on = run(history, rulebook, seed, book.restored(whole.iloc[:cut]), first=cut)
    for name in whole.columns:
        assert_same_bytes(whole[name].iloc[cut:].to_numpy().copy(), went_on[name].to_numpy().copy())


@given(history=histories(min_sessions=12), rulebook=rulebooks(), seed=SEEDS, cut=st.integers(1, 11))
def test_no_weight_changes_when_the_future_is_removed(history, rulebook, seed, cut):
    whole = run(history, rulebook, seed)
    known = Legs(
        history.sessions[:cut], history.gross[:cut], history.position[:cut], history.engine[:cut], history.present
    )
    sessions = rows_of(history).iloc[:cut]
    models = {
        date: model_of(seed + i) for i, date in enumerate(rows_of(history)["decided_at"].dropna().unique()) if i % 3
    }
    books = dict.fromkeys(sessions["rebalance_date"], rulebook)
    features = features_of(rows_of(history), seed).iloc[:cut]
    again = book.run(book.opening(known), known, sessions, features, models=models, rulebooks=books, weights=WEIGHTS)
    for name in whole.columns:
        assert_same_bytes(whole[name].iloc[:cut].to_numpy().copy(), again[name].to_numpy().copy())


@pytest.mark.parametrize(
    ("present", "weights"), [((True, False), (1.0, 0.0)), ((False, True), (0.0, 1.0)), ((False, False), (0.0, 0.0))]
)
def test_a_leg_that_is_alone_has_all_of_the_book_and_no_leg_leaves_cash(present, weights):
    legs = sleeves(np.zeros((20, 2)), present=present)
    rows = run(
        legs, Rulebook(Rules(0.5, 0.1, 0.02, 1.0, 0.0), Limits(0.05, 0.12, 0.25, 0.1, 0.1, 0.5, 0.5, 0.02, 0.1)), 0
    )
    calm = rows["drawdown_guard"] * rows["volatility_scale"] * rows["drift_throttle"] == 1.0
    assert not rows["has_model"].any()
    assert (rows.loc[calm, "w_spy"] == 0.0).all() or weights[1] == 1.0
    assert (rows["w_qqq"] / rows[["w_qqq", "w_spy"]].sum(axis=1)).dropna().unique().tolist() in ([weights[0]], [])


@given(history=histories(min_sessions=2))
def test_a_constant_mix_earns_its_parts_less_what_restoring_it_costs(history):
    free = mixes.returns(history, np.array([0.0, 0.3, 1.0]), cost_frac=0.0)
    parts = history.gross - 1.0
    assert free[:, 0] == pytest.approx(parts[:, 1])
    assert free[:, 2] == pytest.approx(parts[:, 0])
    assert free[:, 1] == pytest.approx(0.3 * parts[:, 0] + 0.7 * parts[:, 1])
    paid = mixes.returns(history, np.array([0.0, 0.3, 1.0]), cost_frac=0.01)
    assert (paid <= free + 1e-15).all()
    assert paid[:, 0] == pytest.approx(free[:, 0])


@given(history=histories(), n=st.integers(1, 30))
def test_the_best_mix_known_is_the_one_that_grew_most_so_far(history, n):
    every = mixes.returns(history, utility.weights_of(5), cost_frac=0.0)
    best = mixes.best_known(every, window_sessions=n)
    for t in range(len(every)):
        growth = np.prod(1.0 + every[max(0, t + 1 - n) : t + 1], axis=0)
        assert growth[best[t]] == pytest.approx(growth.max(), rel=1e-9)
