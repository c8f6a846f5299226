"""The risk engine: every rule acts at its limit and not before, ends when it says, and is named where it acts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain.events import book, policy, risk, scores
from trade_assets.domain.events.risk import UNLIMITED, Governor, KillSwitch, RiskLimits
from trade_assets.schemas.events import RULES
from trade_assets_tests.domain.events.test_event_book import FILLS, TIGHT, run
from trade_assets_tests.domain.events.test_policy import POLICY
from trade_assets_tests.generators import leg_candidates, leg_events, leg_market

LIMITS = RiskLimits(
    drawdown_stop=0.125, drawdown_warn=0.1, rearm_sessions=3, session_loss_stop=0.02, turnover_cap=8.0, turnover_sessions=4
)  # fmt: skip
LONG = replace(FILLS, horizon_bars=20)
BLOCKS = RULES[: RULES.index("event")]


def test_the_kill_switch_trips_at_its_limit_and_not_before():
    armed = KillSwitch(peak=2.0)
    assert not armed.after_bar(1.75 + 1e-9, LIMITS).is_tripped
    assert armed.after_bar(1.75, LIMITS) == KillSwitch(2.0, LIMITS.rearm_sessions)
    assert armed.after_bar(1.75, LIMITS).is_tripped


def test_the_kill_switch_counts_from_the_highest_equity():
    switch = KillSwitch()
    for equity in (1.1, 1.6, 1.5):
        switch = switch.after_bar(equity, LIMITS)
    assert switch == KillSwitch(1.6)
    assert switch.drawdown(1.2) == pytest.approx(-0.25)
    assert switch.after_bar(1.4, LIMITS).is_tripped


@pytest.mark.parametrize("held", [1, 2, 5])
def test_the_kill_switch_holds_its_sessions_and_is_armed_again_with_a_new_peak(held):
    limits = replace(LIMITS, rearm_sessions=held)
    switch, closed = KillSwitch().after_bar(0.8, limits), 1
    while (switch := switch.before_session(0.5)).is_tripped:
        switch = switch.after_bar(0.4, limits)
        closed += 1
    assert closed == held
    assert switch == KillSwitch(peak=0.5)
    assert not switch.after_bar(0.45, limits).is_tripped
    assert switch.after_bar(0.4, limits).is_tripped


@given(st.lists(st.floats(0.2, 3.0), min_size=1, max_size=30))
def test_while_it_is_tripped_nothing_makes_the_kill_switch_last_longer(equities):
    limits, switch, left = LIMITS, KillSwitch(), 0
    for equity in equities:
        switch = switch.before_session(equity)
        left = max(0, left - 1)
        switch = switch.after_bar(equity, limits)
        if left == 0 and switch.is_tripped:
            left = limits.rearm_sessions
        assert switch.sessions_left == left
        assert switch.peak >= equity or switch.drawdown(equity) == 0


def test_the_session_stop_acts_at_its_limit_and_not_before():
    assert risk.is_session_stopped(-0.02, LIMITS)
    assert not risk.is_session_stopped(-0.02 + 1e-12, LIMITS)
    assert not risk.is_session_stopped(0.5, LIMITS)
    assert not risk.is_session_stopped(-1.0, UNLIMITED)


def test_the_governor_grows_back_a_session_at_a_time_and_not_beyond_its_cap():
    left, governor = [], Governor(0.0)
    for _ in range(6):
        governor = governor.before_session(LIMITS)
        left.append(governor.left)
    assert left == [2.0, 4.0, 6.0, 8.0, 8.0, 8.0]


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 5.0)), max_size=40))
def test_the_governor_never_leaves_its_range(moves):
    governor = Governor(LIMITS.turnover_cap)
    for is_session, traded in moves:
        governor = governor.before_session(LIMITS) if is_session else governor.after_trade(traded)
        assert 0.0 <= governor.left <= LIMITS.turnover_cap


def test_the_governor_allows_what_can_be_opened_and_closed_again():
    assert Governor(1.0).allows(0.5)
    assert not Governor(1.0).allows(0.5 + 1e-9)
    assert Governor(1.0).after_trade(3.0) == Governor(0.0)


def told(seed, limits=TIGHT, how=FILLS, **market):
    found = leg_market(seed, **{"sessions": 61, "minutes": 130, "volatility": 0.015, "missing": 0.05} | market)
    return found, *run(found, leg_candidates(seed, found), limits=limits, how=how)


def with_session(market, log):
    ends = market.grid.set_index("bar_end_utc")
    return log.assign(session=log["bar_end_utc"].map(ends["session"]), t=log["bar_end_utc"].map(ends["t_idx"]))


@pytest.mark.parametrize("seed", range(4))
def test_a_stopped_session_opens_nothing_and_the_next_one_may(seed):
    limits = replace(TIGHT, drawdown_stop=risk.NO_LIMIT, session_loss_stop=0.004)
    market, rows, log = told(seed, limits, minutes=30, sessions=31, volatility=0.006)
    log, stopped = with_session(market, log), rows[rows["is_session_stopped"]]
    assert len(stopped)
    for session in stopped["session"].unique():
        own = log[log["session"] == session]
        first = own.loc[own["rule"] == "session_loss_stop", "t"].min()
        assert not len(own[(own["t"] > first) & (own["action"] == "order")])
        assert set(own.loc[(own["t"] >= first) & (own["action"] == "block"), "rule"]) <= {"session_loss_stop"}
    after = log[log["session"].isin(market.grid["session"].unique()[1:]) & (log["action"] == "order")]
    ended = np.sort(stopped["session"].unique())
    assert any((after["session"] > s).any() for s in ended)
    assert (
        not log[(log["rule"] == "session_loss_stop") & (log["action"] == "block")]
        .loc[lambda x: ~x["session"].isin(stopped["session"])]
        .size
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_book_is_flat_opens_nothing_and_begins_again_with_a_new_peak(seed):
    market, rows, log = told(seed, replace(TIGHT, session_loss_stop=risk.NO_LIMIT), missing=0.0)
    log, daily = with_session(market, log), rows.groupby("session").first()
    killed = daily[daily["is_killed"]]
    assert len(killed)
    for session in killed.index:
        first = log.loc[(log["session"] == session) & (log["rule"] == "drawdown_kill_switch"), "t"].min()
        later = log[(log["session"] == session) & (log["t"] > first)]
        assert not later["action"].isin(["order", "enter"]).any()
    places = np.flatnonzero(daily["is_killed"].to_numpy())
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    for held in runs:
        if held[-1] + 1 < len(daily):
            assert len(held) % TIGHT.rearm_sessions == 0  # tripped again in the session it was armed in, it goes on
            before, now = daily.iloc[held[-1]], daily.iloc[held[-1] + 1]
            assert now["book_peak"] >= before["book_equity"]
        if len(held) > 1:
            assert (rows.loc[rows["session"] == daily.index[held[1]], "position_frac"] == 0).all()


@pytest.mark.parametrize("cooldown", [0, 2, 5])
def test_after_an_exit_the_leg_waits_for_the_bars_of_the_cooldown(cooldown):
    market, _, log = told(1, UNLIMITED, replace(FILLS, cooldown_bars=cooldown))
    waits = []
    for _, own in with_session(market, log).groupby("symbol"):
        fills = own[own["action"].isin(["enter", "exit"])]
        exits, entries = (fills.loc[fills["action"] == a, "t"].to_numpy() for a in ("exit", "enter"))
        waits += [entries[entries > e].min() - e - 1 for e in exits if (entries > e).any()]
    assert min(waits) == cooldown


def test_the_governor_bounds_what_a_leg_trades_within_its_sessions():
    limits = replace(UNLIMITED, turnover_cap=2.0, turnover_sessions=5)
    _, rows, log = told(2, limits)
    assert (log["rule"] == "turnover_governor").any()
    for _, own in rows.groupby("symbol"):
        traded = own["turnover_frac"].rolling(5).sum().max()
        assert 2.0 < traded <= 2.0 + 2.0 + 0.1  # a full budget and what grew back meanwhile; exits drift


def scenario():
    """The log of the engine and of the baseline, over markets with everything in them."""
    for seed in range(6):
        market = leg_market(seed, sessions=61, minutes=130, volatility=0.01, missing=0.1)
        events, rng = leg_events(seed, market), np.random.default_rng(seed)
        seen = events[rng.random(len(events)) < 0.9]
        p, ml = rng.uniform(0.4, 0.9, len(seen)), rng.normal(0.005, 0.01, len(seen))
        told = scores.decided(seen, p, ml, 0.5, POLICY.gates).assign(
            mock_score=ml, passes_mock=rng.random(len(seen)) < 0.5
        )
        for limits in (TIGHT, replace(TIGHT, session_loss_stop=0.004), replace(TIGHT, turnover_cap=1.0)):
            yield run(market, policy.candidates(events, told, POLICY), limits=limits, how=LONG)[1]
        yield run(market, policy.mock_candidates(events, told, POLICY), limits=UNLIMITED)[1]


def test_every_rule_of_the_schema_is_reached_and_named():
    logs = list(scenario())
    seen = {action: set().union(*(log.loc[log["action"] == action, "rule"] for log in logs)) for action in
            ("order", "block", "enter", "exit", "lapse")}  # fmt: skip
    closing = {"drawdown_kill_switch", "session_loss_stop"}
    assert seen == {
        "order": {"event"},
        "block": set(BLOCKS),
        "enter": {"event"},
        "exit": {"profit", "loss", "time", "gap"} | closing,
        "lapse": {"no_price"},
    }
    assert set().union(*seen.values()) == set(RULES)


def test_the_log_of_every_scenario_fits_its_schema():
    market = leg_market(0, sessions=61, minutes=130, missing=0.1)
    events = leg_events(0, market)
    told = scores.decided(events, np.full(len(events), 0.6), np.full(len(events), 0.004), 0.5, POLICY.gates).assign(
        mock_score=0.0, passes_mock=True
    )
    made = policy.candidates(events, told, POLICY)
    log = policy.explained(run(market, made)[1], made)
    table = schemas.check("event_trades", schemas.TABLES["event_trades"], log)
    decisions = table["action"].isin(["order", "block"])
    assert table.loc[decisions, "kelly_p"].notna().all()
    assert table.loc[~decisions, policy.STEPS].isna().all(axis=None)


def test_a_book_that_begins_has_its_whole_budget_and_is_armed():
    begun = book.opening(["QQQ"], LIMITS)
    assert (begun.kill, begun.sleeves["QQQ"].governor) == (KillSwitch(), Governor(8.0))
