"""The book of the portfolio: every share and every dollar of it accounted for, session by session."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain import book, costs, prices, trades
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS, SYMBOLS, Hazards, market_bars

LENGTH, EVERY, FIRST, LAST = 161, 10, 10, 15
DATES = SESSIONS[:LENGTH:EVERY]
SPANS = [(DATES[i - 1], DATES[i]) for i in range(FIRST, LAST + 1)]
INSIDE = SESSIONS[EVERY * (FIRST - 1) + 1 : EVERY * LAST + 1]
FILLS = SESSIONS[EVERY * (FIRST - 1) + 1 : EVERY * LAST : EVERY]
WILD = Hazards(gap=0.01, split=0.01, dividend=0.02, delisted=0.4)
FREE = costs.Rates(0.0, 0.0, 0.0)
POLICY = trades.Policy(0.005, 0.20, 100.0, 0.40, whole_shares=False, rates=costs.Rates(1.0, 2.0, 1.0))


def bars_of(seed, hazards=WILD):
    return market_bars(seed, sessions=LENGTH, symbols=5, hazards=hazards)


def targets_of(seed, bars):
    """Weights of up to five names a date, among those with a bar; not a name sums to more than it should."""
    rng = np.random.default_rng(seed)
    parts = []
    for date in DATES:
        there = [s for s in SYMBOLS[:5] if s in set(bars.loc[bars["session"] == date, "symbol"]) and rng.random() < 0.7]
        weight = rng.dirichlet(np.ones(len(there))) * rng.choice([1.0, 0.6]) if there else np.zeros(0)
        rows = pd.DataFrame({"symbol": [*there, "CASH"], "weight": [*weight, 1 - weight.sum()]})
        parts.append(rows.assign(rebalance_date=date, may_increase=bool(rng.random() < 0.9)))
    return pd.concat(parts, ignore_index=True)


def run(bars, targets, *, start=None, spans=SPANS, policy=POLICY, fill="next_close", interest=0.0):
    start = book.opening(100_000.0) if start is None else start
    panel = prices.panel(
        bars, sessions=SESSIONS[(bars["session"].min() <= SESSIONS) & (bars["session"].max() >= SESSIONS)]
    )
    return book.run(start, targets, panel, spans=spans, policy=policy, fill=fill, cash_return_frac=interest)


def made(seed, hazards=WILD, **how):
    bars = bars_of(seed, hazards)
    return run(bars, targets_of(seed, bars), **how)


@FEW
@given(seed=SEEDS, fill=st.sampled_from(["next_close", "next_open"]))
def test_equity_is_cash_and_what_the_shares_are_worth(seed, fill):
    rows = made(seed, fill=fill)
    assert_same_bytes(
        schemas.check("portfolio_book", schemas.TABLES["portfolio_book"], rows)["shares"].sum() >= 0, np.bool_(True)
    )
    np.testing.assert_allclose(rows["value_usd"], rows["shares"] * rows["price_usd"], rtol=1e-15)
    assert (rows.groupby("session")["weight"].sum() - 1).abs().max() < 1e-9
    assert (rows["value_usd"] >= -1e-6).all()
    assert set(rows["session"]) == set(INSIDE)
    assert rows[rows["symbol"] == "CASH"]["session"].is_unique


@FEW
@given(seed=SEEDS)
def test_costs_are_charged_on_fills_and_only_there(seed):
    rows = made(seed)
    charged = rows[rows["cost_usd"] != 0]
    assert (charged["cost_usd"] > 0).all()
    assert charged["session"].isin(FILLS).all()
    assert (charged["cost_usd"] >= charged["traded_usd"].abs() * POLICY.rates.floor_frac * (1 - 1e-12)).all()


def by_loop(bars, targets, **how):
    """The same book by the loop, with the orders of :mod:`trades` and the quotes of the panel."""
    panel = prices.panel(bars, sessions=SESSIONS[:LENGTH])
    rows = {(row.session, row.symbol): row for row in bars.itertuples()}

    def quotes(session):
        return book.quotes_at(panel, panel.sessions.get_loc(session) - 1)

    def orders_on(session, held, cash):
        if session not in FILLS:
            return {}
        table = pd.DataFrame(
            [(s, n, p, n * p) for s, (n, p) in held.items()], columns=["symbol", "shares", "price_usd", "value_usd"]
        )
        date = DATES[list(FILLS).index(session) + FIRST - 1]
        wanted = targets[(targets["rebalance_date"] == date) & (targets["symbol"] != "CASH")]
        found = trades.decide(
            table.astype({"symbol": "str"}), wanted, cash_usd=cash, quotes=quotes(session), policy=POLICY
        )
        return {o.symbol: None if o.action == "SELL" else o.shares for o in found.itertuples() if o.shares}

    def cost_of(session, symbol, usd):
        _, volatility, volume = (float(q.get(symbol, np.nan)) for q in vars(quotes(session)).values())
        return usd * float(
            costs.cost_frac(
                np.array([usd]),
                volatility=np.array([volatility]),
                dollar_volume_usd=np.array([volume]),
                rates=POLICY.rates,
            )[0]
        )

    own = {"orders_on": orders_on, "cost_of": cost_of, "max_missing": prices.MAX_GAP_SESSIONS}
    return list(reference.book({}, 100_000.0, INSIDE, rows, **own, **how))


@FEW
@given(seed=SEEDS, fill=st.sampled_from(["close", "open"]), interest=st.sampled_from([0.0, 0.05]))
def test_every_holding_equals_that_of_the_loop(seed, fill, interest):
    bars = bars_of(seed)
    targets = targets_of(seed, bars)
    rows = run(bars, targets, fill=f"next_{fill}", interest=interest)
    expected = by_loop(bars, targets, fill=fill, interest=interest / 252)
    for (cash, held), (_, own) in zip(expected, rows.groupby("session"), strict=True):
        found = own[(own["symbol"] != "CASH") & (own["shares"] > 0)].set_index("symbol")
        assert own.loc[own["symbol"] == "CASH", "value_usd"].item() == pytest.approx(cash, rel=1e-9, abs=1e-5)
        assert found["shares"].to_dict() == pytest.approx({s: n for s, (n, _) in held.items()}, rel=1e-9)
        assert found["price_usd"].to_dict() == {s: p for s, (_, p) in held.items()}


@FEW
@given(seed=SEEDS, whole=st.booleans(), fill=st.sampled_from(["next_close", "next_open"]))
def test_the_book_in_pieces_restored_from_rows_is_the_book_in_one_run(seed, whole, fill):
    bars = bars_of(seed)
    how = {"policy": trades.Policy(**{**vars(POLICY), "whole_shares": whole}), "fill": fill, "interest": 0.02}
    targets = targets_of(seed, bars)
    together = run(bars, targets, **how)
    apart, holdings = [], None
    for place, span in enumerate(SPANS, start=FIRST):
        window = bars[(bars["session"] > DATES[place - 10]) & (bars["session"] <= DATES[place])]
        apart.append(run(window, targets[targets["rebalance_date"] == span[0]], start=holdings, spans=[span], **how))
        holdings = book.restored(apart[-1])
    assert_same_bytes(together, pd.concat(apart, ignore_index=True))


@FEW
@given(seed=SEEDS, cut=st.integers(FIRST, LAST))
def test_bars_and_targets_that_come_later_change_no_byte(seed, cut):
    bars = bars_of(seed)
    targets = targets_of(seed, bars)
    early = run(
        bars[bars["session"] <= DATES[cut]],
        targets[targets["rebalance_date"] < DATES[cut]],
        spans=SPANS[: cut - FIRST + 1],
    )
    late = run(bars, targets)
    assert_same_bytes(early, late[late["session"] <= DATES[cut]].reset_index(drop=True))


def test_the_first_date_of_the_history_is_all_cash_and_earns_no_interest():
    rows = run(bars_of(1), targets_of(1, bars_of(1)), spans=[(None, DATES[FIRST])], interest=0.05)
    assert rows[["session", "symbol", "value_usd"]].values.tolist() == [[DATES[FIRST], "CASH", 100_000.0]]
