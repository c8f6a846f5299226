"""What must hold before an order is offered: every rule passes at its limit and fails just beyond it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from trade_assets.domain import costs, prices
from trade_assets.domain.live import account, day, safety
from trade_assets.domain.live.day import Inputs, Market
from trade_assets_tests.generators import CALM, FEW, SESSIONS, SYMBOLS, market_bars, weights
from trade_assets_tests.live_books import EQUITY, LIMITS, STRATEGY, TERMS, entry, held_rows, propose, quoted, wished

BIT = 1e-6
TEN = dict.fromkeys(SYMBOLS[:10], 0.1)
FREE = replace(
    LIMITS, max_position_frac=9.0, max_sector_weight=None, max_turnover=9.0, single_trade_warn=9.0,
    single_trade_max=9.0, max_cost_frac=9.0, max_bucket_weight=None,
)  # fmt: skip


def planned(held, wanted, *, quotes=None, missing=(), terms=TERMS):
    rows = held_rows(held)
    wanted = wanted if isinstance(wanted, pd.DataFrame) else wished(wanted)
    return safety.plan(propose(rows, wanted, quotes, terms), rows, wanted, set(missing))


def gate(name, plan, limits=LIMITS):
    """The check of that name among all."""
    return next(check for check in safety.checks(plan, limits) if check.name == name)


def verdict(check):
    return "passed" if check.passed else check.severity


def test_every_check_is_made_in_the_order_of_the_requirements():
    made = safety.checks(planned({}, {"AAA": 0.1}), LIMITS)
    assert [c.requirement for c in made] == [
        "R-190", "R-191", "R-192", "R-193", "R-194", "R-195", "R-196", "R-197", "R-202", "R-179", "R-201", "F-58",
    ]  # fmt: skip
    assert len({c.name for c in made}) == 12
    assert all(c.sentence.endswith(".") for c in made)


def test_portfolio_constraints():
    """A book within every limit passes every check, and one far outside fails those it breaks."""
    start = dict.fromkeys(SYMBOLS[:10], 0.05)
    assert all(c.passed for c in safety.checks(planned(start, dict.fromkeys(start, 0.07)), LIMITS))
    broken = {c.name for c in safety.checks(planned(start, {"AAA": 0.9, "BBB": 0.9}), LIMITS) if not c.passed}
    assert broken == {"Largest position", "Turnover into new risk", "Largest buy", "Cash after the orders"}


@FEW
@given(before=weights(6), after=weights(6))
def test_the_planned_book_is_what_the_orders_make_of_the_one_there_is(before, after):
    names = SYMBOLS[:6]
    plan = planned({s: w for s, w in zip(names, before, strict=True) if w}, dict(zip(names, after, strict=True)))
    made = plan.after.set_index("symbol")["weight"].reindex(names).fillna(0.0)
    np.testing.assert_allclose(made, after, atol=1e-12)
    assert plan.cash_frac == pytest.approx(1 - after.sum(), abs=1e-12)
    assert gate("Weights and cash sum to 1", plan).passed


@pytest.mark.parametrize(("off", "expected"), [(0.0, "passed"), (0.9e-9, "passed"), (-0.9e-9, "passed"), (2e-9, "error"), (-2e-9, "error")])  # fmt: skip
def test_weights_and_cash_are_the_whole_book(off, expected):
    plan = planned({}, TEN)
    found = gate("Weights and cash sum to 1", replace(plan, cash_frac=plan.cash_frac + off))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (pytest.approx(abs(off), abs=1e-12), 1e-9)


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [(0.10, 0.15, "passed"), (0.10, 0.15 + BIT, "error"), (0.15, 0.15, "passed"), (0.15 + BIT, 0.15 + BIT, "warn"), (0.40, 0.20, "warn")],
)  # fmt: skip
def test_no_buy_makes_a_position_too_large(held, wanted, expected):
    found = gate("Largest position", planned({"AAA": held, "BBB": 0.01}, {"AAA": wanted, "BBB": 0.01}))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (pytest.approx(wanted), pytest.approx(0.15))
    assert "AAA" in found.sentence


def in_sectors(held, wanted, sector, limits=LIMITS):
    return gate("Largest sector", planned(held, wished(wanted, sector=sector)), limits)


def test_sector_limits():
    """No buy makes a sector too large; one that grew by itself, or is sold, is a warning."""
    sector = {"AAA": "Tech", "BBB": "Tech", "CCC": "Energy"}
    for second, expected in ((0.20, "passed"), (0.20 + 2 * BIT, "error")):
        found = in_sectors({"AAA": 0.1}, {"AAA": 0.1, "BBB": second, "CCC": 0.2}, sector)
        assert verdict(found) == expected
        assert (found.value, found.limit) == (pytest.approx(0.1 + second), pytest.approx(0.3, abs=2e-6))
        assert "Tech" in found.sentence
    grown = {"AAA": 0.2, "BBB": 0.2}
    assert verdict(in_sectors(grown, grown, sector)) == "warn"
    assert verdict(in_sectors(grown, {"AAA": 0.2, "BBB": 0.15}, sector)) == "warn"


def test_a_sector_that_buys_is_found_beside_a_larger_one_that_grew_by_itself():
    sector = {"AAA": "Tech", "CCC": "Energy", "DDD": "Energy"}
    found = in_sectors({"AAA": 0.45, "CCC": 0.3}, {"AAA": 0.45, "CCC": 0.3, "DDD": 0.05}, sector)
    assert verdict(found) == "error"
    assert "Energy" in found.sentence
    assert found.value == pytest.approx(0.35)


def test_stocks_of_no_known_sector_are_one_sector():
    held, wanted, sector = {"AAA": 0.2}, {"AAA": 0.2, "BBB": 0.2, "CCC": 0.1}, {"CCC": "Tech"}
    assert verdict(in_sectors(held, wanted, sector)) == "error"
    for unknown, limits, why in (({}, LIMITS, "the source gives"), (sector, FREE, "this strategy has")):
        found = in_sectors(held, wanted, unknown, limits)
        assert verdict(found) == "passed"
        assert found.sentence == f"Not checked: {why} no sectors."


@pytest.mark.parametrize(("weight", "expected"), [(0.0, "passed"), (-0.9e-9, "passed"), (-2e-9, "error")])
def test_nothing_is_sold_short(weight, expected):
    plan = planned({}, TEN)
    short = plan.after.assign(weight=plan.after["weight"].where(plan.after["symbol"] != "CCC", weight))
    found = gate("Long only", replace(plan, after=short))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (weight, -1e-9)


@pytest.mark.parametrize(
    ("held", "wanted", "value", "expected"),
    [
        ({"AAA": 0.1}, {"AAA": 0.5}, 0.4, "passed"),
        ({"AAA": 0.1}, {"AAA": 0.3, "BBB": 0.2 + BIT}, 0.4 + BIT, "error"),
        ({"AAA": 0.9}, {"BBB": 0.4}, 0.4, "passed"),  # what is sold does not count
        ({"AAA": 1.0}, {"AAA": 0.2}, 0.0, "passed"),
        ({}, {"AAA": 0.5, "BBB": 0.5}, 1.0, "passed"),  # the first build is free
    ],
)
def test_new_risk_of_a_session_is_limited_and_selling_is_free(held, wanted, value, expected):
    found = gate("Turnover into new risk", planned(held, wanted))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (pytest.approx(value), pytest.approx(0.4))


@pytest.mark.parametrize(
    ("bought", "expected", "limit"),
    [(0.10, "passed", 0.1), (0.10 + BIT, "warn", 0.1), (0.15, "warn", 0.1), (0.15 + BIT, "error", 0.15)],
)
def test_one_buy_warns_above_the_first_limit_and_is_refused_above_the_second(bought, expected, limit):
    found = gate("Largest buy", planned({"AAA": 0.05}, {"AAA": 0.05 + bought}))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (pytest.approx(bought), pytest.approx(limit))


def test_neither_a_sale_nor_the_first_build_is_too_large_a_trade():
    assert verdict(gate("Largest buy", planned({"AAA": 0.9}, {"AAA": 0.1}))) == "passed"
    first = gate("Largest buy", planned({}, {"AAA": 0.9}))
    assert verdict(first) == "passed"
    assert "First build" in first.sentence


@pytest.mark.parametrize(("bps", "expected"), [(50.0, "passed"), (50.01, "error")])
def test_cost_estimation(bps, expected):
    """Estimated costs are a share of the book, and more than the limit is refused."""
    dear = replace(TERMS, policy=replace(TERMS.policy, rates=costs.Rates(bps, 0.0, 0.0)))
    found = gate("Estimated costs", planned({}, TEN, terms=dear))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (pytest.approx(bps / 1e4, rel=1e-12), 0.005)


OPEN = replace(LIMITS, max_bucket_weight={"large_cap": 0.8, "mid_cap": 0.75, "small_cap": 0.75})


@pytest.mark.parametrize(
    ("large", "mid", "small", "limits", "value", "limit", "expected"),
    [
        (0.75, 0.25, 0.0, LIMITS, 0.75, 0.30, "passed"),
        (0.75 - BIT, 0.25 + BIT, 0.0, LIMITS, 0.25 + BIT, 0.25, "error"),
        (0.95, 0.0, 0.05, LIMITS, 0.95, 0.30, "passed"),
        (0.95 - BIT, 0.0, 0.05 + BIT, LIMITS, 0.05 + BIT, 0.05, "error"),
        (0.80, 0.20, 0.0, OPEN, 0.80, 0.30, "passed"),
        (0.80 + BIT, 0.20 - BIT, 0.0, OPEN, 0.80 + BIT, 0.80, "error"),
        (0.30, 0.70, 0.0, OPEN, 0.30, 0.30, "passed"),
        (0.30 - BIT, 0.70 + BIT, 0.0, OPEN, 0.30 - BIT, 0.30, "error"),
    ],
)
@pytest.mark.parametrize("invested", [1.0, 0.2])
def test_sizes_of_companies_are_shares_of_what_is_invested(large, mid, small, limits, value, limit, expected, invested):
    size = {"AAA": "large_cap", "BBB": "mid_cap", "CCC": "small_cap"}
    wanted = {s: invested * w for s, w in zip(size, (large, mid, small), strict=True) if w}
    found = gate("Sizes of companies", planned({}, wished(wanted, size_bucket=size)), limits)
    assert verdict(found) == expected
    assert (found.value, found.limit) == (pytest.approx(value), pytest.approx(limit))
    assert ("at least 30% large" in found.sentence) == (large < 0.3)
    if expected == "error":
        grown = gate("Sizes of companies", planned(wanted, wished(wanted, size_bucket=size)), limits)
        assert verdict(grown) == "warn"


def test_sizes_nobody_knows_are_not_checked():
    assert gate("Sizes of companies", planned({}, TEN)).sentence.startswith("Not checked: the source")
    known = wished(TEN, size_bucket=dict.fromkeys(TEN, "small_cap"))
    assert gate("Sizes of companies", planned({}, known), FREE).sentence.startswith("Not checked: this strategy")


@pytest.mark.parametrize(("limit", "expected"), [(3, "passed"), (2, "error")])
def test_orders_of_a_session_are_counted_those_held_are_not(limit, expected):
    plan = planned({"AAA": 0.1, "BBB": 0.1, "CCC": 0.1}, {"AAA": 0.1, "BBB": 0.05, "CCC": 0.0, "DDD": 0.1})
    found = gate("Orders today", plan, replace(LIMITS, max_daily_trades=limit))
    assert verdict(found) == expected
    assert (found.value, found.limit) == (3, limit)


@pytest.mark.parametrize(("volume", "flags", "expected"), [(200_000.0, 0, "passed"), (199_999.0, 1, "warn"), (np.nan, 0, "passed")])  # fmt: skip
def test_liquidity_validation(volume, flags, expected):
    """An order above 5 % of a day's volume warns by name; where no volume is known nothing is said."""
    plan = planned({}, {"AAA": 0.1, "BBB": 0.01}, quotes=quoted(volume={"AAA": volume, "BBB": 1e9}))
    found = gate("Liquidity", plan)
    assert verdict(found) == expected
    assert (found.value, found.limit) == (flags, 0.0)
    assert ("AAA" in found.sentence) == bool(flags)


