"""The allocator: how much of the book each index leg gets at every close, and whether that beats the event engine."""

from functools import partial

import dagster as dg
import pandas as pd

from trade_assets import schemas
from trade_assets.assets import allocator_policies as policies
from trade_assets.assets.allocator_policies import (
    CONFIDENCE,
    FILLED,
    LABEL,
    MIXES,
    SEARCH,
    SLEEVES,
    TESTED,
    TRAIN,
    YEAR,
)
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.assets.policies import PATH, sessions_of
from trade_assets.assets.searching import Searched, searched
from trade_assets.domain import calendar, market_state, prices, tuned
from trade_assets.domain import folds as stock_folds
from trade_assets.domain.allocator import (
    acceptance,
    allocated,
    book,
    confidence,
    dataset,
    features,
    folds,
    legs,
    models,
    performance,
    tunable,
    tuning,
    utility,
)
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import record
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.studies import Studies
from trade_assets.resources.tracking import Tracking
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings


@rebalance_asset(
    group="allocator",
    sections=("allocator", "events"),
    event_book=window(SLEEVES),
    event_scores=window(CONFIDENCE + PATH),
    event_outcomes=window(CONFIDENCE),
    bars=window(CONFIDENCE, symbols="index_legs"),
)
def allocator_features(
    settings: dg.ResourceParam[Settings],
    event_book: pd.DataFrame,
    event_scores: pd.DataFrame,
    event_outcomes: pd.DataFrame,
    bars: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """What is known at each close of the engine's sleeves, its confidence, and the market behind the legs."""
    symbols = policies.leg_symbols(settings)
    known = record.judged(event_scores, event_outcomes, label=settings.events.probability)
    sessions = sessions_of(dates, last=CONFIDENCE)
    told = confidence.features(event_scores, known, calendar.close_utc(sessions), symbols).assign(session=sessions)
    return features.assemble(
        dates.sessions(),
        features.of_sleeves(legs.legs_of(event_book, symbols, sessions_of(dates, last=SLEEVES))),
        told,
        features.of_market(prices.panel(bars, through=dates.dates[-1]), symbols),
    )


@rebalance_asset(
    group="allocator",
    sections=("allocator",),
    event_book=window(LABEL),
    allocator_features=window(LABEL),
)
def allocator_dataset(
    settings: dg.ResourceParam[Settings],
    event_book: pd.DataFrame,
    allocator_features: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Sessions whose utility became known: what was seen there, and what each weight was worth."""
    of = legs.legs_of(event_book, policies.leg_symbols(settings), sessions_of(dates, last=LABEL))
    terms = policies.utility_terms(settings)
    return schemas.concat(
        "allocator_dataset", [dataset.rows(allocator_features, of, dates.sessions(), previous, terms)]
    )


@rebalance_asset(
    group="allocator",
    sections=("allocator",),
    kinds={"optuna", "lightgbm"},
    allocator_dataset=window(SEARCH),
    allocator_features=window(TESTED),
    event_book=window(TESTED),
)
def allocator_trials(
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    studies: dg.ResourceParam[Studies],
    allocator_dataset: pd.DataFrame,
    allocator_features: pd.DataFrame,
    event_book: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Every trial of every search of the allocator, with what its book returned on inner tests."""
    tune, own, found = settings.allocator.tuning, policies.policy(settings), {}
    for date in dates.retrain_dates(tune.every_rebalances):
        inside = sessions_of(dates.whole.between(date, date), last=TESTED)
        found[date] = tuning.prepared(
            allocator_dataset,
            allocator_features,
            legs.legs_of(event_book, policies.leg_symbols(settings), inside),
            date,
            dates.whole,
            policy=own,
            plan=policies.plan(settings),
            scales=policies.scales(settings),
            history_months=tune.history_months,
        )
    objectives = {date: (tuning.identity(s), partial(tuning.evaluate, s)) for date, s in found.items() if s is not None}
    of = Searched(tunable.STUDY, tunable.SPACE, tunable.values_of(own), tune.optuna_trials, tune.seed)
    return schemas.concat("allocator_trials", searched(of, objectives, workers, studies))


@rebalance_asset(group="allocator", sections=("allocator",))
def allocator_parameters(
    settings: dg.ResourceParam[Settings], allocator_trials: pd.DataFrame, dates: Rebalances, previous: pd.DataFrame
) -> pd.DataFrame:
    """Parameters in force after each rebalance: the best trial of the last search, or the settings before the first."""
    own = tunable.values_of(policies.policy(settings))
    return tuned.in_force_table(allocator_trials, previous, own, dates, study=tunable.STUDY)


@rebalance_asset(group="allocator", sections=("allocator",), allocator_dataset=window(TRAIN))
def allocator_fold_manifest(
    settings: dg.ResourceParam[Settings], allocator_dataset: pd.DataFrame, dates: Rebalances, previous: pd.DataFrame
) -> pd.DataFrame:
    """Train, calibration and test windows of every fit, purged and embargoed, with the hashes of their rows."""
    plan, every = policies.plan(settings), settings.allocator.retrain_every
    made = []
    for date in dates.retrain_dates(every):
        final = folds.final_fold(allocator_dataset, date, plan)
        last = calendar.session_after(date, every * settings.history.rebalance_every)
        made.append(folds.manifest([final, *folds.inner_folds(final, plan)], date, test_last=last, plan=plan))
    return stock_folds.carry_forward(schemas.concat("allocator_fold_manifest", made), previous, dates.dates)


@rebalance_asset(
    group="allocator",
    sections=("allocator",),
    kinds={"lightgbm", "scikitlearn", "mlflow"},
    allocator_dataset=window(TRAIN),
    allocator_parameters=window(lag=1),
)
def allocator_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
    allocator_dataset: pd.DataFrame,
    allocator_parameters: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Classifiers of the best weight, their blend and its calibration, fitted as of each retrain date."""
    plan, own = policies.plan(settings), policies.policy(settings)
    before = {date: decided for decided, date in dates.spans()}
    finals = (
        (date, folds.final_fold(allocator_dataset, date, plan))
        for date in dates.retrain_dates(settings.allocator.retrain_every)
    )
    jobs = (
        models.Job(
            date,
            final,
            folds.inner_folds(final, plan),
            tunable.in_force(own, allocator_parameters, before[date]).models,
        )
        for date, final in finals
    )
    fits = [
        models.entries(f, artifacts.put, absent=policies.absent(settings))
        for f in workers.map(models.fit, jobs)
        if f is not None
    ]
    for fit in fits:
        tracking.log(context, "allocator_models", fit["rebalance_date"].iloc[0], *models.tracked(fit))
    return stock_folds.carry_forward(schemas.concat("allocator_models", fits), previous, dates.dates)


@rebalance_asset(
    group="allocator",
    sections=("allocator",),
    allocator_models=window(lag=1),
    allocator_parameters=window(lag=1),
)
def allocation(
    settings: dg.ResourceParam[Settings],
    artifacts: dg.ResourceParam[ArtifactStore],
    event_book: pd.DataFrame,
    allocator_features: pd.DataFrame,
    allocator_models: pd.DataFrame,
    allocator_parameters: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Weight of each leg and of cash decided at every close, step by step; the one state of the allocator."""
    of = legs.legs_of(event_book, policies.leg_symbols(settings), sessions_of(dates, last=1))
    own = policies.policy(settings)
    fits = allocator_models.drop_duplicates(["retrain_date", "model"]).groupby("retrain_date")
    made = {retrain: models.in_force(rows, artifacts.get) for retrain, rows in fits}
    carried = allocator_models[["rebalance_date", "retrain_date"]].drop_duplicates()
    return book.run(
        book.restored(previous) if len(previous) else book.opening(of),
        of,
        dates.sessions(),
        allocator_features,
        models={date: made[retrain] for date, retrain in carried.itertuples(index=False)},
        rulebooks={
            date: tunable.in_force(own, allocator_parameters, before).rulebook for before, date in dates.spans()
        },
        weights=utility.weights_of(settings.allocator.buckets),
    )


@rebalance_asset(
    group="allocator",
    sections=("allocator",),
    allocation=window(FILLED),
    event_book=window(MIXES),
    bars=window(2, symbols="index_legs"),
)
def allocated_book(
    settings: dg.ResourceParam[Settings],
    allocation: pd.DataFrame,
    event_book: pd.DataFrame,
    bars: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Return of the legs as they were weighed, costs included, beside the engine, constant mixes and the indices."""
    symbols, panel = policies.leg_symbols(settings), prices.panel(bars, through=dates.dates[-1])
    inside = allocation["rebalance_date"].isin(dates.dates)
    return allocated.book(
        allocation[inside].reset_index(drop=True),
        allocation[~inside],
        legs.legs_of(event_book, symbols, sessions_of(dates, last=MIXES)),
        dates,
        index_returns=pd.DataFrame(
            {"session": panel.sessions}
            | {
                f"index_{role}_return_frac": market_state.leg_returns(panel, symbol=symbol)
                for role, symbol in zip(legs.ROLES, symbols, strict=True)
            }
        ),
        cost_frac=policies.utility_terms(settings).cost_frac,
        window_sessions=settings.allocator.constant_mix_sessions,
    )


@rebalance_asset(
    group="allocator",
    sections=("allocator",),
    allocated_book=window(YEAR),
    allocator_models=window(2),
)
def allocator_report(
    settings: dg.ResourceParam[Settings],
    allocated_book: pd.DataFrame,
    allocator_models: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Performance out of sample beside the event engine and constant mixes, and whether the allocator is accepted."""
    rows = performance.table(allocated_book, allocator_models, previous, dates=dates, grid_dates=dates.whole, year=YEAR)
    return acceptance.decided(rows, policies.acceptance_limits(settings))
