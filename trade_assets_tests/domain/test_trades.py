"""Orders: small changes are held, entries and exits are not, and no order makes or loses a dollar."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import costs, trades
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS, SYMBOLS, weights

RATES = costs.Rates(1.0, 2.0, 1.0)
POLICY = trades.Policy(0.005, 0.20, 100.0, 0.40, whole_shares=True, rates=RATES)
NAMES = SYMBOLS[:6]


def policy(**changes):
    return trades.Policy(**{**vars(POLICY), **changes})


@st.composite
def situations(draw, *, quoted=None):
    """What is held, what is wanted, cash and quotes of six names; some held ones have no quote."""
    rng = np.random.default_rng(draw(SEEDS))
    price = np.round(rng.uniform(5, 300, 6), 2)
    shares = np.where(rng.random(6) < 0.4, 0.0, np.round(rng.uniform(0, 400, 6)))
    held = pd.DataFrame({"symbol": NAMES, "shares": shares, "price_usd": price, "value_usd": shares * price})
    target = draw(weights(6))
    targets = pd.DataFrame({"symbol": NAMES, "weight": target, "may_increase": draw(st.booleans())})
    seen = rng.random(6) < 0.85 if quoted is None else np.full(6, quoted)
    values = [
        price * np.exp(rng.normal(0, 0.02, 6)),
        rng.uniform(0.005, 0.04, 6),
        np.where(seen, rng.uniform(1e5, 1e8, 6), np.nan),
    ]
    quotes = trades.Quotes(*(pd.Series(np.where(seen, v, np.nan), index=list(NAMES)) for v in values))
    cash = draw(st.sampled_from([0.0, 500.0, 20_000.0, 100_000.0])) + (1000.0 if not shares.any() else 0.0)
    return held[held["shares"] > 0], targets[targets["weight"] > 0], cash, quotes


def decide(situation, own=POLICY):
    held, targets, cash, quotes = situation
    return trades.decide(held, targets, cash_usd=cash, quotes=quotes, policy=own).set_index("symbol", drop=False)


FREE = {"hold_band_frac": 0.0, "min_trade_usd": 0.0, "max_turnover": 1e9}


@given(situation=situations())
def test_every_name_held_or_wanted_has_one_order_and_the_book_is_conserved(situation):
    held, targets, cash, _ = situation
    orders = decide(situation)
    assert orders["symbol"].is_unique
    assert set(held["symbol"]) <= set(orders["symbol"]) <= set(held["symbol"]) | set(targets["symbol"])
    equity = cash + held["value_usd"].sum()
    assert orders["held_weight"].sum() + cash / equity == pytest.approx(1)
    np.testing.assert_allclose(orders["notional_usd"], orders["shares"] * orders["price_usd"])
    np.testing.assert_allclose(orders["delta_weight"], orders["notional_usd"] / equity, atol=1e-15)


@given(situation=situations(), whole=st.booleans())
def test_no_more_is_sold_than_held_and_actions_say_what_happens(situation, whole):
    held, _, _, _ = situation
    orders = decide(situation, policy(whole_shares=whole))
    shares = held.set_index("symbol")["shares"].reindex(orders["symbol"]).fillna(0.0)
    assert (shares + orders["shares"] >= 0).all()
    for order, owned in zip(orders.itertuples(), shares, strict=True):
        after = owned + order.shares
        expected = (
            "HOLD"
            if order.shares == 0
            else ("ADD" if owned else "BUY")
            if order.shares > 0
            else "REDUCE"
            if after
            else "SELL"
        )
        assert order.action == expected


@given(situation=situations(quoted=True))
def test_without_band_or_limit_every_name_reaches_its_target(situation):
    targets = situation[1].assign(may_increase=True)
    orders = decide((situation[0], targets, *situation[2:]), policy(**FREE, whole_shares=False))
    value = orders["symbol"].map(situation[0].set_index("symbol")["value_usd"]).fillna(0.0)
    equity = situation[2] + situation[0]["value_usd"].sum()
    sold_out = orders["target_weight"] == 0
    np.testing.assert_allclose(
        orders["held_weight"] + orders["delta_weight"],
        np.where(sold_out, orders["held_weight"] + orders["delta_weight"], orders["target_weight"]),
        atol=1e-12,
    )
    assert (orders.loc[sold_out, "action"] == "SELL").all()
    np.testing.assert_allclose(orders["held_weight"], value / equity)


@given(situation=situations(quoted=True))
def test_a_change_is_held_where_it_is_small_and_traded_where_it_is_not(situation):
    situation = (situation[0], situation[1].assign(may_increase=True), *situation[2:])
    orders = decide(situation, policy(max_turnover=1e9, whole_shares=False))
    equity = situation[2] + situation[0]["value_usd"].sum()
    for order in orders.itertuples():
        change = abs(order.target_weight - order.held_weight)
        is_exit, is_entry = order.target_weight == 0, order.held_weight == 0
        in_band = (
            change < min(0.005, 0.2 * max(order.target_weight, order.held_weight)) and not is_exit and not is_entry
        )
        is_small = change * equity < 100 and not is_exit
        assert (order.action == "HOLD") == (in_band or is_small), order


@pytest.mark.parametrize(
    ("held", "target", "action"),
    [
        (0.100, 0.1049, "HOLD"),
        (0.100, 0.1051, "ADD"),
        (0.100, 0.0949, "REDUCE"),
        (0.004, 0.0049, "HOLD"),  # 20 % of 0.0049
        (0.004, 0.0051, "ADD"),
        (0.001, 0.0, "SELL"),  # an exit is never held back
        (0.0, 0.002, "BUY"),  # nor an entry, by the band
        (0.0, 0.0009, "HOLD"),  # but nothing under 100 USD is bought
        (0.0001, 0.0, "SELL"),
    ],
)
def test_the_band_by_example(held, target, action):
    book = pd.DataFrame({"symbol": ["AAA"], "shares": [held * 1e5], "price_usd": 1.0, "value_usd": held * 1e5})
    wanted = pd.DataFrame({"symbol": ["AAA"], "weight": [target], "may_increase": True})
    quotes = trades.Quotes(*(pd.Series({"AAA": v}) for v in (1.0, 0.02, 1e8)))
    orders = decide((book[book["shares"] > 0], wanted[wanted["weight"] > 0], 1e5 * (1 - held), quotes))
    assert orders["action"].tolist() == [action]


@given(situation=situations(quoted=True), limit=st.floats(0.01, 0.6))
def test_a_limit_on_turnover_scales_the_buys_together_and_leaves_the_sales(situation, limit):
    situation = (situation[0], situation[1].assign(may_increase=True), *situation[2:])
    free, limited = (decide(situation, policy(max_turnover=m, whole_shares=False)) for m in (1e9, limit))
    bought = free["delta_weight"].clip(lower=0).sum()
    scale = 1.0 if bought <= limit or situation[0].empty else limit / bought
    np.testing.assert_allclose(
        limited["delta_weight"], np.where(free["delta_weight"] > 0, scale, 1) * free["delta_weight"], atol=1e-12
    )


@given(situation=situations())
def test_nothing_is_traded_without_a_quote_and_nothing_bought_on_a_stale_signal(situation):
    orders = decide(situation)
    unquoted = situation[3].price.reindex(orders["symbol"]).isna().to_numpy()
    assert (orders.loc[unquoted, "action"] == "HOLD").all()
    if len(situation[1]) and not situation[1]["may_increase"].any():
        assert (orders["shares"] <= 0).all()


@given(situation=situations())
def test_orders_are_of_whole_shares_toward_zero_and_exits_of_all(situation):
    whole, exact = decide(situation), decide(situation, policy(whole_shares=False))
    is_exit = (whole["target_weight"] == 0) & (whole["shares"] < 0)
    rest = whole["shares"][~is_exit]
    assert_same_bytes(rest.to_numpy() + 0.0, np.trunc(rest.to_numpy()) + 0.0)
    assert (rest.abs() <= exact["shares"][~is_exit].abs()).all()
    owned = situation[0].set_index("symbol")["shares"].reindex(whole.index[is_exit])
    assert (whole["shares"][is_exit] == -owned).all()


@given(situation=situations(), shuffle=SEEDS)
def test_the_order_of_the_rows_changes_no_byte(situation, shuffle):
    held, targets, cash, quotes = situation
    mixed = (held.sample(frac=1, random_state=shuffle), targets.sample(frac=1, random_state=shuffle), cash, quotes)
    assert_same_bytes(decide(situation), decide(mixed))


@given(situation=situations())
def test_the_estimated_cost_is_that_of_the_cost_model(situation):
    orders, quotes = decide(situation), situation[3]
    volume = quotes.dollar_volume_usd.reindex(orders["symbol"]).to_numpy()
    volatility = quotes.volatility.reindex(orders["symbol"]).to_numpy()
    expected = costs.cost_frac(
        orders["notional_usd"].to_numpy(), volatility=volatility, dollar_volume_usd=volume, rates=RATES
    )
    np.testing.assert_allclose(orders["cost_est_usd"], orders["notional_usd"].abs() * expected)
    assert_same_bytes(orders["has_impact"].to_numpy(), costs.has_impact(volatility, volume))


def test_an_empty_book_and_no_target_is_no_order():
    held = pd.DataFrame({"symbol": pd.Series(dtype="str"), "shares": [], "price_usd": [], "value_usd": []})
    targets = pd.DataFrame({"symbol": pd.Series(dtype="str"), "weight": [], "may_increase": pd.Series(dtype=bool)})
    nothing = trades.Quotes(*(pd.Series(dtype=float) for _ in range(3)))
    assert trades.decide(held, targets, cash_usd=1e5, quotes=nothing, policy=POLICY).empty
