"""The event engine: bar features, events, outcomes, calibrated models, scores, and the book of the index legs."""

import dagster as dg
import pandas as pd

from trade_assets import schemas
from trade_assets.assets import policies
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.assets.policies import PATH, TRAIN
from trade_assets.domain import calendar
from trade_assets.domain import folds as stock_folds
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import bar_features as features_domain
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import (
    book,
    folds,
    geometry,
    models,
    outcomes,
    performance,
    record,
    risk,
    scores,
    sleeve,
)
from trade_assets.domain.events import policy as policy_domain
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.tracking import Tracking
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings

LOOKBACK = 27  # rebalances behind the longest window of a bar feature
BANDS = 27  # rebalances of known events behind a conformal band
YEAR = 26  # rebalances


@rebalance_asset(
    group="events",
    sections=("events",),
    index_bars=window(LOOKBACK),
    bars=window(LOOKBACK, symbols="index_legs"),
)
def bar_features(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Features of every bar of the index legs, and the running sums that find events."""
    of = policies.grid(settings, dates, last=LOOKBACK)
    legs = bars_domain.leg_bars(index_bars, bars, of, settings.index_legs().symbols())
    parts = features_domain.by_leg(
        features_domain.Inputs(legs, settings.events.volatility_bars, market_data.has_real_opens),
        dates,
        previous,
        grid_dates=dates.whole,
        last=LOOKBACK,
        cusum_volatilities=settings.events.cusum_volatilities,
    )
    return schemas.concat("bar_features", parts)


@rebalance_asset(group="events", sections=("events",))
def events(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    bar_features: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Bars at which a leg has moved enough, with the barriers and the costs of a trade there."""
    return geometry.events(
        bar_features[bar_features["cusum_direction"] != 0],
        policies.grid(settings, dates, last=1, ahead_bars=settings.events.horizon_bars + 2),
        sides=(1,) if settings.events.sides == "long" else (1, -1),
        barriers=policies.barriers(settings),
        costs=policies.costs(settings),
        enters_at_open=market_data.has_real_opens,
    )


@rebalance_asset(
    group="events",
    sections=("events",),
    events=window(PATH),
    index_bars=window(PATH + 1),
    bars=window(PATH + 1, symbols="index_legs"),
)
def event_outcomes(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    events: pd.DataFrame,
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """What became of the events whose barrier was touched since the rebalance before."""
    of = policies.grid(settings, dates, last=PATH + 1)
    ended = outcomes.outcomes(
        events,
        bars_domain.leg_bars(index_bars, bars, of, settings.index_legs().symbols()),
        dates.sessions(),
        horizon_bars=settings.events.horizon_bars,
        enters_at_open=market_data.has_real_opens,
        opens_are_real=market_data.has_real_opens,
    )
    return schemas.concat("event_outcomes", ended)


@rebalance_asset(
    group="events",
    sections=("events",),
    events=window(TRAIN),
    event_outcomes=window(TRAIN),
    bar_features=window(TRAIN),
)
def event_fold_manifest(
    settings: dg.ResourceParam[Settings],
    events: pd.DataFrame,
    event_outcomes: pd.DataFrame,
    bar_features: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Train, calibration and test windows of every fit, purged and embargoed, with the hashes of their rows."""
    rows = folds.labelled(events, event_outcomes, models.features_of(events, bar_features))
    of = policies.grid(settings, dates, last=TRAIN)
    made = [
        folds.manifest(
            [final, *inner],
            date,
            test_last=calendar.close_after(date, settings.events.retrain_every * settings.history.rebalance_every),
            embargo_bars=settings.events.horizon_bars,
        )
        for date, final, inner in folds.at_dates(
            rows, dates.retrain_dates(settings.events.retrain_every), of, policies.plan(settings)
        )
    ]
    return stock_folds.carry_forward(schemas.concat("event_fold_manifest", made), previous, dates.dates)


@rebalance_asset(
    group="events",
    sections=("events", "risk"),
    kinds={"lightgbm", "scikitlearn", "mlflow"},
    events=window(TRAIN),
    event_outcomes=window(TRAIN),
    bar_features=window(TRAIN),
    tuned_parameters=window(lag=1),
)
def calibrated_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
    events: pd.DataFrame,
    event_outcomes: pd.DataFrame,
    bar_features: pd.DataFrame,
    tuned_parameters: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Classifiers with their calibrators, regressions and quantile models, fitted as of each retrain date."""
    rows = folds.labelled(events, event_outcomes, models.features_of(events, bar_features))
    before, own = {date: decided for decided, date in dates.spans()}, policies.policy(settings)
    retrains = dates.retrain_dates(settings.events.retrain_every)
    jobs = (
        models.Job(date, final, inner, policy_domain.in_force(own, tuned_parameters, before[date]).models)
        for date, final, inner in folds.at_dates(
            rows, retrains, policies.grid(settings, dates, last=TRAIN), policies.plan(settings)
        )
    )
    fits = [models.entries(f, artifacts.put) for f in workers.map(models.fit, jobs) if f is not None]
    for fit in fits:
        tracking.log(context, "calibrated_models", fit["rebalance_date"].iloc[0], *models.tracked(fit))
    return stock_folds.carry_forward(schemas.concat("calibrated_models", fits), previous, dates.dates)


@rebalance_asset(
    group="events",
    sections=("events", "risk"),
    calibrated_models=window(lag=1),
    tuned_parameters=window(lag=1),
)
def event_scores(
    settings: dg.ResourceParam[Settings],
    artifacts: dg.ResourceParam[ArtifactStore],
    events: pd.DataFrame,
    bar_features: pd.DataFrame,
    calibrated_models: pd.DataFrame,
    tuned_parameters: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Probability, expected value and gates of every event, by the models of the rebalance before."""
    own, fits = policies.policy(settings), dict(tuple(calibrated_models.groupby("rebalance_date")))
    seen = models.features_of(events, bar_features)
    parts = [
        scores.scored(
            rows,
            seen.loc[rows.index],
            fits[before],
            artifacts.get,
            policy_domain.in_force(own, tuned_parameters, before).gates,
            classifier=settings.events.classifier,
            regressor=settings.events.regressor,
        )
        for before, date in dates.spans()
        if before in fits and len(rows := events[events["rebalance_date"] == date])
    ]
    return schemas.concat("event_scores", parts)


@rebalance_asset(group="events", sections=("events",), event_scores=window(BANDS), event_outcomes=window(BANDS))
def event_bands(
    settings: dg.ResourceParam[Settings], event_scores: pd.DataFrame, event_outcomes: pd.DataFrame, dates: Rebalances
) -> pd.DataFrame:
    """Adaptive conformal bands around the quantile forecasts of every event."""
    return record.bands(
        event_scores,
        event_outcomes,
        dates,
        grid_dates=dates.whole,
        last=BANDS,
        miss_rate=settings.events.band_miss_rate,
        step=settings.events.band_step,
        window=settings.events.band_window,
    )


def _run(
    settings: Settings,
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    made: pd.DataFrame,
    limits: dict,
    dates: Rebalances,
    start: pd.DataFrame,
    fills: sleeve.Fills,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    symbols = settings.index_legs().symbols()
    return book.run(
        book.restored(start) if len(start) else book.opening(symbols, limits[dates.dates[0]]),
        made,
        bars_domain.leg_bars(index_bars, bars, policies.grid(settings, dates, last=2), symbols),
        dates.sessions(),
        limits=limits,
        fills=fills,
    )


@rebalance_asset(
    group="events",
    sections=("events", "risk"),
    index_bars=window(2),
    bars=window(2, symbols="index_legs"),
    tuned_parameters=window(lag=1),
)
def event_book(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    events: pd.DataFrame,
    event_scores: pd.DataFrame,
    tuned_parameters: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Position, return and risk state of each leg after every session; the one state of the event engine."""
    made, limits = policy_domain.by_date(policies.policy(settings), tuned_parameters, events, event_scores, dates)
    fills = policies.fills(settings, opens_are_real=market_data.has_real_opens)
    return _run(settings, index_bars, bars, made, limits, dates, previous, fills)[0]


@rebalance_asset(
    group="events",
    sections=("events", "risk"),
    index_bars=window(2),
    bars=window(2, symbols="index_legs"),
    tuned_parameters=window(lag=1),
    event_book=window(lag=1),
)
def event_trades(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    events: pd.DataFrame,
    event_scores: pd.DataFrame,
    tuned_parameters: pd.DataFrame,
    event_book: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Entries, exits and refusals of the event engine, each with the rule behind it and the steps of its size."""
    made, limits = policy_domain.by_date(policies.policy(settings), tuned_parameters, events, event_scores, dates)
    start = (
        event_book[event_book["rebalance_date"] == dates.before] if dates.before is not None else event_book.iloc[:0]
    )
    fills = policies.fills(settings, opens_are_real=market_data.has_real_opens)
    log = _run(settings, index_bars, bars, made, limits, dates, start, fills)[1]
    return policy_domain.explained(log, made)


@rebalance_asset(
    group="events",
    sections=("events", "risk"),
    index_bars=window(2),
    bars=window(2, symbols="index_legs"),
)
def mock_event_book(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    index_bars: pd.DataFrame,
    bars: pd.DataFrame,
    events: pd.DataFrame,
    event_scores: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """The baseline: a linear score above a tuned threshold, the same events and costs, no risk engine."""
    own = policies.policy(settings)
    made = policy_domain.mock_candidates(events, event_scores, own)
    fills = policy_domain.mock_fills(policies.fills(settings, opens_are_real=market_data.has_real_opens))
    return _run(settings, index_bars, bars, made, dict.fromkeys(dates.dates, risk.UNLIMITED), dates, previous, fills)[0]


@rebalance_asset(
    group="events",
    sections=("events", "risk"),
    event_book=window(YEAR),
    mock_event_book=window(YEAR),
    event_scores=window(YEAR + PATH),
    event_outcomes=window(YEAR),
    event_bands=window(YEAR + PATH),
)
def event_performance(
    settings: dg.ResourceParam[Settings],
    event_book: pd.DataFrame,
    mock_event_book: pd.DataFrame,
    event_scores: pd.DataFrame,
    event_outcomes: pd.DataFrame,
    event_bands: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Return, risk, trades and calibration of each fold, of the last year and since the start, beside the baseline."""
    return performance.table(
        {"engine": event_book, "mock": mock_event_book},
        record.judged(
            event_scores,
            event_outcomes,
            event_bands,
            label=settings.events.probability,
            classifier=settings.events.classifier,
        ),
        previous,
        dates=dates,
        grid_dates=dates.whole,
        year=YEAR,
        drawdown_cap=settings.risk.drawdown_stop,
    )
