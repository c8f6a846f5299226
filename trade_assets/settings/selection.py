"""Selection: what a candidate must show before it is put in force."""

from typing import Literal

from pydantic import Field, model_validator

from trade_assets.settings.section import Section

Construction = Literal["rank_decay", "max_sharpe", "min_volatility", "hrp", "inverse_vol", "equal_weight"]


class SelectionWeights(Section):
    sharpe: float = Field(default=0.30, ge=0, le=1)
    max_drawdown: float = Field(default=0.25, ge=0, le=1)
    calmar: float = Field(default=0.20, ge=0, le=1)
    turnover: float = Field(default=0.15, ge=0, le=1)
    regime_consistency: float = Field(default=0.10, ge=0, le=1)

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> "SelectionWeights":
        total = sum(self.model_dump().values())
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"model_selection.selection_weights must sum to 1, were {total:g}")
        return self


class SelectionThresholds(Section):
    sharpe_min: float = Field(default=1.0, description="least yearly Sharpe ratio")
    max_drawdown_max: float = Field(default=-0.20, ge=-1, le=0, description="deepest drawdown: a floor, >= passes")
    calmar_min: float = Field(default=0.5, description="least Calmar ratio")
    turnover_max: float = Field(default=0.40, gt=0, description="largest mean turnover of a rebalance")


class GateTuning(Section):
    every_rebalances: int = Field(default=48, ge=1, description="rebalances from one search to the next")
    optuna_trials: int = Field(
        default=20,
        ge=0,
        description="trials of each search for gate thresholds and a rank profile; 0 keeps the settings",
    )
    seed: int = Field(default=42, ge=0)


class ModelSelection(Section):
    optimizers: tuple[Construction, ...] = Field(
        default=("rank_decay", "max_sharpe", "min_volatility", "hrp", "inverse_vol", "equal_weight"),
        description="constructions of the grid",
    )
    incumbent_model: str = Field(default="ridge_stack", description="model in force before anything qualifies")
    incumbent_construction: Construction = Field(default="rank_decay", description="its construction")
    window_rebalances: int = Field(default=260, ge=26, description="most rebalances of returns a decision looks at")
    min_rebalances: int = Field(
        default=78, ge=4, description="rebalances of out-of-sample returns before the first decision: three years"
    )
    every_rebalances: int = Field(default=13, ge=1, description="rebalances from one decision to the next: half a year")
    ic_rebalances: int = Field(
        default=26, ge=1, description="rebalances whose information coefficient scales an expected return"
    )
    alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="chance that anything is ever promoted where there is no skill"
    )
    paired_alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="level of the test against a qualified model in force"
    )
    deflated_sharpe_min: float = Field(
        default=0.5, ge=0, le=1, description="least deflated Sharpe ratio: better than the luck of all trials"
    )
    loss_max: float = Field(
        default=0.5, gt=0, le=1, description="largest share of splits in which the one chosen lost to the baseline"
    )
    pbo_max: float = Field(
        default=0.5, gt=0, le=1, description="probability of backtest overfitting from which the page warns"
    )
    bootstrap_reps: int = Field(default=5000, ge=100, description="draws of the bootstrap tests")
    gate_tuning: GateTuning = GateTuning()
    selection_weights: SelectionWeights = SelectionWeights()
    thresholds: SelectionThresholds = SelectionThresholds()
    seed: int = Field(default=42, ge=0)

    @model_validator(mode="after")
    def _decisions_are_possible(self) -> "ModelSelection":
        if self.min_rebalances > self.window_rebalances:
            raise ValueError(
                f"model_selection.min_rebalances must not exceed window_rebalances {self.window_rebalances}, was {self.min_rebalances}"
            )
        if self.incumbent_construction not in self.optimizers:
            raise ValueError(
                f"model_selection.incumbent_construction must be one of optimizers, was {self.incumbent_construction}"
            )
        return self
