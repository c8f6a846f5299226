"""The event book: left alone it realises the labels to the last bit; every dollar and every refusal has a reason."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain.events import book, outcomes
from trade_assets.domain.events.risk import UNLIMITED, RiskLimits
from trade_assets.domain.events.sleeve import Fills
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, LEGS, SEEDS, leg_candidates, leg_dates, leg_market

LENGTH = 31
TIGHT = RiskLimits(
    drawdown_stop=0.03, drawdown_warn=0.02, rearm_sessions=4, session_loss_stop=0.008,
    turnover_cap=4.0, turnover_sessions=5,
)  # fmt: skip
FILLS = Fills(horizon_bars=6, enters_at_open=True, opens_are_real=True, min_holding_bars=1, cooldown_bars=1)


@st.composite
def markets(draw, *, missing=(0.0, 0.1)):
    """Bars of two legs, daily or two a session, with or without missing ones."""
    minutes = draw(st.sampled_from([None, 195]))
    return leg_market(
        draw(SEEDS), sessions=LENGTH, minutes=minutes, missing=draw(st.sampled_from(missing)), volatility=0.015
    )


@st.composite
def fills(draw):
    at_open = draw(st.booleans())
    return replace(
        FILLS,
        horizon_bars=draw(st.integers(1, 9)),
        enters_at_open=at_open,
        opens_are_real=at_open,
        min_holding_bars=draw(st.integers(0, 3)),
        cooldown_bars=draw(st.integers(0, 3)),
    )


def spans(market):
    days = market.grid["session"].drop_duplicates()
    return leg_dates(len(days)).between(days.iloc[0], days.iloc[-1]).sessions()


def run(market, candidates, *, start=None, sessions=None, limits=TIGHT, how=FILLS):
    start = book.opening(market.symbols, limits) if start is None else start
    return book.run(
        start, candidates, market, spans(market) if sessions is None else sessions, limits=limits, fills=how
    )


@FEW
@given(market=markets(missing=(0.0, 0.1, 0.3)), seed=SEEDS, at_open=st.booleans(), horizon=st.integers(1, 9))
def test_one_event_alone_at_full_size_realises_its_outcome_to_the_last_bit(market, seed, at_open, horizon):
    how = replace(FILLS, horizon_bars=horizon, enters_at_open=at_open, opens_are_real=at_open)
    events = leg_candidates(seed, market, share=0.1).assign(size_frac=1.0).iloc[:12]
    flags = {"enters_at_open": at_open, "opens_are_real": at_open}
    made = outcomes.outcomes(events, market, spans(market), horizon_bars=horizon, **flags)
    told = pd.concat(made).set_index(["symbol", "t_idx", "side"]) if made else pd.DataFrame(index=[])
    for row in range(len(events)):
        one = events.iloc[[row]]
        _, log = run(market, one, limits=UNLIMITED, how=how)
        key = (one["symbol"].item(), one["t_idx"].item(), one["side"].item())
        ended = log[log["action"].isin(["exit", "lapse"])]
        if key not in told.index:
            assert not len(ended)
            continue
        outcome = told.loc[key]
        assert ended["bar_end_utc"].tolist() == [outcome["label_end_utc"]]
        if outcome["barrier"] == "unfilled":
            assert ended["rule"].tolist() == ["no_price"]
            continue
        assert ended["rule"].tolist() == [outcome["barrier"]]
        assert_same_bytes(ended["level_logret"].to_numpy(), np.array([outcome["gross_logret"]], dtype=float))
        assert_same_bytes(ended["net_logret"].to_numpy(), np.array([outcome["net_logret"]], dtype=float))


def by_loop(market, candidates, *, limits, how):
    """The same by the loop; its bars are counted from 0."""
    days = market.grid["session"].to_numpy()
    of = {leg: book._bars(market, leg) for leg in market.symbols}
    rows = [{leg: tuple(vars(of[leg][t]).values()) for leg in of} for t in range(len(days))]
    nested = [[rows[t] for t in np.flatnonzero(days == day)] for day in pd.unique(days)]
    asked = {}
    for c in candidates.itertuples():
        asked.setdefault((c.symbol, c.t_idx), []).append((c.side, c.size_frac, c.a_tp, c.b_sl, c.cost_rt, c.block))
    return reference.event_book(nested, asked, limits=limits, how=how)


@FEW
@given(market=markets(), seed=SEEDS, how=fills(), data=st.data())
def test_the_book_is_that_of_the_loop(market, seed, how, data):
    limits = replace(
        TIGHT,
        drawdown_stop=data.draw(st.sampled_from([0.01, 0.03, 1.0])),
        rearm_sessions=data.draw(st.sampled_from([1, 2, 7])),
        session_loss_stop=data.draw(st.sampled_from([0.004, 0.01, 1.0])),
        turnover_cap=data.draw(st.sampled_from([1.0, 4.0, 1e9])),
    )
    candidates = leg_candidates(seed, market)
    rows, log = run(market, candidates, limits=limits, how=how)
    expected, equities, capitals = by_loop(market, candidates, limits=limits, how=how)
    at = pd.DatetimeIndex(market.grid["bar_end_utc"])
    wanted = sorted((t, leg, action, rule, decided) for t, leg, action, rule, decided in expected)
    found = zip(
        at.get_indexer(log["bar_end_utc"]), log["symbol"], log["action"], log["rule"],
        at.get_indexer(log["decision_utc"]), strict=True,
    )  # fmt: skip
    assert sorted(found) == wanted
    daily = rows.pivot(index="session", columns="symbol", values="capital")
    np.testing.assert_allclose(daily.to_numpy(), pd.DataFrame(capitals)[list(daily)].to_numpy(), rtol=1e-10)
    np.testing.assert_allclose(rows.groupby("session")["book_equity"].first(), equities, rtol=1e-10)


@FEW
@given(market=markets(), seed=SEEDS, how=fills())
def test_capital_is_what_was_there_and_the_gains_and_what_is_held(market, seed, how):
    rows, log = run(market, leg_candidates(seed, market), limits=UNLIMITED, how=how)
    for leg in LEGS:
        own = rows[rows["symbol"] == leg]
        np.testing.assert_allclose((1 + own["return_frac"]).cumprod(), own["capital"], rtol=1e-12)
        before = pd.Series([1.0, *own["capital"].iloc[:-1]], index=own["session"].to_numpy())
        exits = log[(log["symbol"] == leg) & (log["action"] == "exit")]
        session = exits["bar_end_utc"].map(market.grid.set_index("bar_end_utc")["session"])
        gains = (exits["gain_frac"].to_numpy() * before[session].to_numpy()).sum()
        last = own.iloc[-1]
        if not np.isnan(last["position_notional"]):
            paid = 0.5 * last["order_cost_rt"] * last["position_notional"]
            gains += last["capital"] - last["position_base"] - paid
        assert last["capital"] == pytest.approx(1.0 + gains, rel=1e-10)


@FEW
@given(market=markets(), seed=SEEDS, how=fills())
def test_every_fill_pays_its_side_of_the_cost_once_and_no_other_row_does(market, seed, how):
    candidates = leg_candidates(seed, market)
    rows, log = run(market, candidates, how=how)
    filled = log["action"].isin(["enter", "exit"])
    assert (log.loc[~filled, ["cost_frac", "gain_frac"]] == 0).all(axis=None)
    cost_of = candidates.set_index(["decision_utc", "symbol", "side"])["cost_rt"]
    rates = cost_of.loc[pd.MultiIndex.from_frame(log.loc[filled, ["decision_utc", "symbol", "side"]])].to_numpy()
    traded = log.loc[filled, "cost_frac"].to_numpy() / (0.5 * rates)
    session = log.loc[filled, "bar_end_utc"].map(market.grid.set_index("bar_end_utc")["session"])
    own = log[filled].assign(session=session, traded=traded)
    sums = own.groupby(["session", "symbol"]).agg(cost=("cost_frac", "sum"), traded=("traded", "sum"))
    joined = rows.set_index(["session", "symbol"]).join(sums).fillna({"cost": 0.0, "traded": 0.0})
    np.testing.assert_allclose(joined["cost_frac"], joined["cost"], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(joined["turnover_frac"], joined["traded"], rtol=1e-9, atol=1e-12)
    counts = own.groupby(["symbol", "action"]).size()
    for leg in LEGS:
        is_held = bool(rows[rows["symbol"] == leg]["position_notional"].notna().iloc[-1])
        assert counts.get((leg, "enter"), 0) == counts.get((leg, "exit"), 0) + is_held
    assert rows["n_entries"].sum() == (own["action"] == "enter").sum()
    assert rows["n_exits"].sum() == (own["action"] == "exit").sum()
    assert rows["net_logret"].sum() == pytest.approx(own["net_logret"].sum(), abs=1e-12)


@FEW
@given(market=markets(), seed=SEEDS)
def test_the_return_of_the_book_is_the_mean_of_the_legs_and_makes_its_equity(market, seed):
    rows, _ = run(market, leg_candidates(seed, market))
    daily = rows.groupby("session").agg(
        mean=("return_frac", "mean"), own=("book_return_frac", "first"), equity=("book_equity", "first")
    )
    np.testing.assert_allclose(daily["mean"], daily["own"], rtol=0, atol=1e-14)
    np.testing.assert_allclose((1 + daily["own"]).cumprod(), daily["equity"], rtol=1e-12)


@FEW
@given(market=markets(), seed=SEEDS, how=fills())
def test_every_order_is_filled_or_lapses_in_the_next_bar_and_a_leg_holds_one_at_most(market, seed, how):
    _, log = run(market, leg_candidates(seed, market), how=how)
    at = pd.DatetimeIndex(market.grid["bar_end_utc"])
    told = log.assign(t=at.get_indexer(log["bar_end_utc"]), decided=at.get_indexer(log["decision_utc"]))
    for _, own in told.groupby("symbol"):
        orders = own.loc[own["action"] == "order", "t"]
        answered = own[own["action"].isin(["enter", "lapse"])]
        assert (answered["t"] == answered["decided"] + 1).all()
        assert answered["decided"].tolist() == [t for t in orders if t < len(at) - 1]
        moves = own[own["action"].isin(["enter", "exit"])]["action"].tolist()
        assert moves == [("enter", "exit")[i % 2] for i in range(len(moves))]


def checked(rows):
    return schemas.check("event_book", schemas.TABLES["event_book"], rows)


def stored(rows):
    """Rows as the store gives them back."""
    buffer, schema = io.BytesIO(), schemas.TABLES["event_book"].arrow()
    pq.write_table(pa.Table.from_pandas(checked(rows), schema=schema, preserve_index=False), buffer)
    return pq.read_table(io.BytesIO(buffer.getvalue())).to_pandas()


@FEW
@given(market=markets(), seed=SEEDS, how=fills(), cuts=st.lists(st.integers(1, LENGTH - 1), unique=True, min_size=3, max_size=6),
       stop=st.sampled_from([0.01, 1.0]))  # fmt: skip
@pytest.mark.parametrize("kept", [stored, lambda rows: rows], ids=["stored", "in memory"])
def test_stopped_and_resumed_at_any_session_it_writes_the_same_bytes(market, seed, how, cuts, stop, kept):
    candidates, sessions = leg_candidates(seed, market), spans(market)
    limits = replace(TIGHT, drawdown_stop=stop, session_loss_stop=0.003)
    rows, log = run(market, candidates, limits=limits, how=how)
    parts, start = [], None
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), LENGTH], strict=True):
        parts.append(run(market, candidates, start=start, sessions=sessions.iloc[begin:end], limits=limits, how=how))
        start = book.restored(kept(parts[-1][0]))
    assert_same_bytes(checked(rows), checked(pd.concat([checked(part) for part, _ in parts])))
    assert_same_bytes(log, pd.concat([part for _, part in parts if len(part)] or [log], ignore_index=True))


@FEW
@given(market=markets(), seed=SEEDS, cut=st.integers(1, LENGTH - 1))
def test_candidates_and_bars_of_later_sessions_change_no_byte(market, seed, cut):
    candidates, sessions = leg_candidates(seed, market), spans(market)
    rows, log = run(market, candidates)
    last = market.grid.loc[market.grid["session"] == sessions["session"].iloc[cut - 1], "t_idx"].max()
    early = run(market, candidates[candidates["t_idx"] <= last], sessions=sessions.iloc[:cut])
    inside = rows["session"] < sessions["session"].iloc[cut]
    assert_same_bytes(checked(early[0]), checked(rows[inside]))
    until = market.grid.loc[market.grid["t_idx"] == last, "bar_end_utc"].item()
    known = log[log["bar_end_utc"] <= until].reset_index(drop=True)
    assert len(early[1]) == len(known)
    if len(known):
        assert_same_bytes(early[1], known)


def test_a_leg_without_bars_stays_at_one_and_the_other_counts_half():
    market = leg_market(3, sessions=LENGTH)
    panel = market.panel
    dead = replace(
        panel,
        **{n: np.where([True, False], np.nan, getattr(panel, n)) for n in ("close", "open", "high", "low", "gross")},
    )
    rows, log = run(replace(market, panel=dead), leg_candidates(3, market), limits=UNLIMITED)
    gone, alive = (rows[rows["symbol"] == leg].reset_index() for leg in LEGS)
    assert (gone["capital"] == 1.0).all()
    assert not log[log["symbol"] == LEGS[0]]["action"].isin(["enter", "exit"]).any()
    assert alive["capital"].iloc[-1] != 1.0
    np.testing.assert_allclose(alive["book_return_frac"], alive["return_frac"] / 2, atol=1e-15)


@FEW
@given(seed=SEEDS, how=fills())
def test_in_a_bar_that_is_missing_nothing_is_opened_and_no_rule_closes(seed, how):
    market = leg_market(seed, sessions=LENGTH, missing=0.3)
    _, log = run(market, leg_candidates(seed, market), how=how)
    at = pd.DatetimeIndex(market.grid["bar_end_utc"]).get_indexer(log["bar_end_utc"])
    absent = np.isnan(market.panel.close[at, market.panel.columns(log["symbol"])])
    found = log[absent & log["action"].isin(["enter", "exit"])]
    assert (found["action"] == "exit").all()
    assert found["rule"].isin(["time", "gap"]).all()


@pytest.mark.parametrize("side", [1, -1])
def test_in_a_falling_market_shorts_gain_and_longs_lose(side):
    market = leg_market(1, sessions=LENGTH, volatility=0.002, trend=-0.004)
    candidates = leg_candidates(1, market)
    rows, _ = run(market, candidates[candidates["side"] == side], limits=UNLIMITED)
    final = rows.groupby("symbol")["capital"].last()
    assert ((final > 1) if side < 0 else (final < 1)).all()


def test_a_position_is_reported_with_its_sign_and_its_present_size():
    market = leg_market(5, sessions=LENGTH)
    rows, _ = run(market, leg_candidates(5, market), limits=UNLIMITED)
    held = rows[rows["position_notional"].notna()]
    value = held["position_notional"] * np.exp(held["order_side"] * held["position_level"])
    np.testing.assert_allclose(held["position_frac"], held["order_side"] * value / held["capital"], rtol=1e-12)
    assert (rows[rows["position_notional"].isna()]["position_frac"] == 0).all()


def test_a_book_over_no_candidate_stays_all_cash():
    market = leg_market(2, sessions=LENGTH)
    rows, log = run(market, leg_candidates(2, market).iloc[:0])
    assert not len(log)
    assert (rows["book_equity"] == 1.0).all()
    assert len(checked(rows)) == 2 * LENGTH
