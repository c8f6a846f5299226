"""A search over parameters with Optuna: seeded trial by trial, resumable, every trial kept.

The sampler of trial n is seeded by the study and n, so a search that stopped and went on has the same trials
as one that did not; trial 0 is what is in force without a search. Trials run one after the other: it is
studies that run side by side.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

RANDOM_TRIALS = 8  # before the sampler models what it has seen


@dataclass(frozen=True)
class Range:
    """Where a parameter may lie: both ends included, whole numbers or not, drawn evenly or on a log scale."""

    low: float
    high: float
    is_whole: bool = False
    is_log: bool = False


@dataclass(frozen=True)
class Trial:
    """One trial: its number, what was tried, its value (higher is better), and what the objective kept of it."""

    number: int
    parameters: Mapping[str, float]
    value: float
    kept: Mapping[str, object]


Objective = Callable[[Mapping[str, float]], tuple[float, Mapping[str, object]]]


def run(
    objective: Objective,
    space: Mapping[str, Range],
    first: Mapping[str, float],
    *,
    n_trials: int,
    seed: int,
    study: str,
    done: Sequence[Trial] = (),
    on_trial: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """All trials of a study, those already ``done`` first.

    Parameters
    ----------
    objective : callable
        Parameters to a finite value and what to keep of the trial (values JSON can hold).
    space : mapping of name to Range
    first : mapping of name to float
        Parameters of trial 0, within their ranges or not.
    n_trials : int, >= 0
    seed : int
    study : str
        Name of the study; another name is another sequence.
    done : sequence of Trial
        Those of an earlier, interrupted run, from 0 on.
    on_trial : callable
        Told every new trial.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(of) for name, of in space.items()}
    memory = optuna.create_study(direction="maximize")
    trials = list(done[:n_trials])
    for trial in trials[1:]:
        memory.add_trial(
            optuna.create_trial(params=dict(trial.parameters), distributions=distributions, value=trial.value)
        )
    for number in range(len(trials), n_trials):
        if number == 0:
            value, kept = objective(dict(first))
            trials.append(Trial(0, dict(first), value, kept))
        else:
            memory.sampler = optuna.samplers.TPESampler(seed=_seed(seed, study, number), n_startup_trials=RANDOM_TRIALS)
            asked = memory.ask(distributions)
            value, kept = objective(asked.params)
            memory.tell(asked, value)
            trials.append(Trial(number, dict(asked.params), value, kept))
        on_trial(trials[-1])
    return trials


def best(trials: Sequence[Trial]) -> Trial:
    """The trial of highest value; the earliest of equals."""
    return max(trials, key=lambda trial: (trial.value, -trial.number))


def identity(*parts: object) -> str:
    """Short hash of what a study rests on; another hash is another study."""
    return hashlib.sha256(json.dumps([repr(part) for part in parts]).encode()).hexdigest()[:16]


def _seed(seed: int, study: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {study} {number}".encode()).digest()[:4], "big")


def _distribution(of: Range):
    import optuna

    if of.is_whole:
        return optuna.distributions.IntDistribution(int(of.low), int(of.high), log=of.is_log)
    return optuna.distributions.FloatDistribution(of.low, of.high, log=of.is_log)
