"""Every asset check fails on the fault it is there for."""

import inspect

import dagster as dg
import pandas as pd
import pytest

from trade_assets import definitions, schemas
from trade_assets.assets import checks, time_checks
from trade_assets.domain import calendar
from trade_assets.settings import load
from trade_assets_tests.scenarios import system


def table_of(check):
    return check.check_key.asset_key.to_user_string()


CHECKS = {
    name: check
    for module in definitions.CHECKS
    for name, check in vars(module).items()
    if isinstance(check, dg.AssetChecksDefinition)
}
CLOSE = "every_instant_lies_before_the_close"
BOUNDED = {name: check for check in time_checks.KNOWN_AT_THE_CLOSE for name in [table_of(check)]}
LATE = [(name, column) for name in BOUNDED for column in time_checks.bounded(schemas.TABLES[name])]
LEAST_LATE = {"date": pd.Timedelta(days=1), "instant": pd.Timedelta(microseconds=1)}


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


def measured(metric, value, book="engine"):
    def change(f):
        at = (f["metric"] == metric) & (f["book"] == book) & (f["window"] == "since_start")
        return f.assign(value=f["value"].mask(at, value))

    return change


def killed_and_invested(f):
    return f.assign(is_killed=True, position_frac=0.5)


def crossed(f):
    return f.assign(q10=f["q90"] + 1.0)


def without_a_session(f):
    return f[f["session"] != sorted(f["session"].unique())[-2]]


def good_allocator(f):
    told = {
        "n_sessions": 300.0, "avg_monthly_return": 0.01, "calmar": 1.0, "edge_t": 2.0, "max_drawdown": -0.01,
        "turnover_monthly": 0.1, "negative_fold_rate": 0.3, "negative_year_rate": 0.1,
    }  # fmt: skip
    own = (f["window"] == "since_model") & (f["book"] == "allocated")
    poor = (f["window"] == "since_model") & (f["book"] == "engine")
    better = f["value"].mask(own, f["metric"].map(told).fillna(f["value"]))
    return f.assign(value=better.mask(poor, better.clip(upper=0.005)))


def lucky_allocator(f):
    return f.assign(value=f["value"].mask((f["metric"] == "edge_t") & (f["window"] == "since_model"), 1.0))


def fact(available_utc):
    """One figure whose filing is not known: its period and 45 days end on 2016-02-14."""
    row = {
        "symbol": "AAA", "fact": "revenue", "period_end": pd.Timestamp("2015-12-31"), "period_focus": "FY", "value": 1.0,
        "available_utc": pd.Timestamp(available_utc, tz="UTC"), "availability": "assumed",
        "rebalance_date": pd.Timestamp(system.keys()[-1]),
    }  # fmt: skip
    return schemas.check("fundamentals", schemas.TABLES["fundamentals"], pd.DataFrame([row]))


def into_the_embargo(f):
    return f.assign(test_first=f["test_first"] - pd.Timedelta(days=20))


def earlier_block(f):
    return f.assign(calibration_label_last=f["calibration_label_last"] + pd.Timedelta(days=4))


def known_a_bar_later(f):
    return f.assign(known_by_utc=f["known_by_utc"] + pd.Timedelta(days=5))


def without_a_stock_a_day(f):
    day = sorted(f["session"].unique())[-2]
    return f[(f["session"] != day) | (f["symbol"] != "AAPL")]


def cheaper(f):
    return f.assign(cost_usd=f["cost_usd"] * 0.99)


def lost_cash(f):
    cash = (f["symbol"] == "CASH") & (f["session"] == f["session"].max())
    return f.assign(value_usd=f["value_usd"].mask(cash, f["value_usd"] - 0.01))


def a_point_too_much(f):
    return f.assign(return_frac=f["return_frac"] + 1e-7)


