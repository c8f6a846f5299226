"""Models: of the stocks, and of the market that gates them."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from trade_assets.settings.section import Section


class LightGBMParams(Section):
    objective: str = "regression"
    metric: str = "rmse"
    boosting_type: str = "gbdt"
    num_leaves: int = Field(default=31, ge=2)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    feature_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_freq: int = Field(default=5, ge=0)
    min_data_in_leaf: int = Field(default=50, ge=1)
    verbose: int = -1


class XGBoostParams(Section):
    objective: str = "reg:squarederror"
    max_depth: int = Field(default=4, ge=1, le=16)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_child_weight: float = Field(default=50.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)
    colsample_bytree: float = Field(default=0.8, gt=0, le=1)


class RandomForestParams(Section):
    n_estimators: int = Field(default=200, ge=1, description="trees")
    num_leaves: int = Field(default=31, ge=2)
    min_data_in_leaf: int = Field(default=50, ge=1)
    feature_fraction_bynode: float = Field(default=0.33, gt=0, le=1)
    bagging_fraction: float = Field(default=0.632, gt=0, lt=1)


class ElasticNetParams(Section):
    alphas: tuple[float, ...] = Field(
        default=(1e-3, 3e-3, 1e-2, 3e-2), description="penalties tried on the inner folds"
    )
    l1_ratio: float = Field(default=0.5, ge=0, le=1)


class Modeling(Section):
    base_models: tuple[Literal["elastic_net", "lightgbm", "xgboost", "random_forest"], ...] = (
        "elastic_net",
        "lightgbm",
        "xgboost",
        "random_forest",
    )
    lightgbm_params: LightGBMParams = LightGBMParams()
    xgboost_params: XGBoostParams = XGBoostParams()
    random_forest_params: RandomForestParams = RandomForestParams()
    elastic_net_params: ElasticNetParams = ElasticNetParams()
    num_boost_round: int = Field(default=1000, ge=1, description="most boosting rounds")
    early_stopping_rounds: int = Field(
        default=50, ge=1, description="rounds without gain on an inner fold that end a fit"
    )
    weight_half_life_rebalances: float = Field(
        default=52.0, gt=0, description="age at which a training row counts half"
    )
    min_train_rows: int = Field(default=200, ge=2, description="fewer rows than this fit no model")
    stack_alpha: float = Field(
        default=1.0, gt=0, description="ridge penalty of the stack; at 1 it weighs as much as the rows do"
    )
    stack_min_rebalances: int = Field(
        default=12, ge=1, description="rebalances of past predictions below which the stack weighs equally"
    )
    seed: int = Field(default=42, ge=0)


class MarketGate(Section):
    source: Literal["model", "file"] = Field(
        default="model", description="forecast with our models, or read signals from a file"
    )
    file: Path | None = Field(
        default=None, description="Parquet or CSV with date, tft_p10, tft_p50, tft_p90 and meta_prob_success"
    )
    favorable: float = Field(
        default=0.70, ge=0, le=1, description="meta probability from which the market is favorable"
    )
    unfavorable: float = Field(default=0.55, ge=0, le=1, description="meta probability up to which it is unfavorable")
    favorable_exposure: float = Field(default=1.0, ge=0, le=1)
    neutral_exposure: float = Field(default=0.6, ge=0, le=1)
    unfavorable_exposure: float = Field(default=0.2, ge=0, le=1)
    horizon_sessions: int = Field(default=10, ge=1, description="sessions the index forecast looks ahead")
    train_sessions: int = Field(
        default=1260, ge=60, description="sessions in the trailing training window of the forecast"
    )
    min_train_rows: int = Field(default=250, ge=20, description="labelled sessions below which nothing is forecast")
    num_boost_round: int = Field(default=60, ge=1, description="trees of each quantile model")
    num_leaves: int = Field(default=7, ge=2)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_data_in_leaf: int = Field(default=40, ge=1)
    meta_trees: int = Field(default=100, ge=1, description="trees of the meta forest")
    seed: int = Field(default=42, ge=0)

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> "MarketGate":
        if self.unfavorable >= self.favorable:
            raise ValueError(
                f"market_gate.unfavorable must lie below favorable {self.favorable}, was {self.unfavorable}"
            )
        if self.source == "file" and self.file is None:
            raise ValueError("market_gate.file must name a file where market_gate.source is 'file'")
        return self
