"""Trials of searches in Optuna's storage, so that an interrupted search goes on and people can look at it.

Only finished trials are written, in order; the name they are kept under holds the hash of all they rest on.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path

from trade_assets.domain import search
from trade_assets.domain.search import Objective, Range, Trial

SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Job:
    """One study to be searched, in whichever process.

    Its trials are drawn by its name, and kept under its name and ``version``, the hash of all it rests on: other code
    begins anew, and draws the same trials.
    """

    study: str
    version: str
    objective: Objective
    space: dict[str, Range]
    first: dict[str, float]
    n_trials: int
    seed: int
    studies: "Studies"


def run(job: Job) -> list[Trial]:
    """All trials of the study: those already stored, then new ones, each stored when it is done."""
    done, keep = job.studies.opened(f"{job.study} {job.version}")
    return search.run(
        job.objective, job.space, job.first,
        n_trials=job.n_trials, seed=job.seed, study=job.study, done=done, on_trial=keep,
    )  # fmt: skip


class Studies:
    """Optuna's relational storage; its tables are made before searches run side by side."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def prepare(self) -> None:
        """Make the storage."""
        if self.uri.startswith(SQLITE):
            Path(self.uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        self._storage()

    def opened(self, name: str) -> tuple[list[Trial], Callable[[Trial], None]]:
        """The stored trials of a study, and what stores one more."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(study_name=name, storage=self._storage(), direction="maximize", load_if_exists=True)
        stored: dict[int, Trial] = {}
        for t in study.trials:  # two runs of one study store the same trials: each number counts once
            told = t.user_attrs
            trial = Trial(told["number"], json.loads(told["parameters"]), t.value, json.loads(told["kept"]))
            stored.setdefault(trial.number, trial)
        done = [stored[n] for n in takewhile(stored.__contains__, count())]

        def keep(trial: Trial) -> None:
            texts = {
                "number": trial.number,
                "parameters": json.dumps(dict(trial.parameters)),
                "kept": json.dumps(dict(trial.kept)),
            }
            study.add_trial(optuna.create_trial(params={}, distributions={}, value=trial.value, user_attrs=texts))

        return done, keep

    def _storage(self):
        import optuna

        return optuna.storages.RDBStorage(self.uri)


class Unstored(Studies):
    """Searches that leave nothing behind: for proofs, which repeat them from the beginning."""

    def __init__(self) -> None:
        super().__init__("")

    def prepare(self) -> None:
        """Nothing to make."""

    def opened(self, name: str) -> tuple[list[Trial], Callable[[Trial], None]]:
        """No trial yet, and none kept."""
        return [], lambda trial: None
