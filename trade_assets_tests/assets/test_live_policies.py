"""Every limit of the settings binds the orders it is meant for, and what may be placed follows the settings."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.assets import live_policies as policies
from trade_assets.domain.live import day
from trade_assets.settings import load


def changed(path, value):
    """The settings with one of them changed."""

    def put(section, names):
        name, *rest = names
        return section.model_copy(update={name: put(getattr(section, name), rest) if rest else value})

    return put(load(), path.split("."))


def strategy(settings, name="stocks"):
    return next(s for s in policies.strategies(settings) if s.name == name)


def read(of, path):
    for name in path.split("."):
        of = getattr(of, name)
    return of


@pytest.mark.parametrize(
    ("setting", "value", "limit"),
    [
        ("live.max_position_frac", 0.07, "limits.max_position_frac"),
        ("risk_limits.max_sector_weight", 0.21, "limits.max_sector_weight"),
        ("portfolio.max_turnover", 0.33, "limits.max_turnover"),
        ("live.safety.single_trade_warn", 0.04, "limits.single_trade_warn"),
        ("live.safety.single_trade_max", 0.11, "limits.single_trade_max"),
        ("live.safety.single_trade_max", 0.11, "terms.single_trade_max"),
        ("live.safety.max_cost_frac", 0.002, "limits.max_cost_frac"),
        ("live.safety.max_daily_trades", 7, "limits.max_daily_trades"),
        ("live.safety.max_missing_frac", 0.25, "limits.max_missing_frac"),
        ("live.safety.min_large_cap_weight", 0.44, "limits.min_large_cap_weight"),
        ("live.rebalance_threshold", 0.02, "terms.rebalance_threshold"),
        ("live.max_volume_frac", 0.01, "terms.max_volume_frac"),
        ("portfolio.never_buy", ("XYZ",), "terms.never_buy"),
        ("live.safety.validate_before_trade", False, "is_validated"),
        ("ops.kill_switch.enabled", False, "kill_switch.is_enabled"),
        ("ops.kill_switch.max_daily_loss_frac", 0.015, "kill_switch.max_daily_loss_frac"),
        ("ops.kill_switch.max_drawdown_frac", 0.12, "kill_switch.max_drawdown_frac"),
        ("ops.kill_switch.min_live_sharpe_threshold", 0.3, "kill_switch.seed_sharpe"),
        ("ops.kill_switch.min_live_sharpe_lookback_weeks", 9, "kill_switch.seed_weeks"),
        ("ops.kill_switch.halt_probability", 0.97, "kill_switch.halt_probability"),
        ("ops.kill_switch.halt_sessions", 126, "kill_switch.halt_sessions"),
    ],
)
def test_a_limit_of_the_settings_is_the_limit_of_the_orders(setting, value, limit):
    assert read(strategy(load()), limit) != value
    assert read(strategy(changed(setting, value)), limit) == value


def test_shares_of_large_mid_sized_and_small_companies_are_limited_for_stocks_alone():
    own = load().live.safety.max_market_cap_weight.model_copy(update={"mid_cap": 0.123})
    settings = changed("live.safety.max_market_cap_weight", own)
    assert strategy(settings).limits.max_bucket_weight["mid_cap"] == 0.123
    assert strategy(settings, "events").limits.max_bucket_weight is None
    assert strategy(settings, "events").limits.max_sector_weight is None


def test_each_strategy_has_capital_of_its_own_and_none_without():
    capital = load().live.initial_capital_usd
    for name in type(capital).model_fields:
        only = capital.model_copy(update=dict.fromkeys(type(capital).model_fields, 0.0) | {name: 5.0})
        assert [s.name for s in policies.strategies(changed("live.initial_capital_usd", only))] == [name]


@pytest.mark.parametrize(
    ("dry_run", "asks", "places", "offered"),
    [(True, True, False, day.SHOWN), (True, False, False, day.SHOWN), (False, True, False, day.PROPOSED), (False, False, True, day.PLACED)],
)  # fmt: skip
def test_orders_are_placed_only_where_neither_a_dry_run_nor_an_approval_stands_before_them(
    dry_run, asks, places, offered
):
    safety = load().live.safety.model_copy(update={"require_manual_approval": asks})
    settings = changed("live", load().live.model_copy(update={"dry_run": dry_run, "safety": safety}))
    assert policies.places_orders(settings) == places
    assert policies.offered(settings) == offered


def test_by_default_nothing_is_done_and_nobody_is_told():
    live = type(load().live)()
    assert (live.enabled, live.dry_run, live.safety.require_manual_approval) == (False, True, True)
    assert (live.notifications.enabled, live.notifications.send_on_kill_switch, live.notifications.send_daily_summary) == (False, True, False)  # fmt: skip


@pytest.mark.parametrize(("broker", "is_paper"), [("paper", True), ("file", False)])
def test_fills_are_simulated_by_the_paper_broker_alone(broker, is_paper):
    assert policies.broker(changed("live.broker", broker)).is_paper == is_paper


@pytest.mark.parametrize("asks", [True, False])
def test_the_legs_need_their_gates_passed_unless_the_settings_ask_for_none(asks):
    safety = load().live.safety.model_copy(update={"require_acceptance": asks})
    date, empty = pd.Timestamp("2016-01-04"), pd.DataFrame({"rebalance_date": pd.Series(dtype="datetime64[us]"), "metric": "", "value": np.nan})  # fmt: skip
    settings = changed("live.safety", safety)
    if asks:
        accepted = pd.DataFrame({"rebalance_date": [date], "metric": ["is_accepted"], "value": [1.0]})
        refused = accepted.assign(value=0.0)
        assert [policies.accepted(settings, date, performance(), of)[1] for of in (accepted, refused, empty)] == [True, False, False]  # fmt: skip
        assert not policies.accepted(settings, date, performance(), empty)[0]
    else:
        assert policies.accepted(settings, date, empty, empty) == (True, True)


def performance():
    from trade_assets import schemas

    return schemas.TABLES["event_performance"].empty()
