"""The files of a session have the columns their readers know, and the numbers of the tables."""

import pandas as pd
import pytest

from trade_assets.domain import exported_live
from trade_assets.domain.live import account, day
from trade_assets_tests.generators import SESSIONS
from trade_assets_tests.live_books import held_rows, propose


def orders():
    proposal = propose({"AAA": 0.2, "CCC": 0.1}, {"AAA": 0.1, "BBB": 0.05, "CCC": 0.1})
    book = account.account(account.daily(held_rows({"AAA": 0.2})), since=None)
    return day.table(day.Decision(proposal, (), book, None), "stocks", SESSIONS[0], offered=day.PROPOSED)


def test_trades_are_signed_by_side_and_what_is_held_is_no_trade():
    rows = exported_live.trades(orders()).set_index("symbol")
    assert {"side", "shares", "price", "notional", "weight_change", "commission_est", "slippage_est", "liquidity_warning"} <= set(rows.columns)  # fmt: skip
    assert rows["side"].to_dict() == {"AAA": "SELL", "BBB": "BUY"}
    assert rows.loc["AAA", ["shares", "notional"]].tolist() == pytest.approx([-1000.0, -10_000.0])
    assert rows.loc["BBB", ["shares", "notional"]].tolist() == pytest.approx([500.0, 5_000.0])
    assert (rows["abs_notional"] == rows["notional"].abs()).all()


def test_weights_of_each_strategy_sum_to_one_with_a_row_for_cash():
    signals = pd.DataFrame(
        [("stocks", "AAA", 0.3), ("stocks", "BBB", 0.2), ("stocks", "CCC", 0.0), ("events", "QQQ", 0.0)],
        columns=["strategy", "symbol", "target_weight"],
    ).assign(decided_at=SESSIONS[0])
    rows = exported_live.weights(signals)
    assert rows.groupby("strategy")["weight"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert rows[rows["symbol"] == "CASH"].set_index("strategy")["weight"].to_dict() == {"events": 1.0, "stocks": 0.5}
    assert "CCC" not in set(rows["symbol"])


def test_positions_of_all_strategies_are_added_and_cash_is_none():
    book = pd.concat([held_rows({"AAA": 0.1}), held_rows({"AAA": 0.2, "BBB": 0.1}, strategy="events")])
    rows = exported_live.positions(book)
    assert list(rows.columns) == ["symbol", "shares"]
    assert rows.set_index("symbol")["shares"].to_dict() == pytest.approx({"AAA": 3000.0, "BBB": 1000.0})


def test_performance_is_that_of_the_account_by_strategy():
    book = pd.concat(
        [held_rows({"AAA": 0.1}, session=s, equity=e) for s, e in zip(SESSIONS[:2], (1e5, 1.1e5), strict=True)]
    )
    rows = exported_live.performance(book)
    assert rows["date"].tolist() == list(SESSIONS[:2])
    assert set(rows["strategy"]) == {"stocks"}
    assert rows["equity"].tolist() == pytest.approx([1e5, 1.1e5])
    assert rows["return"].iloc[1] == pytest.approx(0.1)
    assert not len(exported_live.performance(book.head(0)))
