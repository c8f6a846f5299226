"""Tuning: every trial of the searches over inner folds, and what they found."""

from functools import partial
from importlib.metadata import version

import dagster as dg
import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.assets import policies
from trade_assets.assets.partitioned import domain_version, rebalance_asset, window
from trade_assets.assets.policies import SEARCH
from trade_assets.domain import search
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import models, tuning
from trade_assets.domain.events import policy as policy_domain
from trade_assets.resources import studies as studies_module
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.studies import Studies
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings

STUDY = "events"
# a study is gone on with only by the versions it was begun with
LIBRARIES = {name: version(name) for name in ("lightgbm", "numpy", "optuna", "pandas", "scikit-learn", "scipy")}


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
    tune, own = settings.events.tuning, policies.policy(settings)
    rows = tuning.Rows(events, event_outcomes, models.features_of(events, bar_features))
    made = []
    for date in dates.retrain_dates(tune.every_rebalances):
        at = partitions.GRID.between(date, date)
        of = policies.grid(settings, at, last=SEARCH)
        found = tuning.prepared(
            rows,
            bars_domain.leg_bars(index_bars, bars, of, settings.index_legs().symbols()),
            date,
            partitions.GRID,
            policy=own,
            plan=policies.plan(settings),
            fills=policies.fills(settings, opens_are_real=market_data.has_real_opens),
            limits=policies.search_limits(settings),
        )
        if found is not None and tune.optuna_trials:
            name = f"{STUDY} {partitions.key_of(date)} {search.identity(domain_version(), LIBRARIES, tune.seed, tuning.identity(found))}"
            made.append((date, _job(name, found, own, settings, studies)))
    if made:
        studies.prepare()
    results = workers.map(studies_module.run, (job for _, job in made))
    parts = [
        tuning.table(date, STUDY, trial) for (date, _), found in zip(made, results, strict=True) for trial in found
    ]
    return schemas.concat("trials", parts)


def _job(name: str, found: tuning.Search, own: policy_domain.Policy, settings: Settings, studies: Studies):
    return studies_module.Job(
        name,
        partial(tuning.evaluate, found),
        policy_domain.SPACE,
        policy_domain.values_of(own),
        settings.events.tuning.optuna_trials,
        settings.events.tuning.seed,
        studies,
    )


@rebalance_asset(group="tuning", sections=("events", "risk"))
def tuned_parameters(
    settings: dg.ResourceParam[Settings], trials: pd.DataFrame, dates: Rebalances, previous: pd.DataFrame
) -> pd.DataFrame:
    """Parameters in force after each rebalance: the best trial of the last search, or the settings before the first."""
    return policy_domain.in_force_table(
        trials, previous, policy_domain.values_of(policies.policy(settings)), dates, study=STUDY
    )
