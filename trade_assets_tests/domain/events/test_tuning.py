"""What a trial is worth: by hand on small tables, and on a small market blind to all that comes after its date."""

from dataclasses import replace
from itertools import pairwise
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from trade_assets import schemas
from trade_assets.domain import calendar, search, tuned
from trade_assets.domain.events import folds, policy, record, tuning
from trade_assets.domain.events.scores import Gates
from trade_assets.domain.events.sleeve import Fills
from trade_assets.domain.search import Trial
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.events.test_policy import OWN
from trade_assets_tests.generators import SESSIONS, event_history

PLAN = folds.Plan(
    train_months=8, calibration_months=1, calibration_events=20, embargo_bars=5, inner_folds=3, half_life_months=12.0
)
LIMITS = tuning.Limits(history_months=12, drawdown_cap=0.12, min_trades_per_month=5.0)
FILLS = Fills(horizon_bars=5, enters_at_open=True, opens_are_real=True, min_holding_bars=1, cooldown_bars=1)
POLICY = replace(
    OWN, gates=Gates(0.0, 1.0, 1.0),
    models=replace(OWN.models, num_boost_round=8, min_train_rows=30, early_stopping_min_rows=10, platt_from_rows=10),
)  # fmt: skip
MARKET, DATES, (EVENTS, OUTCOMES, FEATURES) = event_history(5)
ROWS = tuning.Rows(EVENTS, OUTCOMES, FEATURES)
AT = DATES.dates[48]
CLOSE = dict(zip(DATES.dates, calendar.close_utc(DATES.dates), strict=True))


def prepared(rows=ROWS, market=MARKET, date=AT, **changed):
    how = {"policy": POLICY, "plan": PLAN, "fills": FILLS, "limits": LIMITS} | changed
    return tuning.prepared(rows, market, date, DATES, **how)


def until(date):
    """The history as it was known at a date."""
    ended, decided = OUTCOMES["rebalance_date"] <= date, EVENTS["rebalance_date"] <= date
    rows = tuning.Rows(EVENTS[decided], OUTCOMES[ended], FEATURES[decided.to_numpy()])
    n = int((MARKET.grid["session"] <= date).sum())
    arrays = {k: v[:n] for k, v in vars(MARKET.panel).items() if isinstance(v, np.ndarray)}
    panel = replace(MARKET.panel, sessions=MARKET.panel.sessions[:n], **arrays)
    return rows, replace(MARKET, grid=MARKET.grid.iloc[:n], panel=panel)


FOUND = prepared(*until(AT))
VALUES = policy.values_of(POLICY)


def daily_of(blocks):
    """Sessions of a book: one list of (return, entries) a block."""
    rows, day = [], iter(SESSIONS)
    for block in blocks:
        sessions = [next(day) for _ in block]
        rows += [(sessions[-1], s, r, n) for s, (r, n) in zip(sessions, block, strict=True)]
    return pd.DataFrame(rows, columns=["rebalance_date", "session", "book_return_frac", "n_entries"])


def objective(daily, cap=1.0, least=0.0):
    return tuning.objective(daily, drawdown_cap=cap, min_trades_per_month=least)


def yearly(total, sessions):
    """Compound yearly growth from the weekday before the first session on."""
    days = (sessions[-1] - (sessions[0] - pd.tseries.offsets.BDay())).days
    return (1 + total) ** (365.25 / days) - 1


STILL = [(0.0, 1)] * 10


def test_the_objective_is_the_median_of_the_rolling_calmar_ratios():
    daily = daily_of(
        [[(-0.02, 1), *STILL[1:]], *[STILL] * 24, [(0.05, 1), *STILL[1:]], [(-0.04, 1), *STILL[1:]], STILL]
    )
    sessions = pd.DatetimeIndex(daily["session"])
    first = yearly(0.98 * 1.05 - 1, sessions[:260]) / 0.02
    second = yearly(1.05 * 0.96 - 1, sessions[10:270]) / 0.04
    third = yearly(1.05 * 0.96 - 1, sessions[20:280]) / 0.04
    assert objective(daily) == pytest.approx(np.median([first, second, third]), rel=1e-9)


def test_a_year_without_a_fall_is_measured_against_one_per_cent():
    daily = daily_of([[(0.03, 1), *STILL[1:]], *[STILL] * 25])
    assert objective(daily) == pytest.approx(yearly(0.03, pd.DatetimeIndex(daily["session"])) / 0.01)
    assert objective(daily_of([STILL] * 26)) == 0.0


def test_a_losing_year_is_not_better_for_a_deeper_fall_on_the_way():
    shallow = daily_of([[(-0.05, 1), *STILL[1:]], *[STILL] * 25])
    deep = daily_of([[(-0.5, 1), (0.9, 1), *STILL[2:]], *[STILL] * 25])  # the same loss in the end
    worse = daily_of([[(-0.06, 1), *STILL[1:]], *[STILL] * 25])
    assert objective(deep) == pytest.approx(objective(shallow))
    assert objective(worse) < objective(shallow) < 0