FAULTS = {
    "facts_wait_until_they_are_public": ("fundamentals", lambda f: fact("2016-02-13 23:59")),
    "stock_folds_keep_their_embargo": ("stock_fold_manifest", into_the_embargo),
    "allocator_folds_keep_their_embargo": ("allocator_fold_manifest", earlier_block),
    "event_folds_keep_their_embargo": ("event_fold_manifest", known_a_bar_later),
    "bars_have_no_gaps": ("bars", without_a_stock_a_day),
    "fills_cost_at_least_commission_and_spread": ("portfolio_book", cheaper),
    "cash_is_accounted_for": ("portfolio_book", lost_cash),
    "returns_make_the_equity": ("portfolio_returns", a_point_too_much),
    "allocated_weights_and_cash_sum_to_one": ("allocation", lambda f: f.assign(cash=f["cash"] + 0.001)),
    "the_mix_moves_no_faster_than_its_cap": ("allocation", lambda f: f.assign(mix_qqq=f["held_mix"] + 0.21)),
    "utilities_are_known_after_their_horizon": ("allocator_dataset", lambda f: f.assign(label_end=f["session"])),
    "no_utility_reaches_its_test": (
        "allocator_fold_manifest",
        lambda f: f.assign(train_label_last=f["test_after"] + pd.Timedelta(days=1)),
    ),
    "the_allocator_is_accepted": ("allocator_report", lucky_allocator),
    "weights_of_every_cell_sum_to_one": ("candidate_portfolios", lambda f: f.assign(weight=f["weight"] * 1.001)),
    "the_grid_is_complete": ("candidate_portfolios", lambda f: f[f["construction"] != "hrp"]),
    "no_more_error_is_spent_than_stated": ("champion_model", lambda f: f.assign(alpha_spent=0.05)),
    "the_champion_has_qualified": ("champion_model", lambda f: f.assign(status="unqualified")),
    "weights_and_cash_sum_to_one": ("target_weights", lambda f: f.assign(weight=f["weight"] * 1.001)),
    "book_balances": ("portfolio_book", lambda f: f.assign(value_usd=f["value_usd"] + 1.0)),
    "quantiles_are_ordered": ("market_forecasts", lambda f: f.assign(tft_p10=f["tft_p90"] + 1.0)),
    "no_label_reaches_its_test": ("stock_fold_manifest", lambda f: f.assign(train_last=f["test_first"])),
    "every_feature_varies": ("stock_features", lambda f: f.assign(rsi_14=float("nan"))),
    "signals_are_fresh": ("market_signals", lambda f: f.assign(is_stale=True)),
    "index_bars_have_no_gaps": ("index_bars", without_a_session),
    "no_event_label_reaches_its_test": ("event_fold_manifest", lambda f: f.assign(known_by_utc=f["test_from_utc"])),
    "event_quantiles_are_ordered": ("event_scores", crossed),
    "event_book_is_the_mean_of_its_legs": ("event_book", lambda f: f.assign(book_return_frac=f["return_frac"] + 1e-6)),
    "a_killed_event_book_is_flat": ("event_book", killed_and_invested),
    "calmar_reaches_the_baseline": ("event_performance", measured("calmar", -9.0)),
    "drawdown_is_within_the_soft_limit": ("event_performance", measured("max_drawdown", -0.11)),
    "drawdown_is_within_the_hard_limit": ("event_performance", measured("max_drawdown", -0.13)),
    "trades_are_frequent_enough": ("event_performance", measured("trades_per_month", 4.9)),
    "no_fold_is_catastrophic": ("event_performance", measured("n_catastrophic_folds", 1.0)),
}
# What a small history does not reach by itself.
GOOD = {
    "facts_wait_until_they_are_public": lambda f: fact("2016-02-14"),
    "the_champion_has_qualified": lambda f: f.assign(status="qualified"),
    "the_allocator_is_accepted": good_allocator,
    "calmar_reaches_the_baseline": measured("calmar", 9.0),
    "drawdown_is_within_the_soft_limit": measured("max_drawdown", -0.1),
    "drawdown_is_within_the_hard_limit": measured("max_drawdown", -0.12),
    "trades_are_frequent_enough": measured("trades_per_month", 5.0),
    "no_fold_is_catastrophic": measured("n_catastrophic_folds", 0.0),
}


def others(check, keys):
    """What a check takes besides its table."""
    made = {"settings": load(), "bars": stored("bars", keys)}
    return {name: made[name] for name in list(inspect.signature(check).parameters)[1:]}


@pytest.mark.reliability("10")
def test_every_check_is_counted(figure):
    assert set(CHECKS) == set(FAULTS)
    figure(f"{len(CHECKS)} checks and {len(BOUNDED)} of instants, {len(FAULTS)} and {len(LATE)} faults, all caught")


