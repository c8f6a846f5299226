"""The live day: who may trade with how much, what stops it, what is watched, and who is told."""

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from trade_assets.settings.section import Section


class Capital(Section):
    stocks: float = Field(default=100_000.0, ge=0, description="USD the stock portfolio begins with; 0 is off")
    events: float = Field(default=10_000.0, ge=0, description="USD the event engine begins with; 0 is off")
    allocator: float = Field(default=0.0, ge=0, description="USD the allocated legs begin with; 0 is off")


class MarketCapWeights(Section):
    large_cap: float = Field(
        default=1.0, ge=0, le=1, description="largest share of the invested part in large companies"
    )
    mid_cap: float = Field(default=0.25, ge=0, le=1, description="the same, mid-sized")
    small_cap: float = Field(default=0.05, ge=0, le=1, description="the same, small")


class Safety(Section):
    validate_before_trade: bool = Field(default=True, description="check orders before they are offered")
    require_manual_approval: bool = Field(default=True, description="orders wait until a person approves them")
    require_acceptance: bool = Field(
        default=True, description="the legs are bought only while the engine, or the allocator, passes its own gates"
    )
    max_daily_trades: int = Field(default=50, ge=0, description="orders of one session")
    single_trade_warn: float = Field(
        default=0.10, gt=0, le=2, description="a buy of more than this share of the book warns"
    )
    single_trade_max: float = Field(
        default=0.15,
        gt=0,
        le=2,
        description="buys are scaled down together until none is larger, the first build apart",
    )
    max_market_cap_weight: MarketCapWeights = MarketCapWeights()
    min_large_cap_weight: float = Field(
        default=0.30, ge=0, le=1, description="least share of the invested part in large companies"
    )
    max_cost_frac: float = Field(default=0.005, gt=0, le=1, description="estimated costs as a share of the book")
    max_missing_frac: float = Field(
        default=0.5, ge=0, le=1, description="share of the symbols held or wanted that may lack a price"
    )


class Notifications(Section):
    enabled: bool = Field(default=False, description="whether messages are sent; asks for the extra `notify`")
    urls: tuple[SecretStr, ...] = Field(
        default=(),
        description="where to, Apprise URLs such as mailto://, slack:// and json://; they are secret and shown nowhere",
    )
    send_on_kill_switch: bool = Field(default=True, description="tell of a strategy the kill switch has stopped")
    send_on_failed_safety: bool = Field(default=True, description="tell of orders a safety check forbids")
    send_on_failed_run: bool = Field(default=True, description="tell of a failed run: job, step and reason")
    send_daily_summary: bool = Field(default=False, description="tell of every session: what to do, equity, orders")
    timeout_seconds: float = Field(
        default=10.0, gt=0, le=10, description="longest wait for all channels together; what is late counts as failed"
    )

    @model_validator(mode="after")
    def _have_a_channel(self) -> "Notifications":
        if self.enabled and not self.urls:
            raise ValueError("live.notifications.urls must name a channel where live.notifications.enabled is true")
        return self


class Live(Section):
    start: dt.date = Field(default=dt.date(2018, 1, 2), description="first session with a live partition")
    enabled: bool = Field(default=False, description="whether the daily schedule asks for a run")
    dry_run: bool = Field(default=True, description="orders are shown and none can be placed")
    broker: Literal["paper", "file"] = Field(
        default="paper", description="paper fills orders by the bars; file waits for the executions you record"
    )
    initial_capital_usd: Capital = Capital()
    max_position_frac: float = Field(default=0.15, gt=0, le=1, description="largest weight of one stock")
    rebalance_threshold: float = Field(
        default=0.05, gt=0, le=1, description="drift of one weight since the last trade that trades between rebalances"
    )
    max_volume_frac: float = Field(
        default=0.05, gt=0, description="share of a day's dollar volume above which an order is flagged"
    )
    ledger_uri: str = Field(
        default="sqlite:///data/live/ledger.db", description="SQLAlchemy URL of the book ledger; SQLite or Postgres"
    )
    output_dir: Path = Field(default=Path("data/live"), description="directory of each session's files")
    paper_dir: Path = Field(default=Path("data/paper"), description="directory of replays, one of its own each")
    safety: Safety = Safety()
    notifications: Notifications = Notifications()


class KillSwitch(Section):
    enabled: bool = Field(default=True, description="whether losses stop the book")
    max_daily_loss_frac: float = Field(default=0.03, gt=0, le=1, description="loss of one session that stops the book")
    max_drawdown_frac: float = Field(
        default=0.20, gt=0, le=1, description="fall from the highest value of a year that stops the book"
    )
    min_live_sharpe_threshold: float = Field(
        default=0.5, description="Sharpe ratio of the last weeks below which the given rule warns"
    )
    min_live_sharpe_lookback_weeks: int = Field(default=6, ge=2, le=52, description="weeks of that rule")
    halt_probability: float = Field(
        default=0.99, gt=0.5, lt=1, description="probability that the true Sharpe ratio is below half the backtest's"
    )
    halt_sessions: int = Field(default=252, ge=63, le=252, description="sessions that test needs")


class Ops(Section):
    track_ic: bool = Field(default=True, description="watch information coefficients and drift")
    ic_lookback_days: int = Field(default=20, ge=5, le=120, description="sessions of scores judged")
    ic_alert_threshold: float = Field(default=0.02, description="mean coefficient below which a warning is shown")
    calibration_events: int = Field(default=60, ge=10, description="newest events whose probabilities are judged")
    kill_switch: KillSwitch = KillSwitch()
