"""Settings of the stock models as what the domain fits: learners with their parameters, stacks with their members."""

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from trade_assets.domain import training, tuned
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.models import catboost_model, ensemble, stacking, tuning
from trade_assets.domain.training import Learners
from trade_assets.settings import Modeling, Settings

STUDY = "xgboost"
Stack = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


def plan(settings: Settings, grid: Rebalances) -> training.Plan:
    """How the training window of every fit is cut; ``grid`` is the whole history."""
    history, modeling = settings.history, settings.modeling
    return training.Plan(
        grid=grid,
        train_rebalances=history.train_rebalances,
        inner_folds=history.inner_folds,
        embargo_sessions=settings.labels.horizon_sessions,
        half_life_rebalances=modeling.weight_half_life_rebalances,
    )


def installed(
    modeling: Modeling, tuned_parameters: pd.DataFrame
) -> tuple[Callable[[pd.Timestamp], Learners], dict[str, str]]:
    """Learners that can be fitted here at a date, and those whose library is absent, by the name of the candidate."""
    own, learners = parameters(modeling), modeling.learners()
    absent = {
        name: c.algorithm
        for name, c in learners.items()
        if c.algorithm == "catboost" and not catboost_model.is_installed()
    }

    def at(date: pd.Timestamp) -> Learners:
        found = tuning.parameters_of(tuned.values_at(tuned_parameters, date, study=STUDY), own["xgboost"])
        return {
            name: ("xgboost_fixed", found) if c.tune_hyperparams else (c.algorithm, own[c.algorithm])
            for name, c in learners.items()
            if name not in absent
        }

    return at, absent


def search_dates(settings: Settings, dates: Rebalances) -> pd.DatetimeIndex:
    """Dates whose parameters are searched for; none where no candidate is tuned."""
    is_tuned = any(candidate.tune_hyperparams for candidate in settings.modeling.candidates)
    return dates.retrain_dates(settings.modeling.tuning.every_rebalances) if is_tuned else dates.dates[:0]


def untuned(modeling: Modeling) -> dict[str, float]:
    """What a search begins with: the settings' own parameters, with the fewest trees of its space."""
    fewest = int(tuning.SPACE["n_estimators"].low)
    return tuning.values_of(parameters(modeling)["xgboost"], n_estimators=fewest)


def parameters(modeling: Modeling) -> dict[str, Mapping[str, object]]:
    """Parameters of each algorithm by its name."""
    boosting = modeling.model_dump(include={"num_boost_round", "early_stopping_rounds"})
    seed = {"seed": modeling.seed}
    return {
        "elastic_net": modeling.elastic_net_params.model_dump(),
        "lightgbm": modeling.lightgbm_params.model_dump() | boosting | seed,
        "xgboost": modeling.xgboost_params.model_dump() | boosting | seed,
        "random_forest": modeling.random_forest_params.model_dump() | seed,
        "perceptron": modeling.perceptron_params.model_dump() | seed,
        "catboost": modeling.catboost_params.model_dump() | boosting | seed,
    }


def stacks(modeling: Modeling, fitted: list[str]) -> Mapping[str, Stack]:
    """How each candidate made of others is weighed; of their members those that are ``fitted``."""
    how = {
        "ridge_stack": partial(stacking.fit, alpha=modeling.stack_alpha),
        "ensemble": partial(ensemble.chosen, top=modeling.ensemble_top),
    }
    algorithms, made = {c.name: c.algorithm for c in modeling.candidates}, {}
    for name, members in modeling.stacks().items():
        own = [member for member in members if member in fitted]
        if own:
            made[name] = partial(how[algorithms[name]], models=own, min_rebalances=modeling.stack_min_rebalances)
    return made
