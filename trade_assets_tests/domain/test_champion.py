"""A candidate is put in force on evidence only, and what was in force on a day is never changed afterwards."""

import functools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, champion, evidence
from trade_assets.domain.champion import Terms
from trade_assets.domain.grid import BASELINE
from trade_assets.domain.overfitting.score import WEIGHTS, Thresholds
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW

GRID = calendar.rebalances(pd.Timestamp("2010-01-04"), pd.Timestamp("2010-01-04"), pd.Timestamp("2016-12-30"), every=10)
NO_FLOOR = Thresholds(-9.0, -1.0, -9.0, 1.0)
TERMS = Terms(("ridge_stack", "rank_decay"), NO_FLOOR, 0.05, 40, 3, 0.05, 0.5, 1.0, 1.0, 42, 500)
JUDGED = evidence.Terms(WEIGHTS, NO_FLOOR, 42, 500)
EVERY, LAST = 10, 60
CELLS = [(m, c) for m in ("lightgbm", "ridge_stack", "xgboost") for c in ("hrp", "rank_decay")]


def earned(n: int, edge: dict[tuple[str, str], float] | None = None, *, seed: int = 0) -> pd.DataFrame:
    """Rows of ``candidate_returns`` of ``n`` rebalances; ``edge`` is what a cell earns a session above the baseline."""
    rng, dates = np.random.default_rng(seed), GRID.between(GRID.dates[1], GRID.dates[n])
    days = dates.sessions()
    market, parts = rng.normal(0.0003, 0.008, len(days)), []
    for cell in [*CELLS, BASELINE]:
        noise = np.zeros(len(days)) if cell == BASELINE else rng.normal((edge or {}).get(cell, 0.0), 0.003, len(days))
        parts.append(
            days[["rebalance_date", "session"]].assign(
                model=cell[0], construction=cell[1], return_frac=market + noise, cost_frac=0.0, turnover_frac=0.01
            )
        )
    return pd.concat(parts, ignore_index=True)


