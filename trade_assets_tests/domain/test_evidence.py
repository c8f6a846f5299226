"""What is known at a decision is what had been earned by then, on rebalances that every candidate has."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain import evidence, grid
from trade_assets.domain.grid import BASELINE
from trade_assets.domain.overfitting import superiority
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.test_champion import CELLS, FOUND, GRID, JUDGED, earned

REGIMES = np.array(["favorable", "neutral", "unfavorable"])


def signals(seed: int = 0) -> pd.DataFrame:
    rng, days = np.random.default_rng(seed), GRID.sessions()["session"]
    return pd.DataFrame({"session": days, "market_regime": REGIMES[rng.integers(0, 3, len(days))]})


def told(rows: pd.DataFrame, date: pd.Timestamp, **how) -> pd.DataFrame:
    found = evidence.at_decisions(rows, dates=pd.DatetimeIndex([date]), grid_dates=GRID, last=40)[date]
    own = {"signals": signals(), "tried": pd.DataFrame()} | how
    return evidence.table(found, own["signals"], own["tried"], date=date, terms=JUDGED)


def test_what_is_earned_later_and_what_is_shown_later_changes_nothing():
    date = GRID.dates[70]
    later = FOUND["rebalance_date"] > date
    poisoned = FOUND.assign(return_frac=FOUND["return_frac"].mask(later, 0.9))
    moved = signals().assign(market_regime=lambda s: s["market_regime"].mask(s["session"] >= date, "favorable"))
    assert_same_bytes(told(FOUND, date), told(poisoned, date))
    assert_same_bytes(told(FOUND, date), told(FOUND, date, signals=moved))


def test_signals_before_the_window_change_nothing():
    date, session = GRID.dates[70], signals()["session"]
    window = GRID.window(date, last=40)
    first = GRID.dates[GRID.position(window[0]) - 1]
    inside = signals()[session > first]
    assert_same_bytes(told(FOUND, date), told(FOUND, date, signals=inside))


def test_the_order_of_the_rows_changes_nothing():
    shuffled = FOUND.sample(frac=1.0, random_state=3)
    assert_same_bytes(told(FOUND, GRID.dates[60]), told(shuffled, GRID.dates[60]))


def test_a_rebalance_on_which_a_candidate_is_missing_does_not_count():
    gap = (FOUND["rebalance_date"] == GRID.dates[50]) & (FOUND["model"] == CELLS[0][0])
    found = evidence.earned(FOUND[~gap & (FOUND["rebalance_date"] <= GRID.dates[60])])
    assert found is not None
    assert GRID.dates[50] not in found.dates
    assert len(found.dates) == 59


def test_a_candidate_that_is_no_longer_there_is_not_waited_for():
    gone = (FOUND["rebalance_date"] > GRID.dates[40]) & (FOUND["model"] == "xgboost")
    found = evidence.earned(FOUND[~gone & (FOUND["rebalance_date"] <= GRID.dates[60])])
    assert found is not None
    assert {model for model, _ in found.cells} == {"lightgbm", "ridge_stack"}
    assert len(found.dates) == 60


def test_a_period_is_its_sessions_compounded():
    rows = FOUND[FOUND["rebalance_date"] <= GRID.dates[3]]
    found = evidence.earned(rows)
    assert found is not None
    own = rows[(rows["model"] == CELLS[1][0]) & (rows["construction"] == CELLS[1][1])]
    expected = own.groupby("rebalance_date")["return_frac"].apply(lambda r: np.prod(1 + r) - 1).to_numpy()
    np.testing.assert_allclose(found.of(found.cells[found.cells.index(CELLS[1])]), expected, rtol=1e-12)
    assert not any(cell == BASELINE for cell in found.cells)


def test_every_trial_of_every_search_is_counted():
    rng, blocks = np.random.default_rng(1), GRID.dates[:12]
    parts = [
        pd.DataFrame({"rebalance_date": GRID.dates[at], "study": "xgboost", "trial": trial, "block": blocks, "return_frac": rng.normal(0, 0.01, 12)})
        for at in (20, 40)
        for trial in range(5)
    ]  # fmt: skip
    own = told(FOUND, GRID.dates[60], tried=pd.concat(parts, ignore_index=True))
    whole = own[(own["model"] == "grid")].set_index("metric")["value"]
    none = told(FOUND, GRID.dates[60])
    without = none[none["model"] == "grid"].set_index("metric")["value"]
    assert whole["n_search_trials"] == 10
    assert whole["n_effective"] > without["n_effective"]
    assert whole["luck_sharpe"] > without["luck_sharpe"]


def test_one_good_candidate_among_poor_ones_is_not_refused_for_its_company():
    best = {("lightgbm", "hrp"): 0.003} | dict.fromkeys([c for c in CELLS if c != ("lightgbm", "hrp")], -0.003)
    own = told(earned(60, best), GRID.dates[60])
    figures = own[own["metric"] == "deflated_sharpe"].set_index(["model", "construction"])["value"]
    assert figures["lightgbm", "hrp"] > 0.99


def test_the_p_value_is_that_of_the_family():
    own = told(FOUND, GRID.dates[60])
    rows = evidence.at_decisions(FOUND, dates=GRID.dates[60:61], grid_dates=GRID, last=40)[GRID.dates[60]]
    p = superiority.adjusted(rows.active(), seed=42, block=evidence.BLOCK_REBALANCES, reps=500)
    stored = own[own["metric"] == "superiority_p"].sort_values(["model", "construction"])["value"].to_numpy()
    assert stored.tolist() == pytest.approx(p.tolist(), abs=0)


def test_nothing_earned_is_no_evidence():
    assert evidence.earned(earned(5).iloc[:0]) is None
    assert evidence.at_decisions(FOUND.iloc[:0], dates=GRID.dates[:3], grid_dates=GRID, last=10) == {}
    only = FOUND[grid.is_baseline(FOUND)]
    assert evidence.earned(only) is None
