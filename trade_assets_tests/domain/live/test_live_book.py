"""The live book: every share and every dollar of it accounted for, whatever people record and the market does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain import book as backtested
from trade_assets.domain import costs, prices, trades
from trade_assets.domain.book import CASH
from trade_assets.domain.live import book as books
from trade_assets.domain.live import day
from trade_assets.domain.live.day import Broker, Market
from trade_assets.domain.live.entries import LedgerError
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import CALM, FEW, SEEDS, SESSIONS, SYMBOLS, Hazards, market_bars, weights
from trade_assets_tests.live_books import BY_HAND, STRATEGY, bars_of, entry, happenings

WILD = Hazards(gap=0.05, split=0.06, dividend=0.1, delisted=0.3)
LENGTH = 25
CLOSE = pd.Timestamp("2017-01-03 21:00", tz="UTC")


def step(book, panel, row, news=(), broker=BY_HAND):
    return day.after_session(book, Market(panel, row), None, news, (), strategy=STRATEGY, broker=broker, close_utc=CLOSE)  # fmt: skip


def kept(bars, news, *, broker=BY_HAND, start=books.EMPTY, sessions=None):
    """The rows of every session of a book to which ``news`` come: entries by session."""
    sessions = SESSIONS[:LENGTH] if sessions is None else sessions
    panel, book, made = prices.panel(bars, sessions=sessions), start, []
    for row, session in enumerate(panel.sessions):
        book, rows, _ = step(book, panel, row, news.get(session, ()), broker)
        made.append(rows)
    assert_same_bytes(books.restored(made[-1]).holdings().table(), book.holdings().table())
    return schemas.check("live_book", schemas.TABLES["live_book"], pd.concat(made, ignore_index=True))


@FEW
@given(seed=SEEDS)
def test_gains_and_flows_are_the_change_of_what_the_book_is_worth(seed):
    bars = market_bars(seed, sessions=LENGTH, symbols=4, hazards=WILD)
    rows = kept(bars, happenings(seed, bars, SESSIONS[:LENGTH]), broker=Broker(False, "next_close", 0.05))
    by_session = rows.groupby("session")[["value_usd", "pnl_usd", "flow_usd"]].sum()
    change = by_session["value_usd"].diff().fillna(by_session["value_usd"])
    scale = rows["value_usd"].abs().groupby(rows["session"]).sum().cummax() + by_session["flow_usd"].abs().cummax()
    assert ((by_session["pnl_usd"] + by_session["flow_usd"] - change).abs() / scale).max() < 1e-9
    np.testing.assert_allclose(rows["value_usd"], rows["shares"] * rows["price_usd"], rtol=1e-15)
    is_worth = (by_session["value_usd"] > 0).to_numpy()
    np.testing.assert_allclose(rows.groupby("session")["weight"].sum()[is_worth], 1.0, atol=1e-9)


@FEW
@given(seed=SEEDS)
def test_every_holding_equals_that_of_the_loop(seed):
    bars = market_bars(seed, sessions=LENGTH, symbols=4, hazards=WILD)
    news = happenings(seed, bars, SESSIONS[:LENGTH])
    loop = reference.live_book(SESSIONS[:LENGTH], {(r.session, r.symbol): r for r in bars.itertuples()}, news)
    quoted = set(zip(bars["session"], bars["symbol"], strict=True))
    for (cash, held), (session, own) in zip(loop, kept(bars, news).groupby("session"), strict=True):
        stocks = own[(own["symbol"] != CASH) & (own["shares"] > 0)].set_index("symbol")
        assert own.loc[own["symbol"] == CASH, "value_usd"].item() == pytest.approx(cash, rel=1e-9, abs=1e-5)
        for place, column in enumerate(["shares", "price_usd"]):
            assert stocks[column].to_dict() == pytest.approx({s: h[place] for s, h in held.items()}, rel=1e-9)
        paid = stocks["cost_basis_usd"] * stocks["shares"]
        assert paid.to_dict() == pytest.approx({s: h[2] for s, h in held.items()}, rel=1e-7, abs=1e-5)
        assert set(stocks.index[stocks["is_price_stale"]]) == {s for s in held if (session, s) not in quoted}


def in_two(bars, symbol, session, ratio):
    """The same market with a split."""
    out, later = bars.copy(), (bars["symbol"] == symbol) & (bars["session"] >= session)
    out.loc[later, ["open", "high", "low", "close", "dividend"]] /= ratio
    out.loc[later & (bars["session"] == session), "split_ratio"] = ratio
    return out


@FEW
@given(seed=SEEDS, at=st.integers(3, 7), ratio=st.sampled_from([2.0, 3.0, 1.5, 0.25]))
def test_a_split_changes_no_value_of_what_was_held_or_is_recorded_late(seed, at, ratio):
    bars = market_bars(seed, sessions=8, symbols=2, hazards=CALM)
    first, before, day_ = SESSIONS[0], SESSIONS[at - 1], SESSIONS[at]
    paid = {"symbol": "BBB", "shares": 40.0, "price_usd": 25.0}
    news = {
        first: [entry("1", "deposit", first, amount_usd=1e5), entry("2", "position", first, symbol="BBB", shares=10.0, price_usd=20.0)],
        day_: [
            entry("3", "execution", before, amount_usd=1000.0, **paid),
            entry("4", "execution", SESSIONS[at - 2], amount_usd=-125.0, **paid | {"shares": -5.0}),
            entry("5", "position", before, **paid),
        ],
    }  # fmt: skip
    plain, parted = (kept(b, news, sessions=SESSIONS[:8]) for b in (bars, in_two(bars, "BBB", day_, ratio)))
    for column in ("value_usd", "weight", "base_weight", "pnl_usd", "flow_usd", "traded_usd"):
        np.testing.assert_allclose(parted[column], plain[column], rtol=1e-9, atol=1e-7, err_msg=column)
    now = parted["session"] >= day_
    own = parted[now & (parted["symbol"] == "BBB")]
    np.testing.assert_allclose(own["shares"], 85 * ratio)
    np.testing.assert_allclose(own["shares"] * own["cost_basis_usd"], plain.loc[own.index, "shares"] * plain.loc[own.index, "cost_basis_usd"])  # fmt: skip


@pytest.mark.parametrize("kind", ["deposit", "execution", "position", "nothing"])
def test_drift_is_counted_from_the_last_trade_or_transfer(kind):
    bars = pd.concat([bars_of([10.0, 20.0, 20.0]), bars_of([10.0] * 3, "BBB")])
    first = [entry(s, "position", SESSIONS[0], symbol=s, shares=10.0, price_usd=10.0) for s in ("AAA", "BBB")]
    content = {"deposit": {"amount_usd": 100.0}, "execution": {"symbol": "BBB", "shares": 1.0, "price_usd": 10.0, "amount_usd": 10.0}}  # fmt: skip
    content["position"] = content["execution"] | {"amount_usd": 0.0}
    then = [] if kind == "nothing" else [entry("then", kind, SESSIONS[1], **content[kind])]
    rows = kept(bars, {SESSIONS[0]: first, SESSIONS[1]: then}, sessions=SESSIONS[:3])
    own = rows[rows["symbol"] == "AAA"]
    assert own["weight"].iloc[0] == own["base_weight"].iloc[0] == 0.5
    now = own["weight"].iloc[1] if then else 0.5
    assert own["base_weight"].tolist() == [0.5, now, now]
    assert own["weight"].iloc[1] == pytest.approx({"deposit": 0.5, "position": 20 / 31}.get(kind, 2 / 3))


def test_a_fill_of_the_session_itself_is_in_its_own_shares():
    bars = in_two(market_bars(1, sessions=5, symbols=1, hazards=CALM), "AAA", SESSIONS[2], 2.0)
    news = {SESSIONS[2]: [entry("1", "execution", SESSIONS[2], symbol="AAA", shares=10.0, price_usd=5.0, amount_usd=50.0)]}  # fmt: skip
    rows = kept(bars, news, sessions=SESSIONS[:5])
    assert rows[rows["symbol"] == "AAA"]["shares"].tolist() == [10.0] * 3


def test_a_rename_keeps_cost_value_and_weight_and_is_no_gain():
    held = [entry("1", "position", SESSIONS[0], symbol=s, shares=n, price_usd=p) for s, n, p in (("AAA", 10.0, 8.0), ("NEW", 4.0, 30.0))]  # fmt: skip
    bars = pd.concat([bars_of([10.0, 10.0, 10.0]), bars_of([20.0] * 3, "NEW")])
    for ratio, to, shares, cost in ((0.5, "NEW", 9.0, (80 + 120) / 9), (2.0, "ZZZ", 20.0, 4.0), (1.0, "ZZZ", 10.0, 8.0)):  # fmt: skip
        news = {SESSIONS[0]: held, SESSIONS[1]: [entry("2", "rename", SESSIONS[1], symbol="AAA", shares=ratio, detail={"to": to})]}  # fmt: skip
        rows = kept(bars, news, sessions=SESSIONS[:3])
        today = rows[rows["session"] == SESSIONS[1]].set_index("symbol")
        assert today.loc[to, ["shares", "cost_basis_usd"]].tolist() == pytest.approx([shares, cost])
        assert today["value_usd"].sum() == pytest.approx(180.0)
        assert today["pnl_usd"].abs().max() < 1e-9
        assert today["flow_usd"].sum() == pytest.approx(0.0)
        assert rows[(rows["session"] == SESSIONS[2]) & (rows["symbol"] == "AAA")].empty


def test_a_symbol_that_became_cash_is_cash():
    news = {
        SESSIONS[0]: [entry("1", "position", SESSIONS[0], symbol="AAA", shares=10.0, price_usd=8.0)],
        SESSIONS[1]: [entry("2", "rename", SESSIONS[1], symbol="AAA", shares=1.0, amount_usd=12.0, detail={"to": ""})],
    }
    rows = kept(bars_of([10.0, 10.0]), news, sessions=SESSIONS[:2])
    today = rows[rows["session"] == SESSIONS[1]].set_index("symbol")
    assert today["value_usd"].to_dict() == {"AAA": 0.0, CASH: 120.0}
    assert today["pnl_usd"].to_dict() == {"AAA": pytest.approx(20.0), CASH: 0.0}


@pytest.mark.parametrize("kind", ["execution", "position"])
def test_selling_more_than_is_held_is_refused_by_name_and_date(kind):
    bought = entry("1", "execution", SESSIONS[0], symbol="AAA", shares=10.0, price_usd=8.0, amount_usd=80.0)
    sold = entry("2", kind, SESSIONS[1], symbol="AAA", shares=-10.001, price_usd=8.0, amount_usd=-80.008)
    with pytest.raises(LedgerError, match=r"stocks sells more AAA than is held: -0\.001 .* on 2017-01-04"):
        kept(bars_of([10.0, 10.0]), {SESSIONS[0]: [bought], SESSIONS[1]: [sold]}, sessions=SESSIONS[:2])


def test_a_missing_price_keeps_the_last_one_flagged_and_never_sells():
    n = 3 * prices.MAX_GAP_SESSIONS
    bars = pd.concat([bars_of([10.0, 11.0]), bars_of([20.0] * (n + 3), "BBB"), bars_of([15.0], first=n + 2)])
    news = {SESSIONS[0]: [entry("1", "position", SESSIONS[0], symbol="AAA", shares=7.0, price_usd=9.0)]}
    rows = kept(bars, news, sessions=SESSIONS[: n + 3])
    own = rows[rows["symbol"] == "AAA"]
    assert own["price_usd"].tolist() == [10.0, *[11.0] * (n + 1), 15.0]
    assert own["is_price_stale"].tolist() == [False, False, *[True] * n, False]
    assert (own["shares"] == 7.0).all()
    assert rows[rows["symbol"] == CASH]["value_usd"].eq(0.0).all()
    assert own["pnl_usd"].tolist() == pytest.approx([7.0, 7.0, *[0.0] * n, 28.0])


@FEW
@given(seed=SEEDS, targets=st.lists(weights(4), min_size=5, max_size=5), fill=st.sampled_from(["next_close", "next_open"]), whole=st.booleans())  # fmt: skip
def test_paper_fills_are_those_of_the_backtest_to_the_last_bit(seed, targets, fill, whole):
    bars = market_bars(seed, sessions=90, symbols=4, hazards=Hazards(0.01, 0.03, 0.05, 0, 0))
    panel, names = prices.panel(bars, sessions=SESSIONS[:90]), list(SYMBOLS[:4])
    if np.isnan(panel.carried[65:]).any():  # the backtest lets go of what has left the market
        return
    policy = trades.Policy(0.005, 0.2, 100.0, 0.4, whole_shares=whole, rates=costs.Rates(1.0, 2.0, 1.0))
    strategy = day.Strategy("stocks", type(STRATEGY.terms)(policy, 0.05, 9.0, 0.05), STRATEGY.limits, STRATEGY.kill_switch)  # fmt: skip
    live, tested, orders, placed = books.Book({}, 1e5), backtested.opening(1e5), None, []
    for row in range(65, 90):
        quotes = backtested.quotes_at(panel, row - 1)
        live, rows, fills = day.after_session(
            live, Market(panel, row), quotes, [], placed, strategy=strategy, broker=Broker(True, fill, 0.03), close_utc=CLOSE
        )  # fmt: skip
        done = backtested.step(tested, panel, row, orders=orders, quotes=quotes, policy=policy, fill=fill, cash_return_frac=0.03)  # fmt: skip
        tested = done.holdings
        assert_same_bytes(live.holdings().table(), tested.table())
        assert_same_bytes(np.array([live.cash_usd]), np.array([tested.cash_usd]))
        traded = rows.set_index("symbol")["traded_usd"]
        assert {f.symbol for f in fills} == set(done.traded_usd) == set(traded[traded != 0].index)
        assert {f.symbol: f.cost_usd for f in fills} == done.cost_usd
        price = dict(zip(names, (panel.open if fill == "next_open" else panel.close)[row], strict=True))
        assert {f.symbol: f.price_usd for f in fills} == pytest.approx({f.symbol: price[f.symbol] for f in fills})
        orders, placed = None, []
        if row % 5 == 0:
            wanted = pd.DataFrame({"symbol": names, "weight": targets[(row - 65) // 5], "may_increase": True})
            now = backtested.quotes_at(panel, row)
            orders = trades.decide(tested.table(), wanted[wanted["weight"] > 0], cash_usd=tested.cash_usd, quotes=now, policy=policy)  # fmt: skip
            placed = day.order_entries(orders, "stocks", session=panel.sessions[row], recorded_utc=CLOSE, actor="", reason="")  # fmt: skip