def test_drawdown_beyond_the_cap_costs_ten_points_a_point():
    daily = daily_of([[(-0.03, 1), *STILL[1:]], *[STILL] * 25])
    free = objective(daily)
    assert objective(daily, cap=0.03) == pytest.approx(free)
    assert objective(daily, cap=0.01) == pytest.approx(free - 10 * 0.02)


def test_too_few_trades_cost_the_share_that_is_missing():
    daily = daily_of([STILL] * 26)  # one entry a session, so 21 a month
    assert objective(daily, least=21.0) == 0.0
    assert objective(daily, least=42.0) == pytest.approx(-0.5)
    assert objective(daily.assign(n_entries=0), least=5.0) == -1.0
    assert objective(daily.assign(n_entries=0), least=0.0) == 0.0


def test_blocks_are_those_of_the_rebalances_and_multiply_up():
    daily = daily_of([[(0.01, 1), (0.02, 0)], [(-0.03, 2)], [(0.0, 0)] * 3])
    found = tuning.blocks_of(daily)
    assert found["dates"] == [f"{d:%Y-%m-%d}" for d in daily["rebalance_date"].unique()]
    assert found["returns"] == pytest.approx([1.01 * 1.02 - 1, -0.03, 0.0])
    assert found["entries"] == [1, 2, 0]


def test_while_history_is_short_there_is_no_search():
    assert prepared(date=DATES.dates[24]) is None  # no year of tests yet
    assert prepared(date=DATES.dates[27]) is None  # hardly an event before them
    assert prepared(policy=replace(POLICY, models=replace(POLICY.models, min_train_rows=10_000))) is None


@pytest.mark.parametrize(("months", "years"), [(12, 1), (13, 2)])
def test_tests_are_consecutive_whole_years_that_end_at_the_date(months, years):
    date = DATES.dates[-1] if years == 2 else AT
    plan = replace(PLAN, train_months=2, calibration_events=5)
    found = prepared(date=date, plan=plan, limits=replace(LIMITS, history_months=months),
                     policy=replace(POLICY, models=replace(POLICY.models, min_train_rows=0)))  # fmt: skip
    at = DATES.position(date)
    edges = [DATES.dates[at - 26 * n] for n in range(years, -1, -1)]
    assert len(found.folds) == years
    for fold, (begin, end) in zip(found.folds, pairwise(edges), strict=True):
        decided = EVENTS["decision_utc"]
        wanted = EVENTS[(decided > CLOSE[begin]) & (decided <= CLOSE[end])]
        assert_same_bytes(fold.events, wanted.reset_index(drop=True))
        assert fold.fit.test_first == CLOSE[begin]
        assert_same_bytes(fold.features["decision_utc"], fold.events["decision_utc"])
    assert found.sessions["session"].tolist() == [s for s in SESSIONS if edges[0] < s <= date]
    assert found.sessions["rebalance_date"].nunique() == 26 * years


def test_a_fold_is_fitted_on_what_was_known_when_its_tests_began():
    for fold in FOUND.folds:
        for rows in (fold.fit.train, fold.fit.calibration):
            assert len(rows)
            assert (rows["label_end_utc"] <= fold.fit.test_first).all()
        assert (fold.events["decision_utc"] > fold.fit.test_first).all()
        assert len(fold.inner) == 1
        assert (fold.inner[0].test["label_end_utc"] <= fold.fit.test_first).all()


def evaluated(found, values=VALUES):
    """Value and blocks of a trial, and the sessions of its book."""
    books, sessions = [], record.sessions
    with mock.patch.object(record, "sessions", lambda rows: books.append(sessions(rows)) or books[-1]):
        value, kept = tuning.evaluate(found, values)
    return value, kept, books[0]


def test_a_trial_trades_and_its_blocks_multiply_up_to_its_book():
    value, kept, daily = evaluated(FOUND)
    total = (1 + daily["book_return_frac"]).prod() - 1
    assert np.prod(1 + np.array(kept["returns"])) - 1 == pytest.approx(total, rel=1e-12)
    assert total != 0
    assert sum(kept["entries"]) == daily["n_entries"].sum() > 20
    at = DATES.position(AT)
    assert kept["dates"] == [f"{d:%Y-%m-%d}" for d in DATES.dates[at - 25 : at + 1]]
    assert value == tuning.objective(daily, drawdown_cap=0.12, min_trades_per_month=5.0)
    assert np.isfinite(value)


