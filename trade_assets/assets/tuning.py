"""Tuning: every trial of the searches over inner folds, and what they found."""

from functools import partial

import dagster as dg
import pandas as pd

from trade_assets import schemas
from trade_assets.assets import policies, stock_models
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.assets.policies import SEARCH
from trade_assets.assets.searching import Searched, searched
from trade_assets.domain import features, folds, training, tuned
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import models, tuning
from trade_assets.domain.events import policy as policy_domain
from trade_assets.domain.models import tuning as model_tuning
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.studies import Studies
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings, load

STUDY = "events"
TRAIN = load().history.train_rebalances


@rebalance_asset(
    group="tuning",
    sections=("events", "risk"),
    kinds={"optuna", "lightgbm"},
    events=window(SEARCH),
    event_outcomes=window(SEARCH),
    bar_features=window(SEARCH),
    index_bars=window(SEARCH),
    bars=window(SEARCH, symbols="index_legs"),
)
def trials(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    workers: dg.ResourceParam[Workers],
    studies: dg.ResourceParam[Studies],
    events: pd.DataFrame,
    event_outcomes: pd.DataFrame,
    bar_features: pd.DataFrame,
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Every trial of every search, with what its book returned on inner tests."""
    tune, own, found = settings.events.tuning, policies.policy(settings), {}
    rows = tuning.Rows(events, event_outcomes, models.features_of(events, bar_features))
    for date in dates.retrain_dates(tune.every_rebalances):
        of = policies.grid(settings, dates.whole.between(date, date), last=SEARCH)
        found[date] = tuning.prepared(
            rows,
            bars_domain.leg_bars(index_bars, bars, of, settings.index_legs().symbols()),
            date,
            dates.whole,
            policy=own,
            plan=policies.plan(settings),
            fills=policies.fills(settings, opens_are_real=market_data.has_real_opens),
            limits=policies.search_limits(settings),
        )
    objectives = {date: (tuning.identity(s), partial(tuning.evaluate, s)) for date, s in found.items() if s is not None}
    study = Searched(STUDY, policy_domain.SPACE, policy_domain.values_of(own), tune.optuna_trials, tune.seed)
    return schemas.concat("trials", searched(study, objectives, workers, studies))


@rebalance_asset(group="tuning", sections=("events", "risk"))
def tuned_parameters(
    settings: dg.ResourceParam[Settings], trials: pd.DataFrame, dates: Rebalances, previous: pd.DataFrame
) -> pd.DataFrame:
    """Parameters in force after each rebalance: the best trial of the last search, or the settings before the first."""
    return tuned.in_force_table(
        trials, previous, policy_domain.values_of(policies.policy(settings)), dates, study=STUDY
    )


@rebalance_asset(
    group="tuning",
    sections=("labels", "modeling", "portfolio"),
    kinds={"optuna", "xgboost"},
    stock_features=window(TRAIN, lag=1),
    stock_outcomes=window(TRAIN),
)
def stock_trials(
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    studies: dg.ResourceParam[Studies],
    stock_features: pd.DataFrame,
    stock_outcomes: pd.DataFrame,
    stock_fold_manifest: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Every trial of the searches for XGBoost's parameters, with what its best names returned on inner tests."""
    tune, found = settings.modeling.tuning, {}
    rows = folds.labelled(stock_features, stock_outcomes, list(features.FEATURES))
    for date in stock_models.search_dates(settings, dates):
        found[date] = model_tuning.prepared(
            *training.recorded_folds(rows, date, stock_fold_manifest, plan=stock_models.plan(settings, dates.whole)),
            rows,
            parameters=stock_models.parameters(settings.modeling)["xgboost"],
            top_n=settings.portfolio.top_n,
            objective=tune.objective,
        )
    objectives = {
        date: (model_tuning.identity(s), partial(model_tuning.evaluate, s))
        for date, s in found.items()
        if s is not None
    }
    study = Searched(
        stock_models.STUDY, model_tuning.space(max_estimators=tune.max_estimators), stock_models.untuned(settings.modeling),
        tune.optuna_trials, tune.seed,
    )  # fmt: skip
    return schemas.concat("stock_trials", searched(study, objectives, workers, studies))


@rebalance_asset(group="tuning", sections=("modeling",))
def stock_parameters(
    settings: dg.ResourceParam[Settings], stock_trials: pd.DataFrame, dates: Rebalances, previous: pd.DataFrame
) -> pd.DataFrame:
    """Parameters of the tuned candidate after each rebalance, or the settings before the first search."""
    return tuned.in_force_table(
        stock_trials, previous, stock_models.untuned(settings.modeling), dates, study=stock_models.STUDY
    )
