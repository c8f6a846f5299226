"""Settings of the allocator: what a weight is worth, how it is learned, how fast it moves, when it holds back."""

from typing import Literal

from pydantic import Field, model_validator

from trade_assets.settings.section import Section


class AllocatorLightGBM(Section):
    """Bounds keep the trees small: labels overlap, so a few thousand sessions are a few hundred independent rows."""

    num_leaves: int = Field(default=4, ge=2, le=15)
    max_depth: int = Field(default=2, ge=1, le=4)
    min_data_in_leaf: int = Field(default=60, ge=5)
    learning_rate: float = Field(default=0.1, gt=0, le=0.3)
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    lambda_l2: float = Field(default=1.0, ge=0)
    max_bin: int = Field(default=63, ge=3, le=255)
    seed: int = Field(default=42, ge=0)


class AllocatorTuning(Section):
    every_rebalances: int = Field(default=26, ge=1, description="rebalances from one search to the next")
    history_months: int = Field(
        default=60, ge=12, description="months of inner tests a trial is judged on; fewer than 60 say little"
    )
    optuna_trials: int = Field(
        default=12, ge=0, description="trials of one search; 0 keeps the settings, 100 is a full search"
    )
    calmar_scale: float = Field(default=0.5, gt=0, description="Calmar ratio that is worth one point")
    monthly_return_scale: float = Field(default=0.005, gt=0, description="return a month that is worth one point")
    drawdown_scale: float = Field(default=0.10, gt=0, description="drawdown that costs one point")
    turnover_scale: float = Field(default=0.5, gt=0, description="turnover a month beyond the cap that costs one point")
    seed: int = Field(default=42, ge=0)


class Allocator(Section):
    horizon_sessions: int = Field(default=10, ge=5, le=20, description="sessions a weight is judged over; the embargo")
    lambda_dd: float = Field(default=1.0, ge=0, description="price of drawdown in the utility")
    lambda_tc: float = Field(default=1.0, ge=0, description="price of trading costs in the utility")
    costs_bps: float = Field(default=1.0, ge=0, description="commission per side, basis points of the position moved")
    slippage_bps: float = Field(default=2.0, ge=0, description="half-spread and slippage per side, basis points")
    tau: float = Field(default=0.005, gt=0, description="utility that makes a soft label e times likelier")
    buckets: Literal[3, 5, 6, 11, 21] = Field(
        default=11, description="weights that are chosen among, evenly from 0 to 1, of the 21 whose utility is measured"
    )
    target: Literal["buckets", "weight"] = Field(
        default="buckets", description="what is learned: how good each bucket is, or the best weight itself"
    )
    members: tuple[Literal["ridge", "elastic_net", "lightgbm", "catboost"], ...] = Field(
        default=("ridge", "elastic_net", "lightgbm"),
        description="models blended beside the base rate; catboost asks for the extra of that name",
    )
    calibration: Literal["temperature", "isotonic"] = Field(
        default="temperature", description="how the blend's probabilities are calibrated"
    )
    retrain_every: int = Field(default=2, ge=1, description="rebalances from one fit to the next")
    train_sessions: int = Field(default=1260, ge=60, description="training sessions, the latest whose utility is known")
    calibration_sessions: int = Field(default=252, ge=0, description="sessions of the block that calibrates")
    calibrate_from_rows: int = Field(
        default=60, ge=2, description="sessions in the block below which nothing is calibrated"
    )
    min_train_rows: int = Field(default=252, ge=20, description="fewer sessions than this fit no model")
    inner_folds: int = Field(default=3, ge=1, le=10, description="walk-forward folds inside the training sessions")
    ridge_alpha: float = Field(default=1.0, gt=0, description="ridge penalty; at 1 it weighs as much as the rows do")
    elastic_net_alpha: float = Field(
        default=0.3, gt=0, le=1, description="penalty, as a share of the one that leaves no coefficient"
    )
    elastic_net_l1_ratio: float = Field(
        default=0.5, gt=0, le=1, description="share of the penalty on absolute coefficients"
    )
    lightgbm_params: AllocatorLightGBM = AllocatorLightGBM()
    num_boost_round: int = Field(default=20, ge=1, le=300, description="boosting rounds")
    alpha: float = Field(default=0.5, ge=0, lt=1, description="share of the held weight that is kept each session")
    daily_cap: float = Field(default=0.10, gt=0, le=1, description="largest change of the weight in a session")
    no_trade_band: float = Field(default=0.02, ge=0, lt=1, description="smaller changes are not traded")
    gross_band: float = Field(
        default=0.25,
        ge=0,
        lt=1,
        description="smaller changes of what is invested are not traded; a narrow one trades the guard up and down in every long fall",
    )
    drawdown_warn: float = Field(default=0.05, gt=0, lt=1, description="drawdown from which less capital works")
    drawdown_stop: float = Field(
        default=0.12, gt=0, le=1, description="drawdown at which the least works; the cap of acceptance"
    )
    guard_floor: float = Field(
        default=0.25, gt=0, le=1, description="the least share of capital that works at the stop"
    )
    volatility_target: float = Field(
        default=0.10, gt=0, le=1, description="yearly volatility above which the mix is cut"
    )
    drift_from: float = Field(
        default=2.0,
        ge=0,
        description="drift intensity from which less capital works; models are refitted each month, so scores always move",
    )
    drift_to: float = Field(default=4.0, gt=0, description="drift intensity at which the throttle is at its floor")
    drift_floor: float = Field(default=0.5, gt=0, le=1, description="the least share of capital the throttle leaves")
    constant_mix_sessions: int = Field(default=1260, ge=20, description="sessions the best constant mix is chosen on")
    drawdown_tolerance: float = Field(
        default=0.02, ge=0, lt=1, description="drawdown beyond the engine's that is still accepted"
    )
    turnover_cap: float = Field(
        default=0.5, gt=0, description="turnover a month above which the allocator is not accepted"
    )
    negative_fold_rate: float = Field(
        default=0.45, ge=0, le=1, description="share of losing folds above which it is not accepted"
    )
    importance_stability: float = Field(
        default=0.3, ge=-1, le=1, description="least rank correlation of the importances of adjacent fits"
    )
    tuning: AllocatorTuning = AllocatorTuning()
    min_sessions: int = Field(default=252, ge=20, description="out-of-sample sessions before anything is accepted")

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> "Allocator":
        if self.no_trade_band > self.daily_cap:
            raise ValueError(
                f"allocator.no_trade_band must not exceed daily_cap {self.daily_cap}, was {self.no_trade_band}: "
                "no change would ever be traded"
            )
        if not self.drawdown_warn < self.drawdown_stop:
            raise ValueError(
                f"allocator.drawdown_warn must be below drawdown_stop {self.drawdown_stop}, was {self.drawdown_warn}"
            )
        if self.target == "weight" and "catboost" in self.members:
            raise ValueError("allocator.members must be without catboost where allocator.target is weight")
        if not self.drift_from < self.drift_to:
            raise ValueError(f"allocator.drift_from must be below drift_to {self.drift_to}, was {self.drift_from}")
        return self