def selected(
    rows: pd.DataFrame,
    *,
    terms: Terms = TERMS,
    previous: pd.DataFrame | None = None,
    rollbacks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rows of ``champion_model`` at every date of ``rows`` not in ``previous``."""
    previous = pd.DataFrame(columns=champion.COLUMNS) if previous is None else previous
    seen = rows["rebalance_date"].unique()
    first = GRID.dates[0] if not len(previous) else GRID.dates[GRID.position(previous["rebalance_date"].max()) + 1]
    dates = GRID.between(first, pd.Timestamp(max(seen)))
    found = evidence.at_decisions(rows, dates=dates.retrain_dates(EVERY), grid_dates=GRID, last=LAST)
    signals = pd.DataFrame({"session": GRID.sessions()["session"], "market_regime": "neutral"})
    made = [evidence.table(f, signals, pd.DataFrame(), date=d, terms=JUDGED) for d, f in found.items()]
    told = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=evidence.COLUMNS)
    own = rows[rows["rebalance_date"].isin(dates.dates)]
    return champion.in_force(own, told, found, previous, dates=dates, terms=terms, rollbacks=rollbacks)


def champions(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["role"] == "champion"].reset_index(drop=True)


GOOD = ("lightgbm", "hrp")
FOUND = earned(120, {GOOD: 0.0015})


@functools.cache
def whole() -> pd.DataFrame:
    """The whole history of ``FOUND``, computed once."""
    return selected(FOUND)


def test_before_the_first_decision_the_incumbent_of_the_settings_is_in_force_unqualified():
    rows = champions(selected(earned(30)))
    assert set(zip(rows["model"], rows["construction"], rows["status"], strict=True)) == {
        (*TERMS.incumbent, "unqualified")
    }
    assert rows["reason"].str.startswith(champion.NOTHING).all()
    assert rows["alpha_spent"].eq(0.0).all()


def test_a_candidate_that_earns_more_is_found_and_stays():
    rows = champions(whole())
    now = rows.iloc[-1]
    assert (now["model"], now["construction"], now["status"]) == (*GOOD, "qualified")
    assert now["since"] == rows.loc[rows["status"] == "qualified", "rebalance_date"].iloc[0]
    assert 40 <= rows.loc[rows["status"] == "qualified", "n_rebalances"].iloc[0] <= 60
    assert (rows["status"] == "qualified").is_monotonic_increasing


def test_nothing_qualifies_where_every_candidate_is_the_market_and_noise():
    rows = champions(selected(earned(120, seed=3)))
    assert set(rows["status"]) == {"unqualified"}
    assert "stays in force" in rows["reason"].iloc[-1]


def test_a_threshold_that_is_missed_keeps_the_incumbent_and_says_so():
    rows = champions(selected(FOUND, terms=replace(TERMS, thresholds=Thresholds(9.0, -1.0, -9.0, 1.0))))
    assert set(rows["status"]) == {"unqualified"}
    assert "Sharpe ratio of" in rows["reason"].iloc[-1]


def test_what_replaces_a_qualified_champion_must_beat_it():
    better = FOUND.copy()
    rows = champions(selected(FOUND[FOUND["rebalance_date"] <= GRID.dates[60]]))
    assert rows["status"].iloc[-1] == "qualified"
    late = better["rebalance_date"] > GRID.dates[60]
    twin = better["model"].eq("xgboost") & better["construction"].eq("hrp")
    own = better["model"].eq(GOOD[0]) & better["construction"].eq(GOOD[1])
    better.loc[twin, "return_frac"] = better.loc[own, "return_frac"].to_numpy() + 1e-6
    kept = champions(selected(better[late | (better["rebalance_date"] > GRID.dates[0])]))
    changes = kept[kept["status"] == "qualified"][["model", "construction"]].drop_duplicates()
    assert len(changes) == 1


@FEW
@given(cut=st.integers(20, 119))
def test_the_champion_as_of_a_date_is_the_same_whatever_comes_later(cut):
    alone = selected(FOUND[FOUND["rebalance_date"] <= GRID.dates[cut]])
    assert_same_bytes(whole()[whole()["rebalance_date"] <= GRID.dates[cut]].reset_index(drop=True), alone)


@FEW
@given(cut=st.integers(1, 119))
def test_a_history_continued_from_its_last_row_is_the_history_in_one(cut):
    first = selected(FOUND[FOUND["rebalance_date"] <= GRID.dates[cut]])
    rest = selected(FOUND, previous=first[first["rebalance_date"] == GRID.dates[cut]].reset_index(drop=True))
    assert_same_bytes(whole(), pd.concat([first, rest], ignore_index=True))


def test_error_probability_is_spent_at_every_look_and_never_all_of_it():
    rows = champions(selected(earned(150)))
    spent = rows["alpha_spent"].to_numpy()
    assert (np.diff(spent) >= 0).all()
    assert 0 < spent[-1] < TERMS.alpha


def test_the_runner_up_is_second_by_score():
    rows = whole()
    last = rows[rows["rebalance_date"] == rows["rebalance_date"].max()].set_index("role")
    assert last.loc["challenger", "score"] <= last.loc["champion", "score"]
    assert tuple(last.loc["challenger", ["model", "construction"]]) != GOOD


def test_a_figure_that_is_not_known_passes_no_gate():
    row = {"superiority_p": math.nan, "deflated_sharpe": math.nan}
    whole = {"pbo": math.nan, "probability_of_loss": math.nan}
    assert not any(gate.passed for gate in champion.gates(row, whole, level=0.05, terms=TERMS))


@pytest.mark.parametrize("name", ["superiority_p", "deflated_sharpe"])
def test_each_gate_alone_can_refuse(name):
    row = {
        "sharpe": 2.0,
        "max_drawdown": -0.1,
        "calmar": 1.0,
        "turnover": 0.2,
        "superiority_p": 0.001,
        "deflated_sharpe": 0.9,
    }
    whole = {"pbo": 0.1, "probability_of_loss": 0.1}
    assert all(gate.passed for gate in champion.gates(row, whole, level=0.01, terms=TERMS))
    bad = {"superiority_p": 0.02, "deflated_sharpe": 0.4}
    every = champion.gates(row | {name: bad[name]}, whole, level=0.01, terms=TERMS)
    assert [gate.passed for gate in every].count(False) == 1


def taken_back(date: pd.Timestamp, cell: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "recorded_utc": [date.tz_localize("UTC") - pd.Timedelta(days=1)],
            "actor": ["a person"],
            "reason": ["it broke"],
        }
    ).assign(model=cell[0], construction=cell[1])


def test_a_rollback_holds_from_the_next_rebalance_on_and_changes_nothing_before():
    rows, date, cell = whole(), GRID.dates[80], ("ridge_stack", "hrp")
    back = champions(selected(FOUND, rollbacks=taken_back(date, cell)))
    before = back["rebalance_date"] < date
    assert_same_bytes(back[before], champions(rows)[before])
    now = back[~before].iloc[0]
    assert (now["rebalance_date"], now["model"], now["construction"], now["status"]) == (date, *cell, "rolled_back")
    assert "by a person: it broke" in now["reason"]


def test_what_was_taken_back_must_be_beaten_anew():
    back = champions(selected(FOUND, rollbacks=taken_back(GRID.dates[61], ("ridge_stack", "hrp"))))
    last = back.iloc[-1]
    assert (last["model"], last["construction"], last["status"]) == (*GOOD, "qualified")
    assert "Test against the one in force, ridge_stack with hrp" in " ".join(back["reason"].unique())
