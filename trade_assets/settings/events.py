"""Settings of the event engine: what an event is, how it is priced, tuned, sized and stopped."""

from typing import Literal

from pydantic import Field

from trade_assets.settings.section import Section


class EventTuning(Section):
    every_rebalances: int = Field(default=26, ge=1, description="rebalances from one search to the next")
    history_months: int = Field(
        default=60, ge=12, description="months of inner tests a trial is judged on; fewer than 60 say little"
    )
    optuna_trials: int = Field(
        default=12, ge=0, description="trials of one search; 0 keeps the settings, 100 is a full search"
    )
    drawdown_cap: float = Field(default=0.12, gt=0, lt=1, description="drawdown above which a trial is penalised")
    min_trades_per_month: float = Field(
        default=5.0, ge=0, description="trades a month below which a trial is penalised"
    )
    seed: int = Field(default=42, ge=0)


class EventLightGBM(Section):
    num_leaves: int = Field(default=4, ge=2)
    max_depth: int = Field(default=2, ge=1, le=16)
    min_data_in_leaf: int = Field(default=60, ge=1)
    learning_rate: float = Field(default=0.03, gt=0, le=1)
    feature_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_freq: int = Field(default=1, ge=0)
    seed: int = Field(default=42, ge=0)


class Events(Section):
    bar_minutes: int | None = Field(
        default=None, ge=1, le=390, description="minutes of a bar, counted from the open; none is one bar a session"
    )
    sides: Literal["long", "both"] = Field(default="long", description="sides an event is looked at from")
    horizon_bars: int = Field(
        default=10, ge=1, le=500, description="bars a position is held at most; the embargo of every fold"
    )
    volatility_bars: int = Field(default=63, ge=5, le=252, description="bars of the trailing volatility")
    cusum_volatilities: float = Field(
        default=1.0, gt=0, description="move that makes an event, in volatilities of a bar"
    )
    target_volatilities: float = Field(default=1.0, gt=0, description="profit barrier, in volatilities of the horizon")
    stop_volatilities: float = Field(default=1.0, gt=0, description="loss barrier, in volatilities of the horizon")
    commission_bps: float = Field(default=1.0, ge=0, description="commission per side, basis points")
    half_spread_bps: float = Field(default=1.0, ge=0, description="half the spread, paid per side, basis points")
    slippage_volatilities: float = Field(default=0.02, ge=0, description="slippage per side, in volatilities of a bar")
    overnight_bps: float = Field(
        default=1.0, ge=0, description="paid by a trade that may be held past a close, basis points"
    )
    k: float = Field(default=1.0, ge=0, description="least score, in round-trip costs")
    phi: float = Field(default=1.5, ge=0, description="least profit barrier, in round-trip costs")
    overnight_multiplier: float = Field(default=1.5, ge=1, description="times k where a close lies before the entry")
    retrain_every: int = Field(default=2, ge=1, description="rebalances from one fit to the next")
    train_months: int = Field(default=30, ge=24, le=36, description="months of training events")
    calibration_months: int = Field(
        default=1, ge=1, le=12, description="months of the block that calibrates and stops boosting early"
    )
    calibration_events: int = Field(
        default=300,
        ge=0,
        description="events the block holds at least; it reaches back further for them, to a quarter at most",
    )
    inner_folds: int = Field(default=3, ge=1, le=10, description="walk-forward folds inside the training events")
    weight_half_life_months: float = Field(default=12.0, gt=0, description="age at which a training event counts half")
    min_train_rows: int = Field(default=100, ge=10, description="fewer events than this fit no model")
    probability: Literal["net", "target"] = Field(
        default="net", description="what p is the chance of: a positive net return, or the profit barrier first"
    )
    classifier: Literal["lightgbm", "logistic"] = Field(default="lightgbm", description="model whose p is used")
    regressor: Literal["ridge", "elastic_net"] = Field(default="ridge", description="model whose ev_ml is used")
    logistic_c: float = Field(default=0.01, gt=0, description="inverse penalty of the logistic regression")
    ridge_alpha: float = Field(default=1.0, gt=0, description="ridge penalty; at 1 it weighs as much as the rows do")
    elastic_net_alpha: float = Field(
        default=0.3, gt=0, le=1, description="penalty, as a share of the one that leaves no coefficient"
    )
    elastic_net_l1_ratio: float = Field(
        default=0.5, gt=0, le=1, description="share of the penalty on absolute coefficients"
    )
    lightgbm_params: EventLightGBM = EventLightGBM()
    num_boost_round: int = Field(default=60, ge=1, description="most boosting rounds")
    early_stopping_rounds: int = Field(default=20, ge=1, description="rounds without gain on the block that end a fit")
    early_stopping_min_rows: int = Field(
        default=200, ge=2, description="events in the block below which boosting is not stopped early"
    )
    platt_from_rows: int = Field(
        default=30, ge=2, description="events in the block below which probabilities stay as they are"
    )
    calibration_prior_events: float = Field(
        default=100.0, ge=0, description="events' worth of belief that a probability is right before the block is seen"
    )
    isotonic_from_rows: int = Field(
        default=1000, ge=10, description="events in the block from which calibration is isotonic instead of Platt's"
    )
    band_miss_rate: float = Field(
        default=0.2, gt=0, lt=0.5, description="share of outcomes the conformal band may miss"
    )
    band_step: float = Field(default=0.02, ge=0, lt=1, description="how fast the band adapts to its misses")
    band_window: int = Field(default=250, ge=20, description="known events the band learns from")
    tuning: EventTuning = EventTuning()


class Risk(Section):
    initial_capital_usd: float = Field(
        default=10_000.0, gt=0, description="capital the event book's figures in USD begin with"
    )
    kelly_share: float = Field(default=0.25, gt=0, le=1, description="share of Kelly's bet that is taken")
    max_position_frac: float = Field(default=1.0, gt=0, le=1, description="largest position, in the leg's capital")
    volatility_target: float = Field(
        default=0.10, gt=0, le=1, description="yearly volatility of a position above which it is cut"
    )
    overnight_haircut: float = Field(
        default=0.5, ge=0, le=1, description="share of the size that is left where a close lies before the entry"
    )
    min_position_frac: float = Field(default=0.01, ge=0, le=1, description="smaller positions are not opened")
    drawdown_stop: float = Field(default=0.12, gt=0, le=1, description="drawdown at which everything is closed")
    drawdown_warn: float = Field(default=0.10, gt=0, le=1, description="drawdown at which a warning is given")
    rearm_sessions: int = Field(default=20, ge=1, description="sessions after a stop until trading may begin again")
    session_loss_stop: float = Field(
        default=0.02, gt=0, le=1, description="loss since the last close at which the session is over"
    )
    cooldown_bars: int = Field(default=1, ge=0, description="bars after an exit before the leg is entered again")
    min_holding_bars: int = Field(
        default=1, ge=0, description="bars before a profit is taken; a loss is never held on to"
    )
    turnover_cap: float = Field(default=8.0, gt=0, description="capital a leg may trade, in units of its capital …")
    turnover_sessions: int = Field(default=21, ge=1, description="… within so many sessions")