def test_the_parameters_of_a_trial_are_those_it_is_judged_by():
    outcome = {name: tuning.evaluate(FOUND, VALUES | change) for name, change in {
        "own": {}, "models": {"learning_rate": 0.2, "num_leaves": 8, "max_depth": 4}, "gates": {"k": 4.0},
        "sizes": {"kelly_share": 0.05, "volatility_target": 0.05}}.items()}  # fmt: skip
    assert len({value for value, _ in outcome.values()}) == len(outcome)
    assert sum(outcome["gates"][1]["entries"]) < sum(outcome["own"][1]["entries"])


def test_rows_and_bars_later_than_the_date_change_no_byte():
    late = prepared()
    assert tuning.identity(replace(late, legs=FOUND.legs)) == tuning.identity(FOUND)
    assert tuning.evaluate(late, VALUES) == tuning.evaluate(FOUND, VALUES)
    later = (OUTCOMES["rebalance_date"] > AT).to_numpy()
    outcomes = OUTCOMES.assign(net_logret=OUTCOMES["net_logret"].mask(later, 1.0))
    outcomes = outcomes.assign(y=outcomes["y"].mask(later, 1.0))
    ahead = (FEATURES["decision_utc"] > CLOSE[AT]).to_numpy()
    features = FEATURES.assign(**{c: FEATURES[c].mask(ahead, 9.0) for c in FEATURES.columns[3:]})
    changed = prepared(tuning.Rows(EVENTS, outcomes, features))
    assert tuning.evaluate(changed, VALUES) == tuning.evaluate(FOUND, VALUES)


def of_first(found, **changed):
    return replace(found, folds=[replace(found.folds[0], **changed), *found.folds[1:]])


def bars_with(name):
    panel = FOUND.legs.panel
    values = getattr(panel, name).copy()
    values[-3, 0] *= 1.001
    return replace(FOUND, legs=replace(FOUND.legs, panel=replace(panel, **{name: values})))


def test_the_identity_is_that_of_all_a_trial_reads():
    fold = FOUND.folds[0]
    train = fold.fit.train.assign(x_move_5=fold.fit.train["x_move_5"] + 1e-9)
    others = {
        "an open": bars_with("open"), "a high": bars_with("high"), "a low": bars_with("low"),
        "a close": bars_with("close"), "a dividend": bars_with("gross"),
        "a feature of a training event": of_first(FOUND, fit=replace(fold.fit, train=train)),
        "a feature of a test event": of_first(FOUND, features=fold.features.assign(x_move_1=0.0)),
        "a stop": of_first(FOUND, events=fold.events.assign(b_sl=fold.events["b_sl"] * 1.01)),
        "a cost": of_first(FOUND, events=fold.events.assign(cost_rt=0.01)),
        "a gate": replace(FOUND, policy=replace(POLICY, gates=Gates(1.0, 1.0, 1.0))),
        "the fills": replace(FOUND, fills=replace(FILLS, cooldown_bars=2)),
        "the limits": replace(FOUND, limits=replace(LIMITS, drawdown_cap=0.2)),
    }  # fmt: skip
    found = {name: tuning.identity(other) for name, other in others.items()} | {"itself": tuning.identity(FOUND)}
    assert len(set(found.values())) == len(found)
    assert tuning.identity(prepared(*until(AT))) == tuning.identity(FOUND)


def test_where_no_test_has_an_event_a_trial_stays_in_cash():
    empty = [replace(f, events=f.events.iloc[:0], features=f.features.iloc[:0]) for f in FOUND.folds]
    value, kept = tuning.evaluate(replace(FOUND, folds=empty), VALUES)
    assert value == -1.0  # no growth, no fall, no trade
    assert set(kept["returns"]) == {0.0}


def test_a_fold_with_too_few_rows_to_fit_trades_nothing():
    poor = [replace(f, fit=replace(f.fit, train=f.fit.train.iloc[:5])) for f in FOUND.folds]
    assert set(tuning.evaluate(replace(FOUND, folds=poor), VALUES)[1]["entries"]) == {0}


def test_a_trial_is_a_table_with_a_row_a_block():
    value, kept = tuning.evaluate(FOUND, VALUES)
    table = tuned.trial_rows(AT, "events", Trial(3, VALUES, value, kept))
    checked = schemas.check("trials", schemas.TABLES["trials"], table)
    assert len(checked) == 26
    assert np.prod(1 + checked["return_frac"]) - 1 == pytest.approx(np.prod(1 + np.array(kept["returns"])) - 1)


def test_a_search_of_trials_keeps_the_best_and_repeats_itself():
    def run(n):
        return search.run(
            lambda values: tuning.evaluate(FOUND, values), policy.SPACE, VALUES, n_trials=n, seed=1, study="s"
        )

    found = run(3)
    assert run(2) == found[:2]
    assert search.best(found).value == max(t.value for t in found) >= found[0].value
