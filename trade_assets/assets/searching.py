"""How an asset runs its searches: one study a date, side by side, gone on with where it was begun on the same terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from trade_assets import partitions
from trade_assets.assets.partitioned import domain_version
from trade_assets.domain import search, tuned
from trade_assets.domain.search import Objective, Range
from trade_assets.resources import studies as studies_module
from trade_assets.resources.studies import Studies
from trade_assets.resources.workers import Workers

# a study is gone on with only by the versions it was begun with
LIBRARIES = {
    name: version(name) for name in ("lightgbm", "numpy", "optuna", "pandas", "scikit-learn", "scipy", "xgboost-cpu")
}


@dataclass(frozen=True)
class Searched:
    """What is searched: its name, where parameters may lie and where they begin, how many trials, the sampler's seed."""

    study: str
    space: Mapping[str, Range]
    first: Mapping[str, float]
    n_trials: int
    seed: int


def searched(
    of: Searched, objectives: Mapping[pd.Timestamp, tuple[str, Objective]], workers: Workers, studies: Studies
) -> list[pd.DataFrame]:
    """Rows of a table of trials, one frame a trial.

    ``objectives`` holds of each date the hash of all its objective rests on, and the objective.
    """
    if not objectives or not of.n_trials:
        return []
    studies.prepare()
    jobs = (
        studies_module.Job(
            f"{of.study} {partitions.key_of(date)}",
            search.identity(domain_version(), LIBRARIES, of.seed, identity),
            objective,
            dict(of.space),
            dict(of.first),
            of.n_trials,
            of.seed,
            studies,
        )
        for date, (identity, objective) in objectives.items()
    )
    results = zip(objectives, workers.map(studies_module.run, jobs, few=1), strict=True)
    return [tuned.trial_rows(date, of.study, trial) for date, found in results for trial in found]
