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
    max_bin: int = Field(default=64, ge=2, description="bins of a feature; features are ranks, so few will do")
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


class PerceptronParams(Section):
    hidden: tuple[int, ...] = Field(default=(16,), description="units of each hidden layer")
    learning_rate: float = Field(default=0.001, gt=0, le=1)
    batch_rows: int = Field(default=256, ge=1)
    epochs: int = Field(default=40, ge=1, description="most passes over the rows")
    patience: int = Field(default=5, ge=1, description="passes without gain on an inner fold that end a fit")
    l2: float = Field(default=1e-3, ge=0)
    n_seeds: int = Field(default=3, ge=1, description="networks whose mean is the model")


class CatBoostParams(Section):
    depth: int = Field(default=4, ge=1, le=10)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    l2: float = Field(default=10.0, ge=0)


LEARNERS = ("elastic_net", "lightgbm", "xgboost", "random_forest", "perceptron", "catboost")
STACKS = ("ridge_stack", "ensemble")


class Candidate(Section):
    """A model that may become champion: a learner with its own fit, or one made of others' scores."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    algorithm: Literal[
        "elastic_net", "lightgbm", "xgboost", "random_forest", "perceptron", "catboost", "ridge_stack", "ensemble"
    ]
    tune_hyperparams: bool = Field(default=False, description="search parameters on inner folds; xgboost only")
    base_models: tuple[str, ...] = Field(
        default=(), description="candidates a stack or an ensemble is made of; all learners where empty"
    )

    def __str__(self) -> str:
        return self.name


CANDIDATES = (
    Candidate(name="xgboost_default", algorithm="xgboost"),
    Candidate(name="xgboost_tuned", algorithm="xgboost", tune_hyperparams=True),
    Candidate(name="random_forest", algorithm="random_forest"),
    Candidate(name="lightgbm", algorithm="lightgbm"),
    Candidate(name="elastic_net", algorithm="elastic_net"),
    Candidate(name="perceptron", algorithm="perceptron"),
    Candidate(name="catboost", algorithm="catboost"),
    Candidate(
        name="ridge_stack",
        algorithm="ridge_stack",
        base_models=("elastic_net", "lightgbm", "xgboost_default", "random_forest"),
    ),
    Candidate(name="ensemble", algorithm="ensemble"),
)


class ModelTuning(Section):
    every_rebalances: int = Field(default=48, ge=1, description="rebalances from one search to the next")
    optuna_trials: int = Field(
        default=5,
        ge=0,
        description="trials of each search, one after the other; 100 for a search in earnest, 0 keeps the settings in force",
    )
    max_estimators: int = Field(default=300, ge=100, le=1000, description="most trees a trial may ask for")
    objective: Literal["rank_ic", "mse"] = Field(default="rank_ic", description="what a trial is judged by")
    seed: int = Field(default=42, ge=0)


class Modeling(Section):
    candidates: tuple[Candidate, ...] = Field(default=CANDIDATES, description="models that compete to be champion")
    lightgbm_params: LightGBMParams = LightGBMParams()
    xgboost_params: XGBoostParams = XGBoostParams()
    random_forest_params: RandomForestParams = RandomForestParams()
    elastic_net_params: ElasticNetParams = ElasticNetParams()
    perceptron_params: PerceptronParams = PerceptronParams()
    catboost_params: CatBoostParams = CatBoostParams()
    tuning: ModelTuning = ModelTuning()
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
    ensemble_top: int = Field(
        default=3, ge=1, description="models in the ensemble, the best by past rank information coefficient"
    )
    seed: int = Field(default=42, ge=0)

    @model_validator(mode="after")
    def _candidates_are_made_of_candidates(self) -> "Modeling":
        names = [candidate.name for candidate in self.candidates]
        if len(set(names)) < len(names):
            raise ValueError(f"modeling.candidates must have distinct names, were {', '.join(names)}")
        learners = self.learners()
        for candidate in self.candidates:
            if candidate.tune_hyperparams and candidate.algorithm != "xgboost":
                raise ValueError(
                    f"modeling.candidates {candidate.name}: only xgboost can be tuned, was {candidate.algorithm}"
                )
            if candidate.base_models and candidate.algorithm in LEARNERS:
                raise ValueError(
                    f"modeling.candidates {candidate.name}: {candidate.algorithm} is made of no other models"
                )
            absent = [name for name in candidate.base_models if name not in learners]
            if absent:
                raise ValueError(
                    f"modeling.candidates {candidate.name}: base_models must be learners among the candidates, was {', '.join(absent)}"
                )
        return self

    def learners(self) -> dict[str, Candidate]:
        """Candidates with a fit of their own, by name."""
        return {candidate.name: candidate for candidate in self.candidates if candidate.algorithm in LEARNERS}

    def stacks(self) -> dict[str, tuple[str, ...]]:
        """Candidates made of others, and what each is made of."""
        every = tuple(self.learners())
        return {c.name: c.base_models or every for c in self.candidates if c.algorithm in STACKS}


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
