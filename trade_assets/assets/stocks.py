"""Stocks: features, outcomes, folds, base models, the stack, and each stock's score."""

import dagster as dg
import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.assets.market_data import FACTS, LOOKBACK
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.domain import features, folds, labels, prices, training
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.models import fitting, stacking
from trade_assets.domain.universe import members_of
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.tracking import Tracking
from trade_assets.resources.workers import Workers
from trade_assets.settings import Modeling, Settings, load

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
            training.folds_at(rows, date, plan=_plan(settings)),
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
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Elastic net, LightGBM, XGBoost and random forest, fitted as of each retrain date."""
    rows = folds.labelled(stock_features, stock_outcomes, list(features.FEATURES))
    retrains = dates.retrain_dates(settings.history.retrain_every)
    jobs = training.jobs(
        rows, retrains, stock_fold_manifest, plan=_plan(settings), parameters=model_parameters(settings.modeling),
        min_rows=settings.modeling.min_train_rows,
    )  # fmt: skip
    fits = [training.entry(f, artifacts.put([f.text])[0]) for f in workers.map(fitting.fit, jobs)]
    for fit in fits:
        tracking.log_entry(context, fit)
    return folds.carry_forward(schemas.concat("base_models", fits), previous, dates.dates)


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
    stock_outcomes: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Weights of the base models in the ridge stack, from their past out-of-sample scores."""
    modeling, every = settings.modeling, settings.history.retrain_every
    fits = []
    for date in dates.retrain_dates(every):
        fit = stacking.fit(
            base_predictions[base_predictions["rebalance_date"].isin(partitions.GRID.window(date, last=TRAIN, lag=1))],
            stock_outcomes[stock_outcomes["rebalance_date"] <= date],
            models=list(modeling.base_models),
            alpha=modeling.stack_alpha,
            min_rebalances=modeling.stack_min_rebalances,
        ).assign(rebalance_date=date, retrain_date=date)
        fits.append(fit)
        tracking.log(
            context, stacking.STACK, date, {"alpha": modeling.stack_alpha, "method": fit["method"].iloc[0], "n_rows": int(fit["n_rows"].iloc[0])},
            dict(zip("coefficient_" + fit["model"], fit["coefficient"], strict=True)),
        )  # fmt: skip
    return folds.carry_forward(schemas.concat("stack_models", fits), previous, dates.dates)


@rebalance_asset(group="stocks")
def stock_predictions(base_predictions: pd.DataFrame, stack_models: pd.DataFrame) -> pd.DataFrame:
    """Score of every member by every candidate model, the ridge stack among them."""
    return pd.concat([base_predictions, stacking.stacked(base_predictions, stack_models)], ignore_index=True)


def model_parameters(modeling: Modeling) -> dict[str, dict[str, object]]:
    """Parameters of each base model by name."""
    boosting = modeling.model_dump(include={"num_boost_round", "early_stopping_rounds"})
    own = {
        "elastic_net": modeling.elastic_net_params.model_dump(),
        "lightgbm": modeling.lightgbm_params.model_dump() | boosting | {"seed": modeling.seed},
        "xgboost": modeling.xgboost_params.model_dump() | boosting | {"seed": modeling.seed},
        "random_forest": modeling.random_forest_params.model_dump() | {"seed": modeling.seed},
    }
    return {name: own[name] for name in modeling.base_models}


def _plan(settings: Settings) -> training.Plan:
    history, modeling = settings.history, settings.modeling
    return training.Plan(
        grid=partitions.GRID,
        train_rebalances=history.train_rebalances,
        inner_folds=history.inner_folds,
        embargo_sessions=settings.labels.horizon_sessions,
        half_life_rebalances=modeling.weight_half_life_rebalances,
    )
