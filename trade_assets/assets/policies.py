"""Settings as the records the event engine decides by, and the windows of bars its assets read."""

import math

import pandas as pd

from trade_assets.domain import calendar
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import folds, geometry, models, risk, scores, sizing, sleeve, tuning
from trade_assets.domain.events.policy import Policy
from trade_assets.domain.events.tuning import YEAR
from trade_assets.settings import Settings, load

SESSION_MINUTES = 390
SESSIONS_PER_YEAR = 252
SESSIONS_PER_MONTH = 21.2

_EVENTS, _EVERY = load().events, load().history.rebalance_every
_BARS_PER_SESSION = 1 if _EVENTS.bar_minutes is None else math.ceil(SESSION_MINUTES / _EVENTS.bar_minutes)
# rebalances a label may reach over, with the labels that overlap it; early closes have fewer bars
PATH = math.ceil(2 * (_EVENTS.horizon_bars + 2) / (_BARS_PER_SESSION * _EVERY)) + 2


def rebalances_of(months: float) -> int:
    """Rebalances that hold so many months and the labels that began before them."""
    return math.ceil(months * SESSIONS_PER_MONTH / _EVERY) + PATH


TRAIN = rebalances_of(_EVENTS.train_months + _EVENTS.calibration_months)
SEARCH = TRAIN + rebalances_of(_EVENTS.tuning.history_months) + YEAR


def grid(settings: Settings, dates: Rebalances, *, last: int, ahead_bars: int = 0) -> pd.DataFrame:
    """The bars of the ``last`` rebalance windows up to each of ``dates``, and at least ``ahead_bars`` after them."""
    minutes, start = settings.events.bar_minutes, dates.whole.dates[0]
    first = _first_day(dates, last)
    end = dates.dates[-1] + pd.Timedelta(days=7 + 2 * ahead_bars) if ahead_bars else dates.dates[-1]
    before = calendar.sessions_between(start, first - pd.Timedelta(days=1))
    skipped = int(bars_domain.bars_in(before, minutes=minutes).sum()) if len(before) else 0
    return bars_domain.grid(calendar.sessions_between(first, end), minutes=minutes, first_idx=skipped)


def sessions_of(dates: Rebalances, *, last: int) -> pd.DatetimeIndex:
    """The sessions of the ``last`` rebalance windows up to each of ``dates``."""
    return calendar.sessions_between(_first_day(dates, last), dates.dates[-1])


def _first_day(dates: Rebalances, last: int) -> pd.Timestamp:
    window = dates.whole.window(dates.dates[0], last=last + 1)
    return window[0] + pd.Timedelta(days=1) if len(window) > last else dates.whole.dates[0]


def barriers(settings: Settings) -> geometry.Barriers:
    """Widths and horizon of an event."""
    events = settings.events
    return geometry.Barriers(events.target_volatilities, events.stop_volatilities, events.horizon_bars)


def costs(settings: Settings) -> geometry.EventCosts:
    """Cost model of the event engine."""
    events = settings.events
    return geometry.EventCosts(
        events.commission_bps, events.half_spread_bps, events.slippage_volatilities, events.overnight_bps
    )


def plan(settings: Settings) -> folds.Plan:
    """Lengths of the windows of the walk-forward."""
    events = settings.events
    return folds.Plan(
        train_months=events.train_months,
        calibration_months=events.calibration_months,
        calibration_events=events.calibration_events,
        embargo_bars=events.horizon_bars,
        inner_folds=events.inner_folds,
        half_life_months=events.weight_half_life_months,
    )


def fills(settings: Settings, *, opens_are_real: bool) -> sleeve.Fills:
    """How entries are filled and how long positions last."""
    risk_settings = settings.risk
    return sleeve.Fills(
        horizon_bars=settings.events.horizon_bars,
        enters_at_open=opens_are_real,
        opens_are_real=opens_are_real,
        min_holding_bars=risk_settings.min_holding_bars,
        cooldown_bars=risk_settings.cooldown_bars,
    )


def search_limits(settings: Settings) -> tuning.Limits:
    """What a trial of the search is judged by."""
    of = settings.events.tuning
    return tuning.Limits(of.history_months, of.drawdown_cap, of.min_trades_per_month)


def policy(settings: Settings) -> Policy:
    """All the numbers the engine decides by, before a search."""
    events, limits = settings.events, settings.risk
    return Policy(
        models=models.Parameters(
            label=events.probability,
            classifier=events.classifier,
            regressor=events.regressor,
            logistic_c=events.logistic_c,
            ridge_alpha=events.ridge_alpha,
            elastic_net_alpha=events.elastic_net_alpha,
            l1_ratio=events.elastic_net_l1_ratio,
            lightgbm=events.lightgbm_params.model_dump(),
            num_boost_round=events.num_boost_round,
            early_stopping_rounds=events.early_stopping_rounds,
            early_stopping_min_rows=events.early_stopping_min_rows,
            isotonic_from_rows=events.isotonic_from_rows,
            platt_from_rows=events.platt_from_rows,
            calibration_prior_events=events.calibration_prior_events,
            min_train_rows=events.min_train_rows,
        ),
        gates=scores.Gates(events.k, events.phi, events.overnight_multiplier),
        sizes=sizing.SizeLimits(
            kelly_share=limits.kelly_share,
            max_position_frac=limits.max_position_frac,
            volatility_target=limits.volatility_target,
            overnight_haircut=limits.overnight_haircut,
            bars_per_year=SESSIONS_PER_YEAR * _BARS_PER_SESSION,
        ),
        limits=risk.RiskLimits(
            drawdown_stop=limits.drawdown_stop,
            drawdown_warn=limits.drawdown_warn,
            rearm_sessions=limits.rearm_sessions,
            session_loss_stop=limits.session_loss_stop,
            turnover_cap=limits.turnover_cap,
            turnover_sessions=limits.turnover_sessions,
        ),
        min_position_frac=limits.min_position_frac,
    )