@pytest.mark.parametrize(("second", "expected"), [(0.5, "passed"), (0.5 + BIT, "error")])
def test_orders_leave_no_debt(second, expected):
    found = gate("Cash after the orders", planned({"AAA": 0.5}, {"AAA": 0.5, "BBB": second}))
    assert verdict(found) == expected
    assert found.value == pytest.approx(0.5 - second, abs=1e-12)


@pytest.mark.parametrize(("missing", "expected"), [(0, "passed"), (1, "warn"), (5, "warn"), (6, "error")])
def test_more_than_half_of_the_prices_missing_blocks_everything(missing, expected):
    gone = SYMBOLS[:missing]
    there = quoted(price={s: 10.0 for s in TEN if s not in gone})
    plan = planned(dict.fromkeys(TEN, 0.05), TEN, quotes=there, missing=gone)
    found = gate("Valid prices", plan)
    assert verdict(found) == expected
    assert (found.value, found.limit) == (missing / 10, 0.5 if missing else 0.0)
    traded = plan.proposal.orders.set_index("symbol")["shares"]
    assert set(traded[traded == 0].index) == set(gone)


@pytest.mark.parametrize("held", [{}, {"AAA": 0.1}])
@pytest.mark.parametrize(("n_missing", "expected"), [(0, "passed"), (5, "warn"), (6, "error")])
def test_what_is_wanted_and_has_no_price_is_missing_though_it_is_not_held(held, n_missing, expected):
    bars = market_bars(1, sessions=70, symbols=10, hazards=CALM)
    last = SESSIONS[69]
    gone = SYMBOLS[10 - n_missing : 10]
    panel = prices.panel(bars[~((bars["session"] == last) & bars["symbol"].isin(gone))])
    rows = held_rows(held, session=last)
    decision = day.decide(STRATEGY, rows, wished(TEN), Market(panel, 69), [], Inputs((), float("nan")))
    found = next(c for c in decision.checks if c.name == "Valid prices")
    assert verdict(found) == expected
    assert found.value == n_missing / 10
    assert not set(decision.proposal.orders.query("shares != 0")["symbol"]) & set(gone)


