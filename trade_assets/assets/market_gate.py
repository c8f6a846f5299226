"""The market gate: how much of the book the state of the market allows."""

import dagster as dg
import pandas as pd

from trade_assets import mandate, schemas
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.domain import gates, market_forecast, market_state, meta_label, prices
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.models import quantiles
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.signals_file import SignalsFile
from trade_assets.resources.tracking import Tracking
from trade_assets.resources.workers import Workers
from trade_assets.settings import MarketGate, Settings

STATE_REBALANCES = 27  # the 252 sessions behind a state of the index
TRAIN_REBALANCES = 160  # 1,260 training sessions, the state before the first, the horizon behind the last


@rebalance_asset(
    group="market_gate",
    sections=("market_gate",),
    kinds={"lightgbm", "mlflow"},
    bars=window(TRAIN_REBALANCES, symbols="index_legs"),
)
def forecast_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
    bars: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Models of the 10 %, 50 % and 90 % quantile of the next ten sessions of the NASDAQ leg."""
    gate = settings.market_gate
    if gate.source == "file":
        return schemas.TABLES["forecast_models"].empty()
    state, outcomes = _state_and_outcomes(settings, bars, dates)
    parameters = gate.model_dump(include={"num_boost_round", "num_leaves", "learning_rate", "min_data_in_leaf", "seed"})
    jobs = market_forecast.jobs(
        market_forecast.labelled(state, outcomes),
        dates.dates,
        train_sessions=gate.train_sessions,
        min_rows=gate.min_train_rows,
        parameters=parameters,
    )
    fits = [market_forecast.entry(f, artifacts.put(f.texts)) for f in workers.map(quantiles.fit, jobs)]
    for fit in fits:
        metrics = {f"pinball_loss_{q:g}": loss for q, loss in zip(fit["quantile"], fit["pinball_loss"], strict=True)}
        tracking.log(
            context,
            "forecast_models",
            fit["rebalance_date"].iloc[0],
            parameters | {"n_rows": int(fit["n_rows"].iloc[0])},
            metrics,
        )
    return schemas.concat("forecast_models", fits)


@rebalance_asset(
    group="market_gate",
    sections=("market_gate",),
    bars=window(STATE_REBALANCES, symbols="index_legs"),
    forecast_models=window(lag=1),
)
def market_forecasts(
    settings: dg.ResourceParam[Settings],
    artifacts: dg.ResourceParam[ArtifactStore],
    signals_file: dg.ResourceParam[SignalsFile],
    bars: pd.DataFrame,
    forecast_models: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Forecast of the NASDAQ leg's next ten sessions at every close, by the models of the rebalance before."""
    if settings.market_gate.source == "file":
        return signals_file.of(dates.sessions()).drop(columns="meta_prob_success")
    state, _ = _state_and_outcomes(settings, bars, dates)
    models = {
        date: tuple(artifacts.get(address) for address in rows.sort_values("quantile")["artifact_sha256"])
        for date, rows in forecast_models.groupby("rebalance_date")
    }
    return market_forecast.forecast(dates.sessions(), state, models)


@rebalance_asset(
    group="market_gate",
    sections=("market_gate",),
    kinds={"lightgbm", "mlflow"},
    bars=window(None, symbols="index_legs"),
    market_forecasts=window(None),
)
def meta_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
    bars: pd.DataFrame,
    market_forecasts: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Forest that tells how likely the sign of a forecast is right, from all forecasts with a known outcome."""
    gate = settings.market_gate
    if gate.source == "file":
        return schemas.TABLES["meta_models"].empty()
    state, outcomes = _state_and_outcomes(settings, bars, dates)
    parameters = _forest_parameters(gate)
    rows = meta_label.labelled(meta_label.rows(market_forecasts, state), outcomes)
    jobs = meta_label.jobs(rows, dates.dates, min_rows=gate.min_train_rows, parameters=parameters)
    fits = [meta_label.entry(f, artifacts.put([f.text])[0]) for f in workers.map(meta_label.fit, jobs)]
    for fit in fits:
        row = fit.iloc[0]
        tracking.log(
            context,
            "meta_models",
            row["rebalance_date"],
            parameters | {"n_rows": int(row["n_rows"])},
            {"base_rate": row["base_rate"]},
        )
    return schemas.concat("meta_models", fits)


@rebalance_asset(
    group="market_gate",
    sections=("market_gate",),
    bars=window(STATE_REBALANCES + 1, symbols="index_legs"),
    market_forecasts=window(2),
    meta_models=window(2, lag=1),
)
def market_signals(
    settings: dg.ResourceParam[Settings],
    artifacts: dg.ResourceParam[ArtifactStore],
    signals_file: dg.ResourceParam[SignalsFile],
    bars: pd.DataFrame,
    market_forecasts: pd.DataFrame,
    meta_models: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Market regime and share of the book to invest at every close."""
    thresholds = mandate.thresholds(settings.market_gate)
    if settings.market_gate.source == "file":
        odds = signals_file.of(market_forecasts).set_index("session")["meta_prob_success"]
        return gates.signals_of(market_forecasts, odds, dates, thresholds=thresholds)
    state, _ = _state_and_outcomes(settings, bars, dates)
    forests = {row.rebalance_date: artifacts.get(row.artifact_sha256) for row in meta_models.itertuples()}
    odds = meta_label.odds(market_forecasts, state, forests, dates)
    return gates.signals_of(market_forecasts, odds, dates, thresholds=thresholds)


def _state_and_outcomes(settings: Settings, bars: pd.DataFrame, dates: Rebalances) -> tuple[pd.DataFrame, pd.DataFrame]:
    legs, panel = settings.index_legs(), prices.panel(bars, through=dates.dates[-1])
    return (
        market_state.index_state(panel, qqq=legs.qqq, spy=legs.spy),
        market_state.forward_returns(panel, symbol=legs.qqq, horizon_sessions=settings.market_gate.horizon_sessions),
    )


def _forest_parameters(gate: MarketGate) -> dict[str, object]:
    return {
        "n_estimators": gate.meta_trees,
        "num_leaves": gate.num_leaves,
        "min_data_in_leaf": gate.min_data_in_leaf,
        "feature_fraction_bynode": 0.33,
        "bagging_fraction": 0.632,
        "seed": gate.seed,
    }
