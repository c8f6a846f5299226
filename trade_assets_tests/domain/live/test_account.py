"""What a book earned: returns that leave flows out, and the drawdown of the sessions that count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.live import account
from trade_assets.domain.live import book as books
from trade_assets_tests.generators import SEEDS, SESSIONS
from trade_assets_tests.live_books import held_rows


def record(equity, flow):
    """Rows of a book of one stock and cash that was worth ``equity`` after each session."""
    days = []
    for session, usd, put_in in zip(SESSIONS[: len(equity)], equity, flow, strict=True):
        days.append(held_rows({"AAA": 0.25}, equity=usd, session=session))
        days[-1].loc[days[-1]["symbol"] == "CASH", "flow_usd"] = put_in
    return pd.concat(days, ignore_index=True)


@st.composite
def histories(draw):
    """Returns, and what was put in or taken out after each."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.integers(2, 30))
    returns = rng.normal(0, 0.03, n)
    flow = np.where(rng.random(n) < 0.3, rng.uniform(-20_000, 50_000, n), 0.0)
    equity = [100_000.0]
    for r, put_in in zip(returns, flow, strict=True):
        equity.append(max(equity[-1] * (1 + r) + put_in, 1_000.0))
    flow = np.array([100_000.0, *(b - a * (1 + r) for a, b, r in zip(equity, equity[1:], returns, strict=False))])
    return returns, np.array(equity), flow


@given(history=histories())
def test_returns_are_those_of_the_money_whatever_was_put_in_or_taken_out(history):
    returns, equity, flow = history
    days = account.daily(record(equity, flow))
    assert np.isnan(days["return_frac"].iloc[0])
    np.testing.assert_allclose(days["return_frac"].iloc[1:], returns, atol=1e-12)
    np.testing.assert_allclose(days["equity_usd"], equity)
    np.testing.assert_allclose(days["cash_usd"], 0.75 * equity)
    np.testing.assert_allclose(days["flow_usd"], flow)


@given(history=histories(), start=st.integers(0, 30))
def test_returns_and_drawdown_are_those_since_the_reset(history, start):
    returns, equity, flow = history
    days, start = account.daily(record(equity, flow)), min(start, len(returns))
    for since, own in ((None, returns), (SESSIONS[start], returns[start:])):
        value = highest = 1.0
        for r in own:
            value *= 1 + r
            highest = max(highest, value)
        found = account.account(days, since=since)
        assert found.drawdown_frac == pytest.approx(value / highest - 1, abs=1e-12)
        np.testing.assert_allclose(found.returns, own, atol=1e-12)


def test_the_account_is_that_of_the_newest_session():
    rows = record([100.0, 110.0], [100.0, 5.0]).assign(pnl_usd=[0.0, 0.0, 4.5, 0.5], cost_usd=[0.0, 0.0, 0.25, 0.0])
    found = account.account(account.daily(rows), since=None)
    assert found.session == SESSIONS[1]
    assert (found.equity_usd, found.cash_usd, found.flow_usd, found.pnl_usd, found.cost_usd) == pytest.approx(
        (110.0, 82.5, 5.0, 5.0, 0.25)
    )
    assert found.returns == pytest.approx([0.05])


def test_nothing_is_earned_on_the_first_session_or_by_an_empty_book():
    days = account.daily(record([0.0, 100.0, 90.0], [0.0, 100.0, 0.0]))
    assert days["return_frac"].isna().tolist() == [True, True, False]
    first = account.account(days.iloc[:1], since=None)
    assert (len(first.returns), first.drawdown_frac) == (0, 0.0)
    assert account.account(days, since=None).drawdown_frac == pytest.approx(-0.1)
    assert account.account(days, since=SESSIONS[2]).drawdown_frac == 0.0


def test_a_book_without_rows_has_no_days():
    assert account.daily(pd.DataFrame(columns=books.COLUMNS)).empty


def test_after_a_reset_nothing_before_it_counts():
    days = account.daily(record([100.0, 50.0, 51.0, 52.0], [100.0, 0.0, 0.0, 0.0]))
    whole, since = (account.account(days, since=at) for at in (None, SESSIONS[1]))
    assert whole.returns == pytest.approx([-0.5, 0.02, 52 / 51 - 1])
    assert since.returns == pytest.approx([0.02, 52 / 51 - 1])
    assert (whole.drawdown_frac, since.drawdown_frac) == (pytest.approx(-0.48), 0.0)
