"""Settings as the records the live day trades by, and the bars it needs."""

import pandas as pd

from trade_assets import mandate, partitions
from trade_assets.domain import calendar, prices
from trade_assets.domain.events import acceptance
from trade_assets.domain.live import day, kill_switch, orders, safety, signals
from trade_assets.domain.live.day import Broker, Inputs, Strategy
from trade_assets.domain.prices import Panel
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.settings import Settings

BARS = 75  # sessions: enough for a volatility and a volume of 63, and for gaps before them
WATCHED = 60  # sessions of scores
YEAR = 26  # rebalances
SECTIONS = ("live", "ops", "portfolio", "risk_limits")


def strategies(settings: Settings) -> list[Strategy]:
    """The strategies that have capital."""
    capital = settings.live.initial_capital_usd.model_dump()
    return [_strategy(settings, name) for name, usd in capital.items() if usd > 0]


def places_orders(settings: Settings) -> bool:
    """Whether orders are placed without a person."""
    return not settings.live.dry_run and not settings.live.safety.require_manual_approval


def offered(settings: Settings) -> str:
    """What becomes of orders that nothing forbids."""
    if settings.live.dry_run:
        return day.SHOWN
    return day.PROPOSED if settings.live.safety.require_manual_approval else day.PLACED


def broker(settings: Settings) -> Broker:
    """What fills orders."""
    portfolio = settings.portfolio
    return Broker(settings.live.broker == "paper", portfolio.fill, portfolio.cash_return_frac)


def panel(market_data: MarketData, sessions: pd.DatetimeIndex, before: int = BARS) -> Panel:
    """Bars of the sessions and of so many before them, as sealed."""
    first = calendar.session_before(sessions[0], before)
    bars = market_data.bars(first, sessions[-1], as_of=sessions[-1])
    return prices.panel(bars, sessions=calendar.sessions_between(first, sessions[-1]))


def inputs(
    sessions: pd.DatetimeIndex,
    session_bars: pd.DataFrame,
    live_signals: pd.DataFrame,
    champion_model: pd.DataFrame,
    performance: pd.DataFrame,
) -> dict[pd.Timestamp, Inputs]:
    """What is known of each session besides its bars and its book."""
    shown = performance[(performance["window"] == "since_start") & (performance["series"] == "portfolio")]
    sharpe = shown[shown["metric"] == "sharpe_ratio"].set_index("rebalance_date")["value"]
    made = {}
    for session in sessions:
        date = partitions.rebalance_at(session)
        found = signals.checks(
            session,
            session_bars[session_bars["session"] == session],
            champion_model[champion_model["rebalance_date"] == date],
            live_signals[live_signals["session"] == session],
        )
        made[session] = Inputs(found, float(sharpe.get(date, float("nan"))))
    return made


def accepted(
    settings: Settings, date: pd.Timestamp | None, event_performance: pd.DataFrame, allocator_report: pd.DataFrame
) -> tuple[bool, bool]:
    """Whether the event engine and the allocator may buy: they passed their gates at a rebalance, or need not."""
    if not settings.live.safety.require_acceptance:
        return True, True
    engine = acceptance.gates(
        event_performance[event_performance["rebalance_date"] == date],
        drawdown_warn=settings.risk.drawdown_warn,
        drawdown_fail=settings.risk.drawdown_stop,
        min_trades_per_month=settings.events.tuning.min_trades_per_month,
    )
    own = allocator_report[(allocator_report["rebalance_date"] == date) & (allocator_report["metric"] == "is_accepted")]
    return (
        all(gate.passed for gate in engine if gate.severity == "error"),
        bool(len(own)) and bool((own["value"] == 1.0).any()),
    )


def _strategy(settings: Settings, name: str) -> Strategy:
    live, own = settings.live, settings.live.safety
    is_stocks = name == "stocks"
    checks = safety.Limits(
        max_position_frac=live.max_position_frac if is_stocks else 1.0,
        max_sector_weight=settings.risk_limits.max_sector_weight if is_stocks else None,
        max_turnover=settings.portfolio.max_turnover if is_stocks else 1.0,
        single_trade_warn=own.single_trade_warn if is_stocks else 1.0,
        single_trade_max=own.single_trade_max if is_stocks else 1.0,
        max_cost_frac=own.max_cost_frac,
        max_daily_trades=own.max_daily_trades,
        max_missing_frac=own.max_missing_frac,
        max_bucket_weight=own.max_market_cap_weight.model_dump() if is_stocks else None,
        min_large_cap_weight=own.min_large_cap_weight,
    )
    switch = settings.ops.kill_switch
    return Strategy(
        name,
        orders.Terms(
            policy=mandate.trade_policy(settings.portfolio),
            rebalance_threshold=live.rebalance_threshold if is_stocks else 1.0,
            single_trade_max=checks.single_trade_max,
            max_volume_frac=live.max_volume_frac,
            never_buy=settings.portfolio.never_buy,
        ),
        checks,
        kill_switch.Limits(
            switch.enabled,
            switch.max_daily_loss_frac,
            switch.max_drawdown_frac,
            switch.min_live_sharpe_threshold,
            switch.min_live_sharpe_lookback_weeks,
            switch.halt_probability,
            switch.halt_sessions,
        ),
        own.validate_before_trade,
    )
