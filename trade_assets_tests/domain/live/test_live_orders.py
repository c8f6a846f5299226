"""The orders of a live session: when there are any, what they say, and what holds them back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import costs
from trade_assets.domain.live import orders
from trade_assets_tests.generators import SEEDS, SYMBOLS, weights
from trade_assets_tests.live_books import EQUITY, TERMS, held_rows, propose, quoted, wished

NAMES = SYMBOLS[:6]
RATES = costs.Rates(1.0, 2.0, 1.0)


def terms(**changes):
    """Terms with another policy."""
    return replace(TERMS, policy=replace(TERMS.policy, **changes))


def by_symbol(proposal):
    return proposal.orders.set_index("symbol", drop=False)


@st.composite
def proposals(draw, *, whole=False, single_trade_max=9.0):
    """What is held, and the orders toward other weights, at prices that moved."""
    before, after = draw(weights(6)), draw(weights(6))
    rng = np.random.default_rng(draw(SEEDS))
    held = held_rows({s: w for s, w in zip(NAMES, before, strict=True) if w})
    quotes = quoted(price=dict(zip(NAMES, rng.uniform(5, 300, 6), strict=True)), volume=1e6)
    own = replace(terms(whole_shares=whole, rates=RATES), single_trade_max=single_trade_max)
    return held.set_index("symbol")["shares"], propose(held, dict(zip(NAMES, after, strict=True)), quotes, own)


@given(made=proposals())
def test_calculate_trade_sizes(made):
    """Shares are signed, notional is shares times price, its size stands beside it, and the side follows."""
    held, proposal = made
    for order in proposal.orders.itertuples():
        assert order.notional_usd == order.shares * order.price_usd
        assert order.abs_notional_usd == abs(order.notional_usd)
        assert order.side == ("BUY" if order.shares > 0 else "SELL" if order.shares < 0 else "HOLD")
        assert order.weight_change == pytest.approx(order.notional_usd / EQUITY, abs=1e-15)
        if order.target_weight == 0:
            assert order.shares == -held[order.symbol]
        else:
            assert order.held_weight + order.weight_change == pytest.approx(order.target_weight, abs=1e-6) or (
                order.shares == -held[order.symbol]
            )


@given(made=proposals())
def test_estimated_costs_are_commission_and_the_rest(made):
    orders_, total = made[1].orders, orders.total_costs(made[1].orders)
    size = orders_["notional_usd"].abs()
    np.testing.assert_allclose(orders_["commission_est_usd"], size * 1e-4)
    impact = 0.01 * np.sqrt(size / 1e6)
    np.testing.assert_allclose(orders_["slippage_est_usd"], size * (2e-4 + impact), atol=1e-12)
    np.testing.assert_allclose(orders_["cost_est_usd"], size * (3e-4 + impact), atol=1e-12)
    assert total["total_usd"] == pytest.approx(orders_["cost_est_usd"].sum(), abs=1e-9)
    assert total["commission_usd"] == pytest.approx(size.sum() * 1e-4)


@given(before=weights(6), after=weights(6))
def test_turnover_calculation(before, after):
    """Half the sum of absolute changes, cash included; new risk is what is bought alone."""
    held, wanted = ({s: float(w) for s, w in zip(NAMES, x, strict=True) if w} for x in (before, after))
    change = [wanted.get(s, 0.0) - held.get(s, 0.0) for s in NAMES]
    made = propose(held, dict.fromkeys(NAMES, 0.0) | wanted).orders
    assert orders.turnover(made) == pytest.approx((sum(map(abs, change)) + abs(sum(change))) / 2, abs=1e-9)
    assert orders.increase(made) == pytest.approx(sum(c for c in change if c > 0), abs=1e-9)


@pytest.mark.parametrize(
    ("volume", "share", "warns"), [(100_000.0, 0.05, False), (99_999.0, 0.05, True), (np.nan, np.nan, False), (0.0, np.nan, False)]
)  # fmt: skip
def test_liquidity_filtering(volume, share, warns):
    """An order is flagged above 5 % of a day's dollar volume, bought or sold; unknown volume is no flag."""
    made = by_symbol(propose({"AAA": 0.05}, {"BBB": 0.05}, quoted(volume=volume)))
    for symbol in ("AAA", "BBB"):
        assert made.loc[symbol, "volume_share"] == pytest.approx(share, rel=1e-4, nan_ok=True)
        assert made.loc[symbol, "liquidity_warning"] == warns