@pytest.mark.reliability("10")
@pytest.mark.parametrize("name", FAULTS)
def test_a_check_passes_on_the_history_and_fails_on_its_fault(history, name):
    asset, fault = FAULTS[name]
    check = CHECKS[name].node_def.compute_fn.decorated_fn
    own = others(check, history[-5:])
    rows = GOOD.get(name, lambda f: f)(stored(asset, history[-5:]))
    clean, broken = check(rows, **own), check(fault(rows), **own)
    assert clean.passed or name == "every_feature_varies"
    assert not broken.passed
    if name != "every_feature_varies":
        assert history[-1] in broken.metadata["failing_keys"].text
    else:
        assert "rsi_14" in broken.description


def test_a_gate_tells_its_numbers_and_only_warns(history):
    check = checks.trades_are_frequent_enough.node_def.compute_fn.decorated_fn
    result = check(measured("trades_per_month", 1.5)(stored("event_performance", history[-1:])), settings=load())
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert (result.metadata["value"].value, result.metadata["limit"].value) == (1.5, 5.0)
    assert result.metadata["requirement"].text == "R-070"
    unknown = check(
        measured("trades_per_month", float("nan"))(stored("event_performance", history[-1:])), settings=load()
    )
    assert not unknown.passed
    assert unknown.metadata["value"].text == "undefined"


def test_a_gap_is_named(history):
    check = checks.index_bars_have_no_gaps.node_def.compute_fn.decorated_fn
    rows = stored("index_bars", history[-2:])
    missing = sorted(rows["session"].unique())[3]
    result = check(rows[(rows["session"] != missing) | (rows["symbol"] != "SP500")], settings=load())
    assert f"SP500 {missing.date()} 1 of 1" in result.description
    assert "NASDAQ" not in result.description


@pytest.mark.parametrize("name", FAULTS)
def test_a_check_bears_a_table_without_rows(history, name):
    check = CHECKS[name].node_def.compute_fn.decorated_fn
    own = others(check, history[-1:])
    assert check(stored(FAULTS[name][0], history[-1:]).iloc[:0], **own).passed


@pytest.mark.reliability("10")
@pytest.mark.parametrize("name", BOUNDED)
def test_every_date_and_instant_of_a_table_is_bounded_by_the_close(history, name):
    check, table = BOUNDED[name].node_def.compute_fn.decorated_fn, schemas.TABLES[name]
    rows = fact("2016-02-14") if name == "fundamentals" else stored(name, history)
    assert check(rows).passed
    assert check(rows.iloc[:0]).passed
    last, date = rows.index[-1], rows["rebalance_date"].iloc[-1]
    closes = {"date": date, "instant": calendar.close_utc(pd.DatetimeIndex([date]))[0]}
    for column, kind in time_checks.bounded(table).items():
        at_the_close = rows.assign(**{column: rows[column].mask(rows.index == last, closes[kind])})
        late = rows.assign(**{column: rows[column].mask(rows.index == last, closes[kind] + LEAST_LATE[kind])})
        assert check(at_the_close).passed
        found = check(late)
        assert not found.passed
        assert found.metadata["late_columns"].text == column
        assert found.metadata["failing_keys"].text == f"{date.date()}"


def test_only_what_is_declared_may_lie_ahead_of_the_close():
    ahead = {(n, c) for n, t in schemas.TABLES.items() for c, column in t.columns.items() if column.may_lie_ahead}
    assert ahead == {
        ("events", "entry_utc"), ("events", "exit_horizon_utc"),
        ("event_fold_manifest", "test_to_utc"), ("allocator_fold_manifest", "test_last"),
    }  # fmt: skip
    for name, table in schemas.TABLES.items():
        if table.partition == "rebalance_date" and name not in BOUNDED:
            assert not [c for c in table.columns.values() if c.kind in ("date", "instant")][1:], name


def test_the_checks_run_with_the_job(history):
    result = system.materialise(history[-1:], files=system.base(), checked=True)
    ran = {
        e.event_specific_data.check_name for e in result.all_events if e.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert ran == {*FAULTS, CLOSE}
    assert definitions.build_definitions().asset_checks
