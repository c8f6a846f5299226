"""Tuning: every trial of the searches over inner folds, and what they found."""

from functools import partial

import dagster as dg
import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.assets import policies
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.assets.policies import SEARCH
from trade_assets.assets.searching import Searched, searched
from trade_assets.domain import tuned
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import models, tuning
from trade_assets.domain.events import policy as policy_domain
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.studies import Studies
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings

STUDY = "events"


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
        of = policies.grid(settings, partitions.GRID.between(date, date), last=SEARCH)
        found[date] = tuning.prepared(
            rows,
            bars_domain.leg_bars(index_bars, bars, of, settings.index_legs().symbols()),
            date,
            partitions.GRID,
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