@given(made=proposals(whole=True))
def test_whole_shares_are_rounded_toward_zero_and_exits_sell_all(made):
    held, proposal = made
    for order in proposal.orders.itertuples():
        if order.target_weight == 0 or order.shares == -held.get(order.symbol, 0.0):
            assert order.shares == -held.get(order.symbol, 0.0)
            continue
        exact = (order.target_weight - order.held_weight) * EQUITY / order.price_usd
        assert order.shares == int(order.shares)
        assert order.shares * exact >= 0
        assert abs(order.shares) - 1e-6 < abs(exact) < abs(order.shares) + 1 + 1e-6


def test_a_fraction_of_a_share_is_an_option():
    assert by_symbol(propose({}, {"AAA": 0.10005}, terms=terms(whole_shares=True))).loc["AAA", "shares"] == 1000
    assert by_symbol(propose({}, {"AAA": 0.10005})).loc["AAA", "shares"] == pytest.approx(1000.5)


def test_a_full_exit_is_never_too_small_to_trade():
    own = terms(min_trade_usd=5_000.0, hold_band_frac=0.05, hold_band_share=0.5)
    made = by_symbol(propose({"AAA": 0.001, "BBB": 0.1, "CCC": 0.1}, {"BBB": 0.11, "CCC": 0.2}, terms=own))
    assert made["action"].to_dict() == {"AAA": "SELL", "BBB": "HOLD", "CCC": "ADD"}
    assert made.loc["AAA", "shares"] == -10.0


@given(before=weights(6), after=weights(6), limit=st.floats(0.01, 0.3), whole=st.booleans())
def test_buys_are_scaled_together_until_none_is_too_large_and_sales_are_not(before, after, limit, whole):
    held, wanted = ({s: float(w) for s, w in zip(NAMES, x, strict=True) if w} for x in (before, after))
    wanted = dict.fromkeys(NAMES, 0.0) | wanted
    own = terms(whole_shares=whole)
    free, bound = (by_symbol(propose(held, wanted, terms=own, single_trade_max=m)) for m in (9.0, limit))
    largest = free["weight_change"].max() if len(free) else 0.0
    factor = limit / largest if held and largest > limit else 1.0
    expected = free["shares"].where(free["shares"] <= 0, free["shares"] * factor)
    expected = np.trunc(expected) if whole and factor < 1 else expected
    np.testing.assert_allclose(bound["shares"], expected, rtol=1e-12)
    assert factor == 1.0 or bound["weight_change"].max() <= limit * (1 + 1e-12)
    np.testing.assert_allclose(bound["weight_change"], bound["notional_usd"] / EQUITY, atol=1e-15)
    np.testing.assert_allclose(bound["cost_est_usd"], bound["abs_notional_usd"] * 3e-4, atol=1e-12)
    assert ((bound["action"] == "HOLD") == (bound["shares"] == 0)).all()


DRIFT = {"AAA": 0.3125, "BBB": 0.25}