def test_without_validation_the_checks_of_orders_warn_and_the_kill_switch_still_stops():
    panel = prices.panel(market_bars(1, sessions=70, symbols=2, hazards=CALM))
    before, today = (held_rows({}, equity=usd, session=SESSIONS[at]) for usd, at in ((EQUITY, 68), (0.9 * EQUITY, 69)))
    strategy = replace(STRATEGY, is_validated=False)
    how = (pd.concat([before, today]), wished({"AAA": 0.9}), Market(panel, 69), [], Inputs((), float("nan")))
    assert {c.name for c in day.decide(STRATEGY, *how).failed} == {"Largest position", "Daily loss"}
    decision = day.decide(strategy, *how)
    assert [c.name for c in decision.failed] == [c.name for c in day.trips(decision)] == ["Daily loss"]
    assert "Largest position" in {c.name for c in decision.checks if not c.passed}


def test_one_error_blocks_every_order_and_a_warning_none():
    own = account.account(account.daily(held_rows({"AAA": 0.2})), since=None)
    proposal = propose({"AAA": 0.2}, {"AAA": 0.1, "BBB": 0.05})
    good, warns, fails = (
        replace(gate("Orders today", planned({}, TEN)), passed=p, severity=s)
        for p, s in ((True, "error"), (False, "warn"), (False, "error"))
    )
    stopped = entry("trip 1", "trip", SESSIONS[0], reason="a loss")
    for checks, tripped, status in (
        ((good, warns), None, "proposed"), ((good, warns, fails), None, "blocked"), ((good, warns), stopped, "blocked"),
    ):  # fmt: skip
        decision = day.Decision(proposal, checks, own, tripped)
        assert decision.may_trade == (status == "proposed")
        assert set(day.table(decision, "stocks", SESSIONS[0], offered="proposed")["status"]) == {status}
        placed = "placed" if status == "proposed" else "blocked"
        assert set(day.table(decision, "stocks", SESSIONS[0], offered="placed")["status"]) == {placed}
        report = day.report(decision, "stocks", SESSIONS[0])
        assert report["is_passed"].tolist() == [tripped is None, *(c.passed for c in checks)]
    assert EQUITY == pytest.approx(own.equity_usd)
