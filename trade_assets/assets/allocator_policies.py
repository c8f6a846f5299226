"""Settings as the records the allocator decides by, and the windows its assets read."""

import math
from importlib.util import find_spec

from trade_assets.domain.allocator import acceptance, confidence, folds, tuning
from trade_assets.domain.allocator.book import Rulebook
from trade_assets.domain.allocator.classifiers import Penalties
from trade_assets.domain.allocator.envelope import Limits
from trade_assets.domain.allocator.features import QUARTER
from trade_assets.domain.allocator.members import Parameters
from trade_assets.domain.allocator.policy import Rules
from trade_assets.domain.allocator.tunable import SPACE, Policy
from trade_assets.domain.allocator.utility import FILL_SESSIONS, Terms
from trade_assets.settings import Settings, load

YEAR = 26  # rebalances
LARGEST_DAILY_CAP = SPACE["daily_cap"].high  # that a search may choose
_OWN, _EVERY = load().allocator, load().history.rebalance_every


def _back(sessions: int) -> int:
    """Rebalance windows that hold so many sessions before each session of the last one, and itself."""
    return math.ceil(sessions / _EVERY) + 1


_REACH = _OWN.horizon_sessions + FILL_SESSIONS
FILLED = _back(2 * FILL_SESSIONS)
LABEL = _back(_REACH)
SLEEVES = _back(QUARTER)
CONFIDENCE = _back(confidence.LONGEST)
MIXES = _back(_OWN.constant_mix_sessions)
_FITTED = _OWN.train_sessions + _OWN.calibration_sessions + 2 * (_OWN.horizon_sessions + _REACH)
TESTED = YEAR * math.ceil(_OWN.tuning.history_months * 21.2 / (YEAR * _EVERY)) + YEAR
SEARCH = TESTED + _back(_FITTED)
TRAIN = _back(_FITTED)


def leg_symbols(settings: Settings) -> tuple[str | None, str | None]:
    """The NASDAQ leg and the S&P leg."""
    of = settings.index_legs()
    return of.qqq, of.spy


def utility_terms(settings: Settings) -> Terms:
    """What a weight is judged by."""
    own = settings.allocator
    return Terms(own.horizon_sessions, own.lambda_dd, own.lambda_tc, (own.costs_bps + own.slippage_bps) / 1e4)


def plan(settings: Settings) -> folds.Plan:
    """Lengths of the windows of the walk-forward."""
    own = settings.allocator
    return folds.Plan(
        train_sessions=own.train_sessions,
        calibration_sessions=own.calibration_sessions,
        embargo_sessions=own.horizon_sessions,
        inner_folds=own.inner_folds,
        min_train_rows=own.min_train_rows,
    )


def absent(settings: Settings) -> tuple[str, ...]:
    """Members the settings name whose library is not installed."""
    return tuple(n for n in settings.allocator.members if n == "catboost" and find_spec("catboost") is None)


def _parameters(settings: Settings) -> Parameters:
    own = settings.allocator
    return Parameters(
        names=tuple(name for name in own.members if name not in absent(settings)),
        target=own.target,
        penalties=Penalties(
            own.ridge_alpha,
            own.elastic_net_alpha,
            own.elastic_net_l1_ratio,
            own.lightgbm_params.model_dump(),
            own.num_boost_round,
        ),
        buckets=own.buckets,
        tau=own.tau,
        calibration=own.calibration,
        calibrate_from_rows=own.calibrate_from_rows,
        min_train_rows=own.min_train_rows,
        label_sessions=own.horizon_sessions + FILL_SESSIONS,
    )


def policy(settings: Settings) -> Policy:
    """All the numbers the allocator decides by, before a search."""
    return Policy(_parameters(settings), _rulebook(settings))


def _rulebook(settings: Settings) -> Rulebook:
    own = settings.allocator
    return Rulebook(
        Rules(own.alpha, own.daily_cap, own.no_trade_band, own.lambda_tc, utility_terms(settings).cost_frac),
        Limits(
            drawdown_warn=own.drawdown_warn,
            drawdown_stop=own.drawdown_stop,
            guard_floor=own.guard_floor,
            volatility_target=own.volatility_target,
            drift_from=own.drift_from,
            drift_to=own.drift_to,
            drift_floor=own.drift_floor,
            band=own.gross_band,
            daily_cap=own.daily_cap,
        ),
    )


def acceptance_limits(settings: Settings) -> acceptance.Limits:
    """What the allocator must reach to take over."""
    own = settings.allocator
    return acceptance.Limits(
        drawdown_tolerance=own.drawdown_tolerance,
        drawdown_cap=own.drawdown_stop,
        turnover_cap=own.turnover_cap,
        negative_fold_rate=own.negative_fold_rate,
        importance_stability=own.importance_stability,
        min_sessions=own.min_sessions,
    )


def scales(settings: Settings) -> tuning.Scales:
    """What a trial of the search is judged by."""
    own, of = settings.allocator, settings.allocator.tuning
    return tuning.Scales(
        calmar=of.calmar_scale,
        monthly_return=of.monthly_return_scale,
        drawdown=of.drawdown_scale,
        turnover=of.turnover_scale,
        drawdown_cap=own.drawdown_stop,
        turnover_cap=own.turnover_cap,
        negative_fold_rate=own.negative_fold_rate,
    )
