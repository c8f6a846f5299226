"""Stocks: features, outcomes, folds, base models, the stack, and each stock's score."""

import dagster as dg
import pandas as pd

from trade_assets import schemas
from trade_assets.assets import stock_models
from trade_assets.assets.market_data import FACTS, LOOKBACK
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.domain import features, folds, labels, prices, training
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.models import fitting, stacking
from trade_assets.domain.universe import members_of
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.tracking import Tracking
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings, load

TRAIN = load().history.train_rebalances


@rebalance_asset(group="stocks", bars=window(LOOKBACK), fundamentals=window(FACTS))
def stock_features(
    settings: dg.ResourceParam[Settings],
    bars: pd.DataFrame,
    fundamentals: pd.DataFrame,
    universe: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Trend, volatility, volume, fundamental and cross-sectional features of every member."""
    legs = settings.index_legs()
    return features.assemble(
        features.market(prices.panel(bars, through=dates.dates[-1]), index_symbol=legs.spy or legs.qqq),
        fundamentals,
        members_of(universe),
        dates=dates.dates,
        price=features.PRICE_FEATURES,
        fact=features.FACT_FEATURES,
        cross=features.CROSS_FEATURES,
    )


@rebalance_asset(group="stocks", sections=("labels",), bars=window(2), universe=window(lag=1))
def stock_outcomes(
    settings: dg.ResourceParam[Settings], bars: pd.DataFrame, universe: pd.DataFrame, dates: Rebalances
) -> pd.DataFrame:
    """What each member of the rebalance before earned since."""
    spans = [(before, date) for before, date in dates.spans() if before is not None]
    return labels.outcomes(
        prices.panel(bars, through=dates.dates[-1]),
        members_of(universe),
        windows=spans,
        monitoring_sessions=settings.labels.monitoring_sessions,
    )


@rebalance_asset(
    group="stocks",
    sections=("features", "labels", "modeling"),
    stock_features=window(TRAIN, lag=1),
    stock_outcomes=window(TRAIN),
)
def stock_fold_manifest(
    settings: dg.ResourceParam[Settings],
    stock_features: pd.DataFrame,
    stock_outcomes: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Windows, counts, purged rows, hashes and feature lists of every fit."""
    rows = folds.labelled(stock_features, stock_outcomes, list(features.FEATURES))
    most = settings.features.max_features if settings.features.selection else None
    made = [
        training.manifest(
            training.folds_at(rows, date, plan=stock_models.plan(settings, dates.whole)),
            date,
            all_features=list(features.FEATURES),
            most=most,
        )
        for date in dates.retrain_dates(settings.history.retrain_every)
    ]
    return folds.carry_forward(schemas.concat("stock_fold_manifest", made), previous, dates.dates)


@rebalance_asset(
    group="stocks",
    sections=("labels", "modeling"),
    kinds={"lightgbm", "xgboost", "scikitlearn", "mlflow"},
    stock_features=window(TRAIN, lag=1),
    stock_outcomes=window(TRAIN),
)
def base_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
    stock_features: pd.DataFrame,
    stock_outcomes: pd.DataFrame,
    stock_fold_manifest: pd.DataFrame,
    stock_parameters: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Every learner among the candidates, fitted as of each retrain date."""
    rows = folds.labelled(stock_features, stock_outcomes, list(features.FEATURES))
    retrains = dates.retrain_dates(settings.history.retrain_every)
    learners, absent = stock_models.installed(settings.modeling, stock_parameters)
    jobs = training.jobs(
        rows, retrains, stock_fold_manifest, plan=stock_models.plan(settings, dates.whole), learners=learners,
        min_rows=settings.modeling.min_train_rows,
    )  # fmt: skip
    fits = [training.entry(f, artifacts.put([f.text])[0]) for f in workers.map(fitting.fit, jobs)]
    for fit in fits:
        tracking.log_entry(context, fit)
    made = schemas.concat("base_models", fits)
    made = schemas.concat("base_models", [made, training.not_installed(made, absent)])
    return folds.carry_forward(made, previous, dates.dates)


@rebalance_asset(group="stocks")
def base_predictions(
    artifacts: dg.ResourceParam[ArtifactStore],
    stock_features: pd.DataFrame,
    base_models: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Score of every member by every base model."""
    parts = training.predictions(stock_features, base_models, artifacts.get)
    return schemas.concat("base_predictions", list(parts))


@rebalance_asset(
    group="stocks",
    sections=("modeling",),
    kinds={"scipy", "mlflow"},
    base_predictions=window(TRAIN, lag=1),
    stock_outcomes=window(TRAIN),
)
def stack_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    tracking: dg.ResourceParam[Tracking],
    base_predictions: pd.DataFrame,
    base_models: pd.DataFrame,
    stock_outcomes: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Weights of the models in the ridge stack and in the ensemble, from their past out-of-sample scores."""
    fits = []
    for date in dates.retrain_dates(settings.history.retrain_every):
        past = base_predictions["rebalance_date"].isin(dates.whole.window(date, last=TRAIN, lag=1))
        fitted = training.fitted_at(base_models, date)
        for stack, method in stock_models.stacks(settings.modeling, fitted).items():
            fit = method(base_predictions[past], stock_outcomes[stock_outcomes["rebalance_date"] <= date])
            fits.append(fit.assign(rebalance_date=date, retrain_date=date, stack=stack))
            tracking.log(
                context, stack, date, {"method": fit["method"].iloc[0], "n_rows": int(fit["n_rows"].iloc[0])},
                dict(zip("coefficient_" + fit["model"], fit["coefficient"], strict=True)),
            )  # fmt: skip
    return folds.carry_forward(schemas.concat("stack_models", fits), previous, dates.dates)


@rebalance_asset(group="stocks")
def stock_predictions(base_predictions: pd.DataFrame, stack_models: pd.DataFrame) -> pd.DataFrame:
    """Score of every member by every candidate model."""
    stacked = [
        stacking.stacked(base_predictions, rows.drop(columns="stack"), name=name)
        for name, rows in stack_models.groupby("stack")
    ]
    return pd.concat([base_predictions, *stacked], ignore_index=True)