@pytest.mark.parametrize(
    ("base", "decided", "trigger"),
    [
        ({"AAA": 0.3125, "BBB": 0.25}, False, "no decision today"),
        ({"AAA": 0.25, "BBB": 0.25}, False, "no decision today"),
        ({"AAA": 0.2499, "BBB": 0.25}, False, "drift"),
        ({"AAA": 0.3125, "BBB": 0.3126}, False, "drift"),
        ({"AAA": 0.3125, "BBB": 0.25}, True, "decision"),
        ({"AAA": 0.1, "BBB": 0.25}, True, "decision"),
    ],
)
def test_nothing_is_traded_without_a_decision_or_drift_beyond_the_threshold(base, decided, trigger):
    rows = held_rows(DRIFT, base=base)
    made = propose(rows, wished({"AAA": 0.25, "BBB": 0.25, "CCC": 0.1}, is_decided=decided), rebalance_threshold=0.0625)
    drift = max(abs(w - base[s]) for s, w in DRIFT.items())
    assert (made.trigger, made.drift) == (trigger, pytest.approx(drift))
    traded = by_symbol(made)
    if trigger != "no decision today":
        assert traded["action"].to_dict() == {"AAA": "REDUCE", "BBB": "HOLD", "CCC": "BUY"}
        return
    assert set(traded["action"]) == set(traded["side"]) == {"HOLD"}
    zero = ["shares", "notional_usd", "abs_notional_usd", "weight_change", "cost_est_usd", "commission_est_usd", "slippage_est_usd", "volume_share"]  # fmt: skip
    assert (traded[zero] == 0).all(axis=None)


def test_a_name_never_to_buy_is_neither_opened_nor_added_to_but_sold():
    wanted = {"AAA": 0.2, "BBB": 0.2, "CCC": 0.05, "DDD": 0.2}
    made = by_symbol(propose({"BBB": 0.1, "CCC": 0.1, "EEE": 0.1}, wanted, never_buy=("AAA", "BBB", "CCC", "EEE")))
    assert made["action"].to_dict() == {"AAA": "HOLD", "BBB": "HOLD", "CCC": "REDUCE", "DDD": "BUY", "EEE": "SELL"}


def test_nothing_is_bought_where_positions_may_not_grow():
    made = by_symbol(propose({"AAA": 0.1, "BBB": 0.1}, wished({"AAA": 0.2, "BBB": 0.05, "CCC": 0.1}, may_increase=False)))  # fmt: skip
    assert made["action"].to_dict() == {"AAA": "HOLD", "BBB": "REDUCE", "CCC": "HOLD"}


def test_a_symbol_without_a_price_does_not_trade():
    there = quoted(price={s: 10.0 for s in SYMBOLS if s not in ("AAA", "CCC")})
    made = by_symbol(propose({"AAA": 0.1, "BBB": 0.1}, {"BBB": 0.2, "CCC": 0.1}, there))
    assert made["action"].to_dict() == {"AAA": "HOLD", "BBB": "ADD"}
    assert made.loc["AAA", "held_weight"] == pytest.approx(0.1)


def test_the_first_build_is_known_as_such_and_not_scaled():
    sold = held_rows({"AAA": 0.0})
    first = propose(sold, {"AAA": 0.6, "BBB": 0.4}, single_trade_max=0.15)
    assert first.is_first_build
    assert by_symbol(first)["weight_change"].to_dict() == pytest.approx({"AAA": 0.6, "BBB": 0.4})
    later = propose({"CCC": 0.01}, {"AAA": 0.6, "BBB": 0.3}, single_trade_max=0.15)
    assert not later.is_first_build
    changes = by_symbol(later)["weight_change"].to_dict()
    assert changes == pytest.approx({"AAA": 0.15, "BBB": 0.075, "CCC": -0.01})


def test_what_is_scored_and_neither_wanted_nor_held_is_no_order():
    made = propose({"AAA": 0.1}, {"AAA": 0.1, "BBB": 0.0})
    assert made.orders["symbol"].tolist() == ["AAA"]


@pytest.mark.parametrize("cash", [0.0, -50.0])
def test_a_book_that_is_worth_nothing_buys_nothing(cash):
    rows = held_rows({}, equity=EQUITY).assign(value_usd=cash)
    made = propose(rows, {"AAA": 0.5})
    assert not (made.orders["shares"] != 0).any()
    assert made.trigger == "no decision today"
