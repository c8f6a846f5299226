"""The shortfall of what was proposed, split so that its parts sum to it whatever was ordered, filled or overridden."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import prices
from trade_assets.domain.live import reconciliation
from trade_assets_tests.generators import SESSIONS
from trade_assets_tests.live_books import RATES, bars_of, entry

BEFORE, TODAY = SESSIONS[0], SESSIONS[1]
SHARES = st.integers(-500, 500).map(float)
PRICES = st.integers(500, 20_000).map(lambda cents: cents / 100)


def proposed(shares):
    return pd.DataFrame({"strategy": ["stocks"], "symbol": ["AAA"], "shares": [shares]}) if shares else pd.DataFrame(columns=["strategy", "symbol", "shares"])  # fmt: skip


def order(shares):
    return [entry("order", "order", BEFORE, symbol="AAA", shares=shares)] if shares else []


def filled(shares, price, cost=0.0, *, actor="paper broker", reason=""):
    if not shares:
        return []
    return [entry("fill", "execution", TODAY, symbol="AAA", shares=shares, price_usd=price, amount_usd=shares * price, cost_usd=cost, actor=actor, reason=reason)]  # fmt: skip


def row(proposals, entries, closes=(10.0, 11.0), *, bars=None):
    bars = bars_of(np.array(closes)) if bars is None else bars
    made = reconciliation.table(proposals, entries, prices.panel(bars), TODAY, fill="next_close", rates=RATES)
    assert list(made.columns) == reconciliation.COLUMNS
    return made.iloc[0] if len(made) else None


@given(
    wanted=SHARES, ordered=SHARES, done=SHARES, then=PRICES, now=PRICES, paid=PRICES, cost=st.integers(0, 50).map(float)
)
def test_the_parts_sum_to_what_was_lost_on_the_way(wanted, ordered, done, then, now, paid, cost):
    found = row(proposed(wanted), order(ordered) + filled(done, paid, cost), (then, now))
    if found is None:
        assert (wanted, ordered, done) == (0, 0, 0)
        return
    would_have_gained, gained = wanted * (now - then), done * (now - paid) - cost
    assert found["shortfall_usd"] == pytest.approx(would_have_gained - gained, abs=1e-6)
    assert sum(found[part] for part in reconciliation.PARTS) == pytest.approx(found["shortfall_usd"], abs=1e-6)


@pytest.mark.parametrize(("shares", "paid", "bps"), [(100.0, 11.0, 1000.0), (-100.0, 11.0, -1000.0), (-100.0, 9.0, 1000.0), (100.0, 10.0, 0.0)])  # fmt: skip
def test_a_deviation_is_positive_where_it_is_worse_whichever_side(shares, paid, bps):
    assert row(proposed(shares), order(shares) + filled(shares, paid))["deviation_bps"] == pytest.approx(bps)


def test_an_order_that_was_not_filled_missed_its_move_and_no_more():
    found = row(proposed(100.0), order(100.0))
    assert (found["unfilled_usd"], found["override_usd"], found["shortfall_usd"]) == pytest.approx((100.0, 0.0, 100.0))
    assert np.isnan(found["fill_price_usd"])


def test_what_a_person_left_out_or_did_alone_is_an_override_with_its_reason():
    left_out = [entry("no", "override", BEFORE, symbol="AAA", reason="report tomorrow")]
    found = row(proposed(100.0), left_out)
    assert (found["override_usd"], found["override_pnl_usd"], found["reason"]) == (pytest.approx(100.0), pytest.approx(-100.0), "report tomorrow")  # fmt: skip
    alone = row(proposed(0.0), filled(50.0, 11.0, actor="Ada", reason="my own"))
    assert (alone["ordered_shares"], alone["override_pnl_usd"], alone["reason"]) == (
        50.0,
        pytest.approx(50.0),
        "my own",
    )
    assert row(proposed(100.0), [])["reason"] == "not approved"


def test_half_spread_and_commission_are_those_expected_and_the_rest_is_impact():
    found = row(proposed(100.0), order(100.0) + filled(100.0, 11.05, 2.0))
    size = 100 * 11.0
    assert found["spread_usd"] == pytest.approx(size * RATES.half_spread_bps / 1e4)
    assert found["commission_usd"] == pytest.approx(size * RATES.commission_bps / 1e4)
    assert found["delay_usd"] == pytest.approx(100 * (11.0 - 10.0))
    assert found["impact_usd"] == pytest.approx(100 * 0.05 + 2.0 - found["spread_usd"] - found["commission_usd"])


def test_a_split_between_decision_and_fill_is_no_loss():
    bars = bars_of(np.array([10.0, 5.0])).assign(split_ratio=[1.0, 2.0])
    found = row(proposed(100.0), order(100.0) + filled(200.0, 5.0), bars=bars)
    assert (found["proposed_shares"], found["ordered_shares"], found["decision_price_usd"]) == (200.0, 200.0, 5.0)
    assert found["shortfall_usd"] == pytest.approx(0.0)
